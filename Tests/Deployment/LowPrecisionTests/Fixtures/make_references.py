#!/usr/bin/env python3
"""Writes what onnxruntime.quantization makes of weights and histograms, and what ONNX Runtime computes with small-int8.onnx.

small-int8.onnx and small-int8-wide.onnx are Consort's own, with weights of 7 and of 8 bits:
`consort compress small.onnx --data FOLDER --precisions int8 --images 64 --tolerance 100 --weight-bits 7 --out OUT`,
where FOLDER holds the first 60 test images of each class of CIFAR-10.

Made with onnxruntime 1.32.0, onnx 1.23.2, numpy 2.4.6.
"""
import json
import os

import ml_dtypes
import numpy
import onnx
import onnxruntime
from onnxruntime.quantization.calibrate import HistogramCollector
from onnxruntime.quantization.quant_utils import compute_scale_zp, quantize_data

HERE = os.path.dirname(os.path.abspath(__file__))
random = numpy.random.default_rng(0)


def weights(shape, axis, reduce_range):
    """Each channel by the quantiser's own function, symmetric int8."""
    values = (random.standard_normal(shape) * random.uniform(0.01, 2, [size if i == axis else 1 for i, size in enumerate(shape)])
              ).astype(numpy.float32)
    values[(slice(None),) * axis + (1,)] = 0
    scales, quantized = [], numpy.zeros(shape, numpy.int8)
    for channel in range(shape[axis]):
        place = (slice(None),) * axis + (channel,)
        result = quantize_data(values[place].flatten(), onnx.TensorProto.INT8, symmetric=True, reduce_range=reduce_range)
        scales.append(float(result[1]))
        quantized[place] = result[2].reshape(values[place].shape)
        assert int(result[0]) == 0
    return {"shape": list(shape), "axis": axis, "bits": 7 if reduce_range else 8, "weights": values.flatten().tolist(),
            "scales": scales, "values": quantized.flatten().tolist()}


def histogram(name, values):
    values = values.astype(numpy.float32)
    result = {"name": name, "least": float(values.min()), "greatest": float(values.max()), "ranges": {}}
    for method, percentile in (("percentile", 99.999), ("percentile", 99.9), ("percentile", 98), ("entropy", None)):
        collector = HistogramCollector(method, False, 2048, 128, percentile, "same")
        collector.collect({"x": values})
        result["counts"] = [int(count) for count in collector.histogram_dict["x"][0]]
        lower, upper = collector.compute_collection_result()["x"][:2]
        result["ranges"][f"{method}{percentile or ''}"] = [float(lower), float(upper)]
    return result


def scale(lower, upper):
    zero, step = compute_scale_zp(numpy.float32(lower), numpy.float32(upper), numpy.uint8(0), numpy.uint8(255))
    return {"range": [lower, upper], "scale": float(step), "zeroPoint": int(zero)}


def halves():
    """IEEE 754's binary16 and bfloat16 of some numbers, as 16 bits; none where they would be infinite."""
    values = numpy.concatenate([
        random.standard_normal(60) * 10.0 ** random.integers(-9, 5, 60),
        [0, 1, -1, 65504, 65519, 65520, 1e30, 3.39e38, 2 ** -14, 2 ** -24, 2 ** -25, 1.5 * 2 ** -24, 6.0e-5, 1 + 2 ** -11,
         1 + 3 * 2 ** -11, 1 + 2 ** -8, 1 + 3 * 2 ** -8]]).astype(numpy.float32)

    def bits(kind):
        with numpy.errstate(over="ignore"):
            found = values.astype(kind)
        return [int(number) if numpy.isfinite(float(value)) else None
                for number, value in zip(found.view(numpy.uint16), found)]

    return {"values": values.tolist(), "float16": bits(numpy.float16), "bfloat16": bits(ml_dtypes.bfloat16)}


def images(count):
    records = numpy.fromfile(os.path.join(HERE, "images.bin"), numpy.uint8).reshape(-1, 3073)[:count]
    mean = numpy.array([125.3, 123.0, 113.9], numpy.float32).reshape(3, 1, 1)
    deviation = numpy.array([63.0, 62.1, 66.7], numpy.float32).reshape(3, 1, 1)
    return (records[:, 1:].reshape(-1, 3, 32, 32).astype(numpy.float32) - mean) / deviation


def ranges():
    """Percentiles of inner values of small.onnx on the first 100 images, as ONNX Runtime's calibrator has them."""
    model, pixels = onnx.load(os.path.join(HERE, "small.onnx")), images(100)
    names = ["a", "b", "point_normed", "c", "features"]
    model.graph.output.extend([onnx.helper.make_tensor_value_info(name, 1, None) for name in names])
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    values = dict(zip(names, session.run(names, {"images": pixels})), images=pixels)
    collector = HistogramCollector("percentile", False, 2048, 128, 99.999, "same")
    collector.collect(values)
    return {name: [float(end) for end in found[:2]] for name, found in collector.compute_collection_result().items()}


def probabilities(path):
    options = onnxruntime.SessionOptions()
    # Products of signed and unsigned bytes are added in 16 bits on processors without VNNI, unless this is set.
    options.add_session_config_entry("session.x64quantprecision", "1")
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    logits = session.run(None, {"images": images(None)})[0].astype(numpy.float64)
    powers = numpy.exp(logits - logits.max(1, keepdims=True))
    return (powers / powers.sum(1, keepdims=True)).flatten().round(7).tolist()


def main():
    numbers = random.standard_normal(40_000)
    half = random.standard_normal(3000)
    references = {
        "weights": [weights((4, 3, 3, 3), 0, False), weights((5, 7), 1, False), weights((6, 5), 0, True)],
        "histograms": [
            histogram("normal", numbers), histogram("relu", numpy.maximum(numbers, 0)),
            histogram("long", half ** 5), histogram("silu", numbers / (1 + numpy.exp(-2 * numbers)))],
        "scales": [scale(0.0, 6.5), scale(-1.25, 3.5), scale(0.5, 2.0), scale(-4.0, -1.0), scale(-0.001, 17.3)],
    }
    references["halves"] = halves()
    with open(os.path.join(HERE, "references.json"), "w") as file:
        json.dump(references, file)
    with open(os.path.join(HERE, "ranges.json"), "w") as file:
        json.dump(ranges(), file)
    if os.path.exists(os.path.join(HERE, "small-int8-wide.onnx")):
        answers = {name: probabilities(os.path.join(HERE, name)) for name in (
            "small.onnx", "small-int8.onnx", "small-int8-wide.onnx")}
        with open(os.path.join(HERE, "probabilities.json"), "w") as file:
            json.dump(answers, file)


main()
