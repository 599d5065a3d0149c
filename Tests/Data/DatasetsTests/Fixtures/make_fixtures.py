#!/usr/bin/env python3
"""Writes the image files beside this script, and for each the pixels that Pillow decodes.

<name>.rgb: height x width x 3 bytes, what Pillow's Image.convert("RGB") gives. <name>.crop-<side>.rgb: side x side x 3
bytes, after Image.resize(BILINEAR) of the short side to <side> and a centre crop. sizes.json: width and height of each.

Made with Pillow 13.0.0 (its own libjpeg-turbo 3) and NumPy 2.4.6. Run it again after adding a case:
    python3 make_fixtures.py
"""
import json
import os
import struct
import zlib

import numpy as np
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
sizes = {}


def picture(width, height, seed, channels=3):
    """Smooth colours with a few sharp edges and a little noise, as in a photograph."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    image = np.empty((height, width, channels))
    for c in range(channels):
        a, b, p = random.uniform(0.1, 0.5, 3)
        image[..., c] = 128 + 90 * np.sin(a * x + p) * np.cos(b * y + c)
        left, top = random.integers(0, width // 2), random.integers(0, height // 2)
        image[top:top + height // 3, left:left + width // 3, c] = random.integers(0, 256)
    return np.clip(image + random.normal(0, 6, image.shape), 0, 255).astype(np.uint8)


def keep(name, expected=None, crops=()):
    image = Image.open(os.path.join(HERE, name))
    rgb = image.convert("RGB")
    pixels = np.asarray(rgb) if expected is None else expected
    pixels.tofile(os.path.join(HERE, name + ".rgb"))
    sizes[name] = [image.width, image.height]
    short = min(image.size)
    for side in crops:
        w, h = (side if n == short else side * n // short for n in image.size)
        resized = np.asarray(rgb.resize((w, h), Image.BILINEAR))
        top, left = round((h - side) / 2), round((w - side) / 2)
        resized[top:top + side, left:left + side].tofile(os.path.join(HERE, f"{name}.crop-{side}.rgb"))


def save(name, image, expected=None, crops=(), **options):
    image.save(os.path.join(HERE, name), **options)
    keep(name, expected, crops)


def write_png(name, color_type, depth, rows, width, height, interlaced, expected):
    """Kinds that Pillow does not write. `rows`: filterless scan lines, in passes where interlaced."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    header = struct.pack(">IIBBBBB", width, height, depth, color_type, 0, 0, int(interlaced))
    with open(os.path.join(HERE, name), "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header))
        f.write(chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows))) + chunk(b"IEND", b""))
    keep(name, expected)


def main():
    rgb = picture(45, 31, 0)
    save("subsampled.jpg", Image.fromarray(rgb), quality=90, subsampling="4:2:0", crops=[16, 24, 64])
    save("full.jpeg", Image.fromarray(picture(17, 40, 1)), quality=60, subsampling="4:4:4", crops=[8])
    save("progressive.jpg", Image.fromarray(rgb), quality=80, subsampling="4:2:2", progressive=True)
    save("grey.jpg", Image.fromarray(rgb[..., 0]), quality=85)
    save("cmyk.jpg", Image.fromarray(picture(20, 14, 2, 4), "CMYK"), quality=90)

    jpeg = open(os.path.join(HERE, "subsampled.jpg"), "rb").read()
    scan = jpeg.index(b"\xff\xda")
    def change(name, place, data):
        with open(os.path.join(HERE, name), "wb") as f:
            f.write(jpeg[:place] + data + jpeg[place + len(data):])
        keep(name)
    change("odd-sos.jpg", scan + 5 + 2 * jpeg[scan + 4], b"\x05")
    change("odd-jfif.jpg", jpeg.index(b"JFIF") + 5, b"\x09")
    middle = len(jpeg) * 2 // 3
    change("damaged-bits.jpg", middle, b"\xff\x00" * 8)
    change("damaged-restart.jpg", middle, b"\xff\xd0")
    change("damaged-end.jpg", len(jpeg) // 2, b"\xff\xd9")
    for name, orientation in ("turned.jpg", 6), ("upright.jpg", 1):
        exif = Image.Exif()
        exif[274] = orientation
        save(name, Image.fromarray(rgb), quality=90, exif=exif)

    small = picture(13, 9, 3)
    alpha = picture(13, 9, 4, 4)
    save("rgb.png", Image.fromarray(small), crops=[5, 20])
    save("rgba.png", Image.fromarray(alpha, "RGBA"))
    save("palette.png", Image.fromarray(small).quantize(16))
    clear = Image.fromarray(small).quantize(16)
    save("palette-clear.png", clear, transparency=3)
    save("grey.png", Image.fromarray(small[..., 1]))
    save("grey-alpha.png", Image.fromarray(alpha[..., :2].copy(), "LA"))
    save("bilevel.png", Image.fromarray(small[..., 2] > 128))

    wide = np.random.default_rng(5).integers(0, 65536, (9, 13, 3))
    rows = [row.astype(">u2").tobytes() for row in wide]
    write_png("rgb-16.png", 2, 16, rows, 13, 9, False, (wide >> 8).astype(np.uint8))
    rows = [row.astype(">u2").tobytes() for row in wide[..., 0]]
    grey = np.repeat(wide[..., :1] >> 8, 3, 2).astype(np.uint8)
    write_png("grey-16.png", 0, 16, rows, 13, 9, False, grey)
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    rows = [row.tobytes() for y, x, dy, dx in passes for row in small[y::dy, x::dx]]
    write_png("interlaced.png", 2, 8, rows, 13, 9, True, small)

    with open(os.path.join(HERE, "sizes.json"), "w") as f:
        json.dump(sizes, f, indent=1)
        f.write("\n")


main()
