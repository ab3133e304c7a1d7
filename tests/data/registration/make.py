"""Writes alpha_amd.txt beside this file; see README.md there.

Call: python3 make.py FOLDER, the folder being alpha_amd/ of https://github.com/MIDA-group/MultiRegEval."""
import os
import sys

import numpy as np
from scipy import ndimage

np.int = int  # the program is older than NumPy 1.24
sys.path.insert(0, sys.argv[1])
from distances import alpha_amd  # noqa: E402
from distances.q_image import QuantizedImage  # noqa: E402
from distances.symmetric_amd_distance import SymmetricAMDDistance  # noqa: E402
from transforms import AffineTransform, Rigid2DTransform  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
RANDOM = np.random.default_rng(5)


def write(file, name, array):
    array = np.asarray(array, dtype=np.float64)
    extents = " ".join(str(n) for n in array.shape)
    file.write(f"{name} {array.ndim} {extents} " + " ".join("%.9g" % v for v in array.ravel()) + "\n")


def picture(channels, height, width, levels):
    """Texture that fills every alpha level; no value is near the border of two levels."""
    values = ndimage.gaussian_filter(RANDOM.random((channels, height, width)), (0, 1.5, 1.5))
    ranks = values.reshape(channels, -1).argsort().argsort().reshape(values.shape)
    scaled = ranks / (height * width - 1.0) * levels
    near = np.round(scaled)
    return (near + np.clip(scaled - near, -0.45, 0.45)).clip(0, levels) / levels


def measure(case, reference, floating, transform):
    """Sum over the channels, as the program's optimizers add them."""
    total, gradient = 0.0, 0.0
    spacing = np.array([1.0, 1.0]) * case["factor"]
    for k in range(len(reference["values"])):
        sides = []
        for side in (reference, floating):
            image = QuantizedImage(side["values"][k], case["levels"], side["weights"].copy(), spacing, True)
            cut_off = case["cut_off"] ** 2 if case["squared"] else case["cut_off"]
            distance = alpha_amd.edt_sq if case["squared"] else alpha_amd.edt
            target = alpha_amd.AlphaAMD(image, case["levels"], cut_off, spacing, side["mask"], side["mask"], "linear",
                                        distance, True)
            sides.append((image, target))
        both = SymmetricAMDDistance(symmetric_measure=bool(case["symmetric"]), squared_measure=False)
        both.set_ref_image_source(sides[0][0])
        both.set_ref_image_target(sides[0][1])
        both.set_flo_image_source(sides[1][0])
        both.set_flo_image_target(sides[1][1])
        both.set_sampling_fraction(1.0)
        both.initialize()
        value, slope = both.value_and_derivatives(transform)
        total, gradient = total + value, gradient + slope
    return total, gradient


def rigid(angle, x, y):
    """Rotation of (x, y) by the angle about the centres, then a shift; the program works in (row, column)."""
    transform = Rigid2DTransform()
    transform.set_params(np.array([-angle, y, x]))
    return transform, lambda g: [-g[0], g[2], g[1]]


def affine(a00, a01, a10, a11, x, y):
    transform = AffineTransform(2)
    transform.set_params(np.array([a11, a10, a01, a00, y, x]))
    moved = transform.transform(np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0]]))
    assert np.allclose(moved, [[y, x], [y + a10, x + a00], [y + a11, x + a01]])
    return transform, lambda g: [g[3], g[2], g[1], g[0], g[5], g[4]]


PLAIN = dict(levels=7, channels=1, factor=1, cut_off=100.0, symmetric=1, squared=0, masks=0, weights=0)
CASES = {
    "symmetric": dict(),
    "one_way": dict(symmetric=0),
    "cut_off": dict(cut_off=2.5),
    "squared": dict(squared=1, cut_off=4.5),
    "masks": dict(masks=1, channels=2, levels=4),
    "weights": dict(weights=1, channels=2),
    "factor": dict(factor=2, masks=1, weights=1),
}


def main():
    with open(os.path.join(HERE, "alpha_amd.txt"), "w") as file:
        file.write("# settings: levels, factor, cut_off, symmetric, squared\n")
        for name, changes in CASES.items():
            case = dict(PLAIN, **changes)
            sides = []
            for height, width in ((17, 21), (19, 16)):
                side = dict(values=picture(case["channels"], height, width, case["levels"]))
                side["weights"] = 0.2 + RANDOM.random((height, width)) if case["weights"] else np.ones((height, width))
                side["mask"] = np.ones((height, width), bool)
                if case["masks"]:
                    side["mask"][3:8, 0:7] = False
                    side["mask"][12, 11:] = False
                side["weights"] = side["weights"] * side["mask"]
                sides.append(side)
            write(file, name + ".settings",
                  [case[k] for k in ("levels", "factor", "cut_off", "symmetric", "squared")])
            for which, side in zip(("fixed", "moving"), sides):
                write(file, f"{name}.{which}", side["values"])
                write(file, f"{name}.{which}_mask", side["mask"])
                write(file, f"{name}.{which}_weights", side["weights"])
            f = case["factor"]
            for kind, parameters in (("rigid", (0.23, 1.37 * f, -0.83 * f)),
                                     ("affine", (0.93, -0.28, 0.35, 1.09, 1.37 * f, -0.83 * f))):
                transform, ours = (rigid if kind == "rigid" else affine)(*parameters)
                value, gradient = measure(case, sides[0], sides[1], transform)
                write(file, f"{name}.{kind}", parameters)
                write(file, f"{name}.{kind}_value", [value])
                write(file, f"{name}.{kind}_gradient", ours(gradient))


main()
