#!/usr/bin/env python3
"""Writes the networks that the benchmark measures, with random weights, as PyTorch exports them.

    export_models.py DIR

Made with torch 2.11.0, timm 1.0.31, onnx 1.23.2 and onnxscript 0.7.2: wide-resnet-16-1-0.onnx to -7.onnx, wide-resnet-16-4.onnx,
efficientnet-b0-0.onnx to -2.onnx, with a dynamic batch, opset 18.
"""
import os
import sys

import timm
import torch
import torch.nn.functional as F
from torch import nn


class Block(nn.Module):
    """A block of a Wide ResNet, arXiv:1605.07146: normalisation and ReLU come before each convolution."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.bn1, self.bn2 = nn.BatchNorm2d(inputs), nn.BatchNorm2d(outputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.shortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False) if inputs != outputs else None

    def forward(self, image):
        active = F.relu(self.bn1(image))
        around = image if self.shortcut is None else self.shortcut(active)
        return around + self.conv2(F.relu(self.bn2(self.conv1(active))))


class WideResNet(nn.Module):
    def __init__(self, depth, width, classes=10):
        super().__init__()
        layers, channels = [nn.Conv2d(3, 16, 3, 1, 1, bias=False)], 16
        for group in range(3):
            for index in range((depth - 4) // 6):
                outputs = 16 * width << group
                layers.append(Block(channels, outputs, 2 if group > 0 and index == 0 else 1))
                channels = outputs
        self.features = nn.Sequential(*layers, nn.BatchNorm2d(channels), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.classifier = nn.Linear(channels, classes)

    def forward(self, images):
        return self.classifier(self.features(images))


def randomise(model):
    """Statistics as after a training, so that no normalisation is the identity."""
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.running_mean, 0, 0.1)
            nn.init.uniform_(layer.running_var, 0.5, 2)
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.normal_(layer.bias, 0, 0.1)
    return model.eval()


def export(model, side, path):
    torch.onnx.export(
        randomise(model), (torch.randn(2, 3, side, side),), path, input_names=["images"], output_names=["logits"],
        dynamic_shapes=({0: torch.export.Dim("batch")},), opset_version=18, external_data=False, verbose=False)


def main(directory):
    os.makedirs(directory, exist_ok=True)
    for seed in range(8):
        torch.manual_seed(seed)
        export(WideResNet(16, 1), 32, os.path.join(directory, f"wide-resnet-16-1-{seed}.onnx"))
    torch.manual_seed(0)
    export(WideResNet(16, 4), 32, os.path.join(directory, "wide-resnet-16-4.onnx"))
    for seed in range(3):
        torch.manual_seed(seed)
        export(timm.create_model("efficientnet_b0"), 224, os.path.join(directory, f"efficientnet-b0-{seed}.onnx"))


if __name__ == "__main__":
    main(sys.argv[1])
