#!/usr/bin/env python3
"""Writes the small picture files of this folder: one picture in every kind that decoders should know.

    python3 make_fixtures.py [output_folder]        # default: the script's folder

Needs Pillow (made with 9.4) and ImageMagick's `convert` (made with 6.9). The picture is a formula of integers, so that
the tests compute the pixels that a decoder must give (FixturePicture.cs has the same formulas).
"""
import os
import subprocess
import sys

from PIL import Image

WIDTH, HEIGHT = 48, 36


def picture():
    """Red rises to the right, green downwards, a blue block at the top left: no symmetry."""
    image = Image.new("RGB", (WIDTH, HEIGHT))
    for y in range(HEIGHT):
        for x in range(WIDTH):
            blue = 200 if x < WIDTH // 2 and y < HEIGHT // 3 else 40
            image.putpixel((x, y), (x * 255 // (WIDTH - 1), y * 255 // (HEIGHT - 1), blue))
    return image


def posterised():
    """The same in 32 colors, for the kinds with a palette."""
    image = Image.new("RGB", (WIDTH, HEIGHT))
    for y in range(HEIGHT):
        for x in range(WIDTH):
            blue = 200 if x < WIDTH // 2 and y < HEIGHT // 3 else 40
            image.putpixel((x, y), (x // 12 * 85, y // 9 * 85, blue))
    return image.quantize(64)


def alpha():
    """Opaque at the left, transparent at the right."""
    mask = Image.new("L", (WIDTH, HEIGHT))
    for y in range(HEIGHT):
        for x in range(WIDTH):
            mask.putpixel((x, y), 255 - x * 255 // (WIDTH - 1))
    return mask


def convert(source, target, *options):
    subprocess.run(["convert", source, "-strip", *options, target], check=True)


def main(folder):
    os.chdir(folder)
    rgb = picture()
    rgba = rgb.copy()
    rgba.putalpha(alpha())
    palette = posterised()
    red = Image.new("RGB", (WIDTH, HEIGHT), (255, 0, 0))

    rgb.save("rgb.png")
    rgba.save("alpha.png")
    rgb.convert("L").save("grey.png")
    rgba.convert("LA").save("grey-alpha.png")
    palette.save("palette.png")
    convert("rgb.png", "interlaced.png", "-interlace", "PNG", "-define", "png:color-type=2")
    convert("rgb.png", "sixteen-bit.png", "-depth", "16", "-define", "png:color-type=2", "-define", "png:bit-depth=16")

    rgb.save("baseline.jpg", quality=95, subsampling=0)
    rgb.save("subsampled.jpg", quality=95, subsampling=2)
    rgb.save("progressive.jpg", quality=95, subsampling=0, progressive=True)
    rgb.convert("L").save("grey.jpg", quality=95)
    rgb.convert("CMYK").save("cmyk.jpg", quality=95, subsampling=0)

    palette.save("still.gif")
    palette.save("animated.gif", save_all=True, append_images=[red.quantize(2)], duration=100)

    rgb.save("rgb.bmp")
    palette.save("palette.bmp")
    convert("palette.png", "run-length.bmp", "-compress", "RLE", "-type", "palette")

    rgb.save("lossy.webp", quality=95)
    rgb.save("lossless.webp", lossless=True)
    rgba.save("alpha.webp", lossless=True, exact=True)
    rgb.save("animated.webp", lossless=True, save_all=True, append_images=[red], duration=100)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__)))
