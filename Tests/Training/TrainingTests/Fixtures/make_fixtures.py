#!/usr/bin/env python3
"""Writes wide_resnets.json: logits, loss, gradients and weights after three SGD steps, as PyTorch computes them.

Weights and images follow a formula that the test repeats, so that only samples of the results are stored.
Made with PyTorch 2.11.0 on the CPU.
"""
import json
import os

import torch
import torch.nn as nn
import torch.nn.functional as F

from reference import WideResNet, fill, formula, sample

torch.set_num_threads(1)

cases = {}
for depth, k in ((10, 1), (16, 2)):
    model = WideResNet(depth, k)
    fill(model.parameters())
    images = formula(8 * 3 * 32 * 32, 1000).reshape(8, 3, 32, 32)
    labels = torch.arange(8) % 10
    case = {"losses": []}
    if (depth, k) == (10, 1):
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(images)
        loss = F.cross_entropy(logits.float(), labels)
        loss.backward()
        case["bfloat16"] = {"loss": float(loss.detach()), "logits": [float(v) for v in logits.detach().double().flatten()],
                            "gradients": {name: sample(p.grad) for name, p in model.named_parameters()}}
        # The running statistics start anew.
        for layer in model.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.reset_running_stats()
    optimizer = torch.optim.SGD(model.parameters(), 0.01, momentum=0.9, nesterov=True, weight_decay=5e-4)
    for step in range(3):
        optimizer.zero_grad()
        logits = model(images)
        loss = F.cross_entropy(logits, labels)
        loss.backward()
        case["losses"].append(float(loss.detach()))
        if step == 0:
            case["logits"] = [float(v) for v in logits.detach().double().flatten()]
            case["gradients"] = {name: sample(p.grad) for name, p in model.named_parameters()}
        optimizer.step()
    case["weights"] = {name: sample(v) for name, v in model.state_dict().items() if "num_batches" not in name}
    model.eval()
    case["evaluation"] = [float(v) for v in model(images).detach().double().flatten()]
    cases[f"wide-resnet-{depth}-{k}"] = case

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "wide_resnets.json")
with open(path, "w") as f:
    json.dump({"made_with": f"PyTorch {torch.__version__.split('+')[0]}", "cases": cases}, f)
    f.write("\n")
