#!/usr/bin/env python3
"""Writes networks.json: names and logits of networks as timm and torchvision have them.

Weights, statistics and images follow a formula that the test repeats, in the order of the state, so that logits are all that
is stored. Made with PyTorch 2.11.0, timm 1.0.31 and torchvision 0.26.0 on the CPU:  python3 make_networks.py
"""
import json
import os

import timm
import torch
import torchvision

torch.set_num_threads(1)
PERIOD = 20011


def formula(count, phase):
    """Numbers in -1..<1 by integer arithmetic, equal on every machine, repeated after PERIOD of them."""
    index = torch.arange(PERIOD, dtype=torch.int64)
    table = (((index * 7919 + phase * 104729 + (index * index) % 10007 * 31) % PERIOD).double() / 10005.5 - 1).float()
    return table.repeat(count // PERIOD + 1)[:count]


def fill(model):
    names = [name for name in model.state_dict() if "num_batches" not in name]
    for phase, name in enumerate(names):
        tensor = model.state_dict()[name]
        values = formula(tensor.numel(), phase).reshape(tensor.shape)
        if tensor.dim() == 4:
            values = values * (6 / tensor[0].numel()) ** 0.5
        elif tensor.dim() == 2:
            values = values * 0.2
        else:
            is_normalization = name.endswith("running_var") or name.endswith("weight")
            values = values * 0.1 + (1 if is_normalization else 0)
        tensor.copy_(values)
    return names


logits = []
with torch.no_grad():
    for name, peer, create, size in (
            ("efficientnet-b0", "timm tf_efficientnet_b0", lambda: timm.create_model("tf_efficientnet_b0"), 64),
            ("efficientnet-b3", "timm tf_efficientnet_b3", lambda: timm.create_model("tf_efficientnet_b3"), 75),
            ("efficientnet-b7", "timm tf_efficientnet_b7", lambda: timm.create_model("tf_efficientnet_b7"), 61),
            ("efficientnet-b0-symmetric", "torchvision efficientnet_b0", torchvision.models.efficientnet_b0, 70),
            ("resnet-18", "torchvision resnet18", torchvision.models.resnet18, 67),
            ("resnet-50", "torchvision resnet50", torchvision.models.resnet50, 64)):
        model = create().eval()
        names = fill(model)
        result = model(formula(2 * 3 * size * size, 1000).reshape(2, 3, size, size)).double()
        logits.append({"network": name, "peer": peer, "size": size, "largest": float(result.abs().max()),
                       # Every 50th of 1,000 classes.
                       "logits": [float(v) for v in result[:, ::50].flatten()],
                       "names": names if peer.startswith("timm tf_efficientnet_b0") or "resnet18" in peer else None})

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "networks.json"), "w") as file:
    json.dump(logits, file)
