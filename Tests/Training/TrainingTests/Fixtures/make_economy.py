#!/usr/bin/env python3
"""Writes economy.json: what PyTorch says of cyclic learning rates, of statistics estimated anew and of packed networks.

    pip install --no-deps torch-uncertainty==0.13.0 einops
    python3 make_economy.py

Weights and images follow the formula of reference.py. Packed layers are torch-uncertainty's, in the order of a Wide ResNet's own blocks:
its own packed Wide ResNet has other ones. Made with PyTorch 2.13.0, torch-uncertainty 0.13.0 and einops 0.8 on the CPU.
"""
import importlib
import json
import os
import sys
import types

import torch
import torch.nn as nn
import torch.nn.functional as F

from reference import WideResNet, fill, formula, sample

torch.set_num_threads(1)
HERE = os.path.dirname(os.path.abspath(__file__))


def packed_layers():
    """The one file of torch-uncertainty: its package asks for much that the layers do not need."""
    root = next(f for f in (os.path.join(p, "torch_uncertainty") for p in sys.path) if os.path.isdir(f))
    for name in ("torch_uncertainty", "torch_uncertainty.layers"):
        module = types.ModuleType(name)
        module.__path__ = [os.path.join(root, *name.split(".")[1:])]
        sys.modules[name] = module
    return importlib.import_module("torch_uncertainty.layers.packed")


def cyclic_cosine(initial, steps, cycles):
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], initial)
    schedule = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, steps // cycles)
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return {"initial": initial, "cycles": cycles, "rates": rates}


def statistics():
    """Of batches of 5, 5 and 2 images."""
    model = WideResNet(10, 1)
    fill(model.parameters())
    batches = [formula(count * 3 * 64, 1000 + number).reshape(count, 3, 8, 8) for number, count in enumerate((5, 5, 2))]
    torch.optim.swa_utils.update_bn(batches, model)
    return {name: sample(value) for name, value in model.state_dict().items() if "running" in name}


def distilled(temperature, weight):
    """Of images 4, 1 and 5 of six."""
    teacher = (formula(30, 3).double() * 3).reshape(6, 5)[[4, 1, 5]]
    logits = (formula(15, 7) * 2).reshape(3, 5).requires_grad_()
    divergence = F.kl_div(F.log_softmax(logits / temperature, 1), F.softmax(teacher / temperature, 1).float(),
                          reduction="batchmean")
    loss = (1 - weight) * F.cross_entropy(logits, torch.tensor([0, 3, 2])) + weight * temperature ** 2 * divergence
    loss.backward()
    return {"temperature": temperature, "weight": weight, "loss": loss.item(), "gradient": logits.grad.flatten().tolist()}


class PackedBlock(nn.Module):
    def __init__(self, packed, inputs, outputs, stride, alpha, members, gamma):
        super().__init__()

        def conv(i, o, size, stride):
            return packed.PackedConv2d(i, o, size, alpha=alpha, num_estimators=members, gamma=gamma, stride=stride,
                                       padding=size // 2, bias=False)
        self.bn1 = nn.BatchNorm2d(int(inputs * alpha))
        self.conv1 = conv(inputs, outputs, 3, stride)
        self.bn2 = nn.BatchNorm2d(int(outputs * alpha))
        self.conv2 = conv(outputs, outputs, 3, 1)
        self.shortcut = conv(inputs, outputs, 1, stride) if inputs != outputs else None

    def forward(self, x):
        a = F.relu(self.bn1(x))
        z = self.conv2(F.relu(self.bn2(self.conv1(a))))
        return z + (x if self.shortcut is None else self.shortcut(a))


class PackedWideResNet(nn.Module):
    def __init__(self, packed, depth, k, members, alpha, gamma):
        super().__init__()
        shared = dict(alpha=alpha, num_estimators=members)
        self.stem = packed.PackedConv2d(3, 16, 3, gamma=gamma, padding=1, bias=False, first=True, **shared)
        blocks, channels = [], 16
        for group in range(3):
            for block in range((depth - 4) // 6):
                stride = 2 if group and block == 0 else 1
                blocks.append(PackedBlock(packed, channels, 16 * k << group, stride, alpha, members, gamma))
                channels = 16 * k << group
        self.blocks = nn.Sequential(*blocks)
        self.bn = nn.BatchNorm2d(int(channels * alpha))
        self.head = packed.PackedLinear(channels, 10, last=True, **shared)

    def forward(self, x):
        """[members * N, classes], member by member."""
        return self.head(F.relu(self.bn(self.blocks(self.stem(x)))).mean((2, 3)))


def packed_case(packed, depth, k, members, alpha, gamma):
    model = PackedWideResNet(packed, depth, k, members, alpha, gamma)
    with torch.no_grad():
        for phase, (name, parameter) in enumerate(model.named_parameters()):
            # As the 1 x 1 convolution with groups that it is.
            shape = parameter if parameter.dim() != 3 else parameter.reshape(-1, parameter.shape[2], 1, 1)
            fill_one(shape, phase)
    images = formula(4 * 3 * 32 * 32, 1000).reshape(4, 3, 32, 32)
    labels = torch.arange(4)
    optimizer = torch.optim.SGD(model.parameters(), 0.01, momentum=0.9, nesterov=True, weight_decay=5e-4)
    logits = model(images)
    loss = F.cross_entropy(logits, labels.repeat(members), label_smoothing=0.1)
    loss.backward()
    gradients = {name: sample(p.grad) for name, p in model.named_parameters()}
    optimizer.step()
    model.eval()
    with torch.no_grad():
        after = model(images)
    parted = after.reshape(members, 4, 10)
    return {
        "parameters": sum(p.numel() for p in model.parameters()),
        "logits": logits.detach().reshape(members, 4, 10).transpose(0, 1).flatten().tolist(),
        "loss": loss.item(), "gradients": gradients,
        # The geometric mean of the members' probabilities.
        "evaluation": parted.log_softmax(2).mean(0).log_softmax(1).flatten().tolist(),
    }


def fill_one(parameter, phase):
    values = formula(parameter.numel(), phase).reshape(parameter.shape)
    if parameter.dim() == 4:
        parameter.copy_(values * (6 / parameter[0].numel()) ** 0.5)
    else:
        parameter.copy_(values * 0.1 + (1 if parameter.mean() > 0.5 else 0))


def main():
    packed = packed_layers()
    cases = {}
    for depth, k, members, alpha, gamma in ((10, 1, 4, 2, 1), (16, 2, 2, 1.5, 1), (10, 8, 2, 2, 2)):
        name = f"packed-wide-resnet-{depth}-{k}-m{members}-a{alpha}-g{gamma}"
        cases[name] = packed_case(packed, depth, k, members, alpha, gamma)
    with open(os.path.join(HERE, "economy.json"), "w") as file:
        json.dump({"cyclicCosine": cyclic_cosine(0.1, 24, 3), "statistics": statistics(),
                   "distillation": [distilled(1, 1), distilled(4, 0.9), distilled(0.5, 0.25)], "packed": cases}, file)
        file.write("\n")


if __name__ == "__main__":
    main()
