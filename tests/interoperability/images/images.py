"""images.py SLIDE_TOOL: comir against other programs, in the current folder. Called by run.sh."""
import json, re, struct, subprocess, sys
import numpy as np, openslide, tifffile
from PIL import Image

tool, bad = sys.argv[1], 0
TYPES = [np.uint8, np.uint16, np.float32]


def run(*words):
    done = subprocess.run([str(w) for w in words], capture_output=True)
    return done.stdout, done.returncode == 0, done.stderr.decode(errors="replace").strip()


def info(path):
    text, good, why = run(tool, "info", path)
    if not good:
        return {"error": why}
    facts = dict(part.split("=", 1) for part in text.decode().strip().split("\t"))
    facts["levels"] = [(int(w), int(h), float(f)) for w, h, f in re.findall(r"(\d+)x(\d+)/(\S+)", facts["levels"])]
    return facts


def pixels(path, level=0):
    """(H, W, C) as comir reads them."""
    facts = info(path)
    if "error" in facts:
        raise RuntimeError(facts["error"])
    w, h, _ = facts["levels"][level]
    data, good, why = run(tool, "pixels", path, level)
    if not good:
        raise RuntimeError(why)
    return np.frombuffer(data, TYPES[int(facts["type"])]).reshape(int(facts["channels"]), h, w).transpose(1, 2, 0)


def check(what, test):
    global bad
    try:
        result = test()
    except Exception as problem:
        result = repr(problem)
    good = result is True or result is None
    bad += not good
    print(f"{'ok      ' if good else 'DIFFERS '} {what}{'' if good else ': ' + str(result)[:300]}", flush=True)


def same(a, b, within=0.0):
    b = np.asarray(b)
    b = b[..., None] if b.ndim == 2 else b
    if a.shape != b.shape:
        return f"{a.shape} against {b.shape}"
    worst = np.abs(a.astype(float) - b.astype(float)).max()
    return True if worst <= within else f"largest difference {worst}"


def equal(a, b):
    return True if a == b else f"{a} against {b}"


def vips(path, option=""):
    """Pixels by libvips."""
    _, good, why = run("vips", "copy", f"{path}{option}", "vips.png")
    if not good:
        raise RuntimeError(why)
    return np.asarray(Image.open("vips.png"))


rng = np.random.default_rng(1)
y, x = np.mgrid[0:515, 0:1003]
rgb = (128 + 60 * np.sin(x[..., None] / 23 + np.arange(3)) + 50 * np.cos(y[..., None] / 31) + rng.normal(0, 4, (515, 1003, 3)))
rgb = rgb.clip(0, 255).astype(np.uint8)
deep = (rgb.astype(np.uint16) * 250 + rng.integers(0, 250, rgb.shape).astype(np.uint16))
planes = np.stack([deep[..., 0], 65535 - deep[..., 1], deep[..., 2] // 3, deep[..., 0] // 2])
tifffile.imwrite("rgb.tif", rgb, photometric="rgb", metadata=None, resolution=(20000, 10000), resolutionunit="CENTIMETER")
tifffile.imwrite("deep.tif", deep[..., 0], metadata=None)

print("== comir reads")
for codec in ("none", "lzw", "zip", "packbits", "zstd", "jpeg:90"):
    for tiles in ((), ("-t", "-w", "64", "-l", "48"), ("-r", "16"), ("-p", "separate")):
        if codec.startswith("jpeg") and not tiles:  # a strip of one row, which JPEG does not take
            continue
        if codec.startswith("jpeg") and "separate" in tiles:
            continue
        name = f"cp_{codec.split(':')[0]}_{'_'.join(tiles).replace('-', '')}.tif"
        run("tiffcp", "-c", codec, *tiles, "rgb.tif", name)
        # tiffcp's JPEG is YCbCr: libvips decodes it as comir should.
        check(f"tiffcp -c {codec} {' '.join(tiles)}",
              lambda: same(pixels(name), vips(name) if codec.startswith("jpeg") else rgb))
for flags, name in (("-B", "big-endian"), ("-8", "BigTIFF"), ("-M", "MDI strips")):
    run("tiffcp", "-c", "lzw", flags, "deep.tif", "cp.tif")
    check(f"tiffcp {flags} ({name}), 16 bits", lambda: same(pixels("cp.tif"), deep[..., 0]))
check("resolution tags", lambda: equal(info("rgb.tif")["um"], "0.5,1"))

for options in ("compression=jpeg,Q=80,tile,pyramid,tile-width=128,tile-height=128", "compression=jpeg,Q=95,tile,pyramid,subifd",
                "compression=deflate,predictor=horizontal,tile,pyramid,subifd,bigtiff", "compression=zstd,tile,pyramid"):
    def levels():
        run("vips", "tiffsave", "rgb.tif", "v.tif", *[f"--{o}" for o in options.split(",")])
        found = info("v.tif")
        for i, (w, h, factor) in enumerate(found["levels"]):
            if factor != 2**i or (w, h) != (1003 >> i, 515 >> i):
                return f"level {i} is {w} x {h}, factor {factor}"
            option = "" if i == 0 else f"[subifd={i - 1}]" if "subifd" in options else f"[page={i}]"
            if (result := same(pixels("v.tif", i), vips("v.tif", option))) is not True:
                return f"level {i}: {result}"
        return len(found["levels"]) > 2 or "no levels"
    check(f"vips {options}", levels)
run("vips", "cast", "rgb.tif", "f.v", "float")
run("vips", "tiffsave", "f.v", "vf.tif", "--tile", "--pyramid", "--compression", "deflate")
check("vips float pyramid, SampleFormat missing on levels",
      lambda: same(pixels("vf.tif", 1), (rgb[:514, :1002].astype(float).reshape(257, 2, 501, 2, 3).mean((1, 3)))[:257], 0.01))
for bits in (1, 2, 4):
    run("convert", "rgb.tif", "-colorspace", "Gray", "-depth", bits, "-type", "Grayscale" if bits > 1 else "Bilevel", "im.tif")
    check(f"ImageMagick {bits} bits", lambda: same(pixels("im.tif"), np.asarray(Image.open("im.tif").convert("L"))))
run("convert", "rgb.tif", "-colors", "50", "-type", "Palette", "-compress", "lzw", "pal.tif")
check("ImageMagick palette", lambda: same(pixels("pal.tif"), np.asarray(Image.open("pal.tif").convert("RGB"))))
run("convert", "rgb.tif", "-colorspace", "CMYK", "cmyk.tif")
check("ImageMagick CMYK is refused", lambda: equal("CMYK inks" in info("cmyk.tif").get("error", ""), True))
run("convert", "rgb.tif", "-define", "tiff:tile-geometry=128x128", "ptif:im_pyramid.tif")
check("ImageMagick ptif", lambda: equal([round(f) for _, _, f in info("im_pyramid.tif")["levels"]][:3], [1, 2, 4]))
half = (deep[..., 0] / 65535).astype(np.float16)
tifffile.imwrite("half.tif", half, compression="zlib", metadata=None)
check("tifffile half float", lambda: same(pixels("half.tif"), half.astype(np.float32)))
Image.fromarray(rgb).convert("P", palette=Image.ADAPTIVE).save("pil.tif")
check("Pillow palette", lambda: same(pixels("pil.tif"), np.asarray(Image.open("pil.tif").convert("RGB"))))
Image.fromarray(rgb).save("pil.tif", compression="jpeg", quality=90)
check("Pillow JPEG", lambda: same(pixels("pil.tif"), np.asarray(Image.open("pil.tif"))))
v = deep[..., 0] >> 4
a, b = v[:, :1002:2], v[:, 1:1002:2]
packed = np.stack([a >> 4, ((a & 15) << 4) | (b >> 8), b & 255], -1).astype(np.uint8).tobytes()
tags = [(256, 4, 1, 1002), (257, 4, 1, 515), (258, 3, 1, 12), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 8), (277, 3, 1, 1), (278, 4, 1, 515), (279, 4, 1, len(packed))]
open("b12.tif", "wb").write(b"II*\0" + struct.pack("<I", 8 + len(packed)) + packed + struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *t) for t in tags) + bytes(4))
run("gdal_translate", "-q", "b12.tif", "b12.png")
check("12 bits, as GDAL reads them", lambda: same(pixels("b12.tif"), np.asarray(Image.open("b12.png"))))

meta = {"axes": "CYX", "PhysicalSizeX": 325, "PhysicalSizeXUnit": "nm", "PhysicalSizeY": 0.65, "PhysicalSizeYUnit": "µm", "Channel": {"Name": ["DAPI", "CD3", "CD8", "a&b"]}}
with tifffile.TiffWriter("ome.ome.tif", bigtiff=True) as file:
    file.write(planes, subifds=2, tile=(128, 128), metadata=meta, compression="zlib")
    for n in (2, 4):
        file.write(planes[:, ::n, ::n], subfiletype=1, tile=(128, 128), compression="zlib")
check("tifffile OME-TIFF: size, names", lambda: equal((info("ome.ome.tif")["um"], info("ome.ome.tif")["names"]), ("0.325,0.65", "DAPI|CD3|CD8|a&b|")))
for level, n in enumerate((1, 2, 4)):
    check(f"tifffile OME-TIFF: level {level}", lambda: same(pixels("ome.ome.tif", level), planes[:, ::n, ::n].transpose(1, 2, 0)))
tifffile.imwrite("ij.tif", planes[None], imagej=True, resolution=(4, 2), metadata={"unit": "um", "axes": "ZCYX"})
check("tifffile ImageJ: size", lambda: equal(info("ij.tif")["um"], "0.25,0.5"))
check("tifffile ImageJ: channels", lambda: same(pixels("ij.tif"), planes.transpose(1, 2, 0)))
run("gdal_translate", "-q", "-a_ullr", "500000", "4600000", "510030", "4594850", "-a_srs", "EPSG:32633", "-a_nodata", "0", "-co", "TILED=YES", "-co", "COMPRESS=DEFLATE", "deep.tif", "geo.tif")
check("GDAL GeoTIFF: 10 m, no-data", lambda: equal((info("geo.tif").get("um"), info("geo.tif").get("nodata")), ("10000000,10000000", "0")))
run("gdaladdo", "-q", "-r", "average", "geo.tif", "2", "4")
check("GDAL overviews", lambda: equal([f for _, _, f in info("geo.tif")["levels"]], [1, 2, 4]))
hole = np.zeros_like(deep[..., 0]); hole[:100, :100] = deep[:100, :100, 0]
tifffile.imwrite("hole.tif", hole, metadata=None)
run("gdal_translate", "-q", "-co", "TILED=YES", "-co", "SPARSE_OK=TRUE", "-co", "COMPRESS=LZW", "-co", "BLOCKXSIZE=64", "-co", "BLOCKYSIZE=64", "hole.tif", "sparse.tif")
check("GDAL sparse tiles", lambda: same(pixels("sparse.tif"), hole))
with tifffile.TiffWriter("aperio.svs") as file:
    text = "Aperio Image Library v11\n1003x515 (256x256) raw |AppMag = 20|MPP = 0.4990"
    file.write(rgb, tile=(256, 256), description=text, metadata=None, photometric="rgb")
    file.write(rgb[:, :, :][::4, ::4], description=text.replace("raw", "-> thumbnail"), metadata=None, photometric="rgb", rowsperstrip=16)
    file.write(rgb[::2, ::2], tile=(256, 256), description=text, metadata=None, photometric="rgb")
svs = openslide.OpenSlide("aperio.svs")
check("an SVS of tifffile, by OpenSlide: format, size", lambda: equal((info("aperio.svs")["format"], info("aperio.svs").get("um")), ("aperio", "0.499,0.499")))
for i, size in enumerate(svs.level_dimensions):
    check(f"an SVS of tifffile, by OpenSlide: level {i}", lambda: same(pixels("aperio.svs", i), np.asarray(svs.read_region((0, 0), i, size))[..., :3]))

print("== others read what comir writes")


def half_of(a):
    h, w = a.shape[0] // 2, a.shape[1] // 2
    return ((a[:2 * h, :2 * w].reshape(h, 2, w, 2, -1).astype(np.uint32).sum((1, 3)) + 2) // 4).astype(a.dtype)


want = [rgb, half_of(rgb)]
want.append(half_of(want[1]))
tifffile.imwrite("planes.ome.tif", planes, metadata=meta)
for pyramid, name in ((1, "subifd"), (2, "pages")):
    for compression, codec in ((0, "none"), (1, "deflate"), (2, "zstd")):
        out = f"out_{name}_{codec}.ome.tif"
        run(tool, "write", "rgb.tif", out, compression, pyramid, 0, 128)
        for level in range(3):
            option = "" if level == 0 else f"[subifd={level - 1}]" if pyramid == 1 else f"[page={level}]"
            check(f"vips, {name}, {codec}: level {level}", lambda: same(vips(out, option), want[level]))
        if codec != "zstd" and pyramid == 1:  # Debian's tifffile has no zstd; flagged pages are no levels of OME-TIFF to it
            check(f"tifffile, {name}, {codec}: levels", lambda: all(same(l.asarray(), want[i]) is True for i, l in enumerate(tifffile.TiffFile(out).series[0].levels[:3])) and len(tifffile.TiffFile(out).series[0].levels) >= 3)
        if pyramid == 2:
            def by_openslide():
                slide = openslide.OpenSlide(out)
                for i in range(3):
                    if (r := same(np.asarray(slide.read_region((0, 0), i, slide.level_dimensions[i]))[..., :3], want[i])) is not True:
                        return f"level {i}: {r}"
            check(f"OpenSlide, {name}, {codec}: levels", by_openslide)
        run("gdal_translate", "-q", out, "g.png")
        check(f"GDAL, {name}, {codec}: full image", lambda: same(np.asarray(Image.open("g.png")), rgb))
        text = run("gdalinfo", out)[0].decode()
        check(f"GDAL, {name}, {codec}: overviews", lambda: equal("Overviews: 501x257, 250x128" in text, True))
run(tool, "write", "rgb.tif", "out_jpeg.ome.tif", 3, 1, 0, 256, 85)
check("vips, JPEG: as comir reads it", lambda: same(pixels("out_jpeg.ome.tif"), vips("out_jpeg.ome.tif")))
check("vips, JPEG: near the original", lambda: bool(np.abs(vips("out_jpeg.ome.tif").astype(int) - rgb).mean() < 4))
sizes = run("vipsheader", "-a", "out_subifd_deflate.ome.tif")[0].decode()
check("vips: resolution", lambda: equal(re.findall(r"[xy]res: (\S+)", sizes), ["2000", "1000"]))
for pyramid in (0, 1, 2):
    run(tool, "write", "planes.ome.tif", "mc.ome.tif", 1, pyramid, 0, 128)
    with tifffile.TiffFile("mc.ome.tif") as file:
        series = file.series[0]
        check(f"tifffile, channels, pyramid {pyramid}: axes", lambda: equal((series.axes, series.shape), ("CYX", planes.shape)))
        check(f"tifffile, channels, pyramid {pyramid}: pixels", lambda: same(series.asarray(), planes))
        if pyramid == 1:
            check("tifffile, channels: level 1", lambda: same(series.levels[1].asarray().transpose(1, 2, 0), half_of(planes.transpose(1, 2, 0))))
        text = file.ome_metadata
        check(f"tifffile, channels, pyramid {pyramid}: names and unit", lambda: equal(('Name="CD3"' in text, 'PhysicalSizeXUnit="µm"' in text, 'PhysicalSizeX="0.325"' in text), (True,) * 3))
run(tool, "write", "planes.ome.tif", "mc.ome.tif", 1, 1, 0, 128)
viv = {"mc.ome.tif": {"levels": 4, "um": 0.325, "ifd": 2, "means": [planes[2].mean(), half_of(planes[2][..., None]).mean()]},
       "out_subifd_deflate.ome.tif": {"levels": 4, "um": 0.5, "ifd": 0, "means": [rgb.mean(), want[1].mean(), want[2].mean()]}}
json.dump(viv, open("viv.json", "w"))
open("identity.txt", "w").write('(Transform "EulerTransform")\n(NumberOfParameters 3)\n(TransformParameters 0 0 0)\n(InitialTransformParametersFileName "NoInitialTransform")\n(HowToCombineTransforms "Compose")\n(FixedImageDimension 2)\n(MovingImageDimension 2)\n(FixedInternalImagePixelType "float")\n(MovingInternalImagePixelType "float")\n(Size 1003 515)\n(Index 0 0)\n(Spacing 1 1)\n(Origin 0 0)\n(Direction 1 0 0 1)\n(CenterOfRotationPoint 0 0)\n(ResampleInterpolator "FinalBSplineInterpolator")\n(FinalBSplineInterpolationOrder 0)\n(Resampler "DefaultResampler")\n(DefaultPixelValue 0)\n(ResultImageFormat "mha")\n(ResultImagePixelType "unsigned short")\n(CompressResultImage "false")\n')


def by_itk(path):
    run("transformix", "-in", path, "-tp", "identity.txt", "-out", ".")
    data = open("result.mha", "rb").read()
    return np.frombuffer(data[data.index(b"LOCAL\n") + 6:], np.uint16).reshape(515, 1003)


run(tool, "write", "deep.tif", "strips.tif", 1, 1, 1, 128)
check("elastix (ITK), strips with SubIFDs: 16 bits", lambda: same(by_itk("strips.tif")[..., None], deep[..., 0]))
run(tool, "write", "deep.tif", "tiles.tif", 1, 1, 0, 128)
check("elastix (ITK) still loses 16 bits of tiles, as said", lambda: same(by_itk("tiles.tif")[..., None], deep[..., 0]) is not True)
print(f"{bad} differ" if bad else "all agree")
sys.exit(1 if bad else 0)
