"""pages_fixed.tif and pages_moving.tif: two rounds of a stain with two channels as pages. The first page shows other noise
in each, the second the same texture, in the moving image turned by 12 degrees and shifted by (5, -4) px.
Versions: Python 3.11, numpy 1.24.2, tifffile 2023.2.3."""
import numpy as np, tifffile

N, S = 112, 160
r = np.random.default_rng(5)
f = np.fft.fftfreq(S)[:, None] ** 2 + np.fft.rfftfreq(S)[None] ** 2
texture = sum(x / x.std() for x in (np.fft.irfft2(np.fft.rfft2(r.standard_normal((S, S))) * np.exp(-2 * (np.pi * s) ** 2 * f),
                                                  s=(S, S)) for s in (2, 4, 9)))
texture = (texture - texture.min()) / (texture.max() - texture.min()) * 250


def view(degrees, tx, ty):
    y, x = np.mgrid[0:N, 0:N] - (N - 1) / 2
    a = np.deg2rad(degrees)
    u, v = np.cos(a) * x - np.sin(a) * y + tx + (S - 1) / 2, np.sin(a) * x + np.cos(a) * y + ty + (S - 1) / 2
    i, j = v.astype(int), u.astype(int)
    p, q = v - i, u - j
    return ((texture[i, j] * (1 - q) + texture[i, j + 1] * q) * (1 - p)
            + (texture[i + 1, j] * (1 - q) + texture[i + 1, j + 1] * q) * p)


for name, image in (("fixed", view(0, 0, 0)), ("moving", view(12, 5, -4))):
    with tifffile.TiffWriter(f"pages_{name}.tif") as out:
        for page, label in ((r.integers(90, 110, (N, N)), "background"), (image, "nuclei")):
            out.write(page.astype(np.uint8), compression="zlib", metadata=None, extratags=[(285, 2, 0, label, False)])
