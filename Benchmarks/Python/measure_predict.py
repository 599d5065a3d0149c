#!/usr/bin/env python3
"""measure_predict.py CONSORT [ROUNDS]: consort.Ensemble beside `consort bench` and `consort serve`, batches 1 and 64, in turn.

Ensembles of four WRN-16-1 at 32 pixels and of two MobileNetV3-small at 224, with random weights, one thread each. Prints images a
second: the median of the rounds, least and most. Needs numpy, openvino, torch and timm.
"""
import http.client
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Python"))
CONSORT = os.path.abspath(sys.argv[1])
os.environ["CONSORT_PROGRAM"] = CONSORT
import consort  # noqa: E402
from consort._costs import _export  # noqa: E402


def wide_resnet():
    import torch
    from torch import nn

    class Block(nn.Module):
        def __init__(self, inner, outer, stride):
            super().__init__()
            self.bn1, self.bn2 = nn.BatchNorm2d(inner), nn.BatchNorm2d(outer)
            self.conv1 = nn.Conv2d(inner, outer, 3, stride, 1, bias=False)
            self.conv2 = nn.Conv2d(outer, outer, 3, 1, 1, bias=False)
            self.shortcut = nn.Conv2d(inner, outer, 1, stride, bias=False) if inner != outer else None

        def forward(self, x):
            a = torch.relu(self.bn1(x))
            z = self.conv2(torch.relu(self.bn2(self.conv1(a))))
            return z + (x if self.shortcut is None else self.shortcut(a))

    widths = [(16, 16, 1), (16, 16, 1), (16, 32, 2), (32, 32, 1), (32, 64, 2), (64, 64, 1)]
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, 1, 1, bias=False), *(Block(*each) for each in widths), nn.BatchNorm2d(64), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def small_mobilenet():
    import timm

    return timm.create_model("mobilenetv3_small_100", num_classes=10)


def build(place, make, count, side):
    import torch

    files = []
    for number in range(count):
        torch.manual_seed(number)
        files.append(f"{place}/member-{number}.onnx")
        _export(make().eval(), (1, 3, side, side), files[-1])
        free_batch(files[-1])
    subprocess.run(
        [CONSORT, "build-ensemble", *files, "--out", f"{place}/ensemble", "--mean", "imagenet", "--std", "imagenet", "--rule", "geometric-mean"],
        check=True, stdout=subprocess.DEVNULL)
    return f"{place}/ensemble"


def free_batch(path):
    import onnx

    model = onnx.load(path)
    for value in [*model.graph.input, *model.graph.output]:
        value.type.tensor_type.shape.dim[0].ClearField("dim_value")
        value.type.tensor_type.shape.dim[0].dim_param = "N"
    for value in list(model.graph.value_info):
        model.graph.value_info.remove(value)
    onnx.save(model, path)


def by_bench(ensemble, batch, seconds):
    out = subprocess.run(
        [CONSORT, "bench", ensemble, "--batch", str(batch), "--threads", "1", "--seconds", str(seconds), "--json"],
        check=True, capture_output=True, text=True).stdout
    return rate(json.loads(out))


def rate(content):
    """The one number of images a second in the program's JSON."""
    if isinstance(content, dict):
        if "imagesPerSecond" in content:
            return content["imagesPerSecond"]
        content = list(content.values())
    found = [rate(each) for each in content if isinstance(each, (dict, list))]
    return next((each for each in found if each), None)


def timed(call, batch, seconds):
    call()
    start, runs = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        call()
        runs += 1
    return runs * batch / (time.perf_counter() - start)


class Server:
    """Asked for probabilities with the bytes of the normalised images, over one connection."""

    def __init__(self, ensemble):
        self.process = subprocess.Popen(
            [CONSORT, "serve", ensemble, "--port", "0", "--threads", "1"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in self.process.stdout:
            found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
            if found:
                self.connection = http.client.HTTPConnection("127.0.0.1", int(found.group(1)))
                return
        raise SystemExit("the server does not start")

    def ask(self, images):
        content = images.tobytes()
        header = json.dumps({
            "inputs": [{"name": self.input(), "shape": list(images.shape), "datatype": "FP32",
                        "parameters": {"binary_data_size": len(content)}}],
            "parameters": {"binary_data_output": True}}).encode()
        self.connection.request("POST", "/v2/models/ensemble/infer", header + content,
                                {"Inference-Header-Content-Length": str(len(header))})
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise SystemExit(f"the server answers {answer.status}: {body[:300]}")
        return body

    def input(self):
        if not hasattr(self, "name"):
            self.connection.request("GET", "/v2/models/ensemble")
            self.name = json.loads(self.connection.getresponse().read())["inputs"][0]["name"]
        return self.name

    def stop(self):
        self.process.terminate()
        self.process.communicate()


def main():
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    generator = np.random.default_rng(0)
    for name, make, count, side in (("four WRN-16-1", wide_resnet, 4, 32), ("two MobileNetV3-small", small_mobilenet, 2, 224)):
        with tempfile.TemporaryDirectory() as place:
            ensemble = build(place, make, count, side)
            package = consort.Ensemble(ensemble, threads=1)
            server = Server(ensemble)
            try:
                for batch in (1, 64):
                    pixels = generator.integers(0, 256, (batch, side, side, 3), dtype=np.uint8)
                    floats = generator.normal(0, 1, (batch, 3, side, side)).astype(np.float32)
                    seconds = 1 if batch == 1 else 2
                    found = {"bench": [], "package": [], "serve": []}
                    for _ in range(rounds):
                        found["bench"].append(by_bench(ensemble, batch, seconds))
                        found["package"].append(timed(lambda: package.predict(pixels), batch, seconds))
                        found["serve"].append(timed(lambda: server.ask(floats), batch, seconds))
                    middle = {key: statistics.median(values) for key, values in found.items()}
                    words = [f"{key} {middle[key]:.1f} ({min(values):.1f} to {max(values):.1f})" for key, values in found.items()]
                    print(f"{name}, batch {batch}: {', '.join(words)}; to bench: package {middle['package'] / middle['bench']:.3f}, "
                          f"serve {middle['serve'] / middle['bench']:.3f}", flush=True)
            finally:
                server.stop()


main()
