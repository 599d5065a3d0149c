#!/usr/bin/env python3
"""Writes what the benchmark of serving measures: networks with random weights, and requests.

    make_models.py models DIR                           DIR/NAME.onnx
    make_models.py thresholds DIR CIFAR10 FRACTION ...  prints a decision for `consort build-ensemble` as JSON
    make_models.py bodies DIR CIFAR10                   DIR/KIND.bodies
    make_models.py photographs DIR KIND FOLDER          DIR/KIND.bodies: the files of FOLDER/CLASS as they are, which ask for labels
    make_models.py answers DIR CIFAR10 OUT NAME ...     OUT: what the members' mean says of the requests' images

Needs NumPy, Pillow, onnx and onnxruntime. CIFAR10 is a folder of test/CLASS/*.jpg.
"""
import glob
import json
import os
import struct
import sys

import numpy as np

MEAN = np.array([0.4914, 0.4822, 0.4465], np.float32)[:, None, None]
DEVIATION = np.array([0.247, 0.243, 0.261], np.float32)[:, None, None]
CASCADE = ["wide-resnet-16-1-0", "wide-resnet-16-2-0", "wide-resnet-16-4-0"]
IMAGES = 200


class Builder:
    """An ONNX graph of a Wide ResNet, arXiv:1605.07146: normalisation and ReLU come before each convolution."""

    def __init__(self, seed):
        from onnx import helper, numpy_helper
        self.helper, self.numpy_helper = helper, numpy_helper
        self.random = np.random.default_rng(seed)
        self.nodes, self.weights = [], []

    def add(self, operation, inputs, **attributes):
        name = f"{operation.lower()}-{len(self.nodes)}"
        self.nodes.append(self.helper.make_node(operation, inputs, [name], name, **attributes))
        return name

    def weight(self, values):
        name = f"weight-{len(self.weights)}"
        self.weights.append(self.numpy_helper.from_array(values.astype(np.float32), name))
        return name

    def convolution(self, image, inputs, outputs, size, stride):
        values = self.random.normal(0, np.sqrt(2 / (inputs * size * size)), (outputs, inputs, size, size))
        return self.add("Conv", [image, self.weight(values)], kernel_shape=[size, size], strides=[stride, stride],
                        pads=[size // 2] * 4)

    def active(self, image, channels):
        """Statistics as after a training, so that no normalisation is the identity."""
        parts = [self.random.uniform(0.5, 1.5, channels), self.random.normal(0, 0.1, channels),
                 self.random.normal(0, 0.1, channels), self.random.uniform(0.5, 2, channels)]
        return self.add("Relu", [self.add("BatchNormalization", [image] + [self.weight(part) for part in parts])])


def write_network(path, depth, width, side, seed, classes=10, stem=(3, 1)):
    import onnx
    graph = Builder(seed)
    image, channels = graph.convolution("images", 3, 16, *stem), 16
    for group in range(3):
        for index in range((depth - 4) // 6):
            outputs, stride = 16 * width << group, 2 if group > 0 and index == 0 else 1
            active = graph.active(image, channels)
            around = image if channels == outputs and stride == 1 else graph.convolution(active, channels, outputs, 1, stride)
            inner = graph.active(graph.convolution(active, channels, outputs, 3, stride), outputs)
            image = graph.add("Add", [around, graph.convolution(inner, outputs, outputs, 3, 1)])
            channels = outputs
    features = graph.add("Flatten", [graph.add("GlobalAveragePool", [graph.active(image, channels)])])
    logits = graph.add("Gemm", [features, graph.weight(graph.random.normal(0, 0.1, (channels, classes))),
                                graph.weight(graph.random.normal(0, 0.1, classes))])
    graph.nodes[-1].output[0] = "logits"
    describe = graph.helper.make_tensor_value_info
    name = os.path.basename(path).rsplit("-", 1)[0]
    model = graph.helper.make_model(graph.helper.make_graph(
        graph.nodes, name, [describe("images", 1, ["batch", 3, side, side])], [describe("logits", 1, ["batch", classes])],
        graph.weights), opset_imports=[graph.helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def models(directory):
    os.makedirs(directory, exist_ok=True)
    for seed in range(8):
        write_network(os.path.join(directory, f"wide-resnet-16-1-{seed}.onnx"), 16, 1, 32, seed)
    for width in (2, 4):
        write_network(os.path.join(directory, f"wide-resnet-16-{width}-0.onnx"), 16, width, 32, 100 + width)
    for seed in range(2):
        write_network(os.path.join(directory, f"tiny-{seed}.onnx"), 10, 1, 8, 200 + seed)
    # 224 pixels, cut to 56 by the first convolution: about the cost of a small network for photographs.
    write_network(os.path.join(directory, "photographs-0.onnx"), 16, 2, 224, 300, stem=(7, 4))


def images(cifar10):
    from PIL import Image
    paths = sorted(glob.glob(os.path.join(cifar10, "test", "*", "*.jpg")))
    step = len(paths) // IMAGES
    pixels = [np.asarray(Image.open(path).convert("RGB"), np.float32).transpose(2, 0, 1) / 255
              for path in paths[:step * IMAGES:step]]
    # Neighbours are of one class: mixed, so that exits mix.
    order = np.random.default_rng(0).permutation(IMAGES)
    return ((np.stack(pixels) - MEAN) / DEVIATION).astype(np.float32)[order]


def log_probabilities(path, pixels):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    logits = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"]).run(None, {"images": pixels})[0]
    return normalised(logits.astype(np.float64))


def normalised(values):
    values = values - values.max(axis=1, keepdims=True)
    return values - np.log(np.exp(values).sum(axis=1, keepdims=True))


def thresholds(directory, cifar10, *fractions):
    """A cascade of which so many of the requests' images stop after each member, by the highest probability."""
    fractions = [float(fraction) for fraction in fractions]
    import onnx
    pixels = images(cifar10)
    said = [log_probabilities(os.path.join(directory, name + ".onnx"), pixels) for name in CASCADE]
    alive, limits = np.ones(IMAGES, bool), []
    for stage, fraction in enumerate(fractions[:-1]):
        sure = np.exp(normalised(np.mean(said[:stage + 1], axis=0)).max(axis=1))
        ranked = np.sort(sure[alive])[::-1]
        count = round(fraction * IMAGES)
        limits.append(float((ranked[count - 1] + ranked[count]) / 2))
        alive &= sure < limits[-1]
    json.dump({"version": 1, "candidates": [], "deployed": {
        "id": "cascade", "members": CASCADE, "exitFractions": fractions,
        "combination": {"rule": "geometricMean", "cascade": {"confidence": "maximumProbability",
                                                             "confidenceThresholds": limits}}}}, sys.stdout)


def record(head, data):
    text = json.dumps(head, separators=(",", ":")).encode()
    return struct.pack("<II", len(text), len(text) + len(data)) + text + data


def bodies(directory, cifar10):
    """Requests for one image each, which ask for the probabilities in binary."""
    def request(shape, **parameters):
        head = {"id": "1", "inputs": [{"name": "images", "shape": shape, "datatype": "FP32",
                                       "parameters": {"binary_data_size": 4 * int(np.prod(shape))}}],
                "outputs": [{"name": "probabilities", "parameters": {"binary_data": True}}]}
        return {**head, "parameters": parameters} if parameters else head

    import base64
    pixels = images(cifar10)
    tiny = np.random.default_rng(1).normal(0, 1, (IMAGES, 3, 8, 8)).astype(np.float32)
    kinds = {"images": [record(request([1, 3, 32, 32]), image.tobytes()) for image in pixels],
             "all-members": [record(request([1, 3, 32, 32], all_members=True), image.tobytes()) for image in pixels],
             "tiny": [record(request([1, 3, 8, 8]), image.tobytes()) for image in tiny], "base64": []}
    # MLServer takes no binary data over HTTP; float32 as base64 is the fastest that it takes.
    for image in pixels:
        text = json.dumps({"id": "1", "inputs": [
            {"name": "images", "shape": [1, 1], "datatype": "BYTES", "data": [base64.b64encode(image.tobytes()).decode()]}]},
            separators=(",", ":")).encode()
        kinds["base64"].append(struct.pack("<II", 2 ** 32 - 1, len(text)) + text)
    for kind, records in kinds.items():
        with open(os.path.join(directory, kind + ".bodies"), "wb") as file:
            file.write(b"".join(records))


def photographs(directory, kind, folder):
    paths = sorted(path for end in ("jpg", "JPEG") for path in glob.glob(os.path.join(folder, "*", "*." + end)))
    step = max(1, len(paths) // IMAGES)
    with open(os.path.join(directory, kind + ".files"), "w") as listing, \
            open(os.path.join(directory, kind + ".bodies"), "wb") as bodies:
        for path in paths[::step][:IMAGES]:
            listing.write(path + "\n")
            with open(path, "rb") as file:
                data = file.read()
            bodies.write(record({"id": "1", "inputs": [
                {"name": "images", "shape": [1], "datatype": "BYTES", "parameters": {"binary_data_size": len(data) + 4}}],
                "outputs": [{"name": "label"}]}, struct.pack("<I", len(data)) + data))


def answers(directory, cifar10, out, *names):
    """Of each image a row for all members, and one for all but each."""
    said = np.stack([log_probabilities(os.path.join(directory, name + ".onnx"), images(cifar10)) for name in names])
    rows = [np.arange(len(names))] + [np.delete(np.arange(len(names)), lost) for lost in range(len(names))]
    values = np.stack([np.exp(normalised(said[row].mean(axis=0))) for row in rows], axis=1).astype(np.float32)
    with open(out, "wb") as file:
        file.write(struct.pack("<II", len(rows), values.shape[-1]) + values.tobytes())


if __name__ == "__main__":
    {"models": models, "thresholds": thresholds, "bodies": bodies, "photographs": photographs,
     "answers": answers}[sys.argv[1]](*sys.argv[2:])
