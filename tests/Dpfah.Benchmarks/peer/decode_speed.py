#!/usr/bin/env python3
"""The peer of the benchmark verb `decode`: from photos to small pixels with Pillow, and the photos themselves.

    decode_speed.py photos SOURCE FOLDER         writes 20 JPEGs of 0.3 to 12 megapixels, made from photos under SOURCE
    decode_speed.py measure FOLDER REPEATS HOW   prints one line of JSON: the median seconds of each photo
    decode_speed.py pixels FOLDER TARGET         writes each photo's pixels, red, green and blue bytes

HOW is 1 or 2, how many times the wanted size a JPEG is decoded at least, or `eighth`: decoding alone, at an eighth of the size.
Needs Pillow (Debian: python3-pil). The caller sets GLIBC_TUNABLES.
"""
import io
import json
import os
import sys
import time

from PIL import Image

SHORTER_SIDE = 256

MATE = "usr/share/backgrounds/mate/nature/"
LXQT = "usr/share/lxqt/wallpapers/"
PLASMA = "usr/share/wallpapers/{}/contents/images/{}.jpg"


def plasma(name, size="2560x1600"):
    return PLASMA.format(name, size)


# Name, photos (four are laid side by side, so that a large picture has a photo's detail and not that of an enlarged one), size in
# pixels, quality, subsampling (0: none, 1: half the width, 2: half of both), whether progressive.
PHOTOS = [
    ("dune", [MATE + "Dune.jpg"], (640, 480), 75, 2, False),
    ("ladybird", [MATE + "LadyBird.jpg"], (640, 480), 85, 2, False),
    ("storm", [MATE + "Storm.jpg"], (800, 600), 80, 2, False),
    ("meadow", [MATE + "GreenMeadow.jpg"], (1024, 768), 90, 2, False),
    ("raindrops", [MATE + "RainDrops.jpg"], (1200, 800), 85, 2, True),
    ("yellowflower", [MATE + "YellowFlower.jpg"], (1280, 1024), 80, 1, False),
    ("fog", [LXQT + "fog.jpg"], (1536, 1152), 90, 2, False),
    ("bythewater", [plasma("BytheWater")], (1920, 1080), 85, 2, False),
    ("path-upright", [plasma("Path")], (1080, 1600), 90, 2, False),
    ("garden", [MATE + "Garden.jpg"], (1920, 1280), 75, 0, False),
    ("hills", [LXQT + "this-is-not-windows.jpg"], (2048, 1536), 90, 2, False),
    ("fallenleaf", [plasma("FallenLeaf")], (2048, 1536), 85, 2, True),
    ("eveningglow", [plasma("EveningGlow")], (2560, 1600), 90, 2, False),
    ("onestandsout", [plasma("OneStandsOut")], (2560, 1600), 80, 2, False),
    ("wood", [MATE + "Wood.jpg"], (2560, 1920), 92, 1, False),
    ("aftertherain", [LXQT + "after-the-rain.jpg"], (3000, 1993), 90, 2, False),
    ("four-a", [plasma(name) for name in ("EveningGlow", "Path", "FallenLeaf", "OneStandsOut")], (3264, 2448), 85, 2, False),
    ("volna", [plasma("Volna", "5120x2880")], (3840, 2160), 90, 2, False),
    ("four-b", [plasma(name) for name in ("ColorfulCups", "BytheWater", "OneStandsOut", "Path")], (3872, 2592), 92, 2, False),
    ("four-c", [plasma(name) for name in ("FallenLeaf", "OneStandsOut", "Path", "EveningGlow")], (4000, 3000), 90, 2, False),
]


def fill(picture, size):
    """The middle of a picture in the shape of a size, at that size."""
    scale = max(size[0] / picture.width, size[1] / picture.height)
    width, height = round(size[0] / scale), round(size[1] / scale)
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    return picture.resize(size, Image.LANCZOS, (left, top, left + width, top + height))


def photos(source, folder):
    for number, (name, paths, size, quality, subsampling, progressive) in enumerate(PHOTOS, 1):
        parts = [Image.open(os.path.join(source, path)).convert("RGB") for path in paths]
        if len(parts) == 1:
            picture = fill(parts[0], size)
        else:
            picture = Image.new("RGB", size)
            half = (size[0] // 2, size[1] // 2)
            for i, part in enumerate(parts):
                picture.paste(fill(part, half), (i % 2 * half[0], i // 2 * half[1]))
        kind = ("444", "422", "420")[subsampling] + ("-progressive" if progressive else "")
        picture.save(
            os.path.join(folder, f"{number:02}-{name}-q{quality}-{kind}.jpg"), quality=quality, subsampling=subsampling, progressive=progressive)


def size_for_shorter_side(width, height):
    if min(width, height) <= SHORTER_SIDE:
        return width, height
    if width <= height:
        return SHORTER_SIDE, SHORTER_SIDE * height // width
    return SHORTER_SIDE * width // height, SHORTER_SIDE


def shrink(data, times):
    picture = Image.open(io.BytesIO(data))
    size = size_for_shorter_side(*picture.size)
    picture.draft("RGB", (times * size[0], times * size[1]))
    return picture.convert("RGB").resize(size, Image.BILINEAR)


def eighth(data):
    picture = Image.open(io.BytesIO(data))
    picture.draft("RGB", (picture.width // 8, picture.height // 8))
    picture.load()


def read(folder):
    files = []
    for name in sorted(os.listdir(folder)):
        if name.endswith(".jpg"):
            with open(os.path.join(folder, name), "rb") as file:
                files.append((name, file.read()))
    return files


def measure(folder, repeats, how):
    work = eighth if how == "eighth" else lambda data: shrink(data, int(how))
    files = read(folder)
    each = [[] for _ in files]
    for i in range(-2, repeats):
        for seconds, (_, data) in zip(each, files):
            start = time.perf_counter()
            work(data)
            if i >= 0:
                seconds.append(time.perf_counter() - start)
    print(json.dumps({"seconds": [sorted(seconds)[len(seconds) // 2] for seconds in each]}))


def pixels(folder, target):
    for name, data in read(folder):
        with open(os.path.join(target, name + ".rgb"), "wb") as file:
            file.write(shrink(data, 1).tobytes())


if __name__ == "__main__":
    verb, *arguments = sys.argv[1:]
    if verb == "measure":
        measure(arguments[0], int(arguments[1]), arguments[2])
    else:
        {"photos": photos, "pixels": pixels}[verb](*arguments)
