#!/usr/bin/env python3
"""try_decisions.py CONSORT: what the package writes and asks for is what the program reads and answers.

Recorded predictions, written by `save_predictions` as logits and as probabilities, have the figures that NumPy computes; `decide`
gives what decision.json and the tables hold, and the program's refusals as exceptions; `cost` counts as PyTorch does, where
there is torch. Needs numpy.
"""
import importlib.util
import json
import os
import pathlib
import struct
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Python"))
os.environ["CONSORT_PROGRAM"] = os.path.abspath(sys.argv[1])
import consort  # noqa: E402
from consort._predictions import read_metadata  # noqa: E402
from consort._program import run  # noqa: E402

RECORD = ROOT / "results/cifar10-mixed/predictions"
MEMBERS = ["wide-resnet-16-4-0", "wide-resnet-16-2-0", "wide-resnet-16-1-0"]
# The first of each split: a decision on all takes a build for debugging minutes.
IMAGES = {"hold-out": 300, "test": 400}


def expect(holds, what):
    if not holds:
        sys.exit(f"try_decisions: {what}")


def record(split, name):
    """Metadata, log-probabilities and labels of a recorded file."""
    path = RECORD / split / f"{name}.safetensors"
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8:8 + length])
    arrays = []
    for key in ("log_probabilities", "labels"):
        entry = header[key]
        kind = {"F32": "<f4", "F16": "<f2", "I64": "<i8", "U8": "u1"}[entry["dtype"]]
        start, end = (8 + length + offset for offset in entry["data_offsets"])
        arrays.append(np.frombuffer(content[start:end], kind).reshape(entry["shape"])[:IMAGES[split]])
    return read_metadata(path), *arrays


def write(directory):
    """The recorded predictions as a user would write them: some as logits, shifted by a number an image, some as probabilities."""
    for split in ("hold-out", "test"):
        for place, name in enumerate(MEMBERS):
            said, values, labels = record(split, name)
            scores = values.astype(np.float64)
            scores = np.exp(scores) if place == 1 else scores + np.arange(len(scores))[:, None] % 7
            consort.save_predictions(
                directory / split / f"{name}.safetensors", scores, labels, outputs="probabilities" if place == 1 else "logits",
                name=name, split=split, macs=int(said["macs"]), parameters=int(said["parameters"]), network=said["network"])


def rows_of(table):
    return table if isinstance(table, list) else table.to_dict("records")


def try_decisions(directory):
    words = {"max_members": 2, "max_stages": 2}
    decision = consort.decide(directory / "hold-out", directory / "test", out=directory / "report", **words)
    rows = {row["member"]: row for row in rows_of(decision.table("members"))}
    for name in MEMBERS:
        for split in IMAGES:
            _, values, labels = record(split, name)
            key = split.replace("-", "_")
            truth = values[np.arange(len(labels)), labels].astype(np.float64)
            expect(abs(rows[name][f"{key}_accuracy"] - (values.argmax(1) == labels).mean()) < 1e-12, f"{name}: {split} accuracy")
            # Halves were rounded when they were recorded.
            expect(abs(rows[name][f"{key}_negative_log_likelihood"] + truth.mean()) < 2e-3, f"{name}: {split} log-likelihood")
    content = json.loads(pathlib.Path(decision.file).read_text())
    expect(decision.deployed == content["deployed"], "deployed is not decision.json's")
    expect(len(decision.candidates) == len(content["candidates"]), "candidates are not decision.json's")
    expect(pathlib.Path(decision.report).exists() and "<svg" in decision._repr_html_(), "the page or the chart is missing")
    budget = consort.decide(directory / "hold-out", directory / "test", out=directory / "budget", max_cost=3e7, **words)
    expect(budget.members == ["wide-resnet-16-1-0"], f"for 30 M MACs {budget.members}")
    return decision


def try_refusals(directory):
    for words, pattern in (({"max_cost": "cheap"}, "--max-cost is a number above 0"), ({"rule": "best"}, "--rule"),
                           ({"options": ["--nothing"]}, "there is no option")):
        try:
            consort.decide(directory / "hold-out", directory / "test", out=directory / "no", **words)
        except consort.ProgramError as error:
            expect(pattern in str(error) and error.status == 2, f"{words}: status {error.status}, {error}")
        else:
            sys.exit(f"try_decisions: {words} is taken")


def try_damage(directory):
    """A file whose bytes changed after it was written is refused: the checksum is the program's own."""
    path = directory / "test" / f"{MEMBERS[0]}.safetensors"
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)
    try:
        consort.decide(directory / "hold-out", directory / "test", out=directory / "no")
    except consort.ProgramError as error:
        expect("checksum" in str(error), f"a damaged file: {error}")
    else:
        sys.exit("try_decisions: a damaged file is taken")


def try_costs():
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    model = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3, stride=2), torch.nn.BatchNorm2d(8), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(), torch.nn.Linear(8, 10)).train()
    found = consort.cost(model, 32)
    with FlopCounterMode(display=False) as counter:
        model.eval()(torch.zeros(1, 3, 32, 32))
    expect(found.macs == counter.get_total_flops() // 2, f"{found.macs} MACs, and PyTorch counts {counter.get_total_flops()} FLOPs")
    expect(found.parameters == sum(each.numel() for each in model.parameters()), f"{found.parameters} parameters")
    expect(consort.cost(model, (3, 32, 32)) == found, "another form of the size gives another cost")
    for size in (0, (1, 32, 32), "32"):
        try:
            consort.cost(model, size)
        except consort.ConsortError:
            continue
        sys.exit(f"try_decisions: {size!r} is taken for a size")


with tempfile.TemporaryDirectory() as place:
    write(pathlib.Path(place))
    decision = try_decisions(pathlib.Path(place))
    try_refusals(pathlib.Path(place))
    try_damage(pathlib.Path(place))
    has_torch = importlib.util.find_spec("torch") is not None
    if has_torch:
        try_costs()
    print(f"try_decisions: {len(decision.candidates)} candidates agree; cost {'tried' if has_torch else 'left out: no torch'}")
