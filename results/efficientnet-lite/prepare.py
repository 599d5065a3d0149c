#!/usr/bin/env python3
"""Prepares 200 photographs of ImageNet, one of every fifth class: prepare.py PHOTOS OUT, of PHOTOS/val/WNID/*.JPEG.

Writes OUT/labels.txt, a name for each of the 1,000 outputs (the WordNet number for those that a photograph asks for), and links every
second class into OUT/hold-out and the others into OUT/test.
"""
import os
import sys

photos, out = sys.argv[1:]
wnids = sorted(os.listdir(os.path.join(photos, "val")))
with open(os.path.join(out, "labels.txt"), "w") as file:
    for output in range(1000):
        file.write((wnids[output // 5] if output % 5 == 0 else f"output {output}") + "\n")
for place, wnid in enumerate(wnids):
    target = os.path.join(out, ("hold-out", "test")[place % 2], wnid)
    os.makedirs(target, exist_ok=True)
    for name in os.listdir(os.path.join(photos, "val", wnid)):
        link = os.path.join(target, name)
        if not os.path.exists(link):
            os.link(os.path.join(photos, "val", wnid, name), link)
