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

torch.set_num_threads(1)


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.shortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False) if inputs != outputs else None

    def forward(self, x):
        a = F.relu(self.bn1(x))
        z = self.conv2(F.relu(self.bn2(self.conv1(a))))
        return z + (x if self.shortcut is None else self.shortcut(a))


class WideResNet(nn.Module):
    def __init__(self, depth, k):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        blocks, channels = [], 16
        for group in range(3):
            for block in range((depth - 4) // 6):
                blocks.append(Block(channels, 16 * k << group, 2 if group and block == 0 else 1))
                channels = 16 * k << group
        self.blocks = nn.Sequential(*blocks)
        self.bn = nn.BatchNorm2d(channels)
        self.head = nn.Linear(channels, 10)

    def forward(self, x):
        return self.head(F.relu(self.bn(self.blocks(self.stem(x)))).mean((2, 3)))


def formula(count, phase):
    """Numbers in -1..<1 by integer arithmetic, equal on every machine."""
    index = torch.arange(count, dtype=torch.int64)
    return (((index * 7919 + phase * 104729 + (index * index) % 10007 * 31) % 20011).double() / 10005.5 - 1).float()


def sample(tensor):
    flat = tensor.detach().double().flatten()
    return {"norm": float(flat.norm()), "first": [float(v) for v in flat[:4]]}


cases = {}
for depth, k in ((10, 1), (16, 2)):
    model = WideResNet(depth, k)
    for phase, parameter in enumerate(model.parameters()):
        values = formula(parameter.numel(), phase).reshape(parameter.shape)
        with torch.no_grad():
            if parameter.dim() == 4:
                parameter.copy_(values * (6 / parameter[0].numel()) ** 0.5)
            elif parameter.dim() == 2:
                parameter.copy_(values * 0.2)
            else:
                parameter.copy_(values * 0.1 + (1 if parameter.mean() > 0.5 else 0))
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
