"""Pairs of images with known displacements (pairs.csv of `comir make-pairs`), and the score of a registration.

x to the right, y down, pixel centres at integers. The error of a pair is the mean distance of the moving image's four
corners, mapped into the fixed image, from where the list says they are; success is an error of at most 2 % of the
moving image's width. A registration that fails counts as if nothing had been moved.
"""
import csv
import os
import resource
import statistics

import numpy as np


class Pair:
    def __init__(self, row, folder):
        self.name = row["pair"]
        self.fixed, self.moving = (os.path.join(folder, row[k]) for k in ("fixed", "moving"))
        self.fixed_modality, self.moving_modality = row["fixed_modality"], row["moving_modality"]
        self.size = int(row["size_px"])
        self.truth = np.array([[float(row[f"x{i}"]), float(row[f"y{i}"])] for i in range(4)])
        self.initial_error = float(row["initial_error_px"])

    def error(self, to_fixed):
        """to_fixed: 2 x 3 matrix that maps (x, y, 1) of the moving image to the fixed one, or None."""
        if to_fixed is None or not np.all(np.isfinite(to_fixed)):
            return self.initial_error
        last = self.size - 1.0
        corners = np.array([[0, 0, 1], [last, 0, 1], [last, last, 1], [0, last, 1]])
        return float(np.linalg.norm(corners @ np.asarray(to_fixed, float).T - self.truth, axis=1).mean())


def read_pairs(path, limit=0, every=1):
    """The first so many pairs (0: all), or of them each so many-th."""
    with open(path, newline="") as file:
        pairs = [Pair(row, os.path.dirname(os.path.abspath(path))) for row in csv.DictReader(file)]
    return (pairs[:limit] if limit else pairs)[::every]


def inverse(matrix):
    """Of a 2 x 3 matrix."""
    return np.linalg.inv(np.vstack([matrix, [0, 0, 1]]))[:2]


def rigid(angle, shift, centre):
    """2 x 3 matrix of x -> R(angle) (x - centre) + centre + shift, a positive angle from x towards y."""
    c, s = np.cos(angle), np.sin(angle)
    turn = np.array([[c, -s], [s, c]])
    centre = np.asarray(centre, float)
    return np.column_stack([turn, centre - turn @ centre + np.asarray(shift, float)])


def encoded(folder, path):
    """The CoMIR that `comir encode --format png` made of an image."""
    return os.path.join(folder, os.path.splitext(os.path.basename(path))[0] + ".png")


def median(values):
    return statistics.median(values) if values else float("nan")


def summary(label, pairs, errors, cpu=(), wall=()):
    """One line for people: successes, median error, and the median seconds of a pair."""
    good = sum(error <= 0.02 * pair.size for pair, error in zip(pairs, errors))
    line = f"{label}: {good} of {len(pairs)} within 2 % of the width ({100.0 * good / len(pairs):.1f} %), " \
           f"median error {median(errors):.3f} px"
    if cpu:
        line += f", {median(cpu):.3f} s of processor, {median(wall):.3f} s of wall time a pair"
    print(line, flush=True)
    return good


def children_seconds():
    """Processor seconds of all programs that were run and have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def load():
    return f"load {os.getloadavg()[0]:.2f} on {os.cpu_count()} processors"
