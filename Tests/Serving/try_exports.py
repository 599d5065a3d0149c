#!/usr/bin/env python3
"""try_exports.py CONSORT: what `consort export` writes of an ensemble gives `consort predict`'s probabilities in ONNX Runtime.

Every rule, weights and temperatures; members that give logits, probabilities or their logarithms, in other layouts, channel
orders, types, operator sets and fixed batches, fed alike or not; classes that members rule out. Of a cascade the model.py for
Triton runs here without Triton: Tests/Serving/try_triton_repository.py starts a real one. Needs numpy, onnx, onnxruntime
and Pillow.
"""
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import types

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FIXTURES = f"{ROOT}/Tests/Engines/InferenceTests/Fixtures"
PHOTOS = [f"{ROOT}/Tests/Data/DatasetsTests/Fixtures/{name}" for name in (
    "photo-small.jpg", "photo-tall.jpg", "photo-wide.jpg", "rgb.png", "grey.jpg", "subsampled.jpg")]
CLASSES, SIDE, TOLERANCE = 5, 8, 1e-5
IMAGENET = ["--mean", "imagenet", "--std", "imagenet"]
OTHERS = ["--mean", "0.4,0.5,0.6", "--std", "0.3,0.2,0.1"]
PLAIN = ["--scale", "255"]


def run(*command, status=0):
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != status:
        sys.exit(f"try_exports: {' '.join(command)} ended with {result.returncode}: {result.stderr}")
    return result.stdout if status == 0 else result.stderr


class Workplace:
    """Builds ensembles in a directory and compares what is exported of them."""

    def __init__(self, consort, directory, reader):
        self.consort, self.directory, self.reader, self.number, self.worst = consort, directory, reader, 0, 0.0

    def place(self, suffix=""):
        self.number += 1
        return f"{self.directory}/{self.number}{suffix}"

    def member(self, path, *feeding):
        """One model as an ensemble, which says how it is fed, so that others can be fed otherwise."""
        place = f"{self.place()}/{os.path.basename(path).removesuffix('.onnx')}"
        os.makedirs(os.path.dirname(place))
        run(self.consort, "build-ensemble", path, "--resize", "9", *feeding, "--out", place)
        return place

    def build(self, models, combination):
        names = [next(iter(json.load(open(f"{model}/ensemble.json"))["members"]))["name"] for model in models]
        if len(set(names)) < len(names):
            names = [f"{os.path.basename(os.path.dirname(model))}/{os.path.basename(model)}" for model in models]
        decision, built = self.place(".json"), self.place()
        with open(decision, "w") as file:
            json.dump({"version": 1, "candidates": [],
                       "deployed": {"id": "it", "members": names, "combination": combination}}, file)
        run(self.consort, "build-ensemble", *models, "--decision", decision, "--out", built)
        return built

    def predictions(self, built, images=PHOTOS):
        said = json.loads(run(self.consort, "predict", built, *images, "--json"))["predictions"]
        table = np.zeros((len(images), CLASSES))
        for row, answer in enumerate(said):
            for item in answer["classes"]:
                table[row, int(item["name"].split()[-1])] = item["probability"]
        return table

    def compare(self, what, found, expected):
        difference = np.abs(found - expected).max()
        self.worst = max(self.worst, difference)
        if not difference <= TOLERANCE:
            sys.exit(f"try_exports: {what}: {found} in place of {expected}")

    def check(self, models, combination):
        built, file = self.build(models, combination), self.place(".onnx")
        run(self.consort, "export", built, "--out", file, "--name", "joined")
        onnx.checker.check_model(file, full_check=True)
        session = onnxruntime.InferenceSession(file)
        preprocessing = json.loads(session.get_modelmeta().custom_metadata_map["preprocessing"])
        images = np.concatenate([self.reader.pixels(photo, preprocessing) for photo in PHOTOS])
        shape = session.get_inputs()[0].shape
        size = shape[0] if isinstance(shape[0], int) else len(images)
        answers = [session.run(["probabilities", "log_probabilities"], {"images": images[start:start + size]})
                   for start in range(0, len(images), size)]
        found, logarithms = (np.concatenate(part) for part in zip(*answers))
        expected = self.predictions(built)
        self.compare(f"{combination} of {models}", found, expected)
        self.compare(f"{combination} of {models}, as logarithms", np.exp(logarithms), expected)
        if not (found.argmax(1) == logarithms.argmax(1)).all():
            sys.exit(f"try_exports: {combination} of {models}: the logarithms rank the classes otherwise")
        # The model is one that Consort itself runs.
        self.compare(f"{combination} of {models}, by consort", self.predictions(file), expected)
        return built


def model_py(repository, name):
    """The ensemble of a Triton model, by its own model.py with nothing of Triton."""
    sys.modules.setdefault("triton_python_backend_utils", types.ModuleType("triton_python_backend_utils"))
    spec = importlib.util.spec_from_file_location("model", f"{repository}/{name}/1/model.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with open(f"{repository}/{name}/config.pbtxt") as file:
        text = file.read()
    outputs = text[text.index("string_value: ") + len("string_value: "):].splitlines()[0].removesuffix(" }")
    return module.Ensemble(f"{repository}/{name}/1", json.loads(json.loads(outputs)))


def check_triton(workplace, models, combination):
    built, repository = workplace.build(models, combination), workplace.place()
    run(workplace.consort, "export", built, "--format", "triton", "--backend", "python", "--out", repository, "--name", "it")
    ensemble = model_py(repository, "it")
    preprocessing = ensemble.manifest["members"][0]["preprocessing"]
    if ensemble.takes_pixels:
        preprocessing = dict(preprocessing, mean=[0, 0, 0], standardDeviation=[255] * 3, layout="nchw", channelOrder="rgb")
    images = np.concatenate([workplace.reader.pixels(photo, preprocessing) for photo in PHOTOS])
    with np.errstate(all="ignore"):
        rows, exits = ensemble.run(images)
    workplace.compare(f"{combination} in model.py", np.exp(rows), workplace.predictions(built))
    said = json.loads(run(workplace.consort, "predict", built, *PHOTOS, "--json")).get("exitFractions")
    if said and not np.allclose(said, [(exits == stage + 1).mean() for stage in range(len(models))]):
        sys.exit(f"try_exports: {combination} in model.py: images stop after {exits}, not as {said}")
    return set(exits.tolist())


def classifier(path, operator_set, end, kind=TensorProto.FLOAT, seed=1):
    """A linear classifier of mean pixels; `end` is what follows the scores."""
    random = np.random.default_rng(seed)
    weight = numpy_helper.from_array((random.standard_normal((CLASSES, 3)) / 10).astype("f4"), "weight")
    bias = numpy_helper.from_array(random.standard_normal(CLASSES).astype("f4"), "bias")
    nodes = [helper.make_node("GlobalAveragePool", ["images"], ["pool"]), helper.make_node("Flatten", ["pool"], ["flat"]),
             helper.make_node("Gemm", ["flat", "weight", "bias"], ["scores"], transB=1), *end]
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("images", kind, ["batch", 3, SIDE, SIDE])],
        [helper.make_tensor_value_info(nodes[-1].output[0], TensorProto.FLOAT, ["batch", CLASSES])], [weight, bias])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", operator_set)], ir_version=4), path)
    return path


def softmax(**attributes):
    return helper.make_node("Softmax", ["scores"], ["out"], **attributes)


def zeros(workplace):
    """Members whose probabilities are exactly 0 for some classes."""
    made = []
    for number, mask in enumerate(([1, 1, 0, 0, 1], [1, 0, 1, 0, 1], [0, 1, 1, 0, 1])):
        path = f"{workplace.place()}.onnx"
        end = [helper.make_node("Constant", [], ["mask"], value=numpy_helper.from_array(
                   np.where(mask, 0, -200).astype("f4"), "m")),
               helper.make_node("Add", ["scores", "mask"], ["masked"]),
               helper.make_node("Softmax", ["masked"], ["out"], axis=-1)]
        made.append(workplace.member(classifier(path, 13, end, seed=number), *IMAGENET))
    return made


SCALINGS = [
    {"vector": {"slopes": [0.5, 1, 1.5, 0.8, 1.1], "intercepts": [0.1, -0.2, 0, 0.4, -0.3]}},
    {"dirichlet": {"weights": [[1 if i == j else (i - 2 * j) / 40 for j in range(5)] for i in range(5)],
                   "intercepts": [0.2, 0, -0.1, 0, 0.3]}}]
CURVES = [
    {"isotonic": {"curves": [{"given": [-2.5 + 0.1 * c, -1, 0.5], "calibrated": [-3, -1.2 + 0.1 * c, 1]} for c in range(5)]}},
    {"histogram": {"logOdds": [[-3 + 0.2 * b + 0.1 * c for b in range(15)] for c in range(5)]}}]


def try_joined(workplace):
    kinds = [workplace.member(f"{FIXTURES}/{name}.onnx", *IMAGENET) for name in ("logits", "softmax", "log-softmax")]
    rules = ("geometricMean", "arithmeticMean", "logitMean", "majorityVote")
    parts = ({}, {"temperature": 0.7}, {"memberTemperatures": [0.5, 1, 3], "temperature": 1.9})
    weights = {"weights": [0.5, 0.125, 0.375]}
    all_zeros = zeros(workplace)
    for models in kinds, all_zeros:
        for rule in rules:
            for part in parts:
                workplace.check(models, {"rule": rule, **part})
        workplace.check(models, {"rule": "geometricMean", "temperature": 1.75, **weights})
    for calibration in SCALINGS:
        workplace.check(kinds, {"rule": "arithmeticMean", "calibration": calibration})
    # Where two members rule out what only the third leaves, and where a vote is tied.
    for rule in rules:
        workplace.check(all_zeros[:2], {"rule": rule})
        workplace.check(kinds[:1], {"rule": rule, "temperature": 2.0})
    others = [workplace.member(f"{FIXTURES}/{name}.onnx", *feeding) for name, feeding in (
        ("logits", IMAGENET), ("channels-last", OTHERS), ("logits-2", [*OTHERS, "--channel-order", "bgr"]),
        ("bytes", PLAIN), ("half", IMAGENET), ("map", PLAIN), ("two-outputs", OTHERS))]
    others.append(workplace.member(f"{FIXTURES}/any-size.onnx", *OTHERS, "--input-size", "8"))
    workplace.check(others, {"rule": "geometricMean", "temperature": 1.1})
    workplace.check([workplace.member(f"{FIXTURES}/bytes.onnx", *PLAIN)], {"rule": "geometricMean"})
    workplace.check([workplace.member(f"{FIXTURES}/channels-last.onnx", *OTHERS)], {"rule": "arithmeticMean"})
    fixed = [workplace.member(f"{FIXTURES}/{name}.onnx", *IMAGENET) for name in ("fixed-batch", "logits")]
    workplace.check(fixed, {"rule": "geometricMean"})
    # An old model, with a softmax that a newer set reads otherwise, and a new one.
    for number, end in enumerate(([softmax()], [softmax(axis=1)], [softmax(axis=-1)])):
        path = classifier(f"{workplace.place()}.onnx", 11, end, seed=number)
        for newer in (13, 18, 22):
            new = classifier(f"{workplace.place()}.onnx", newer, [softmax(axis=-1)], seed=7)
            workplace.check([workplace.member(path, *IMAGENET), workplace.member(new, *IMAGENET)],
                            {"rule": "arithmeticMean", "temperature": 0.9})


def try_refusals(workplace):
    logits = workplace.member(f"{FIXTURES}/logits.onnx", *IMAGENET)
    softmax_ = workplace.member(f"{FIXTURES}/softmax.onnx", *IMAGENET)
    other_crop = f"{workplace.place()}"
    run(workplace.consort, "build-ensemble", f"{FIXTURES}/logits-2.onnx", "--resize", "12", *IMAGENET, "--out", other_crop)
    dropped = helper.make_node("Dropout", ["scores"], ["out"], ratio=0.5)
    old = workplace.member(classifier(f"{workplace.place()}.onnx", 11, [dropped]), *IMAGENET)
    cascade = {"rule": "geometricMean", "cascade": {"confidence": "margin", "confidenceThresholds": [0.2]}}
    plain = {"rule": "geometricMean"}
    for models, combination, words in (
            ([logits, softmax_], cascade, ["is a cascade", "--format triton", "consort serve"]),
            ([logits, softmax_], {"rule": "arithmeticMean", "calibration": CURVES[0]}, ["curves or tables", "--format triton"]),
            ([logits, other_crop], plain, ["'logits' and 'logits-2'", "resized or cropped otherwise"]),
            ([old, logits], plain, ["operator set 11", "set 18", "Dropout", "version_converter"])):
        built, file = workplace.build(models, combination), workplace.place(".onnx")
        said = run(workplace.consort, "export", built, "--out", file, status=1)
        if any(word not in said for word in words) or os.path.exists(file):
            sys.exit(f"try_exports: not refused with {words}: {said}")
    for words in (["--backend", "python"], ["--softmax"], ["--name", "a/b"], ["--format", "tf"], ["--image", "x"],
                  ["--format", "triton", "--backend", "tensorrt"]):
        run(workplace.consort, "export", logits, *words, "--out", workplace.place(), status=2)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.path.insert(0, f"{ROOT}/Examples/Reading")
    import predict as reader
    with tempfile.TemporaryDirectory() as directory:
        workplace = Workplace(os.path.abspath(sys.argv[1]), directory, reader)
        try_joined(workplace)
        try_refusals(workplace)
        models = [workplace.member(f"{FIXTURES}/{name}.onnx", *IMAGENET) for name in ("logits", "softmax", "log-softmax")]
        exits = set()
        for kind, thresholds in (("maximumProbability", [0.4, 0.45]), ("margin", [0.1, 0.15]), ("entropy", [-1.4, -1.3]),
                                 ("agreement", [None, 0.75])):
            for rule in ("geometricMean", "arithmeticMean", "majorityVote"):
                for part in {}, {"memberTemperatures": [0.5, 1, 0.9], "temperature": 2.5}:
                    exits |= check_triton(workplace, models, {
                        "rule": rule, "cascade": {"confidence": kind, "confidenceThresholds": thresholds}, **part})
        if exits != {1, 2, 3}:
            sys.exit(f"try_exports: images stop after {exits} members only: the thresholds show nothing")
        for rule in ("geometricMean", "arithmeticMean", "majorityVote"):
            check_triton(workplace, zeros(workplace), {"rule": rule, "memberTemperatures": [1, 2, 1]})
        for calibration in SCALINGS + CURVES:
            check_triton(workplace, models, {"rule": "arithmeticMean", "calibration": calibration})
        check_triton(workplace, models, {"rule": "geometricMean", "calibration": CURVES[0], "cascade": {
            "confidence": "margin", "confidenceThresholds": [0.1, 0.15]}})
        fed = [workplace.member(f"{FIXTURES}/{name}.onnx", *feeding) for name, feeding in (
            ("channels-last", OTHERS), ("bytes", PLAIN), ("half", IMAGENET), ("fixed-batch", [*OTHERS, "--channel-order", "bgr"]))]
        check_triton(workplace, fed, {"rule": "geometricMean", "weights": [0.1, 0.2, 0.3, 0.4]})
        print(f"try_exports: probabilities agree with consort predict within {workplace.worst:.1e}")


main()
