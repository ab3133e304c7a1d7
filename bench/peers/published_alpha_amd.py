"""Registers pairs of CoMIRs by the published Python alpha-AMD, or times it on one pair.

Usage: published_alpha_amd.py CHECKOUT --pairs pairs.csv --encoded FOLDER [--every N] [--iterations 1.0] [--out FILE]
       published_alpha_amd.py CHECKOUT --time FIXED MOVING [--runs N]
CHECKOUT is a clone of https://github.com/MIDA-group/MultiRegEval; its alpha_amd/ is imported as it is, except that
np.int, which NumPy 1.24 no longer has, is put back. FOLDER holds what `comir encode --format png` made of the list's
images. Settings are the program's defaults: three starts, 3000, 1000 and 200 iterations, 1 % of the points, 7 levels.
With --iterations 0.3, which its authors take for images of 300 px, it also smooths less. --every N takes each N-th pair
of the list, --out writes the error and the seconds of each pair as they come.
"""
import argparse
import contextlib
import io
import os
import resource
import sys
import time
import warnings

import cv2
import numpy as np

from pair_list import encoded, inverse, load, median, read_pairs, summary


def published(checkout):
    """The program's function register_aamd(reference, floating, iterations)."""
    folder = os.path.join(checkout, "alpha_amd")
    if not os.path.isfile(os.path.join(folder, "aamd.py")):
        raise SystemExit(f"published_alpha_amd.py: {folder} has no aamd.py; give the folder of a clone of MultiRegEval")
    warnings.simplefilter("ignore")
    if "int" not in np.__dict__:
        np.int = int
    sys.path.insert(0, folder)
    sys.dont_write_bytecode = True
    import aamd
    return aamd.register_aamd


def to_fixed(transform):
    """The 2 x 3 matrix from moving to fixed (x, y) of a transform that maps reference points (y, x) to floating ones."""
    corner, down, right = transform.transform(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
    forward = np.column_stack([(right - corner)[::-1], (down - corner)[::-1], corner[::-1]])
    return inverse(forward)


def registered(function, fixed, moving, iterations):
    with contextlib.redirect_stdout(io.StringIO()):
        return function(fixed, moving, iterations=iterations)[1]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("checkout")
    arguments.add_argument("--pairs")
    arguments.add_argument("--encoded")
    arguments.add_argument("--every", type=int, default=1)
    arguments.add_argument("--iterations", type=float, default=1.0, help="factor of the numbers of iterations")
    arguments.add_argument("--out")
    arguments.add_argument("--time", nargs=2, metavar=("FIXED", "MOVING"))
    arguments.add_argument("--runs", type=int, default=3)
    given = arguments.parse_args()
    function = published(given.checkout)
    read = lambda path: cv2.imread(path, cv2.IMREAD_GRAYSCALE)

    if given.time:
        fixed, moving = map(read, given.time)
        seconds = []
        for _ in range(given.runs):
            begin = time.perf_counter()
            found = registered(function, fixed, moving, given.iterations)
            seconds.append(time.perf_counter() - begin)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"published alpha-AMD: median {1e3 * median(seconds):.1f} ms (n={given.runs}) peak {peak:.0f} MB")
        return

    pairs = read_pairs(given.pairs, every=given.every)
    print(f"{len(pairs)} pairs, {load()}")
    errors, cpu, wall = [], [], []
    for pair in pairs:
        fixed, moving = read(encoded(given.encoded, pair.fixed)), read(encoded(given.encoded, pair.moving))
        begin, cpu_begin = time.perf_counter(), time.process_time()
        found = registered(function, fixed, moving, given.iterations)
        wall.append(time.perf_counter() - begin)
        cpu.append(time.process_time() - cpu_begin)
        errors.append(pair.error(to_fixed(found)))
        if given.out:
            with open(given.out, "a") as file:
                file.write(f"{pair.name},{errors[-1]:.4f},{cpu[-1]:.3f},{wall[-1]:.3f}\n")
    summary(f"published alpha-AMD, three starts, {given.iterations} of the iterations", pairs, errors, cpu, wall)


if __name__ == "__main__":
    main()
