"""One training step in PyTorch on a fixed batch, timed: the counterpart of main.swift. Benchmarks/run compares the two.

    peer.py DEPTH WIDTH BATCH THREADS STEPS [--compile | --convolutions] [--device cuda] [--bfloat16]

Eager unless told otherwise, channels-last, the fused SGD of PyTorch; the same network as wide-resnet-DEPTH-WIDTH.
bfloat16 is PyTorch's autocast.
"""
import argparse
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


def convolutions(model, images):
    """Each convolution of the network by itself: forward, and both gradients (the image needs none), seconds a step."""
    calls = []

    def record(layer, inputs, output):
        calls.append((layer, inputs[0].detach(), output.detach()))

    hooks = [m.register_forward_hook(record) for m in model.modules() if isinstance(m, nn.Conv2d)]
    with torch.no_grad():
        model(images)
    for hook in hooks:
        hook.remove()
    total = 0.0
    for layer, inputs, output in calls:
        mask = [layer is not model.stem, True, False]

        def step():
            F.conv2d(inputs, layer.weight, None, layer.stride, layer.padding)
            torch.ops.aten.convolution_backward(output, inputs, layer.weight, None, layer.stride, layer.padding,
                                                layer.dilation, False, [0, 0], 1, mask)

        with torch.no_grad():
            total += statistics.median(timed(step, 5, warm_up=2))
    return total


def timed(step, count, warm_up):
    times = []
    for index in range(count + warm_up):
        start = time.perf_counter()
        step()
        if index >= warm_up:
            times.append(time.perf_counter() - start)
    return times


def timed_on_gpu(step, count, warm_up):
    """Many steps between two waits, as a training has them: one sample a batch of ten."""
    def ten_steps():
        for _ in range(10):
            step()
        torch.cuda.synchronize()

    return [seconds / 10 for seconds in timed(ten_steps, count, warm_up)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("depth", "width", "batch", "threads", "steps"):
        parser.add_argument(name, type=int)
    parser.add_argument("--compile", action="store_true", help="through torch.compile")
    parser.add_argument("--convolutions", action="store_true", help="the convolutions alone, on the CPU")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--bfloat16", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    torch.backends.cudnn.benchmark = True
    images = torch.randn(options.batch, 3, 32, 32).contiguous(memory_format=torch.channels_last).to(options.device)
    labels = (torch.arange(options.batch) % 10).to(options.device)
    before = memory_kib("VmRSS")
    model = WideResNet(options.depth, options.width).to(options.device, memory_format=torch.channels_last)
    run = torch.compile(model) if options.compile else model
    optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9, nesterov=True, weight_decay=5e-4, fused=True)

    def step():
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(options.device, torch.bfloat16, enabled=options.bfloat16):
            logits = run(images)
        F.cross_entropy(logits.float(), labels).backward()
        optimizer.step()

    if options.convolutions:
        seconds = convolutions(model, images)
    elif options.device == "cuda":
        seconds = statistics.median(timed_on_gpu(step, options.steps, warm_up=3))
    else:
        seconds = statistics.median(timed(step, options.steps, warm_up=3))
    peak = memory_kib("VmHWM")
    print(json.dumps({"program": "PyTorch " + torch.__version__, "images_per_second": options.batch / seconds,
                      "median_seconds": seconds, "peak_kib": peak, "peak_beside_libraries_kib": peak - before}))


if __name__ == "__main__":
    main()
