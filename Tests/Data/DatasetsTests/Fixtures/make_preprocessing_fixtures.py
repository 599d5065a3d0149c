#!/usr/bin/env python3
"""Makes photo-*.jpg, what timm, torchvision and Pillow turn them into, and imagenet-sample-200.timm.

photo-*.jpg.<kind>-<side>.rgb: side x side x 3 bytes. short: timm's evaluation transform with a crop of 0.875; centre: the
official EfficientNet's centre crop with a padding of 32, cut by Pillow and resized. resized.json: parts of the images as
Pillow resizes them, with the box as an image of its own (crop) or inside the image (box), row by row. crops.json: what
torchvision's RandomResizedCrop draws from images of a size: means and standard deviations of x, y, width, height over
50,000 draws, and [x, y, width, height] where no attempt fits.
imagenet-sample-200.timm: for each of the 200 images, by name, the means of the three channels after timm's evaluation
transform for tf_efficientnet_b0, float32, then 100 pixels of it, 3 bytes each; pixel i of image n is the one with the
number (7919 i + 104729 n) mod 224 x 224.

Made with timm 1.0.31, torchvision 0.26.0, PyTorch 2.11.0, Pillow 13.0.0 and NumPy 2.4.6:
    python3 make_preprocessing_fixtures.py [imagenet-sample-200.tar]
"""
import io
import json
import os
import sys
import tarfile

import numpy as np
import torch
from PIL import Image
from timm.data import create_transform
from torchvision.transforms import RandomResizedCrop

HERE = os.path.dirname(os.path.abspath(__file__))


def picture(width, height, seed):
    """Smooth colours, edges and a little noise."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    image = np.empty((height, width, 3))
    for c in range(3):
        a, b, p = random.uniform(0.02, 0.12, 3)
        image[..., c] = 128 + 90 * np.sin(a * x + p) * np.cos(b * y + c)
    for _ in range(12):
        left, top = random.integers(0, width), random.integers(0, height)
        right, bottom = left + random.integers(4, width // 3), top + random.integers(4, height // 3)
        image[top:bottom, left:right] = random.integers(0, 256, 3)
    return np.clip(image + random.normal(0, 2, image.shape), 0, 255).astype(np.uint8)


def timm(image, side):
    transform = create_transform(input_size=(3, side, side), is_training=False, interpolation="bicubic", crop_pct=0.875,
                                 mean=(0, 0, 0), std=(1, 1, 1))
    return (transform(image.convert("RGB")).numpy() * 255).round().astype(np.uint8).transpose(1, 2, 0)


def centre(image, side, padding=32):
    """As tensorflow/tpu, models/official/efficientnet/preprocessing.py, _decode_and_center_crop."""
    image = image.convert("RGB")
    length = int(np.float32(side / (side + padding)) * np.float32(min(image.size)))
    left, top = (image.width - length + 1) // 2, (image.height - length + 1) // 2
    return np.asarray(image.crop((left, top, left + length, top + length)).resize((side, side), Image.BICUBIC))


def keep(name, kind, pixels):
    pixels.tofile(os.path.join(HERE, f"{name}.{kind}-{pixels.shape[0]}.rgb"))


def crops():
    torch.manual_seed(0)
    result = []
    for width, height in ((500, 375), (375, 500), (900, 300), (1000, 8), (5, 700), (224, 224), (1, 1)):
        image = Image.new("L", (width, height))
        y, x, h, w = RandomResizedCrop.get_params(image, (3.0, 3.0), (3 / 4, 4 / 3))
        entry = dict(size=[width, height], fallback=[x, y, w, h])
        if min(width, height) > 100:
            draws = np.array([RandomResizedCrop.get_params(image, (0.08, 1.0), (3 / 4, 4 / 3)) for _ in range(50000)])
            draws = draws[:, [1, 0, 3, 2]]
            entry.update(mean=draws.mean(0).tolist(), deviation=draws.std(0).tolist())
        result.append(entry)
    with open(os.path.join(HERE, "crops.json"), "w") as file:
        json.dump(result, file, indent=1)
        file.write("\n")


def main():
    crops()
    photos = {"photo-wide.jpg": (320, 241, dict(subsampling="4:2:0", quality=75)),
              "photo-tall.jpg": (203, 330, dict(subsampling="4:2:2", quality=80, progressive=True)),
              "photo-large.jpg": (900, 640, dict(subsampling="4:2:0", quality=50, restart_marker_rows=1)),
              "photo-small.jpg": (50, 37, dict(subsampling="4:4:4", quality=80))}
    resized = []
    for seed, (name, (width, height, options)) in enumerate(photos.items()):
        path = os.path.join(HERE, name)
        Image.fromarray(picture(width, height, seed)).save(path, **options)
        image = Image.open(path)
        for side in (32, 48):
            keep(name, "short", timm(image, side))
            keep(name, "centre", centre(image, side))
        rgb = image.convert("RGB")
        for filter, code in (("bilinear", Image.BILINEAR), ("bicubic", Image.BICUBIC)):
            box = (3, 2, width - 9, height - 4)
            out = rgb.crop(box).resize((13, 11), code)
            resized.append(dict(image=name, kind="crop", filter=filter, box=box, size=out.size, pixels=list(out.tobytes())))
            box = (3.25, 2.5, width - 8.75, height - 4.125)
            out = rgb.resize((13, 11), code, box=box)
            resized.append(dict(image=name, kind="box", filter=filter, box=box, size=out.size, pixels=list(out.tobytes())))
    with open(os.path.join(HERE, "resized.json"), "w") as file:
        json.dump(resized, file, separators=(",", ":"))
        file.write("\n")
    if len(sys.argv) > 1:
        with tarfile.open(sys.argv[1]) as tar, open(os.path.join(HERE, "imagenet-sample-200.timm"), "wb") as file:
            members = sorted((m for m in tar if m.isfile()), key=lambda m: m.name)
            for number, member in enumerate(members):
                pixels = timm(Image.open(io.BytesIO(tar.extractfile(member).read())), 224)
                file.write(pixels.reshape(-1, 3).mean(0, dtype=np.float64).astype("<f4").tobytes())
                places = (7919 * np.arange(100) + 104729 * number) % (224 * 224)
                file.write(pixels.reshape(-1, 3)[places].tobytes())


main()
