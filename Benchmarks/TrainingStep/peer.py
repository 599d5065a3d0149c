"""One training step in PyTorch on a fixed batch, timed: the counterpart of main.swift. Benchmarks/run compares the two.

    peer.py DEPTH WIDTH BATCH THREADS STEPS

Eager, channels-last, the fused SGD of PyTorch; the same network as wide-resnet-DEPTH-WIDTH.
"""
import json
import statistics
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.shortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False) if inputs != outputs else None

    def forward(self, x):
        a = F.relu(self.bn1(x), inplace=True)
        skip = x if self.shortcut is None else self.shortcut(a)
        return self.conv2(F.relu(self.bn2(self.conv1(a)), inplace=True)) + skip


class WideResNet(nn.Module):
    def __init__(self, depth, width):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        blocks, channels = [], 16
        for group in range(3):
            for block in range((depth - 4) // 6):
                blocks.append(Block(channels, 16 * width << group, 2 if group and not block else 1))
                channels = 16 * width << group
        self.blocks = nn.Sequential(*blocks)
        self.bn = nn.BatchNorm2d(channels)
        self.head = nn.Linear(channels, 10)

    def forward(self, x):
        return self.head(F.relu(self.bn(self.blocks(self.stem(x))), inplace=True).mean((2, 3)))


def memory_kib(key):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(key + ":"))


depth, width, batch, threads, steps = map(int, sys.argv[1:])
torch.set_num_threads(threads)
torch.manual_seed(0)
images = torch.randn(batch, 3, 32, 32).contiguous(memory_format=torch.channels_last)
labels = torch.arange(batch) % 10
before = memory_kib("VmRSS")
model = WideResNet(depth, width).to(memory_format=torch.channels_last)
optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9, nesterov=True, weight_decay=5e-4, fused=True)
times = []
for step in range(steps + 3):
    start = time.perf_counter()
    optimizer.zero_grad(set_to_none=True)
    F.cross_entropy(model(images), labels).backward()
    optimizer.step()
    if step >= 3:  # the first three warm up
        times.append(time.perf_counter() - start)
median = statistics.median(times)
peak = memory_kib("VmHWM")
print(json.dumps({"program": "PyTorch " + torch.__version__, "images_per_second": batch / median,
                  "median_seconds": median, "peak_kib": peak, "peak_beside_libraries_kib": peak - before}))
