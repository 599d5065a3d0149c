#!/usr/bin/env python3
"""Makes small ONNX files of well-known networks, and what PyTorch counts for them.

    make_costs.py                 writes cost/*.onnx without weights, and cost/expected.json
    make_costs.py CONSORT         exports the networks whole, and compares what the program CONSORT counts

Made with torch 2.11.0, timm 1.0.31, onnx 1.23.2 and onnxscript 0.7.2. Weights become constants of their shape, so that a
file is small; every operation and shape stays. Exported without optimisation, which would fold normalisations into
convolutions and so leave fewer parameters than PyTorch's model has.
"""
import json
import os
import subprocess
import sys
import tempfile
import warnings

import onnx
import timm
import timm.layers
import torch
from onnx import helper, numpy_helper
from torch.utils.flop_counter import FlopCounterMode

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cost")
NETWORKS = ["resnet18", "mobilenetv3_large_100", "efficientnet_b0", "vit_tiny_patch16_224", "convnext_atto"]
SMALL = 64


class Products(torch.nn.Module):
    """What the networks lack: a grouped, a strided and a transposed convolution, a linear layer over tokens, a vector's."""

    def __init__(self):
        super().__init__()
        self.grouped = torch.nn.Conv2d(3, 12, (3, 5), stride=(2, 1), padding=(1, 0), dilation=(1, 2), groups=3)
        self.up = torch.nn.ConvTranspose2d(12, 8, 4, stride=2, padding=1, groups=2)
        self.once = torch.nn.ConvTranspose2d(8, 6, 3)
        self.tokens = torch.nn.Linear(6, 10, bias=False)
        self.head = torch.nn.Linear(10, 7)

    def forward(self, images):
        maps = self.once(self.up(self.grouped(images)))
        tokens = self.tokens(maps.flatten(2).transpose(1, 2))
        attended = torch.softmax(tokens @ tokens.transpose(1, 2), 2) @ tokens
        return self.head(attended.mean(1))


def network(name):
    torch.manual_seed(0)
    model = (Products() if name == "products" else timm.create_model(name)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, 0.1)
    return model


def side(name):
    return 16 if name == "products" else 224


def export(name, model, path):
    size = side(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model, (torch.randn(2, 3, size, size),), path, input_names=["images"], output_names=["logits"],
            dynamic_shapes=({0: torch.export.Dim("batch")},), opset_version=18, external_data=False, optimize=False,
            verbose=False)
    model = onnx.load(path)
    zeros = {node.output[0] for node in model.graph.node if node.op_type == "Expand"}
    for node in model.graph.node:
        # Where a convolution has no bias, the exporter computes one of zeros.
        if node.op_type == "Conv" and len(node.input) == 3 and node.input[2] in zeros:
            del node.input[2]
    onnx.save(model, path)


def count(name, model):
    """FLOPs of one image as PyTorch counts them, and the parameters.

    The counter does not know the CPU's fused attention (main turns it off), whose two products it counts otherwise.
    """
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        model(torch.randn(1, 3, side(name), side(name)))
    flops = counter.get_total_flops()
    return {"parameters": sum(value.numel() for value in model.parameters()), "macs": flops // 2, "flops": flops}


def strip(path, target):
    """The model with constants of a shape for its weights, and without what no engine reads."""
    model = onnx.load(path)
    graph, kept, nodes = model.graph, [], []
    for number, tensor in enumerate(graph.initializer):
        elements = 1
        for length in tensor.dims:
            elements *= length
        if tensor.data_type != onnx.TensorProto.FLOAT or elements <= SMALL:
            kept.append(tensor)
            continue
        shape = f"shape{number}"
        kept.append(helper.make_tensor(shape, onnx.TensorProto.INT64, [len(tensor.dims)], list(tensor.dims)))
        nodes.append(helper.make_node("ConstantOfShape", [shape], [tensor.name], value=helper.make_tensor(
            "", onnx.TensorProto.FLOAT, [1], [0.5])))
    for node in graph.node:
        node.ClearField("metadata_props")
        node.ClearField("doc_string")
    nodes += graph.node
    for field, values in (("initializer", kept), ("node", nodes)):
        graph.ClearField(field)
        getattr(graph, field).extend(values)
    for field in ("value_info", "metadata_props", "doc_string"):
        graph.ClearField(field)
    for value in list(graph.input) + list(graph.output):
        value.ClearField("metadata_props")
    model.ClearField("metadata_props")
    onnx.checker.check_model(model)
    onnx.save(model, target)


def main(program=None):
    timm.layers.set_fused_attn(False)
    expected, faults = {}, 0
    with tempfile.TemporaryDirectory() as directory:
        for name in NETWORKS + ["products"]:
            model = network(name)
            path = os.path.join(directory, name + ".onnx")
            export(name, model, path)
            expected[name] = count(name, model)
            if program is None:
                strip(path, os.path.join(HERE, name + ".onnx"))
                continue
            answer = json.loads(subprocess.run([program, "cost", path, "--json"], check=True, stdout=subprocess.PIPE).stdout)
            found = {"parameters": answer["parameters"], "macs": answer["multiplyAccumulates"],
                     "flops": answer["floatingPointOperations"]}
            faults += found != expected[name]
            print(f"{name}: {found} {'is what PyTorch counts' if found == expected[name] else f'is not {expected[name]}'}")
    if program is None:
        with open(os.path.join(HERE, "expected.json"), "w") as file:
            json.dump(expected, file, indent=1)
            file.write("\n")
    return faults


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
