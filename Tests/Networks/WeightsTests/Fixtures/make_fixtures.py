"""Writes python.safetensors with Python's safetensors, and checks that it reads consort.safetensors back.

consort.safetensors holds the bytes of Consort's own writer; a test compares them with what it writes today.
Made with Python 3.11, safetensors 0.8.0, torch 2.11.0, numpy 2.4.6.
"""

from pathlib import Path

import numpy
import safetensors
import safetensors.numpy
import safetensors.torch
import torch

here = Path(__file__).parent

tensors = {
    "conv.weight": torch.tensor([[1.5, -2.25, 3e-8], [float("inf"), -0.0, 7.0]]),
    "half": torch.tensor([0.1, 65504.0, -6e-8], dtype=torch.float16),
    "brain": torch.tensor([0.1, 3e38], dtype=torch.bfloat16),
    "double": torch.tensor([0.1], dtype=torch.float64),
    "steps": torch.tensor(-9_000_000_000),
    "i32": torch.tensor([[-1], [2]], dtype=torch.int32),
    "i16": torch.tensor([-300], dtype=torch.int16),
    "i8": torch.tensor([-5, 5, 6], dtype=torch.int8),
    "u8": torch.tensor([255], dtype=torch.uint8),
    "mask": torch.tensor([True, False, True]),
    "empty": torch.zeros(0, 4),
    "quote\"\\\t\u00e9\U0001F3BB": torch.tensor([42], dtype=torch.uint8),
}
safetensors.torch.save_file(tensors, here / "python.safetensors", {"format": "pt", "key \"\n": "v\u00e9"})

ours = here / "consort.safetensors"
for framework in ("numpy", "pt"):
    with safetensors.safe_open(ours, framework) as file:
        assert file.metadata() == {"format": "pt", "note": "caf\u00e9 \"quoted\"\n\\ \x01"}, file.metadata()
        assert set(file.keys()) == {"mask", "weight", "labels", "scalar", "h\u00e9"}
        found = {name: numpy.asarray(file.get_tensor(name)) for name in file.keys()}
    assert found["mask"].dtype == numpy.bool_ and found["mask"].tolist() == [True, False, True]
    assert found["weight"].dtype == numpy.float32
    assert found["weight"].tolist() == [[0.5, -1.25, 3.0], [4.0, 5.0, -6.0]]
    assert found["labels"].dtype == numpy.int64 and found["labels"].tolist() == [3, -1, 9_000_000_000]
    assert found["scalar"].shape == () and found["scalar"] == numpy.float32(2.5)
    assert found["h\u00e9"].dtype == numpy.uint8 and found["h\u00e9"].tolist() == [7]
print("python.safetensors is written, consort.safetensors is read back")
