"""Files as other programs write them, and what Consort has to make of each.

    python3 make_cases.py          # numpy 2.4.6, onnx 1.23.2, onnxruntime 1.32.0, Pillow 13.0.0

Each case is a directory of Fixtures with its files and a case.json: the arguments of `consort`, and either the figures, which are
computed here with NumPy or ONNX Runtime, or `refused`, expressions that the message has to match. `says` are expressions that the
notes have to match.
"""
import io
import json
import math
import os
import shutil
import tarfile

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "Fixtures")
PIXELS = ["--mean", "0,0,0", "--std", "1,1,1"]


class Case:
    """One directory of Fixtures."""

    def __init__(self, name):
        self.name = name
        self.path("")

    def path(self, file):
        path = os.path.join(FIXTURES, self.name, file)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def text(self, file, content, encoding="utf-8"):
        self.bytes(file, content.encode(encoding))

    def bytes(self, file, content):
        with open(self.path(file), "wb") as out:
            out.write(content)

    def members(self, file, *names, split="test", **more):
        """A list of predictions for `consort frontier`."""
        members = [{"file": n, "name": more.pop("name", n.split(".")[0]), "macs": 1000 + i, "parameters": 100} for i, n in enumerate(names)]
        self.text(file, json.dumps({"split": split, **more, "members": members}, indent=1) + "\n")

    def picture(self, file, colour, size=(8, 8)):
        Image.new("RGB", size, colour).save(self.path(file))

    def expect(self, *arguments, **expected):
        self.text("case.json", json.dumps({"arguments": arguments, **expected}, indent=1, ensure_ascii=False) + "\n")

    def frontier(self, *arguments, **expected):
        self.expect("frontier", *arguments, "--json", "--out", "out", **expected)

    def predict(self, *arguments, **expected):
        self.expect("predict", *arguments, "--json", **expected)


def nll(probabilities, labels):
    """The mean negative log-likelihood of the rows, normalised, in nats."""
    p = np.asarray(probabilities, "f8")
    p = p / p.sum(1, keepdims=True)
    return float(-np.log(p[np.arange(len(p)), labels]).mean())


def csv(rows, separator=","):
    return "".join(separator.join(map(str, row)) + "\n" for row in rows)


# Tables of predictions

def numbered_columns():
    """Classes called 0 ... 11 whose columns stand in text order: a label 10 is the column called 10."""
    c = Case("columns-called-by-numbers")
    names = sorted(str(k) for k in range(12))
    c.text("m.csv", csv([names + ["label"]] + [[0.78 if int(n) == k else 0.02 for n in names] + [k] for k in range(12)]))
    c.members("list.json", "m.csv")
    c.frontier("list.json", accuracy={"m": 1.0}, likelihood={"m": -math.log(0.78)})


def permuted_columns():
    """Two members with the same classes in different order, and labels as numbers beside them: which order counts?"""
    c = Case("members-with-permuted-columns")
    truth = [0, 1, 2, 2, 1, 0] * 3
    for file, order in ("a.csv", ["ant", "bee", "cow"]), ("b.csv", ["cow", "ant", "bee"]):
        rows = [[0.8 if n == ["ant", "bee", "cow"][t] else 0.1 for n in order] + [["ant", "bee", "cow"][t]] for t in truth]
        c.text(file, csv([order + ["label"]] + rows))
    c.members("list.json", "a.csv", "b.csv")
    c.frontier("list.json", accuracy={"a": 1.0, "b": 1.0}, likelihood={"a": -math.log(0.8), "b": -math.log(0.8)})


def permuted_columns_with_numbers():
    c = Case("permuted-columns-and-numbered-labels")
    truth = [0, 1, 2, 2, 1, 0] * 3
    for file, order in ("a.csv", ["ant", "bee", "cow"]), ("b.csv", ["cow", "ant", "bee"]):
        c.text(file, csv([order] + [[0.8 if n == ["ant", "bee", "cow"][t] else 0.1 for n in order] for t in truth]))
    np.save(c.path("labels.npy"), np.array(truth))
    c.members("list.json", "a.csv", "b.csv")
    c.frontier("list.json", "--labels", "labels.npy", refused=["b.csv|a.csv", "class|column|order"])


def other_classes():
    c = Case("members-with-other-classes")
    for file, names in ("a.csv", ["ant", "bee"]), ("b.csv", ["ant", "cow"]):
        c.text(file, csv([names + ["label"], [0.9, 0.1, "ant"], [0.8, 0.2, "ant"]]))
    c.members("list.json", "a.csv", "b.csv")
    c.frontier("list.json", refused=["b.csv", "cow|bee"])


def unnamed_column():
    """pandas writes its index as a first column without a name."""
    c = Case("index-without-a-name")
    rows = [[i, 0.7, 0.3, "yes"] if i % 2 else [i, 0.4, 0.6, "no"] for i in range(8)]
    c.text("m.csv", csv([["", "yes", "no", "label"]] + rows))
    c.members("list.json", "m.csv")
    c.frontier("list.json", accuracy={"m": 1.0}, likelihood={"m": -(math.log(0.7) + math.log(0.6)) / 2}, says=["column"])


def joined_labels():
    """A file of labels with the same ids in another order."""
    c = Case("labels-by-id")
    c.text("m.csv", "id,up,down\np1,0.9,0.1\np2,0.2,0.8\np3,0.7,0.3\np4,0.6,0.4\n")
    c.text("labels.csv", "id,label\np3,0\np2,1\np4,0\np1,0\n")
    c.members("list.json", "m.csv")
    expected = nll([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3], [0.6, 0.4]], [0, 1, 0, 0])
    c.frontier("list.json", "--labels", "labels.csv", accuracy={"m": 1.0}, likelihood={"m": expected})


def spreadsheet():
    """Semicolons and decimal commas, after the line that Excel writes to say so."""
    c = Case("semicolons-and-decimal-commas")
    c.text("m.csv", "\ufeffsep=;\r\nup;down;label\r\n0,9;0,1;up\r\n0,2;0,8;down\r\n")
    c.members("list.json", "m.csv")
    c.frontier("list.json", accuracy={"m": 1.0}, likelihood={"m": nll([[0.9, 0.1], [0.2, 0.8]], [0, 1])})


def wide_text():
    c = Case("utf-16")
    c.text("m.csv", "up,down,label\r\n0.9,0.1,up\r\n0.2,0.8,down\r\n", "utf-16")
    c.members("list.json", "m.csv")
    c.frontier("list.json", accuracy={"m": 1.0}, likelihood={"m": nll([[0.9, 0.1], [0.2, 0.8]], [0, 1])})


# Kinds of scores

def rounded():
    """Two decimals, whose rows sum to 0.99 and 1.01."""
    c = Case("rounded-probabilities")
    rows = [[0.98, 0.02, 0.01], [0.01, 0.97, 0.01], [0.01, 0.01, 0.98]] * 4
    c.text("m.csv", csv([["x", "y", "z", "label"]] + [r + [i % 3] for i, r in enumerate(rows)]))
    c.members("list.json", "m.csv")
    c.frontier("list.json", accuracy={"m": 1.0}, likelihood={"m": nll(rows, np.arange(12) % 3)}, says=["probabilit"])


def tiny_negative():
    """Probabilities of which one is -2e-9, as a subtraction leaves it."""
    c = Case("a-probability-just-below-zero")
    g = np.random.default_rng(11)
    p = np.exp(g.normal(size=(120, 5)) * 2)
    p /= p.sum(1, keepdims=True)
    p[7] = [1 - 4e-10] + [1e-10] * 4
    labels = p.argmax(1)
    expected = nll(p, labels)
    p[7, 3] = -2e-9
    np.save(c.path("m.npy"), p)
    np.save(c.path("labels.npy"), labels)
    c.members("list.json", "m.npy")
    c.frontier("list.json", "--labels", "labels.npy", accuracy={"m": 1.0}, likelihood={"m": expected})


def percents():
    c = Case("percents")
    rows = [[97.5, 2.0, 0.5], [1.0, 90.0, 9.0], [5.0, 5.0, 90.0]]
    c.text("m.csv", csv([["x", "y", "z", "label"]] + [r + [i] for i, r in enumerate(rows)]))
    c.members("list.json", "m.csv")
    c.frontier("list.json", accuracy={"m": 1.0}, likelihood={"m": nll(rows, [0, 1, 2])}, says=["percent|100"])


def unknown_key():
    c = Case("a-misspelt-key-of-a-list")
    c.text("m.csv", "x,y,label\n0.9,0.1,x\n")
    c.text("list.json", json.dumps({"split": "test", "members": [
        {"file": "m.csv", "name": "m", "macs": 1, "parameters": 1, "kinds": "logits"}]}))
    c.frontier("list.json", refused=["kinds", "kind"])


# Splits and calibration

def perfect_hold_out():
    """Nothing on the hold-out is wrong: its best temperature would be 0, and one test image in ten is wrong."""
    c = Case("a-hold-out-without-an-error")
    for file, split, wrong in ("h", "hold-out", 0), ("t", "test", 6):
        rows = [[0.7 if k == ((t + 1) % 3 if i < wrong else t) else 0.15 for k in range(3)] + [t]
                for i, t in enumerate((j + (wrong > 0)) % 3 for j in range(60))]
        c.text(file + ".csv", csv([["x", "y", "z", "label"]] + rows))
        c.text(file + ".json", json.dumps({"split": split, "members": [
            {"file": file + ".csv", "name": "m", "macs": 9, "parameters": 9}]}))
    uncalibrated = -(54 * math.log(0.7) + 6 * math.log(0.15)) / 60
    c.expect("frontier", "h.json", "t.json", "--out", "out", deployedLikelihoodAtMost=uncalibrated * 1.2)


def reversed_hold_out():
    c = Case("the-test-set-reversed-as-hold-out")
    rows = [[f"im{i}", 0.8, 0.2, "x"] if i % 3 else [f"im{i}", 0.3, 0.7, "y"] for i in range(40)]
    for file, split, lines in ("h", "hold-out", rows[::-1]), ("t", "test", rows):
        c.text(file + ".csv", csv([["id", "x", "y", "label"]] + lines))
        c.members(file + ".json", file + ".csv", split=split, name="m")
    c.frontier("h.json", "t.json", refused=["same|share|test"])


def part_of_the_test_set():
    c = Case("a-hold-out-that-shares-three-images")
    rows = [[f"im{i}", 0.8, 0.2, "x"] if i % 3 else [f"im{i}", 0.3, 0.7, "y"] for i in range(40)]
    for file, split, lines in ("h", "hold-out", rows[:20]), ("t", "test", rows[17:]):
        c.text(file + ".csv", csv([["id", "x", "y", "label"]] + lines))
        c.members(file + ".json", file + ".csv", split=split, name="m")
    c.frontier("h.json", "t.json", refused=["3|im17", "same|share|test"])


def misspelt_split():
    """Taken as the hold-out it is, or refused, never as a test set."""
    c = Case("a-split-called-holdout")
    c.text("m.csv", "x,y,label\n0.9,0.1,x\n0.1,0.9,y\n")
    c.members("list.json", "m.csv", split="holdout")
    c.frontier("list.json", refused=["hold-out"])


# Models

def node(kind, inputs, outputs, **attributes):
    return helper.make_node(kind, inputs, outputs, **attributes)


def constant(name, values, kind="f4"):
    return numpy_helper.from_array(np.asarray(values, kind), name)


def model(case, tail=(), constants=(), weights=None, classes=4, output=None, opset=17, metadata=None, file="m.onnx"):
    """images [N, 3, 8, 8] -> mean colour -> "scores" = colour x weights, and what `tail` makes of them."""
    w = np.eye(3, classes) * 6 if weights is None else np.asarray(weights)
    nodes = [node("GlobalAveragePool", ["images"], ["pooled"]), node("Flatten", ["pooled"], ["colour"]),
             node("MatMul", ["colour", "weights"], ["scores"]), *tail]
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["N", 3, 8, 8])],
        [helper.make_tensor_value_info(output or (tail[-1].output[0] if tail else "scores"), TensorProto.FLOAT, ["N", w.shape[1]])],
        [constant("weights", w), *constants])
    save(case, graph, opset, metadata, file)


def save(case, graph, opset=17, metadata=None, file="m.onnx"):
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    helper.set_model_props(made, metadata or {})
    onnx.save(made, case.path(file))


def answers(case, image, file="m.onnx"):
    """What ONNX Runtime gives for one image."""
    pixels = np.asarray(Image.open(case.path(image)).convert("RGB"))
    session = onnxruntime.InferenceSession(case.path(file), providers=["CPUExecutionProvider"])
    entry = session.get_inputs()[0]
    batch = pixels[None] if "uint8" in entry.type else (pixels.astype("f4") / 255).transpose(2, 0, 1)[None]
    return session.run(None, {entry.name: batch})[0][0]


def one_image(name, colour=(200, 40, 90)):
    c = Case(name)
    c.picture("images/a.png", colour)
    return c


def probability(case, *options, **expected):
    case.expect("predict", "m.onnx", "--data", "images", *PIXELS, *options, "--csv", "answers.csv", **expected)


def hidden_softmaxes():
    """Probabilities, whatever comes after the softmax."""
    softmax = node("Softmax", ["scores"], ["soft"], axis=1)
    low_high = [constant("low", 1e-7), constant("high", 1 - 1e-7)]
    for name, tail, constants in [
        ("softmax-identity", [softmax, node("Identity", ["soft"], ["out"])], []),
        ("softmax-clip", [softmax, node("Clip", ["soft", "low", "high"], ["out"])], low_high),
        ("mean-of-two-softmaxes",
         [softmax, node("MatMul", ["colour", "other"], ["z"]), node("Softmax", ["z"], ["soft2"], axis=1),
          node("Add", ["soft", "soft2"], ["sum"]), node("Mul", ["sum", "half"], ["out"])],
         [constant("other", np.eye(3, 4) * 3), constant("half", [0.5])]),
    ]:
        c = one_image(name)
        model(c, tail, constants)
        probability(c, probability=float(answers(c, "images/a.png").max()))


def sigmoids():
    """One output is no distribution over classes, and neither are independent sigmoids."""
    c = one_image("one-sigmoid")
    model(c, [node("Sigmoid", ["scores"], ["out"])], weights=[[5], [-5], [0]])
    probability(c, refused=["m.onnx", "one (output|class)|sigmoid|distribution"])
    c = one_image("independent-sigmoids")
    model(c, [node("Sigmoid", ["scores"], ["out"])])
    probability(c, refused=["m.onnx", "sigmoid|independent|distribution"])


def bytes_in():
    """A uint8 input takes pixels as they are; a mean of 0 and a deviation of 1 change nothing."""
    c = one_image("input-of-bytes", (120, 70, 10))
    nodes = [node("Cast", ["x"], ["f"], to=TensorProto.FLOAT), node("Transpose", ["f"], ["t"], perm=[0, 3, 1, 2]),
             node("Mul", ["t", "scale"], ["s"]), node("GlobalAveragePool", ["s"], ["p"]), node("Flatten", ["p"], ["c"]),
             node("MatMul", ["c", "weights"], ["logits"])]
    save(c, helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", TensorProto.UINT8, ["N", 8, 8, 3])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 4])],
        [constant("weights", np.eye(3, 4) * 6), constant("scale", 1 / 255)]))
    z = answers(c, "images/a.png")
    c.expect("predict", "m.onnx", "--data", "images", "--csv", "answers.csv",
             probability=float(np.exp(z - z.max()).max() / np.exp(z - z.max()).sum()))


def training_mode():
    c = one_image("normalisation-in-training-mode")
    ones, zeros = np.ones(4), np.zeros(4)
    model(c, [node("BatchNormalization", ["scores", "g", "b", "m", "v"], ["out", "rm", "rv"], training_mode=1)],
          [constant("g", ones), constant("b", zeros), constant("m", zeros), constant("v", ones)], output="out")
    probability(c, refused=["m.onnx", "training"])


def not_a_number():
    """ReLU makes 0 of NaN: the answer looks finite."""
    c = one_image("not-a-number-in-the-weights")
    kernel = np.eye(3)[:, :, None, None].copy()
    kernel[1, 1] = np.nan
    nodes = [node("Conv", ["images", "kernel"], ["c"]), node("Relu", ["c"], ["r"]), node("GlobalAveragePool", ["r"], ["p"]),
             node("Flatten", ["p"], ["f"]), node("MatMul", ["f", "weights"], ["scores"])]
    save(c, helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["N", 3, 8, 8])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", 4])],
        [constant("kernel", kernel), constant("weights", np.eye(3, 4))]))
    probability(c, refused=["m.onnx", "kernel", "finite|NaN|nan"])


def fixed_inside():
    """A Reshape to one row inside a model whose batch is free."""
    c = Case("batch-fixed-inside")
    for i in range(16):
        c.picture(f"images/{i:02}.png", (i * 16, 255 - i * 16, 60))
    model(c, [node("Reshape", ["scores", "shape"], ["rows"]), node("Softmax", ["rows"], ["out"], axis=1)],
          [constant("shape", [1, -1], "i8")])
    probability(c, "--batch", "16", refused=["m.onnx", "--batch 1|one image at a time"])


def constants_of_the_input():
    """A mean and a deviation in the graph are learnt by no training: 8 x 3 x 3 x 3 = 216 parameters."""
    c = Case("constants-of-the-input")
    graph = helper.make_graph(
        [node("Sub", ["images", "mean"], ["a"]), node("Div", ["a", "deviation"], ["b"]), node("Conv", ["b", "w"], ["y"], pads=[1] * 4)],
        "g", [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 8, 8, 8])],
        [constant("mean", np.full((1, 3, 1, 1), 0.4)), constant("deviation", np.full((1, 3, 1, 1), 0.2)),
         constant("w", np.ones((8, 3, 3, 3)))])
    save(c, graph)
    c.expect("cost", "m.onnx", "--json", parameters=216)


# Images and their classes

def wheel(count):
    """Weights under which the mean colour hue(k) is class k of `count`."""
    turns = [2 * math.pi * k / count for k in range(count)]
    return [[30 * math.cos(t) for t in turns], [30 * math.sin(t) for t in turns],
            [-15 * (math.cos(t) + math.sin(t)) for t in turns]]


def hue(k, count):
    t = 2 * math.pi * k / count
    return round(127.5 + 127.5 * math.cos(t)), round(127.5 + 127.5 * math.sin(t)), 255


PRIMARY = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}


def png(colour):
    out = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(out, "PNG")
    return out.getvalue()


def tar(entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in entries:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def shard(samples):
    return tar([(f"{key}.{kind}", content) for key, colour, label in samples
                for kind, content in (("png", png(colour)), ("cls", str(label).encode()))])


def numbered_folders():
    c = Case("folders-called-by-numbers")
    model(c, weights=wheel(12), classes=12)
    for k in range(12):
        c.picture(f"images/{k}/a.png", hue(k, 12))
    c.predict("m.onnx", "--data", "images", *PIXELS, accuracy={"ensemble": 1.0}, images=12, says=["number", "0"])


def folded_names():
    """Red and " red" are one class."""
    c = Case("names-that-differ-in-case")
    model(c, classes=3, metadata={"labels": json.dumps(["Red", "Green", "Blue"])})
    for name, colour in PRIMARY.items():
        c.picture(f"images/{name}/a.png", colour)
    c.predict("m.onnx", "--data", "images", *PIXELS, accuracy={"ensemble": 1.0}, images=3)


def other_names():
    """Names that all differ from the model's, where order would be a guess."""
    c = Case("names-that-do-not-fit")
    model(c, classes=3, metadata={"labels": json.dumps(["zinnia", "aster", "rose"])})
    for name, colour in PRIMARY.items():
        c.picture(f"images/{name}/a.png", colour)
    c.predict("m.onnx", "--data", "images", *PIXELS, refused=["red|blue", "zinnia|class"])


def marked_labels():
    c = Case("labels-with-a-byte-order-mark")
    model(c, classes=3)
    c.text("names.txt", "\ufeffred\r\ngreen \r\nblue\r\n\r\n")
    for name, colour in PRIMARY.items():
        c.picture(f"images/{name}/a.png", colour)
    c.predict("m.onnx", "--data", "images", "--labels", "names.txt", *PIXELS, accuracy={"ensemble": 1.0}, images=3)


def name_twice():
    c = one_image("a-class-name-twice", (255, 0, 0))
    model(c)
    c.text("names.txt", "crane\ntench\ncrane\nmaillot\n")
    z = answers(c, "images/a.png")
    probability(c, "--labels", "names.txt", probability=float(np.exp(z.max()) / np.exp(z).sum()), top="crane")


def some_classes():
    c = Case("a-shard-with-some-classes")
    model(c)
    c.bytes("part.tar", shard([("a", (0, 255, 0), 1), ("b", (0, 0, 255), 2)]))
    c.predict("m.onnx", "--data", "part.tar", *PIXELS, accuracy={"ensemble": 1.0}, images=2)


def dotted_keys():
    c = Case("keys-with-dots")
    model(c)
    c.bytes("k.tar", shard([("a", PRIMARY["red"], 0), ("b", PRIMARY["red"], 0), ("b.v2", PRIMARY["green"], 1),
                            ("c", PRIMARY["blue"], 2), ("d", (0, 0, 0), 3)]))
    c.predict("m.onnx", "--data", "k.tar", *PIXELS, accuracy={"ensemble": 0.8}, images=5)


def joined_tars():
    c = Case("joined-tars")
    model(c)
    first = shard([("a", PRIMARY["red"], 0), ("b", PRIMARY["green"], 1)])
    c.bytes("all.tar", first + shard([("c", PRIMARY["blue"], 2), ("d", (0, 0, 0), 3)]))
    c.predict("m.onnx", "--data", "all.tar", *PIXELS, accuracy={"ensemble": 0.75}, images=4)


CASES = [
    numbered_columns, permuted_columns, permuted_columns_with_numbers, other_classes, unnamed_column, joined_labels, spreadsheet,
    wide_text, rounded, tiny_negative, percents, unknown_key, perfect_hold_out, reversed_hold_out, part_of_the_test_set, misspelt_split,
    hidden_softmaxes, sigmoids, bytes_in, training_mode, not_a_number, fixed_inside, constants_of_the_input, numbered_folders,
    folded_names, other_names, marked_labels, name_twice, some_classes, dotted_keys, joined_tars,
]

if __name__ == "__main__":
    shutil.rmtree(FIXTURES, ignore_errors=True)
    for make in CASES:
        make()
