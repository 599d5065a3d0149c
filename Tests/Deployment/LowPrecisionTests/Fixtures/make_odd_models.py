#!/usr/bin/env python3
"""Writes models that `consort compress` has to look at twice, of small.onnx where it is there.

old.onnx: small.onnx with operator set 11. infinite.onnx: an inner value is infinite, and what comes out is not.
shared.onnx: two convolutions and a matrix product with one constant, read along two axes.

Made with onnx 1.23.2, numpy 2.4.6.
"""
import json
import os

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = os.path.dirname(os.path.abspath(__file__))


def save(model, name):
    onnx.checker.check_model(model)
    onnx.save(model, os.path.join(HERE, name))


def tensor(values, name):
    return numpy_helper.from_array(numpy.asarray(values, numpy.float32), name)


def old():
    model = onnx.load(os.path.join(HERE, "small.onnx"))
    model.opset_import[0].version = 11
    save(model, "old.onnx")


def infinite():
    model = onnx.load(os.path.join(HERE, "small.onnx"))
    graph = model.graph
    head = graph.node.pop()
    graph.initializer.extend([
        tensor([1], "one"), tensor([1e30], "large"), tensor(numpy.full((32, 32), 0.1), "positive"), tensor([-1], "minus")])
    graph.node.extend([
        helper.make_node("Add", ["features", "one"], ["above"], name="above"),
        helper.make_node("Mul", ["above", "large"], ["greater"], name="greater"),
        helper.make_node("Exp", ["greater"], ["endless"], name="explosion"),
        helper.make_node("MatMul", ["endless", "positive"], ["products"], name="products"),
        helper.make_node("Sigmoid", ["products"], ["ones"], name="sigmoid"),
        helper.make_node("Add", ["ones", "minus"], ["zeros"], name="zeros"),
        helper.make_node("Add", ["features", "zeros"], ["same"], name="same")])
    head.input[0] = "same"
    graph.node.append(head)
    save(model, "infinite.onnx")


def shared():
    random = numpy.random.default_rng(0)
    nodes = [
        helper.make_node("Conv", ["images", "stem"], ["x"], name="first_map", auto_pad="VALID"),
        helper.make_node("GlobalAveragePool", ["x"], ["pool"]),
        helper.make_node("Flatten", ["pool"], ["v"]),
        helper.make_node("Gemm", ["v", "weight", "bias"], ["a"], name="first", transB=1),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Gemm", ["b", "weight"], ["c"], name="second", transB=1),
        helper.make_node("Relu", ["c"], ["d"]),
        helper.make_node("MatMul", ["d", "weight"], ["logits"], name="third")]
    weights = [tensor(random.standard_normal((5, 3, 3, 3)), "stem"), tensor(random.standard_normal((5, 5)), "weight"),
               tensor(random.standard_normal(5), "bias")]
    graph = helper.make_graph(
        nodes, "shared", [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["batch", 3, 8, 8])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 5])], weights)
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), "shared.onnx")


shared()
old()
infinite()
