# Writes the golden numbers of tests/features again: python3 tests/data/features/make.py
import os

import cv2
import numpy as np

folder = os.path.dirname(os.path.abspath(__file__))


def line(out, name, array, form):
    array = np.asarray(array)
    values = " ".join(form % v for v in array.ravel())
    out.write(f"{name} {array.ndim} {' '.join(map(str, array.shape))} {values}\n")


# Blobs of many sizes and strengths on a slope: keypoints at all scales, none of them near a threshold by chance only.
random = np.random.RandomState(5)
h, w = 120, 150
y, x = np.mgrid[0:h, 0:w].astype(float)
image = 100.0 + 0.1 * x - 0.08 * y
for _ in range(70):
    cx, cy, angle = random.uniform(0, w), random.uniform(0, h), random.uniform(0, np.pi)
    a = np.exp(random.uniform(np.log(1.8), np.log(9.0)))
    b = a * random.uniform(0.55, 1.0)
    u = (x - cx) * np.cos(angle) + (y - cy) * np.sin(angle)
    v = (y - cy) * np.cos(angle) - (x - cx) * np.sin(angle)
    image += random.choice([-1, 1]) * random.uniform(30, 70) * np.exp(-0.5 * (u * u / a / a + v * v / b / b))
image = np.clip(np.rint(image), 0, 255).astype(np.uint8)

keypoints, descriptors = cv2.SIFT_create().detectAndCompute(image, None)
fields = []
for k in keypoints:
    octave = k.octave & 255
    octave = octave - 256 if octave >= 128 else octave
    fields.append([k.pt[0], k.pt[1], k.size, k.angle, k.response, octave, (k.octave >> 8) & 255])

with open(os.path.join(folder, "sift.txt"), "w") as out:
    out.write(f"# OpenCV {cv2.__version__}, cv2.SIFT_create() with its defaults\n")
    line(out, "image", image, "%d")
    line(out, "keypoints", fields, "%.6g")
    line(out, "descriptors", descriptors, "%d")
print(len(keypoints), "keypoints")
