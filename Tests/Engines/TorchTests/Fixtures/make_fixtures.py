#!/usr/bin/env python3
"""Writes operations.json beside this script: inputs, outputs and gradients that PyTorch computes.

Made with PyTorch 2.11.0 and timm 1.0.31 on the CPU. Run it again after adding a case:  python3 make_fixtures.py
"""
import json
import os

import torch
import torch.nn as nn
import torch.nn.functional as F
from timm.optim import RMSpropTF
from timm.utils import ModelEmaV2

torch.manual_seed(0)
torch.set_num_threads(1)
cases = {}


def put(tensor):
    return {"shape": list(tensor.shape), "values": [float(v) for v in tensor.detach().double().flatten()]}


def case(name, operation, *inputs):
    """Records the output and, for the loss sum(output * weights), the gradients of the float inputs."""
    leaves = [x.detach().clone().requires_grad_(x.is_floating_point()) for x in inputs]
    output = operation(*leaves)
    weights = torch.linspace(-1, 1, output.numel()).reshape(output.shape)
    entry = {"inputs": [put(x) for x in inputs], "output": put(output)}
    if output.is_floating_point() and output.requires_grad:
        (output * weights).sum().backward()
        entry["gradients"] = [put(x.grad) if x.grad is not None else None for x in leaves]
    cases[name] = entry


x = torch.randn(2, 3, 5, 5)
w = torch.randn(4, 3, 3, 3) * 0.3
case("conv2d_stride1_padding1", lambda x, w: F.conv2d(x, w, padding=1), x, w)
case("conv2d_stride2_padding1", lambda x, w: F.conv2d(x, w, stride=2, padding=1), x, w)
case("conv2d_1x1_stride2", lambda x, w: F.conv2d(x, w, stride=2), x, torch.randn(4, 3, 1, 1))
gamma, beta = torch.rand(3) + 0.5, torch.randn(3)
mean, variance = torch.randn(3) * 0.1, torch.rand(3) + 0.5
for training in (True, False):
    m, v = mean.clone(), variance.clone()
    case(f"batch_norm_{'training' if training else 'evaluation'}",
         lambda x, g, b: F.batch_norm(x, m, v, g, b, training, 0.1, 1e-5), x, gamma, beta)
    cases[f"batch_norm_{'training' if training else 'evaluation'}"]["running"] = [put(m), put(v)]
    cases[f"batch_norm_{'training' if training else 'evaluation'}"]["earlier"] = [put(mean), put(variance)]
# Its maps have means far from 0, whose squares would cost a careless variance its digits.
far = x + torch.tensor([0.0, 10.0, -100.0]).reshape(3, 1, 1)
other = torch.randn(2, 3, 5, 5)


def batch_norm_relu(x, g, b):
    return F.relu(F.batch_norm(x, m, v, g, b, True, 0.1, 1e-5))


def add_batch_norm_relu(x, y, g, b):
    total = x + y
    return total + F.relu(F.batch_norm(total, m, v, g, b, True, 0.1, 1e-5))


for name, operation, maps in (("batch_norm_relu", batch_norm_relu, [x]),
                              ("batch_norm_relu_far", batch_norm_relu, [far]),
                              ("add_batch_norm_relu", add_batch_norm_relu, [x, other])):
    m, v = mean.clone(), variance.clone()
    case(name, operation, *maps, gamma, beta)
    cases[name]["running"] = [put(m), put(v)]
    cases[name]["earlier"] = [put(mean), put(variance)]
case("relu", F.relu, x)
case("add", torch.add, x, torch.randn(2, 3, 5, 5))
case("add_broadcast", torch.add, x, torch.randn(3, 1, 1))
case("mean_spatial", lambda x: x.mean((2, 3)), x)
case("sum", torch.sum, x)
v = torch.randn(4, 6)
case("linear", F.linear, v, torch.randn(3, 6), torch.randn(3))
case("log_softmax", lambda v: F.log_softmax(v, 1), v)
labels = torch.tensor([0, 5, 2, 2])
case("cross_entropy", lambda v: F.cross_entropy(v, labels), v)
case("cross_entropy_smoothed", lambda v: F.cross_entropy(v, labels, label_smoothing=0.1), v)
case("lerp", lambda a, b: a.lerp(b, 0.25), v.detach(), v.detach().flip(0))
case("argmax", lambda v: v.argmax(1), v)
case("index_select", lambda v: v.index_select(0, torch.tensor([3, 0, 3])), v)
case("narrow", lambda v: v.narrow(1, 2, 3), v)
case("index", lambda x: x[torch.tensor([[1], [0]]), torch.tensor([[0, 2]])], x)

# Three SGD steps with gradients given, momentum and weight decay.
for nesterov in (True, False):
    parameter = torch.randn(5).requires_grad_()
    start = put(parameter)
    optimizer = torch.optim.SGD([parameter], 0.1, momentum=0.9, weight_decay=5e-4, nesterov=nesterov)
    steps = []
    for _ in range(3):
        parameter.grad = torch.randn(5)
        gradient = put(parameter.grad)
        optimizer.step()
        steps.append({"gradient": gradient, "parameter": put(parameter)})
    cases["sgd_nesterov" if nesterov else "sgd_heavy_ball"] = {"inputs": [start], "steps": steps, "output": start}

# What EfficientNets and ResNets need besides.
case("conv2d_groups_bias", lambda x, w, b: F.conv2d(x, w, b, stride=2, padding=1, groups=2), torch.randn(2, 4, 6, 5),
     torch.randn(6, 2, 3, 3) * 0.3, torch.randn(6))
case("conv2d_uneven_padding", lambda x, w: F.conv2d(F.pad(x, (0, 1, 2, 0)), w, stride=2), torch.randn(2, 3, 6, 5),
     torch.randn(4, 3, 3, 3) * 0.3)
case("max_pool2d", lambda x: F.max_pool2d(x, 3, 2, 1), torch.randn(2, 3, 7, 6))
case("silu", F.silu, x)
case("sigmoid", torch.sigmoid, x)
case("mul_broadcast", torch.mul, x, torch.randn(2, 3, 1, 1))
case("mean_spatial_kept", lambda x: x.mean((2, 3), keepdim=True), x)

# Three RMSProp steps in TensorFlow's form, with and without weight decay, and the moving average of the parameter.
for decay in (1e-2, 0.0):
    parameter = nn.Parameter(torch.randn(5))
    start = put(parameter)
    optimizer = RMSpropTF([parameter], 0.1, alpha=0.9, eps=1e-3, momentum=0.9, weight_decay=decay)
    holder = nn.Module()
    holder.parameter = parameter
    average = ModelEmaV2(holder)
    steps = []
    for step in range(1, 4):
        parameter.grad = torch.randn(5)
        gradient = put(parameter.grad)
        optimizer.step()
        average.decay = min(0.9999, (1 + step) / (10 + step))
        average.update(holder)
        steps.append({"gradient": gradient, "parameter": put(parameter), "average": put(average.module.parameter)})
    cases[f"rmsprop_{'decay' if decay else 'plain'}"] = {"inputs": [start], "steps": steps, "output": start}

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "operations.json")
with open(path, "w") as f:
    json.dump({"made_with": f"PyTorch {torch.__version__.split('+')[0]}", "cases": cases}, f, indent=None)
    f.write("\n")
