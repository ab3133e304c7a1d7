"""memory.py SLIDE_TOOL FOLDER [SIDE...]: memory and speed of warp_slide on slides of SIDE px (default 10000 40000), whose
pyramids share the few tiles of a small file, so that they take 2 MB. Fails if the peaks differ by more than 10 %.
By hand: cmake and build as run.sh does, then this; 40000 px take one to three minutes and half a gigabyte of disk."""
import os, struct, sys, time
import numpy as np, tifffile

tool, folder, sides = sys.argv[1], sys.argv[2], [int(s) for s in sys.argv[3:]] or [10000, 40000]
T = 256


def small_file():
    """8 x 8 tiles of blobs and noise, as JPEG."""
    rng = np.random.default_rng(5)
    coarse = np.kron(rng.integers(60, 240, (64, 64, 3)), np.ones((32, 32, 1)))
    tifffile.imwrite(f"{folder}/plain.tif", (coarse + rng.normal(0, 5, coarse.shape)).clip(0, 255).astype(np.uint8), photometric="rgb", metadata=None)
    os.system(f"{tool} write {folder}/plain.tif {folder}/small.tif 3 0 0 {T}")
    return f"{folder}/small.tif"


def shared(source, name, side):
    """A BigTIFF with flagged pages; each page's tiles point at those of the source."""
    page, data = tifffile.TiffFile(source).pages[0], open(source, "rb").read()
    out, place = bytearray(b"II+\0" + struct.pack("<HHQ", 8, 0, 0)), []
    for at, count in zip(page.dataoffsets, page.databytecounts):
        place.append((len(out), count))
        out += data[at:at + count]
    tables, tables_at = page.tags[347].value, len(out)
    out += tables
    link, width = 8, side
    while True:
        across = (width + T - 1) // T
        chosen = [place[(x + 7 * y) % len(place)] for y in range(across) for x in range(across)]
        offsets = len(out)
        out += struct.pack(f"<{len(chosen)}Q", *[c[0] for c in chosen])
        counts = len(out)
        out += struct.pack(f"<{len(chosen)}Q", *[c[1] for c in chosen])
        bits = struct.unpack("<Q", struct.pack("<4H", 8, 8, 8, 0))[0]
        tags = [(254, 4, 1, int(width != side)), (256, 4, 1, width), (257, 4, 1, width), (258, 3, 3, bits), (259, 3, 1, 7), (262, 3, 1, 6), (277, 3, 1, 3), (284, 3, 1, 1), (322, 4, 1, T), (323, 4, 1, T), (324, 16, len(chosen), offsets), (325, 16, len(chosen), counts), (347, 7, len(tables), tables_at), (530, 3, 2, 2 | 2 << 16)]
        struct.pack_into("<Q", out, link, len(out))
        out += struct.pack("<Q", len(tags)) + b"".join(struct.pack("<HHQQ", *t) for t in tags)
        link = len(out)
        out += bytes(8)
        if width <= 2 * T:
            break
        width //= 2
    open(name, "wb").write(out)


source, peaks = small_file(), []
for side in sides:
    name, out = f"{folder}/{side}.tif", f"{folder}/out.tif"
    shared(source, name, side)
    start = time.time()
    child = os.spawnv(os.P_NOWAIT, tool, [tool, "warp", name, out, str(side), "3"])
    _, status, usage = os.wait4(child, 0)
    seconds, cpu = time.time() - start, usage.ru_utime + usage.ru_stime
    peaks.append(usage.ru_maxrss / 1024)
    print(f"{side} px: peak {peaks[-1]:.0f} MiB, {side**2 / seconds / 1e6:.1f} MP/s, {side**2 / cpu / 1e6:.1f} MP/s of one core, {os.path.getsize(out) / side**2:.3f} bytes a pixel, status {status}", flush=True)
    os.remove(out)
    if status:
        sys.exit(1)
sys.exit(0 if max(peaks) < 1.1 * min(peaks) else 1)
