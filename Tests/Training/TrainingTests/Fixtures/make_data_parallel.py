#!/usr/bin/env python3
"""Writes data_parallel.json: the weights after three SGD steps of two processes under PyTorch's DistributedDataParallel.

Each process has half of every batch and normalises by its own half. Weights and images follow a formula that the test
repeats, so that only samples of the results are stored. Made with PyTorch 2.11.0 on the CPU, over Gloo.
"""
import json
import os

import torch
import torch.distributed as distributed
import torch.multiprocessing as multiprocessing
import torch.nn as nn
import torch.nn.functional as F

IMAGES, STEPS, RATE = 8, 3, 0.05


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 8, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(8)
        self.conv3 = nn.Conv2d(8, 16, 3, 2, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(16)
        self.fc = nn.Linear(16, 10)

    def forward(self, x):
        first = F.relu(self.bn1(self.conv1(x)))
        second = F.relu(self.bn2(self.conv2(first) + first))
        return self.fc(F.silu(self.bn3(self.conv3(second))).mean((2, 3)))


def formula(count, phase):
    """Numbers in -1..<1 by integer arithmetic, equal on every machine."""
    index = torch.arange(count, dtype=torch.int64)
    return (((index * 7919 + phase * 104729 + (index * index) % 10007 * 31) % 20011).double() / 10005.5 - 1).float()


def fill(model):
    for phase, parameter in enumerate(model.parameters()):
        values = formula(parameter.numel(), phase).reshape(parameter.shape)
        with torch.no_grad():
            if parameter.dim() == 4:
                parameter.copy_(values * (6 / parameter[0].numel()) ** 0.5)
            elif parameter.dim() == 2:
                parameter.copy_(values * 0.2)
            else:
                parameter.copy_(values * 0.1 + (1 if parameter.mean() > 0.5 else 0))


def train(rank, path):
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=f"file://{path}.meeting", rank=rank, world_size=2)
    model = Network()
    fill(model)
    parallel = nn.parallel.DistributedDataParallel(model)
    optimizer = torch.optim.SGD(model.parameters(), RATE, momentum=0.9, nesterov=True, weight_decay=5e-4)
    half = slice(rank * IMAGES // 2, (rank + 1) * IMAGES // 2)
    for step in range(STEPS):
        # Bytes, as a training has them.
        pixels = ((formula(IMAGES * 3 * 64, 1000 + step) + 1) * 127.5).floor()
        images = ((pixels - 128) / 64).reshape(IMAGES, 3, 8, 8)[half]
        labels = ((torch.arange(IMAGES) * 3 + step) % 10)[half]
        optimizer.zero_grad()
        F.cross_entropy(parallel(images), labels).backward()
        optimizer.step()
    if rank == 0:
        weights = {}
        for name, parameter in model.named_parameters():
            flat = parameter.detach().double().flatten()
            weights[name] = {"norm": float(flat.norm()), "first": [float(v) for v in flat[:4]]}
        with open(path, "w") as file:
            json.dump({"made_with": f"PyTorch {torch.__version__.split('+')[0]}", "weights": weights}, file)
            file.write("\n")
    distributed.destroy_process_group()


if __name__ == "__main__":
    place = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data_parallel.json")
    multiprocessing.spawn(train, (place,), nprocs=2)
    if os.path.exists(f"{place}.meeting"):
        os.remove(f"{place}.meeting")
