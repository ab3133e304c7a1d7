"""Registers pairs of raw images by mutual information, with elastix and with comir, one right after the other.

Usage: elastix_mi.py --pairs pairs.csv --comir TOOL [--threads N] [--limit N] [--resolutions 4]
Both run as whole programs, on the same grey PNG files (the mean of red, green and blue). elastix: Mattes's measure, 32
bins, adaptive stochastic gradient descent, 500 iterations a resolution, 2048 samples, rigid, one start.
"""
import argparse
import json
import os
import re
import subprocess
import tempfile
import time

import cv2
import numpy as np

from pair_list import children_seconds, inverse, load, median, read_pairs, rigid, summary

PARAMETERS = {
    "FixedInternalImagePixelType": '"float"', "MovingInternalImagePixelType": '"float"',
    "FixedImageDimension": 2, "MovingImageDimension": 2, "UseDirectionCosines": '"false"',
    "Registration": '"MultiResolutionRegistration"',
    "FixedImagePyramid": '"FixedSmoothingImagePyramid"', "MovingImagePyramid": '"MovingSmoothingImagePyramid"',
    "Metric": '"AdvancedMattesMutualInformation"', "NumberOfHistogramBins": 32,
    "Optimizer": '"AdaptiveStochasticGradientDescent"', "AutomaticParameterEstimation": '"true"',
    "MaximumNumberOfIterations": 500,
    "Transform": '"EulerTransform"', "AutomaticScalesEstimation": '"true"',
    "AutomaticTransformInitialization": '"false"', "HowToCombineTransforms": '"Compose"',
    "ImageSampler": '"RandomCoordinate"', "NumberOfSpatialSamples": 2048, "NewSamplesEveryIteration": '"true"',
    "Interpolator": '"LinearInterpolator"', "ResampleInterpolator": '"FinalBSplineInterpolator"',
    "Resampler": '"DefaultResampler"', "WriteResultImage": '"false"', "ErodeMask": '"false"',
}


def timed(command):
    """Whether the program succeeded, and its processor and wall seconds."""
    begin, cpu = time.perf_counter(), children_seconds()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          env=dict(os.environ, OMP_WAIT_POLICY="passive"))
    return done.returncode == 0, children_seconds() - cpu, time.perf_counter() - begin


def elastix(fixed, moving, folder, threads, resolutions):
    with open(folder + "/parameters.txt", "w") as file:
        for key, value in {**PARAMETERS, "NumberOfResolutions": resolutions}.items():
            file.write(f"({key} {value})\n")
    ok, cpu, wall = timed(["elastix", "-f", fixed, "-m", moving, "-p", folder + "/parameters.txt", "-out", folder,
                           "-threads", str(threads)])
    if not ok:
        return None, cpu, wall
    with open(folder + "/TransformParameters.0.txt") as file:
        text = file.read()
    numbers = lambda key: [float(n) for n in re.search(rf"\({key} ([^)]*)\)", text)[1].split()]
    angle, x, y = numbers("TransformParameters")
    return inverse(rigid(angle, (x, y), numbers("CenterOfRotationPoint"))), cpu, wall


def comir(tool, fixed, moving, folder, threads):
    found = folder + "/comir.json"
    ok, cpu, wall = timed([tool, "register", "--fixed", fixed, "--moving", moving, "--method", "mi", "--threads",
                           str(threads), "--out-transform", found])
    if not ok:
        return None, cpu, wall
    with open(found) as file:
        transform = json.load(file)
    angle, x, y = transform["parameters"]
    return inverse(rigid(angle, (x, y), transform["centre"])), cpu, wall


def write_grey(path, to):
    image = cv2.imread(path, cv2.IMREAD_UNCHANGED)
    if image.ndim == 3:
        image = np.rint(image.mean(axis=2)).astype(image.dtype)
    cv2.imwrite(to, image)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--pairs", required=True)
    arguments.add_argument("--comir", required=True)
    arguments.add_argument("--threads", type=int, default=1)
    arguments.add_argument("--limit", type=int, default=0)
    arguments.add_argument("--resolutions", type=int, default=4)
    given = arguments.parse_args()
    pairs = read_pairs(given.pairs, given.limit)
    programs = {
        f"elastix, {given.resolutions} resolutions":
            lambda f, m, folder: elastix(f, m, folder, given.threads, given.resolutions),
        "comir --method mi": lambda f, m, folder: comir(given.comir, f, m, folder, given.threads),
    }
    outcome = {name: ([], [], []) for name in programs}
    print(f"{len(pairs)} pairs, {given.threads} threads, {load()}")
    for pair in pairs:
        with tempfile.TemporaryDirectory() as folder:
            fixed, moving = folder + "/fixed.png", folder + "/moving.png"
            write_grey(pair.fixed, fixed)
            write_grey(pair.moving, moving)
            for name, program in programs.items():
                found, cpu, wall = program(fixed, moving, folder)
                for values, value in zip(outcome[name], (pair.error(found), cpu, wall)):
                    values.append(value)
    for name, (errors, cpu, wall) in outcome.items():
        summary(name, pairs, errors, cpu, wall)
    (_, cpu_peer, wall_peer), (_, cpu_own, wall_own) = outcome.values()
    ratios = [median([p / o for p, o in zip(peer, own)]) for peer, own in ((cpu_peer, cpu_own), (wall_peer, wall_own))]
    print(f"elastix's time by comir's, median of the pairs: processor {ratios[0]:.2f}, wall {ratios[1]:.2f}; {load()}")


if __name__ == "__main__":
    main()
