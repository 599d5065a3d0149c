#!/usr/bin/env python3
"""Writes augmentation.json: images padded by reflection, cropped, mirrored and normalised by PyTorch.

The images follow a formula that the test repeats. Made with PyTorch 2.11.0 on the CPU.
"""
import json
import os

import torch
import torch.nn.functional as F

SIZE, PADDING = 8, 4
MEAN, DEVIATION = [125.3, 123.0, 113.9], [63.0, 62.1, 66.7]
draws = [(2, 0, 0, False), (0, 8, 8, True), (1, 3, 5, True), (2, 4, 4, False), (1, 7, 0, True)]

index = torch.arange(3 * 3 * SIZE * SIZE)
images = ((index * 7919 + index * index % 1009) % 256).reshape(3, 3, SIZE, SIZE)
result = []
for image, top, left, flipped in draws:
    # Mirroring the padded crop as the published recipes do: flip, then pad, then crop.
    pixels = images[image].float()
    if flipped:
        pixels = pixels.flip(2)
    padded = F.pad(pixels[None], (PADDING,) * 4, mode="reflect")[0]
    crop = padded[:, top:top + SIZE, left:left + SIZE]
    result.append((crop - torch.tensor(MEAN)[:, None, None]) / torch.tensor(DEVIATION)[:, None, None])
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "augmentation.json")
with open(path, "w") as f:
    json.dump({"made_with": f"PyTorch {torch.__version__.split('+')[0]}", "draws": draws,
               "batch": [round(float(v), 5) for v in torch.stack(result).flatten()]}, f)
    f.write("\n")
