#!/usr/bin/env python3
"""Trains the small model of LowPrecisionTests on CIFAR-10 and writes it as ONNX: four convolutions with batch normalisations
that are not folded, one of them depthwise, a residual sum and a linear layer; and some test images as bytes.

    make_model.py FOLDER        # of train/CLASS/*.png or .jpg and test/CLASS/*

Made with torch 2.15.0, onnx 1.23.2, numpy 2.4.6, pillow 13.0.0.
"""
import json
import os
import sys

import numpy
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from torch import nn

HERE = os.path.dirname(os.path.abspath(__file__))
MEAN, STD = [125.3, 123.0, 113.9], [63.0, 62.1, 66.7]
IMAGES = 200


def load(folder, each):
    classes = sorted(os.listdir(folder))
    pixels, labels = [], []
    for label, name in enumerate(classes):
        for file in sorted(os.listdir(os.path.join(folder, name)))[:each]:
            pixels.append(numpy.asarray(Image.open(os.path.join(folder, name, file)).convert("RGB")).transpose(2, 0, 1))
            labels.append(label)
    return classes, numpy.stack(pixels), numpy.array(labels)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.stem_norm = nn.Conv2d(3, 16, 3, 2, 1, bias=False), nn.BatchNorm2d(16)
        self.depth, self.depth_norm = nn.Conv2d(16, 16, 3, 1, 1, groups=16, bias=False), nn.BatchNorm2d(16)
        self.point, self.point_norm = nn.Conv2d(16, 16, 1, bias=False), nn.BatchNorm2d(16)
        self.wide, self.wide_norm = nn.Conv2d(16, 32, 3, 2, 1, bias=False), nn.BatchNorm2d(32)
        self.head = nn.Linear(32, 10)

    def forward(self, x):
        x = torch.relu(self.stem_norm(self.stem(x)))
        y = torch.relu(self.depth_norm(self.depth(x)))
        x = torch.relu(self.point_norm(self.point(y)) + x)
        x = torch.relu(self.wide_norm(self.wide(x)))
        return self.head(x.mean((2, 3)))


def train(net, pixels, labels):
    mean, std = torch.tensor(MEAN).view(1, 3, 1, 1), torch.tensor(STD).view(1, 3, 1, 1)
    x, y = (torch.from_numpy(pixels).float() - mean) / std, torch.from_numpy(labels)
    epochs, batch = 12, 64
    optimizer = torch.optim.SGD(net.parameters(), 0.1, momentum=0.9, weight_decay=5e-4, nesterov=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.2, epochs * (len(y) // batch))
    for epoch in range(epochs):
        order = torch.randperm(len(y))
        for start in range(0, len(y) - batch + 1, batch):
            part = order[start:start + batch]
            image = x[part].flip(3) if torch.rand(()) < 0.5 else x[part]
            loss = nn.functional.cross_entropy(net(image), y[part])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        print(epoch, loss.item(), flush=True)
    net.eval()


def write(net, classes):
    weights = [numpy_helper.from_array(value.detach().numpy(), name) for name, value in net.state_dict().items()
               if "num_batches" not in name]

    def norm(name, x, y):
        return helper.make_node("BatchNormalization", [x] + [f"{name}.{part}" for part in (
            "weight", "bias", "running_mean", "running_var")], [y], name=name, epsilon=1e-5)

    def conv(name, x, y, **attributes):
        return helper.make_node("Conv", [x, f"{name}.weight"], [y], name=name, **attributes)

    nodes = [
        conv("stem", "images", "stem_out", strides=[2, 2], pads=[1, 1, 1, 1]), norm("stem_norm", "stem_out", "stem_normed"),
        helper.make_node("Relu", ["stem_normed"], ["a"], name="relu0"),
        conv("depth", "a", "depth_out", group=16, pads=[1, 1, 1, 1]), norm("depth_norm", "depth_out", "depth_normed"),
        helper.make_node("Relu", ["depth_normed"], ["b"], name="relu1"),
        conv("point", "b", "point_out"), norm("point_norm", "point_out", "point_normed"),
        helper.make_node("Add", ["point_normed", "a"], ["sum"], name="add"),
        helper.make_node("Relu", ["sum"], ["c"], name="relu2"),
        conv("wide", "c", "wide_out", strides=[2, 2], pads=[1, 1, 1, 1]), norm("wide_norm", "wide_out", "wide_normed"),
        helper.make_node("Relu", ["wide_normed"], ["d"], name="relu3"),
        helper.make_node("GlobalAveragePool", ["d"], ["pool"], name="pool"),
        helper.make_node("Flatten", ["pool"], ["features"], name="flat"),
        helper.make_node("Gemm", ["features", "head.weight", "head.bias"], ["logits"], name="head", transB=1),
    ]
    graph = helper.make_graph(
        nodes, "small", [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["batch", 3, 32, 32])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 10])], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, {
        "name": "small", "labels": json.dumps(classes),
        "preprocessing": json.dumps({
            "channelOrder": "rgb", "height": 32, "interpolation": "bilinear", "layout": "nchw", "mean": MEAN,
            "resizing": {"kind": "none"}, "standardDeviation": STD, "width": 32})})
    onnx.checker.check_model(model)
    onnx.save(model, os.path.join(HERE, "small.onnx"))


def main():
    torch.manual_seed(0)
    classes, pixels, labels = load(os.path.join(sys.argv[1], "train"), 1500)
    net = Net()
    train(net, pixels, labels)
    write(net, classes)
    _, pixels, labels = load(os.path.join(sys.argv[1], "test"), IMAGES // 10)
    with torch.no_grad():
        x = (torch.from_numpy(pixels).float() - torch.tensor(MEAN).view(1, 3, 1, 1)) / torch.tensor(STD).view(1, 3, 1, 1)
        print("right:", (net(x).argmax(1).numpy() == labels).mean())
    with open(os.path.join(HERE, "images.bin"), "wb") as file:
        # CIFAR-10's own format: a label, then red, green and blue planes.
        for image, label in zip(pixels, labels):
            file.write(bytes([label]) + image.tobytes())


main()
