#!/usr/bin/env python3
"""ONNX Runtime's own INT8 of a model, for times: QDQ, weights per channel, calibrated on random numbers, which times do not
depend on.

    quantize_peer.py MODEL.onnx OUT.onnx WEIGHT_BITS
"""
import os
import sys
import tempfile

import numpy
import onnxruntime
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process


class RandomImages(CalibrationDataReader):
    def __init__(self, path):
        port = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).get_inputs()[0]
        shape = [size if isinstance(size, int) else 1 for size in port.shape]
        random = numpy.random.default_rng(0)
        self.batches = iter([{port.name: random.standard_normal(shape).astype(numpy.float32)} for _ in range(8)])

    def get_next(self):
        return next(self.batches, None)


def main(model, out, bits):
    with tempfile.TemporaryDirectory() as place:
        folded = os.path.join(place, "folded.onnx")
        quant_pre_process(model, folded, skip_symbolic_shape=True)
        quantize_static(folded, out, RandomImages(folded), quant_format=QuantFormat.QDQ, per_channel=True,
                        reduce_range=bits == "7", activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)


main(*sys.argv[1:])
