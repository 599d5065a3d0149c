#!/usr/bin/env python3
"""Makes the models of InferenceTests and what ONNX Runtime computes with them.

Made with onnx 1.23.2, onnxruntime 1.32.0, torch 2.11.0, timm 1.0.31 and onnxscript 0.7.2.
"""
import json
import os

import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

HERE = os.path.dirname(os.path.abspath(__file__))
CLASSES, SIDE = 5, 8
random = numpy.random.default_rng(0)


def weights(name, *shape, scale=0.5):
    return numpy_helper.from_array((random.standard_normal(shape) * scale).astype(numpy.float32), name)


def floats(name, shape, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def save(name, nodes, inputs, outputs, initializers, metadata={}):
    graph = helper.make_graph(nodes, "test", inputs, outputs, initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    helper.set_model_props(model, metadata)
    onnx.checker.check_model(model)
    path = os.path.join(HERE, name + ".onnx")
    onnx.save(model, path)
    return path


def trunk(image="images"):
    """A convolution, ReLU, pooling and a linear layer, up to `features` and `scores`."""
    return [
        helper.make_node("Conv", [image, "stem.weight", "stem.bias"], ["stem"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["stem"], ["active"]),
        helper.make_node("GlobalAveragePool", ["active"], ["pool"]),
        helper.make_node("Flatten", ["pool"], ["features"]),
        helper.make_node("Gemm", ["features", "head.weight", "head.bias"], ["scores"], transB=1),
    ]


def parameters(classes=CLASSES):
    return [weights("stem.weight", 4, 3, 3, 3, scale=0.01), weights("stem.bias", 4), weights("head.weight", classes, 4),
            weights("head.bias", classes)]


def classifier(name, end=(), output="scores", shape=("batch", CLASSES), classes=CLASSES, batch="batch", image=(),
               kind=TensorProto.FLOAT, extra=(), metadata={}):
    rank = list(image) or [batch, 3, SIDE, SIDE]
    return save(name, list(extra) + trunk("converted" if extra else "images") + list(end), [floats("images", rank, kind)],
                [floats(output, list(shape))], parameters(classes), metadata)


def good():
    """Models that must run, by name, with the kind of their output."""
    node = helper.make_node
    labels = json.dumps([f"class {index}" for index in range(CLASSES)])
    classifier("logits", metadata={"labels": labels, "note": "héllo"})
    classifier("logits-2")
    classifier("softmax", [node("Softmax", ["scores"], ["out"], axis=1)], "out")
    classifier("log-softmax", [node("LogSoftmax", ["scores"], ["out"], axis=-1)], "out")
    classifier("fixed-batch", batch=3, shape=(3, CLASSES))
    classifier("any-size", image=("batch", 3, "height", "width"))
    classifier("channels-last", image=("batch", SIDE, SIDE, 3),
               extra=[node("Transpose", ["images"], ["converted"], perm=[0, 3, 1, 2])])
    classifier("bytes", kind=TensorProto.UINT8, extra=[node("Cast", ["images"], ["converted"], to=TensorProto.FLOAT)])
    classifier("half", kind=TensorProto.FLOAT16, extra=[node("Cast", ["images"], ["converted"], to=TensorProto.FLOAT)])
    map_shape = numpy_helper.from_array(numpy.array([-1, CLASSES, 1, 1]), "shape")
    save("map", trunk() + [node("Reshape", ["scores", "shape"], ["out"])], [floats("images", ["batch", 3, SIDE, SIDE])],
         [floats("out", ["batch", CLASSES, 1, 1])], parameters() + [map_shape])
    save("two-outputs", trunk() + [node("Identity", ["scores"], ["logits"])], [floats("images", ["batch", 3, SIDE, SIDE])],
         [floats("features", ["batch", 4]), floats("logits", ["batch", CLASSES])], parameters())


def bad():
    """Models that must be refused."""
    node = helper.make_node
    image = floats("images", ["batch", 3, SIDE, SIDE])
    classifier("six-classes", classes=6, shape=("batch", 6))
    save("two-inputs", [node("Add", ["images", "others"], ["sum"])] + trunk("sum"),
         [image, floats("others", ["batch", 3, SIDE, SIDE])], [floats("scores", ["batch", CLASSES])], parameters())
    save("unnamed-outputs", trunk(), [image], [floats("scores", ["batch", CLASSES]), floats("features", ["batch", 4])],
         parameters())
    save("no-classes", [node("Relu", ["images"], ["out"])], [image], [floats("out", ["batch", 3, SIDE, SIDE])], [])
    save("index", trunk() + [node("ArgMax", ["scores"], ["out"], axis=1, keepdims=1)], [image],
         [floats("out", ["batch", 1], TensorProto.INT64)], parameters())
    save("no-image", [node("Gemm", ["rows", "head.weight", "head.bias"], ["out"], transB=1)], [floats("rows", ["batch", 4])],
         [floats("out", ["batch", CLASSES])], parameters()[2:])
    save("five-channels", [node("GlobalAveragePool", ["images"], ["pool"]), node("Flatten", ["pool"], ["out"])],
         [floats("images", ["batch", 5, SIDE, SIDE])], [floats("out", ["batch", 5])], [])
    save("infinite", trunk() + [node("Div", ["scores", "zero"], ["out"])], [image], [floats("out", ["batch", CLASSES])],
         parameters() + [numpy_helper.from_array(numpy.zeros(1, numpy.float32), "zero")])
    same = numpy.eye(3, dtype=numpy.float32).reshape(3, 3, 1, 1)
    save("by-batch", [node("Conv", ["images", "same"], ["map"], kernel_shape=[1, 1]),
                      node("GlobalAveragePool", ["map"], ["pool"]), node("Flatten", ["pool"], ["flat"]),
                      node("ReduceMean", ["flat", "first"], ["mean"]), node("Sub", ["flat", "mean"], ["out"])],
         [image], [floats("out", ["batch", 3])],
         [numpy_helper.from_array(same, "same"), numpy_helper.from_array(numpy.array([0]), "first")])
    save("wrong-probabilities", trunk() + [node("Identity", ["scores"], ["probabilities"])], [image],
         [floats("probabilities", ["batch", CLASSES])], parameters())
    length, axes = (numpy_helper.from_array(numpy.array(value), name) for name, value in (
        ("length", [1, 1, 1, 1, 1 << 40]), ("axes", [2, 3, 4])))
    end = numpy_helper.from_array(numpy.array([4]), "end")
    save("too-long", [node("Unsqueeze", ["images", "end"], ["row"]), node("Expand", ["row", "length"], ["rows"]),
                      node("ReduceMean", ["rows", "axes"], ["out"], keepdims=0)],
         [image], [floats("out", ["batch", 3])], [length, axes, end])


def beside():
    """The model "logits" with its numbers in a file beside it."""
    model = onnx.load(os.path.join(HERE, "logits.onnx"))
    onnx.save(model, os.path.join(HERE, "beside.onnx"), save_as_external_data=True, location="beside.data",
              size_threshold=0)


def expected():
    """What ONNX Runtime gives for three images, as log-probabilities in float64."""
    images = random.integers(0, 256, [3, 3, SIDE, SIDE]).astype(numpy.float32)
    answer = {"images": images.ravel().tolist(), "logProbabilities": {}}
    kinds = {"softmax": "probabilities", "log-softmax": "logProbabilities"}
    for name in ("logits", "logits-2", "softmax", "log-softmax", "fixed-batch", "any-size", "channels-last", "bytes",
                 "half", "map", "two-outputs"):
        session = onnxruntime.InferenceSession(os.path.join(HERE, name + ".onnx"), providers=["CPUExecutionProvider"])
        types = {"bytes": numpy.uint8, "half": numpy.float16}
        given = images.transpose(0, 2, 3, 1) if name == "channels-last" else images
        output = "logits" if name == "two-outputs" else None
        raw = session.run([output] if output else None, {"images": given.astype(types.get(name, numpy.float32))})[0]
        raw = raw.reshape(3, CLASSES).astype(numpy.float64)
        kind = kinds.get(name, "logits")
        with numpy.errstate(divide="ignore"):
            raw = numpy.log(raw) if kind == "probabilities" else raw
        raw -= raw.max(1, keepdims=True)
        answer["logProbabilities"][name] = (raw - numpy.log(numpy.exp(raw).sum(1, keepdims=True))).ravel().tolist()
    answer["logProbabilities"] = {
        name: [max(value, -1e30) for value in values] for name, values in answer["logProbabilities"].items()}
    with open(os.path.join(HERE, "expected.json"), "w") as file:
        json.dump(answer, file)
        file.write("\n")


if __name__ == "__main__":
    good()
    bad()
    beside()
    expected()
