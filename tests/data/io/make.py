"""Writes the image and tensor files of this folder, beside itself: most with OpenCV and Pillow, and byte by byte what
those do not write. tests/io/image_file.cpp and tests/io/safetensors.cpp know the same pattern."""

import os
import struct
import zlib

import cv2
import numpy as np
from PIL import Image

os.chdir(os.path.dirname(os.path.abspath(__file__)))

y, x = np.mgrid[0:5, 0:7]
pattern = lambda c: 31 * x + 17 * y + 50 * c
grey = (pattern(0) % 256).astype(np.uint8)
rgb = np.stack([pattern(c) % 256 for c in range(3)], axis=2).astype(np.uint8)
wide = ((1000 * pattern(0) + 7) % 65536).astype(np.uint16)
real = (pattern(0) / 8 - 10).astype(np.float32)

# PNG: palettes of 2 bits without and with transparent entries, 8 and 16 bits, grey and alpha, 1 bit, interlaced
palette = Image.fromarray((grey % 4).astype(np.uint8), "P")
palette.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120])
palette.save("palette.png", bits=2)
palette.save("palette_alpha.png", bits=2, transparency=bytes([0, 85, 170, 255]))
cv2.imwrite("grey16.png", wide)
cv2.imwrite("rgb16.png", (rgb.astype(np.uint16) * 257)[:, :, ::-1])
cv2.imwrite("rgb8.png", rgb[:, :, ::-1])
Image.fromarray(np.stack([grey, 255 - grey], axis=2), "LA").save("grey_alpha.png")

def png(name, width, height, depth, colour, interlace, raw):
    def chunk(tag, body):
        return struct.pack(">I", len(body)) + tag + body + struct.pack(">I", zlib.crc32(tag + body))
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    open(name, "wb").write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))

png("grey1.png", 10, 2, 1, 0, 0, bytes([0, 0b10110010, 0b01000000, 0, 0b01001101, 0b10000000]))
passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
raw = b""
for x0, y0, dx, dy in passes:
    for row in grey[y0::dy, x0::dx]:
        raw += b"\0" + row.tobytes() if row.size else b""
png("interlaced.png", 7, 5, 8, 0, 1, raw)

# TIFF by OpenCV and Pillow
cv2.imwrite("float.tif", real, [cv2.IMWRITE_TIFF_COMPRESSION, 1])
cv2.imwrite("lzw.tif", rgb[:, :, ::-1], [cv2.IMWRITE_TIFF_COMPRESSION, 5])
Image.fromarray(rgb).save("deflate.tif", compression="tiff_adobe_deflate")
pages = [Image.fromarray(np.roll(grey, page, axis=1)) for page in range(3)]
pages[0].save("pages.tif", save_all=True, append_images=pages[1:])
Image.fromarray(np.dstack([rgb, 255 - grey]), "RGBA").save("rgba.tif")

# TIFF that those programs do not write, byte by byte
def tiff(name, order, width, height, bits, samples, tags, blocks, tiled=False):
    formats = {3: "H", 4: "I", 5: "II"}
    data, offsets = b"", []
    for block in blocks:
        offsets.append(8 + len(data))
        data += block + b"\0" * (len(block) % 2)
    tags = dict(tags)
    tags.update({256: (4, [width]), 257: (4, [height]), 258: (3, [bits] * samples), 277: (3, [samples]),
                 324 if tiled else 273: (4, offsets), 325 if tiled else 279: (4, [len(b) for b in blocks])})
    tags.setdefault(259, (3, [1]))
    entries, extra, base = b"", b"", 8 + len(data) + 2 + 12 * len(tags) + 4
    for tag in sorted(tags):
        kind, values = tags[tag]
        body = struct.pack(order + formats[kind][0] * len(values), *values)
        count = len(values) // len(formats[kind])
        if len(body) > 4:
            place = struct.pack(order + "I", base + len(extra))
            extra += body
        else:
            place = body.ljust(4, b"\0")
        entries += struct.pack(order + "HHI", tag, kind, count) + place
    mark = b"II" if order == "<" else b"MM"
    open(name, "wb").write(mark + struct.pack(order + "HI", 42, 8 + len(data)) + data +
                           struct.pack(order + "H", len(tags)) + entries + struct.pack(order + "I", 0) + extra)

# separate planes in strips of 2 rows, big-endian 16 bits, 5 channels
bands = [((pattern(c) * 100) % 65536).astype(">u2") for c in range(5)]
tiff("planar.tif", ">", 7, 5, 16, 5, {262: (3, [1]), 278: (4, [2]), 284: (3, [2]), 338: (3, [0] * 4)},
     [band[r:r + 2].tobytes() for band in bands for r in (0, 2, 4)])
# tiles of 16 x 16 over 20 x 18 pixels of 64-bit float
tall, long = np.mgrid[0:18, 0:20]
values = (tall * 100 + long + 0.5).astype("<f8")
padded = np.zeros((32, 32), "<f8")
padded[:18, :20] = values
tiff("tiled.tif", "<", 20, 18, 64, 1, {262: (3, [1]), 322: (4, [16]), 323: (4, [16]), 339: (3, [3])},
     [padded[r:r + 16, c:c + 16].tobytes() for r in (0, 16) for c in (0, 16)], tiled=True)
# 0 is white; pixels of 0.5 x 0.25 of the user's unit
tiff("white.tif", "<", 7, 5, 8, 1, {262: (3, [0]), 278: (4, [5]), 282: (5, [2, 1]), 283: (5, [4, 1]), 296: (3, [1])},
     [grey.tobytes()])

# safetensors: ranks 0 to 2, an empty tensor, one that is not aligned, blanks and escapes in the header's text
header = (b'{"__metadata__":{"made by":"python","\\u00e9":"\\n"}, "b":{"shape":[2,3],"dtype":"F32","data_offsets":[0,24]},\n'
          b'"a":{"dtype":"U8","shape":[3],"data_offsets":[24,27]}, "none":{"dtype":"F64","shape":[0,4],"data_offsets":[27,27]},'
          b'"s":{"dtype":"I64","shape":[],"data_offsets":[27,35]}} ')
data = np.arange(6, dtype="<f4").tobytes() + bytes([1, 2, 255]) + struct.pack("<q", -5)
open("all.safetensors", "wb").write(struct.pack("<Q", len(header)) + header + data)
