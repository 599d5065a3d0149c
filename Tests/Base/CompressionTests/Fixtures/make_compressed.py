#!/usr/bin/env python3
"""Writes compressed.json: what Python's gzip and zlib make of the same bytes. Made with Python 3.11.7."""
import base64
import gzip
import json
import os
import zlib

CONTENT = bytes((i * i // 7) % 251 for i in range(3000)) + b"\0" * 5000 + "Übergröße".encode()


def encoded(data):
    return base64.b64encode(data).decode()


raw = zlib.compressobj(9, zlib.DEFLATED, -15)
made = {
    "content": encoded(CONTENT),
    "gzip": encoded(gzip.compress(CONTENT, mtime=0)),
    "gzipParts": encoded(gzip.compress(CONTENT[:100], mtime=7) + gzip.compress(b"") + gzip.compress(CONTENT[100:])),
    "zlib": encoded(zlib.compress(CONTENT)),
    "raw": encoded(raw.compress(CONTENT) + raw.flush()),
    # 16 MiB of zeros, three times over.
    "bomb": encoded(gzip.compress(gzip.compress(gzip.compress(bytes(1 << 24), mtime=0), mtime=0), mtime=0)),
}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "compressed.json"), "w", encoding="utf-8") as file:
    json.dump(made, file, indent=1)
    file.write("\n")
