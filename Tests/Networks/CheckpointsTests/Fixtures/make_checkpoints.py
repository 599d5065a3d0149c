#!/usr/bin/env python3
"""Makes the checkpoints beside it, and expected.json: what `torch.load(weights_only=True)` reads out of each.

    make_checkpoints.py [OUT]

Needs torch 2.15.0, numpy 2.4.6 and safetensors 0.8.0. For each set of weights expected.json has the names in order, and of each tensor
the type as safetensors calls it, the shape, and the SHA-256 of its elements, row-major and little-endian. The files' own SHA-256 are
there too. Where `torch.load` refuses what is in a file beside its weights (numpy's scalars, argparse's namespaces, protocol 4), it is
told that these are safe, or to run the pickle, which this script wrote itself.
"""
import argparse
import collections
import datetime
import hashlib
import io
import json
import os
import pathlib
import pickle
import struct
import sys
import zipfile

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

OUT = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
TYPES = {torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64",
         torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint64: "U64", torch.uint32: "U32",
         torch.uint16: "U16", torch.uint8: "U8", torch.bool: "BOOL", torch.float8_e4m3fn: "F8_E4M3",
         torch.float8_e5m2: "F8_E5M2"}
torch.manual_seed(22)
expected = []


def digest(tensor):
    tensor = tensor.detach()
    raw = tensor.contiguous().view(torch.uint8) if tensor.dim() else tensor.reshape(1).view(torch.uint8)
    return hashlib.sha256(raw.numpy().tobytes()).hexdigest()


def record(kind, path, weights, key=None):
    tensors = [[name, TYPES[value.dtype], list(value.shape), digest(value)] for name, value in weights.items()
               if isinstance(value, torch.Tensor)]
    files = [path] if isinstance(path, str) else path
    expected.append({"kind": kind, "file": files[0], "key": key, "tensors": tensors,
                     "sha256": {file: hashlib.sha256(open(os.path.join(OUT, file), "rb").read()).hexdigest()
                                for file in files}})


def load(path, **options):
    return torch.load(os.path.join(OUT, path), map_location="cpu", **{"weights_only": True, **options})


def add(kind, value, key=None, keys=None, loading=None, extension="pth", **saving):
    """Saves `value`, and records what torch.load makes of it, under each of `keys` (None: found without being named)."""
    path = f"{kind}.{extension}"
    torch.save(value, os.path.join(OUT, path), **saving)
    read(kind, path, key, keys, **(loading or {}))


def read(kind, path, key=None, keys=None, **options):
    value = load(path, **options)
    for named in keys or [key]:
        weights = value
        for part in (named.lstrip("?").split(".") if named not in (None, ".") else []):
            weights = weights[part]
        record(kind, path, weights, None if named is None or named.startswith("?") else named)


def layers(prefix=""):
    model = nn.Sequential(collections.OrderedDict(conv=nn.Conv2d(3, 4, 3), bn=nn.BatchNorm2d(4), fc=nn.Linear(4, 2)))
    return collections.OrderedDict((prefix + name, value) for name, value in model.state_dict().items())


def rewrite(source, target, change, compression=zipfile.ZIP_STORED):
    """Writes the archive anew; `change` gives the new bytes of an entry, or None to leave it out."""
    with zipfile.ZipFile(os.path.join(OUT, source)) as old, zipfile.ZipFile(os.path.join(OUT, target), "w", compression) as new:
        for name in old.namelist():
            data = change(name, old.read(name))
            if data is not None:
                new.writestr(zipfile.ZipInfo(name), data, compression)


def types(*names):
    return {name: torch.arange(-3, 4).to(getattr(torch, name)) for name in names}


# The ZIP format: types.
add("zip-float32", {"weight": torch.randn(3, 4), "bias": torch.randn(4)})
add("zip-float16", {"weight": torch.randn(3, 4).half()}, extension="pt")
add("zip-bfloat16", {"weight": torch.randn(3, 4).bfloat16()}, extension="bin")
add("zip-float64", {"weight": torch.randn(3, 4).double()}, extension="ckpt")
add("zip-integers", types("int8", "int16", "int32", "int64", "uint8", "bool"))
add("zip-unsigned", types("uint16", "uint32", "uint64"))
add("zip-float8", types("float8_e4m3fn", "float8_e5m2"))
add("zip-odd-numbers", {"odd": torch.tensor([float("nan"), float("inf"), -float("inf"), -0.0, 1e-45, 3.4e38])})

# Shapes and views.
base = torch.randn(24)
add("zip-shared-storage", {"all": base, "part": base[4:9], "shaped": base.view(2, 3, 4), "again": base})
grid = torch.randn(4, 6, 5)
add("zip-strides", {"transposed": grid.permute(2, 0, 1), "steps": grid[::2, 1::3], "column": grid[:, 2, 3],
                    "channels_last": torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last)})
add("zip-expanded", {"row": torch.randn(1, 5).expand(4, 5), "number": torch.tensor(2.5).expand(3, 2)})
add("zip-empty-and-scalar", {"empty": torch.empty(0), "empty2": torch.empty(3, 0, 2), "scalar": torch.tensor(1.5),
                             "count": torch.tensor(7), "one": torch.randn(1, 1, 1)})
add("zip-six-dimensions", {"six": torch.randn(2, 1, 3, 2, 1, 2).transpose(0, 3)})

# Kinds of tensors.
parameter = nn.Parameter(torch.randn(3, 2))
add("zip-parameters", {"weight": parameter, "fixed": nn.Parameter(torch.randn(2), requires_grad=False)})
marked = nn.Parameter(torch.randn(2, 2))
marked.tag = "kept"
add("zip-parameter-with-state", {"weight": marked})
noted = torch.randn(5)
noted.note = "kept"
add("zip-tensor-with-attributes", {"weight": noted})

# What trainings write.
add("zip-module", layers())
add("zip-many", {f"blocks.{index}.weight": torch.randn(2) for index in range(120)})
add("zip-unicode-names", {"größe.weight": torch.randn(2), "重み": torch.randn(3), "": torch.randn(1)})
model = nn.Linear(3, 2)
optimizer = torch.optim.AdamW(model.parameters())
model(torch.randn(4, 3)).sum().backward()
optimizer.step()
training = {"epoch": 3, "arch": "net", "state_dict": layers(), "optimizer": optimizer.state_dict(), "best": 0.75,
            "rng": torch.get_rng_state()[:8], "loss": [1.5, 0.5], "done": False, "none": None, "big": 1 << 90}
add("zip-training", training, key="?state_dict")
arguments = argparse.Namespace(lr=0.1, out=pathlib.PurePosixPath("out"), when=datetime.timedelta(hours=1),
                               names={"a", "b"}, raw=b"\x00\x01", nested=argparse.Namespace(x=[1, (2, 3)]))
add("zip-arguments", {"model": layers(), "args": arguments, "accuracy": np.float64(0.5), "order": np.arange(4),
                      "size": torch.Size([2, 3]), "device": torch.device("cpu"), "type": torch.float16},
    key="?model", loading={"weights_only": False})
add("zip-average", {"model": layers(), "model_ema": layers("module."), "epoch": 1}, keys=["model", "model_ema"])
add("zip-nested", {"models": {"student": layers(), "teacher": layers()}}, keys=["models.student", "models.teacher"])
add("zip-lightning", {"epoch": 1, "global_step": 10, "pytorch-lightning_version": "2.4.0", "state_dict": layers("model."),
                      "loops": {"fit_loop": {"state_dict": {}}}, "callbacks": {"ModelCheckpoint{'monitor': None}": {
                          "best_model_score": torch.tensor(0.5), "best_model_path": "x.ckpt"}},
                      "optimizer_states": [optimizer.state_dict()], "lr_schedulers": [], "hyper_parameters": {"lr": 0.1}},
    key="?state_dict", extension="ckpt")
add("zip-parallel", layers("module."))
add("zip-compiled", layers("_orig_mod."))
counts = collections.defaultdict(dict)
counts["a"]["b"] = 1
add("zip-containers", {"model": layers(), "counts": counts, "words": collections.Counter("aab")}, key="?model",
    loading={"weights_only": False})
add("zip-complex-beside", {"weight": torch.randn(2), "state": {"freqs": torch.randn(2, dtype=torch.complex64)}})
expected.pop()
record("zip-complex-beside", "zip-complex-beside.pth", {"weight": load("zip-complex-beside.pth")["weight"]}, ".")
tag = torch.serialization.location_tag
torch.serialization.location_tag = lambda storage: "cuda:0"
add("zip-from-a-gpu", {"weight": torch.randn(3)})
torch.serialization.location_tag = tag

# The archive itself.
torch.serialization.set_crc32_options(False)
add("zip-without-checksums", {"weight": torch.randn(6)})
torch.serialization.set_crc32_options(True)
rewrite("zip-module.pth", "zip-deflated.pth", lambda name, data: data, zipfile.ZIP_DEFLATED)
read("zip-deflated", "zip-deflated.pth")
rewrite("zip-float32.pth", "zip-without-order.pth", lambda name, data: None if "byteorder" in name else data)
read("zip-without-order", "zip-without-order.pth")


def swapped(name, data):
    if name.endswith("byteorder"):
        return b"big"
    return np.frombuffer(data, "<f4").astype(">f4").tobytes() if "/data/" in name else data


rewrite("zip-float32.pth", "zip-big-endian.pth", swapped)
read("zip-big-endian", "zip-big-endian.pth")
for protocol in (3, 4, 5):
    add(f"zip-protocol-{protocol}", {"state_dict": layers(), "set": {1, 2}, "bytes": bytearray(b"ab")}, key="?state_dict",
        loading={"weights_only": False}, pickle_protocol=protocol)

# The format before it.
OLD = {"_use_new_zipfile_serialization": False}
add("legacy-float32", {"weight": torch.randn(3, 4), "bias": torch.randn(4)}, **OLD)
add("legacy-types", types("float16", "bfloat16", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"), **OLD)
add("legacy-views", {"all": base, "part": base[4:9], "transposed": base.view(4, 6).t(), "scalar": base[3],
                     "empty": torch.empty(0, 2)}, **OLD)
add("legacy-training", training, key="?state_dict", extension="bin", **OLD)
add("legacy-protocol-4", {"weight": torch.randn(3)}, loading={"weights_only": False}, pickle_protocol=4, **OLD)


class Storage:
    """A storage by its persistent ID, for a pickle written by hand."""
    def __init__(self, *identifier):
        self.identifier = identifier


class Tensor:
    def __init__(self, *arguments, function=torch._utils._rebuild_tensor_v2):
        self.arguments, self.function = arguments, function

    def __reduce__(self):
        return self.function, self.arguments


def pickled(value):
    target = io.BytesIO()
    pickler = pickle.Pickler(target, 2)
    pickler.persistent_id = lambda item: item.identifier if isinstance(item, Storage) else None
    pickler.dump(value)
    return target.getvalue()


def old_file(path, value, storages, little=True):
    with open(os.path.join(OUT, path), "wb") as file:
        for part in (0x1950A86A20F9469CFC6C, 1001, {"protocol_version": 1001, "little_endian": little,
                                                     "type_sizes": {"short": 2, "int": 4, "long": 4}}, value, list(storages)):
            file.write(pickled(part))
        for data, width in storages.values():
            file.write(struct.pack("<q", len(data) // width) + data)


# Written by hand: a storage that is part of another, the first function that rebuilt tensors, no views, keys of another order.
numbers = np.arange(10, dtype="<f4")
halves = np.arange(6, dtype="<f2")
none = collections.OrderedDict()
old_file("legacy-by-hand.pth", collections.OrderedDict(
    part=Tensor(Storage("storage", torch.FloatStorage, "94", "cpu", 10, ("95", 4, 5)), 1, (2, 2), (2, 1), False, none),
    first=Tensor(Storage("storage", torch.HalfStorage, "7", "cuda:3", 6, None), 0, (6,), (1,),
                 function=torch._utils._rebuild_tensor)), {"94": (numbers.tobytes(), 4), "7": (halves.tobytes(), 2)})
read("legacy-by-hand", "legacy-by-hand.pth")

# Several files with an index.
shards = {"model-00001-of-00002": layers("a."), "model-00002-of-00002": layers("b.")}
for name, weights in shards.items():
    save_file(dict(weights), os.path.join(OUT, name + ".safetensors"))
    torch.save(weights, os.path.join(OUT, name + ".bin"))
whole = {name: value for weights in shards.values() for name, value in weights.items()}
for index, extension in (("model.safetensors.index.json", "safetensors"), ("pytorch_model.bin.index.json", "bin")):
    with open(os.path.join(OUT, index), "w") as file:
        json.dump({"metadata": {"total_size": 1}, "weight_map": {
            key: f"{name}.{extension}" for name, weights in shards.items() for key in weights}}, file, indent=1)
    record(f"sharded-{extension}", [index] + [f"{name}.{extension}" for name in shards], whole)

# A dimension of one element, whose stride says nothing and may be any number.
add("zip-stride-of-one", {"row": torch.arange(8.0).as_strided((1, 3), (2**63 - 1, 2), 1)})

with open(os.path.join(OUT, "expected.json"), "w") as file:
    json.dump({"torch": torch.__version__, "checkpoints": expected}, file, indent=0, ensure_ascii=False)
    file.write("\n")
size = sum(os.path.getsize(os.path.join(OUT, file)) for file in os.listdir(OUT))
print(f"{len(expected)} sets of weights in {len(set(entry['file'] for entry in expected))} checkpoints, {size:,} bytes")
