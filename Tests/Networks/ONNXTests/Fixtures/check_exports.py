#!/usr/bin/env python3
"""Checks what `consort import` and `consort export` make of public networks, and writes exports.json.

    check_exports.py CONSORT      the built program

Networks of timm and torchvision get weights by a formula, which ExportTests.swift repeats. Each is imported and exported; ONNX's
checker must accept the file, and ONNX Runtime must give PyTorch's logits, for two batch sizes. exports.json keeps the SHA-256 of each
file, so that the tests can check whether what was checked here is still what is written.

Made with PyTorch 2.11.0, timm 1.0.31, torchvision 0.26.0, onnx 1.23.2, ONNX Runtime 1.32.0 and safetensors.
"""
import hashlib
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
import safetensors.torch
import timm
import torch
import torchvision

HERE = os.path.dirname(os.path.abspath(__file__))
PERIOD = 20011
NETWORKS = [
    ("efficientnet-b0", "timm tf_efficientnet_b0", lambda: timm.create_model("tf_efficientnet_b0", num_classes=10), 70),
    ("efficientnet-b0-symmetric", "timm efficientnet_b0", lambda: timm.create_model("efficientnet_b0", num_classes=10), 64),
    ("efficientnet-b0-symmetric", "torchvision efficientnet_b0",
     lambda: torchvision.models.efficientnet_b0(num_classes=10), 64),
    ("efficientnet-b5-symmetric", "torchvision efficientnet_b5",
     lambda: torchvision.models.efficientnet_b5(num_classes=10), 48),
    ("resnet-18", "torchvision resnet18", lambda: torchvision.models.resnet18(num_classes=10), 64),
    ("resnet-50", "torchvision resnet50", lambda: torchvision.models.resnet50(num_classes=10), 64),
]


def formula(count, phase):
    """As in make_networks.py: numbers in -1..<1 by integer arithmetic, equal on every machine."""
    index = torch.arange(PERIOD, dtype=torch.int64)
    table = (((index * 7919 + phase * 104729 + (index * index) % 10007 * 31) % PERIOD).double() / 10005.5 - 1).float()
    return table.repeat(count // PERIOD + 1)[:count]


def fill(model):
    for phase, name in enumerate(name for name in model.state_dict() if "num_batches" not in name):
        tensor = model.state_dict()[name]
        values = formula(tensor.numel(), phase).reshape(tensor.shape)
        if tensor.dim() == 4:
            values = values * (6 / tensor[0].numel()) ** 0.5
        elif tensor.dim() == 2:
            values = values * 0.2
        else:
            values = values * 0.1 + (1 if name.endswith(("running_var", "weight")) else 0)
        tensor.copy_(values)


def check(consort, network, peer, create, size, directory):
    model = create().eval()
    fill(model)
    weights, member = os.path.join(directory, "w.safetensors"), os.path.join(directory, "member")
    safetensors.torch.save_file(model.state_dict(), weights)
    subprocess.run([consort, "import", weights, "--network", network, "--input-size", str(size), "--out", member],
                   check=True, stdout=subprocess.DEVNULL)
    subprocess.run([consort, "export", member, "--out", directory], check=True, stdout=subprocess.DEVNULL)
    path = os.path.join(directory, "member.onnx")
    onnx.checker.check_model(path, full_check=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    error = 0
    for batch in (1, 3):
        images = formula(batch * 3 * size * size, 1000).reshape(batch, 3, size, size)
        expected = model(images).double().numpy()
        found, = session.run(["logits"], {"images": images.numpy()})
        error = max(error, float(np.abs(found - expected).max() / np.abs(expected).max()))
    assert error <= 1e-4, (peer, error)
    with open(path, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    print(f"{peer}: relative error {error:.1e}")
    return {"network": network, "peer": peer, "size": size, "relativeError": error, "sha256": digest}


def main():
    torch.set_num_threads(1)
    results = []
    with torch.no_grad():
        for network in NETWORKS:
            with tempfile.TemporaryDirectory() as directory:
                results.append(check(os.path.abspath(sys.argv[1]), *network, directory))
    with open(os.path.join(HERE, "exports.json"), "w") as file:
        json.dump(results, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
