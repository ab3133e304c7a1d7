"""Registers pairs of CoMIRs by OpenCV's SIFT and estimateAffinePartial2D, with several settings.

Usage: opencv_sift_register.py --pairs pairs.csv --encoded FOLDER [--limit N] [--only TEXT]
FOLDER holds what `comir encode --format png` made of the list's images; --only takes the settings whose name holds TEXT.

Settings: OpenCV's defaults with Lowe's ratio of 0.75, or with a cross check and no ratio; the program of
MIDA-group/MultiRegEval: the 500 strongest keypoints, a cross check; and those of MIDA-group/CoMIR: 4 layers, sigma 1.6,
a ratio of 0.9, a tolerance of 25 px of 834, 1000 trials, at least 5 inliers and 5 % of the matches.
"""
import argparse
import time

import cv2

from pair_list import encoded, load, read_pairs, summary

SETTINGS = {
    "OpenCV's defaults, ratio 0.75": dict(ratio=0.75),
    "OpenCV's defaults, cross check": dict(cross=True),
    "MultiRegEval's": dict(sift=dict(nfeatures=500), cross=True, tolerance=2.0),
    "CoMIR's": dict(sift=dict(nOctaveLayers=4, sigma=1.6), ratio=0.9, tolerance=25.0 / 834.0, relative=True,
                    ransac=dict(maxIters=1000), least=5, share=0.05),
    "CoMIR's, contrast as in Fiji": dict(sift=dict(nOctaveLayers=4, sigma=1.6, contrastThreshold=0.0189), ratio=0.9,
                                         tolerance=25.0 / 834.0, relative=True, ransac=dict(maxIters=1000), least=5,
                                         share=0.05),
}


def matches_of(a, b, ratio=None, cross=False):
    if cross:
        return cv2.BFMatcher(cv2.NORM_L2, crossCheck=True).match(a, b)
    both = cv2.BFMatcher(cv2.NORM_L2).knnMatch(a, b, k=2)
    return [m[0] for m in both if len(m) == 2 and m[0].distance < ratio * m[1].distance]


def register(fixed, moving, sift=None, ratio=None, cross=False, tolerance=3.0, relative=False, ransac=None, least=3,
             share=0.0):
    """The 2 x 3 matrix from moving to fixed, or None."""
    finder = cv2.SIFT_create(**(sift or {}))
    ka, da = finder.detectAndCompute(fixed, None)
    kb, db = finder.detectAndCompute(moving, None)
    if len(ka) < 3 or len(kb) < 3:
        return None
    matches = matches_of(da, db, ratio, cross)
    if len(matches) < 3:
        return None
    points = [cv2.KeyPoint_convert(k, i) for k, i in ((ka, [m.queryIdx for m in matches]),
                                                     (kb, [m.trainIdx for m in matches]))]
    cv2.setRNGSeed(1)
    matrix, inliers = cv2.estimateAffinePartial2D(
        points[1], points[0], method=cv2.RANSAC,
        ransacReprojThreshold=tolerance * (moving.shape[1] if relative else 1.0), **(ransac or {}))
    if matrix is None or inliers.sum() < max(least, share * len(matches)):
        return None
    return matrix


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--pairs", required=True)
    arguments.add_argument("--encoded", required=True)
    arguments.add_argument("--limit", type=int, default=0)
    arguments.add_argument("--only", default="")
    arguments.add_argument("--threads", type=int, default=1)
    given = arguments.parse_args()
    cv2.setNumThreads(given.threads)
    pairs = read_pairs(given.pairs, given.limit)
    images = {path: cv2.imread(encoded(given.encoded, path), cv2.IMREAD_GRAYSCALE)
              for pair in pairs for path in (pair.fixed, pair.moving)}
    lost = [path for path, image in images.items() if image is None]
    if lost:
        raise SystemExit(f"opencv_sift_register.py: no CoMIR of {lost[0]} in {given.encoded}")
    print(f"OpenCV {cv2.__version__}, {len(pairs)} pairs, {load()}")
    for name, settings in SETTINGS.items():
        if given.only not in name:
            continue
        errors, cpu, wall = [], [], []
        for pair in pairs:
            begin, cpu_begin = time.perf_counter(), time.process_time()
            found = register(images[pair.fixed], images[pair.moving], **settings)
            wall.append(time.perf_counter() - begin)
            cpu.append(time.process_time() - cpu_begin)
            errors.append(pair.error(found))
        summary(name, pairs, errors, cpu, wall)


if __name__ == "__main__":
    main()
