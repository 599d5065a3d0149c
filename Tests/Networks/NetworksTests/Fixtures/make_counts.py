#!/usr/bin/env python3
"""Prints the parameters and multiply-accumulates that MobileNetworkTests.swift and WideResNetTests.swift expect.

    make_counts.py

Mobile networks are timm's, from its own descriptions of blocks; Wide ResNets of uneven groups are written out below. PyTorch counts.
Made with PyTorch 2.11.0 and timm 1.0.31.
"""
import torch
from timm.models import _efficientnet_blocks
from timm.models._efficientnet_builder import decode_arch_def, round_channels
from timm.models.efficientnet import EfficientNet
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

# The channels inside a block are the expansion times its input's; timm would take the nearest multiple of 8.
_efficientnet_blocks.make_divisible = lambda channels, *_: int(channels)


def mobile(stages, stem, stem_stride, head):
    model = EfficientNet(
        decode_arch_def([[stage] for stage in stages]), num_classes=10, num_features=head, stem_size=stem, fix_stem=True,
        pad_type="same", act_layer=nn.SiLU, round_chs_fn=lambda channels, **_: round_channels(channels, divisor=1))
    model.conv_stem.stride = (stem_stride, stem_stride)
    return model


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.bn1, self.bn2 = nn.BatchNorm2d(inputs), nn.BatchNorm2d(outputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        changes = inputs != outputs or stride > 1
        self.shortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False) if changes else None

    def forward(self, x):
        a = self.bn1(x).relu()
        return self.conv2(self.bn2(self.conv1(a)).relu()) + (self.shortcut(a) if self.shortcut else x)


def wide(groups):
    layers, inputs = [nn.Conv2d(3, 16, 3, 1, 1, bias=False)], 16
    for index, (blocks, channels) in enumerate(groups):
        for block in range(blocks):
            layers.append(Block(inputs, channels, 2 if index and not block else 1))
            inputs = channels
    return nn.Sequential(
        *layers, nn.BatchNorm2d(inputs), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, 10))


def show(name, model, size):
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model.eval()(torch.zeros(1, 3, size, size))
    print(name, sum(p.numel() for p in model.parameters()), counter.get_total_flops() // 2)


show("plain", mobile(
    ["ds_r1_k3_s1_e1_c12_noskip", "ir_r2_k5_s2_e3_c20_noskip", "ir_r3_k7_s2_e4_c36_noskip"], 24, 2, 100), 67)
# A quarter of 10 and of 22 lies half-way between two numbers.
show("squeezed", mobile(
    ["ds_r2_k3_s1_e1_c10_se0.25", "ir_r2_k3_s2_e6_c22_se0.25", "ir_r2_k5_s1_e3_c22", "ir_r1_k5_s2_e2_c30_se0.5"],
    10, 1, 64), 32)
show("wide", wide([(1, 24), (3, 24), (2, 56)]), 32)
show("four", wide([(2, 16), (1, 16), (1, 40), (1, 8)]), 45)
