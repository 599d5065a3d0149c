"""Further files as other programs write them: other members of the kinds of make_cases.py.

    python3 try_further_cases.py CONSORT     # numpy 2.4.6, onnx 1.23.2, onnxruntime 1.32.0, Pillow 13.0.0

Beside the keys of make_cases.py a case may have
  or_refused         a refusal that matches all of these is as right as the figures
  or_says            other figures are right too where the notes match all of these (the inference was said)
  pairLikelihood     of a network: the negative log-likelihood of its two members together
  decides            decision.json must have been written: something was chosen on a hold-out
  saysAnywhere       expressions for the notes, the output or decision.json
  writes             a file that must have been written
"""
import gzip
import io
import json
import math
import os
import shutil
import tarfile
import zipfile

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

import make_cases
from make_cases import (PIXELS, PRIMARY, Case, constant, csv, hue, model, nll, node, one_image, png, probability, shard, tar, wheel)

ABC = ["ant", "bee", "cow"]
TRUTH = [0, 1, 2, 2, 1, 0, 1, 1, 2, 0, 0, 2]
TABLES, MODELS, IMAGES = [], [], []


def case(group):
    return lambda make: group.append(make) or make


def likely(truth=TRUTH, classes=3, high=0.8, wrong=()):
    """Probabilities, `high` for the true class; for rows in `wrong` the next one's."""
    low = (1 - high) / (classes - 1)
    return [[high if k == ((t + 1) % classes if i in wrong else t) else round(low, 6) for k in range(classes)] for i, t in enumerate(truth)]


def softmax(z):
    z = np.asarray(z, "f8")
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


# ---------------------------------------------------------------- tables, scores, splits, labels, arrays

@case(TABLES)
def r_row_names():
    """R's write.csv: everything of text in quotes, row names in a first column called ""."""
    c = Case("r-write-csv-with-row-names")
    p = likely(wrong=[4])
    rows = [['"","ant","bee","cow","label"']] + [[f'"{i + 1}"', *p[i], f'"{ABC[t]}"'] for i, t in enumerate(TRUTH)]
    c.text("m.csv", csv(rows))
    c.members("list.json", "m.csv")
    c.frontier("list.json", accuracy={"m": 11 / 12}, likelihood={"m": nll(p, TRUTH)}, says=["column"])


@case(TABLES)
def r_table():
    """R's write.table(sep = ","): row names too, but no name for them: the header has one field less than the rows."""
    c = Case("r-write-table-header-one-short")
    p = likely(wrong=[4])
    c.text("m.csv", csv([['"ant"', '"bee"', '"cow"', '"label"']] + [[f'"{i + 1}"', *p[i], f'"{ABC[t]}"'] for i, t in enumerate(TRUTH)]))
    c.members("list.json", "m.csv")
    c.frontier("list.json", accuracy={"m": 11 / 12}, likelihood={"m": nll(p, TRUTH)},
               or_refused=["m.csv", "line|row|header", "field|column|value|5|4"])


@case(TABLES)
def r_csv2():
    """R's write.csv2: semicolons, decimal commas, quotes and exponents without a comma (5e-04)."""
    c = Case("r-write-csv2-with-exponents")
    p = [[0.9990, 0.0005, 0.0005] if t == 0 else [0.0005, 0.9990, 0.0005] if t == 1 else [0.0005, 0.0005, 0.9990] for t in TRUTH]
    german = lambda x: "5e-04" if x == 0.0005 else str(x).replace(".", ",")
    c.text("m.csv", csv([['"ant"', '"bee"', '"cow"', '"label"']] + [[*map(german, r), f'"{ABC[t]}"'] for r, t in zip(p, TRUTH)], ";"))
    c.members("list.json", "m.csv")
    c.frontier("list.json", accuracy={"m": 1.0}, likelihood={"m": nll(p, TRUTH)})


@case(TABLES)
def booleans():
    """pandas: predict_proba of a binary classifier, whose classes are False and True."""
    c = Case("classes-false-and-true")
    p = [[0.9, 0.1], [0.3, 0.7], [0.6, 0.4], [0.45, 0.55]]
    c.text("m.csv", csv([["False", "True", "label"]] + [r + [v] for r, v in zip(p, [False, True, True, True])]))
    c.members("list.json", "m.csv")
    c.frontier("list.json", accuracy={"m": 0.75}, likelihood={"m": nll(p, [0, 1, 1, 1])})


@case(TABLES)
def labels_of_floats():
    """pandas makes floats of integers when a merge leaves a gap: the labels 0.0, 1.0, 2.0 of the columns 2, 0, 1."""
    c = Case("labels-written-as-floats")
    p = likely(wrong=[1])
    c.text("m.csv", csv([["2", "0", "1", "label"]] + [[r[2], r[0], r[1], f"{t}.0"] for r, t in zip(p, TRUTH)]))
    c.members("list.json", "m.csv")
    c.frontier("list.json", accuracy={"m": 11 / 12}, likelihood={"m": nll(p, TRUTH)}, or_refused=["m.csv", r"\d\.0", "label|class"])


@case(TABLES)
def working_columns():
    """A frame as it stands after an afternoon: index, id, prob_0..2, pred, confidence, label."""
    c = Case("index-prediction-and-confidence-beside-the-scores")
    p = likely(wrong=[4, 5])
    head = ["Unnamed: 0", "id", "prob_0", "prob_1", "prob_2", "pred", "confidence", "label"]
    c.text("m.csv", csv([head] + [[i, f"im{i}", *r, int(np.argmax(r)), max(r), t] for i, (r, t) in enumerate(zip(p, TRUTH))]))
    c.members("list.json", "m.csv")
    c.frontier("list.json", accuracy={"m": 10 / 12}, likelihood={"m": nll(p, TRUTH)}, says=["pred", "confidence"],
               or_refused=["m.csv", "pred|confidence|Unnamed"])


@case(TABLES)
def logits_with_an_index():
    """reset_index() beside logits: no sum of a row can tell that the column `index` is no class."""
    c = Case("an-index-beside-logits")
    g = np.random.default_rng(5)
    z = np.round(g.normal(size=(12, 3)) * 2 + 3 * np.eye(3)[TRUTH], 3)
    c.text("m.csv", csv([["index", *ABC, "label"]] + [[i, *map(float, r), ABC[t]] for i, (r, t) in enumerate(zip(z, TRUTH))]))
    c.members("list.json", "m.csv")
    c.frontier("list.json", accuracy={"m": float((z.argmax(1) == TRUTH).mean())}, likelihood={"m": nll(softmax(z), TRUTH)},
               says=["index"], or_refused=["m.csv", "index"])


@case(TABLES)
def energies_beside_logits():
    """A column that no list of names knows: no image is of it."""
    c = Case("a-column-of-energies-beside-logits")
    g = np.random.default_rng(6)
    z = np.round(g.normal(size=(12, 3)) * 2 + 3 * np.eye(3)[TRUTH], 3)
    energy = np.round(np.log(np.exp(z).sum(1)), 3)
    c.text("m.csv", csv([[*ABC, "energy", "label"]] + [[*map(float, r), float(e), ABC[t]] for r, e, t in zip(z, energy, TRUTH)]))
    c.members("list.json", "m.csv")
    c.frontier("list.json", accuracy={"m": float((z.argmax(1) == TRUTH).mean())}, likelihood={"m": nll(softmax(z), TRUTH)},
               or_refused=["m.csv", "energy"], or_says=["m.csv", "energy", "--classes"])


@case(TABLES)
def negated_logarithms():
    """Losses of each class: -log p, the least for the most probable class."""
    c = Case("negated-logarithms-as-scores")
    p = likely(wrong=[4])
    c.text("m.csv", csv([[*ABC, "label"]] + [[*(round(-math.log(x), 6) for x in r), ABC[t]] for r, t in zip(p, TRUTH)]))
    c.members("list.json", "m.csv")
    c.frontier("list.json", accuracy={"m": 11 / 12}, likelihood={"m": nll(p, TRUTH)}, or_refused=["m.csv", "negated|logarithm"])


@case(TABLES)
def costs_in_millions():
    """Costs as papers print them: 0.72 G, 5.29 M; they count in ones."""
    c = Case("costs-as-papers-print-them")
    p = likely(wrong=[4])
    for name in "mn":
        c.text(f"{name}.csv", csv([[*ABC, "label"]] + [[*r, ABC[t]] for r, t in zip(p, TRUTH)]))
    members = [{"file": f"{name}.csv", "macs": macs, "parameters": count} for name, macs, count in [("m", 0.72, 5.29), ("n", 1.4, 9.11)]]
    c.text("list.json", json.dumps({"split": "test", "members": members}))
    c.frontier("list.json", refused=["list.json", "macs", "0.72"])


@case(TABLES)
def class_called_target():
    """Radar: the classes are target and clutter, and the labels in the column `label` say so."""
    c = Case("a-class-called-target")
    p = [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.7, 0.3]]
    c.text("m.csv", csv([["target", "clutter", "label"]] + [r + [n] for r, n in zip(p, ["target", "clutter", "clutter", "target"])]))
    c.members("list.json", "m.csv")
    c.frontier("list.json", accuracy={"m": 0.75}, likelihood={"m": nll(p, [0, 1, 1, 0])}, or_refused=["m.csv", "target"])


@case(TABLES)
def capital_label():
    """`ID`, the classes, `Label`: as people write headers by hand."""
    c = Case("id-and-label-in-capitals")
    p = likely(wrong=[3])
    c.text("m.csv", csv([["ID", *ABC, "Label"]] + [[100 + i, *r, ABC[t]] for i, (r, t) in enumerate(zip(p, TRUTH))]))
    c.members("list.json", "m.csv")
    c.frontier("list.json", accuracy={"m": 11 / 12}, likelihood={"m": nll(p, TRUTH)}, or_refused=["m.csv", "Label|ID"])


@case(TABLES)
def counted_from_one():
    """Labels 1, 2, 3 as R and MATLAB count, beside columns with names: 3 is no class."""
    c = Case("labels-counted-from-one")
    c.text("m.csv", csv([[*ABC, "label"]] + [r + [t + 1] for r, t in zip(likely(), TRUTH)]))
    c.members("list.json", "m.csv")
    c.frontier("list.json", refused=["m.csv", "3", "class|label"])


@case(TABLES)
def columns_from_one():
    """Columns 1, 2, 3, and labels of which none is 3: still the columns' names, not their numbers."""
    c = Case("columns-called-from-one")
    truth = [1, 2, 2, 1, 1, 2]
    p = likely([t - 1 for t in truth], wrong=[0])
    c.text("m.csv", csv([["1", "2", "3", "label"]] + [r + [t] for r, t in zip(p, truth)]))
    c.members("list.json", "m.csv")
    c.frontier("list.json", accuracy={"m": 5 / 6}, likelihood={"m": nll(p, [t - 1 for t in truth])}, or_refused=["m.csv", "label|column|class"])


@case(TABLES)
def permuted_numbers():
    """Columns 1, 2, 0 and an array of labels 0, 1, 2: names or places? By place all would be wrong."""
    c = Case("columns-1-2-0-and-an-array-of-labels")
    p = likely()
    c.text("m.csv", csv([["1", "2", "0"]] + [[r[1], r[2], r[0]] for r in p]))
    np.save(c.path("labels.npy"), np.array(TRUTH))
    c.members("list.json", "m.csv")
    c.frontier("list.json", "--labels", "labels.npy", accuracy={"m": 1.0}, likelihood={"m": nll(p, TRUTH)},
               or_refused=["m.csv|labels.npy", "column|class|order|name"])


@case(TABLES)
def name_twice_in_header():
    c = Case("two-columns-of-one-name")
    c.text("m.csv", csv([["crane", "tench", "crane", "label"], [0.7, 0.2, 0.1, "crane"], [0.1, 0.2, 0.7, "crane"], [0.1, 0.8, 0.1, "tench"]]))
    c.members("list.json", "m.csv")
    c.frontier("list.json", refused=["m.csv", "crane"])


@case(TABLES)
def kaggle_labels():
    """Kaggle's dog breeds: sample_submission's columns are breeds, labels.csv holds id and breed, in another order."""
    c = Case("labels-with-a-column-of-another-name")
    p = likely(wrong=[2])
    c.text("m.csv", csv([["id", *ABC]] + [[f"{i:04x}f", *r] for i, r in enumerate(p)]))
    order = [7, 3, 11, 0, 2, 9, 1, 8, 10, 4, 6, 5]
    c.text("labels.csv", csv([["id", "breed"]] + [[f"{i:04x}f", ABC[TRUTH[i]]] for i in order]))
    c.members("list.json", "m.csv")
    c.frontier("list.json", "--labels", "labels.csv", accuracy={"m": 11 / 12}, likelihood={"m": nll(p, TRUTH)},
               or_refused=["labels.csv", "breed", r"\blabels?\b(?!\.csv)"])


@case(TABLES)
def kaggle_filenames():
    """Both files call the images by `filename`; the labels' file has more of them, in another order."""
    c = Case("labels-by-filename-of-more-images")
    p = likely(wrong=[2])
    c.text("m.csv", csv([["filename", *ABC]] + [[f"img_{i}.jpg", *r] for i, r in enumerate(p)]))
    order = [20, 7, 3, 11, 0, 21, 2, 9, 1, 8, 10, 4, 6, 5, 22]
    c.text("labels.csv", csv([["filename", "label"]] + [[f"img_{i}.jpg", ABC[(TRUTH + [1] * 20)[i]]] for i in order]))
    c.members("list.json", "m.csv")
    c.frontier("list.json", "--labels", "labels.csv", accuracy={"m": 11 / 12}, likelihood={"m": nll(p, TRUTH)},
               or_refused=["labels.csv|m.csv", "filename|15", r"\bids?\b|label"])


@case(TABLES)
def excel_ids():
    """Excel took the zeros off the ids 007, 008, ... of the labels, and sorted them downwards."""
    c = Case("ids-without-their-zeros")
    p = likely(wrong=[2])
    c.text("m.csv", csv([["id", *ABC]] + [[f"{i:03}", *r] for i, r in enumerate(p)]))
    c.text("labels.csv", csv([["id", "label"]] + [[i, ABC[t]] for i, t in reversed(list(enumerate(TRUTH)))]))
    c.members("list.json", "m.csv")
    c.frontier("list.json", "--labels", "labels.csv", accuracy={"m": 11 / 12}, likelihood={"m": nll(p, TRUTH)},
               or_refused=["labels.csv|m.csv", "00\\d|'?\\d+'?", r"\bids?\b"])


@case(TABLES)
def label_missing():
    c = Case("a-label-missing-for-an-id")
    c.text("m.csv", csv([["id", *ABC]] + [[f"p{i}", *r] for i, r in enumerate(likely())]))
    c.text("labels.csv", csv([["id", "label"]] + [[f"p{i}", t] for i, t in enumerate(TRUTH) if i != 5]))
    c.members("list.json", "m.csv")
    c.frontier("list.json", "--labels", "labels.csv", refused=["labels.csv", "p5"])


@case(TABLES)
def hard_answers():
    """A submission that holds answers only: id and the class it says."""
    c = Case("a-submission-without-scores")
    c.text("m.csv", csv([["id", "label"]] + [[i, ABC[t]] for i, t in enumerate(TRUTH)]))
    c.members("list.json", "m.csv")
    c.frontier("list.json", refused=["m.csv", "scores?\\b|probabilit|logit|no column|class column"])


@case(TABLES)
def members_by_id():
    """Two members with the same images in another order: they are combined by id."""
    c = Case("members-in-another-order")
    a, b = likely(wrong=[4]), likely(high=0.6, wrong=[8])
    c.text("a.csv", csv([["id", *ABC, "label"]] + [[f"p{i}", *a[i], ABC[t]] for i, t in enumerate(TRUTH)]))
    order = [7, 3, 11, 0, 2, 9, 1, 8, 10, 4, 6, 5]
    c.text("b.csv", csv([["id", *ABC, "label"]] + [[f"p{i}", *b[i], ABC[TRUTH[i]]] for i in order]))
    c.text("list.json", json.dumps({"split": "test", "members": [
        {"file": f, "name": f[0], "network": "net", "macs": 9, "parameters": 9} for f in ("a.csv", "b.csv")]}))
    c.frontier("list.json", pairLikelihood={"net": nll(np.sqrt(np.array(a) * b), TRUTH)})


@case(TABLES)
def members_of_other_images():
    c = Case("a-member-of-other-images")
    for f, last in ("a.csv", "p11"), ("b.csv", "q11"):
        c.text(f, csv([["id", *ABC, "label"]] + [[f"p{i}" if i < 11 else last, *r, ABC[t]] for i, (r, t) in enumerate(zip(likely(), TRUTH))]))
    c.members("list.json", "a.csv", "b.csv")
    c.frontier("list.json", refused=["b.csv|a.csv", "p11|q11"])


@case(TABLES)
def macintosh_names():
    """A class café, composed in one file and, as macOS writes it, decomposed in the other, whose columns are permuted."""
    c = Case("names-composed-and-decomposed")
    truth = [0, 1, 1, 0]
    p = [[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.3, 0.7]]
    names = ["caf\u00e9", "bar"]
    c.text("a.csv", csv([names + ["label"]] + [r + [names[t]] for r, t in zip(p, truth)]))
    other = ["bar", "cafe\u0301"]
    c.text("b.csv", csv([other + ["label"]] + [[r[1], r[0], other[1 - t]] for r, t in zip(p, truth)]))
    c.members("list.json", "a.csv", "b.csv")
    c.frontier("list.json", accuracy={"a": 0.75, "b": 0.75}, likelihood={"a": nll(p, truth), "b": nll(p, truth)},
               or_refused=["b.csv", "caf|class"])


@case(TABLES)
def western_text():
    """Excel's CSV on a German Windows: Windows-1252, semicolons, commas."""
    c = Case("windows-1252")
    c.text("m.csv", "Äpfel;Müll;label\r\n0,9;0,1;Äpfel\r\n0,2;0,8;Müll\r\n0,4;0,6;Äpfel\r\n", "cp1252")
    c.members("list.json", "m.csv")
    p = [[0.9, 0.1], [0.2, 0.8], [0.4, 0.6]]
    c.frontier("list.json", accuracy={"m": 2 / 3}, likelihood={"m": nll(p, [0, 1, 0])}, or_refused=["m.csv", "UTF-8|encod|1252|Latin"])


@case(TABLES)
def unicode_text():
    """Excel's "Unicode text": UTF-16 with tabs."""
    c = Case("excel-unicode-text")
    c.text("m.csv", "up\tdown\tlabel\r\n0,9\t0,1\tup\r\n0,2\t0,8\tdown\r\n0,4\t0,6\tup\r\n", "utf-16")
    c.members("list.json", "m.csv")
    p = [[0.9, 0.1], [0.2, 0.8], [0.4, 0.6]]
    c.frontier("list.json", accuracy={"m": 2 / 3}, likelihood={"m": nll(p, [0, 1, 0])}, or_refused=["m.csv", "tab|UTF-16|comma"])


@case(TABLES)
def quoted_commas():
    """LibreOffice, German numbers and commas between the fields: each number stands in quotes."""
    c = Case("quoted-decimal-commas")
    c.text("m.csv", 'up,down,label\n"0,9","0,1",up\n"0,2","0,8",down\n"0,4","0,6",up\n')
    c.members("list.json", "m.csv")
    p = [[0.9, 0.1], [0.2, 0.8], [0.4, 0.6]]
    c.frontier("list.json", accuracy={"m": 2 / 3}, likelihood={"m": nll(p, [0, 1, 0])}, or_refused=["m.csv", "0,9|comma"])


@case(TABLES)
def percent_signs():
    c = Case("percent-signs")
    c.text("m.csv", "up,down,label\n97.5%,2.5%,up\n20%,80%,down\n40%,60%,up\n")
    c.members("list.json", "m.csv")
    p = [[97.5, 2.5], [20, 80], [40, 60]]
    c.frontier("list.json", accuracy={"m": 2 / 3}, likelihood={"m": nll(p, [0, 1, 0])}, or_refused=["m.csv", "%"])


@case(TABLES)
def empty_rows():
    """Excel keeps rows that were once filled: ",,," at the end."""
    c = Case("empty-rows-at-the-end")
    c.text("m.csv", "up,down,label\r\n0.9,0.1,up\r\n0.2,0.8,down\r\n0.4,0.6,up\r\n,,\r\n,,\r\n")
    c.members("list.json", "m.csv")
    p = [[0.9, 0.1], [0.2, 0.8], [0.4, 0.6]]
    c.frontier("list.json", accuracy={"m": 2 / 3}, likelihood={"m": nll(p, [0, 1, 0])}, or_refused=["m.csv", "line|row"])


@case(TABLES)
def not_available():
    """R's NA among the scores."""
    c = Case("not-available")
    c.text("m.csv", '"up","down","label"\n0.9,0.1,"up"\nNA,NA,"down"\n0.4,0.6,"up"\n')
    c.members("list.json", "m.csv")
    c.frontier("list.json", refused=["m.csv", "NA|not a number|line|row"])


@case(TABLES)
def one_odd_row():
    """One row of logits, as a join of two files leaves it, among eleven of probabilities."""
    c = Case("one-row-of-another-kind")
    p = likely()
    p[6] = [-1.5, 2.25, 0.5]
    c.text("m.csv", csv([[*ABC, "label"]] + [r + [ABC[t]] for r, t in zip(p, TRUTH)]))
    c.members("list.json", "m.csv")
    c.frontier("list.json", refused=["m.csv", "row|line|image"])


@case(TABLES)
def independent_scores():
    """Sigmoids of a multi-label network: all in 0...1, and no sum of 1."""
    c = Case("scores-that-do-not-sum-to-one")
    p = [[0.9 if k == t else 0.3 for k in range(3)] for t in TRUTH]
    c.text("m.csv", csv([[*ABC, "label"]] + [r + [ABC[t]] for r, t in zip(p, TRUTH)]))
    c.members("list.json", "m.csv")
    c.frontier("list.json", accuracy={"m": 1.0}, likelihood={"m": nll(softmax(p), TRUTH)}, says=["logit"],
               or_refused=["m.csv", "sum|probabilit|logit|kind"])


@case(TABLES)
def log_probabilities():
    """scikit-learn's predict_log_proba of a forest: -inf where no tree said the class."""
    c = Case("log-probabilities-with-minus-infinity")
    p = np.array([[1.0, 0.0, 0.0] if t == 0 else [0.1, 0.9, 0.0] if t == 1 else [0.3, 0.3, 0.4] for t in TRUTH])
    with np.errstate(divide="ignore"):
        np.save(c.path("m.npy"), np.log(p))
    np.save(c.path("labels.npy"), np.array(TRUTH))
    c.members("list.json", "m.npy")
    c.frontier("list.json", "--labels", "labels.npy", accuracy={"m": 1.0}, likelihood={"m": nll(p, TRUTH)},
               or_refused=["m.npy", "inf|finite"])


@case(TABLES)
def certain_and_wrong():
    """A decision tree's predict_proba: 0 and 1 only, one image wrong. Its likelihood has no finite value, its accuracy has."""
    c = Case("zeros-and-ones")
    np.save(c.path("m.npy"), np.array(likely(high=1.0, wrong=[4])))
    np.save(c.path("labels.npy"), np.array(TRUTH))
    c.members("list.json", "m.npy")
    c.frontier("list.json", "--labels", "labels.npy", accuracy={"m": 11 / 12})


@case(TABLES)
def decision_function():
    """scikit-learn's decision_function of two classes has one number an image."""
    c = Case("one-number-an-image")
    np.save(c.path("m.npy"), np.array([1.5, -0.25, 0.75, -2.0]))
    np.save(c.path("labels.npy"), np.array([1, 0, 1, 0]))
    c.members("list.json", "m.npy")
    c.frontier("list.json", "--labels", "labels.npy", refused=["m.npy", r"shape|dimension|\(4|\[4|column|class|rows"])


@case(TABLES)
def half_precision():
    """Probabilities of 100 classes in float16, whose rows sum to 1 within a thousandth."""
    c = Case("probabilities-in-half-precision")
    g = np.random.default_rng(3)
    labels = np.arange(60) % 100
    p = softmax(g.normal(size=(60, 100)) * 2 + 4 * np.eye(100)[labels]).astype("f2")
    np.save(c.path("m.npy"), p)
    np.save(c.path("labels.npy"), labels)
    c.members("list.json", "m.npy")
    c.frontier("list.json", "--labels", "labels.npy", accuracy={"m": float((p.argmax(1) == labels).mean())},
               likelihood={"m": nll(p, labels)}, says=["probabilit"])


@case(TABLES)
def foreign_order():
    """Scores big-endian and in Fortran's order, labels (N, 1) of big-endian uint16."""
    c = Case("big-endian-in-fortran-order")
    p = np.array(likely(wrong=[7]))
    np.save(c.path("m.npy"), np.asfortranarray(p.astype(">f8")))
    np.save(c.path("labels.npy"), np.array(TRUTH, ">u2")[:, None])
    c.members("list.json", "m.npy")
    c.frontier("list.json", "--labels", "labels.npy", accuracy={"m": 11 / 12}, likelihood={"m": nll(p, TRUTH)})


@case(TABLES)
def one_hot():
    """Keras' to_categorical: labels one-hot in float32; scores compressed by savez_compressed beside them."""
    c = Case("one-hot-labels-and-a-compressed-archive")
    p = np.array(likely(wrong=[7]), "f4")
    np.savez_compressed(c.path("m.npz"), p)
    np.save(c.path("labels.npy"), np.eye(3, dtype="f4")[TRUTH])
    c.members("list.json", "m.npz")
    c.frontier("list.json", "--labels", "labels.npy", accuracy={"m": 11 / 12}, likelihood={"m": nll(p, TRUTH)})


@case(TABLES)
def archive_with_labels():
    """y_true and y_score in one archive, as scikit-learn's names have it."""
    c = Case("an-archive-with-its-labels")
    p = np.array(likely(wrong=[7]))
    np.savez(c.path("m.npz"), y_true=np.array(TRUTH), y_score=p)
    c.members("list.json", "m.npz")
    c.frontier("list.json", accuracy={"m": 11 / 12}, likelihood={"m": nll(p, TRUTH)}, or_refused=["m.npz", "y_true|y_score|labels"])


@case(TABLES)
def archive_of_two():
    """An archive with the scores of two splits: which?"""
    c = Case("an-archive-of-two-splits")
    np.savez_compressed(c.path("m.npz"), val=np.array(likely(wrong=[1, 2])), test=np.array(likely()))
    np.save(c.path("labels.npy"), np.array(TRUTH))
    c.members("list.json", "m.npz")
    c.frontier("list.json", "--labels", "labels.npy", refused=["m.npz", "val|test|array"])


@case(TABLES)
def labels_of_text():
    """np.save of class names."""
    c = Case("an-array-of-names")
    p = likely(wrong=[7])
    c.text("m.csv", csv([["cow", "ant", "bee"]] + [[r[2], r[0], r[1]] for r in p]))
    np.save(c.path("labels.npy"), np.array([ABC[t] for t in TRUTH]))
    c.members("list.json", "m.csv")
    c.frontier("list.json", "--labels", "labels.npy", accuracy={"m": 11 / 12}, likelihood={"m": nll(p, TRUTH)},
               or_refused=["labels.npy", "U3|text|string|integer|number"])


@case(TABLES)
def unlabelled():
    """-1 for an image without a label."""
    c = Case("minus-one-among-the-labels")
    np.save(c.path("m.npy"), np.array(likely()))
    np.save(c.path("labels.npy"), np.array(TRUTH[:-1] + [-1]))
    c.members("list.json", "m.npy")
    c.frontier("list.json", "--labels", "labels.npy", refused=["labels.npy", "-1"])


@case(TABLES)
def two_sets_of_labels():
    """Labels in the file and others by option: the option counts, with a word."""
    c = Case("labels-of-the-file-and-of-the-option")
    p = likely()
    other = [(t + 1) % 3 if i < 4 else t for i, t in enumerate(TRUTH)]
    c.text("m.csv", csv([[*ABC, "label"]] + [r + [ABC[t]] for r, t in zip(p, TRUTH)]))
    np.save(c.path("labels.npy"), np.array(other))
    c.members("list.json", "m.csv")
    c.frontier("list.json", "--labels", "labels.npy", accuracy={"m": 8 / 12}, likelihood={"m": nll(p, other)}, says=["label"],
               or_refused=["m.csv|labels.npy", "label"])


@case(TABLES)
def misspelt_kind():
    c = Case("a-misspelt-kind-of-scores")
    c.text("m.csv", csv([[*ABC, "label"]] + [r + [ABC[t]] for r, t in zip(likely(), TRUTH)]))
    c.text("list.json", json.dumps({"split": "test", "members": [{"file": "m.csv", "name": "m", "macs": 1, "parameters": 1, "kind": "logit"}]}))
    c.frontier("list.json", refused=["list.json|kind", "'?logit'?\\b", "logits", "probabilities"])


def splits(c, hold_out, test, name, holdRows, testRows):
    for file, split, rows in ("h", hold_out, holdRows), ("t", test, testRows):
        c.text(file + ".csv", csv(rows))
        c.text(file + ".json", json.dumps({"split": split, "members": [{"file": file + ".csv", "name": name, "macs": 9, "parameters": 9}]}))


def rows_of(prefix, n, turn=0, wrong=(), high=0.7, ids=True):
    truth = [(i + turn) % 3 for i in range(n)]
    p = likely(truth, high=high, wrong=wrong)
    return [[*(["id"] if ids else []), *ABC, "label"]] + [[*([f"{prefix}{i}"] if ids else []), *r, ABC[t]] for i, (r, t) in enumerate(zip(p, truth))]


@case(TABLES)
def validation_split():
    """ "validation" is a hold-out, or refused; never one more test set."""
    c = Case("a-split-called-validation")
    splits(c, "validation", "test", "m", rows_of("v", 60, wrong=range(0, 60, 7)), rows_of("t", 60, 1, wrong=range(0, 60, 9)))
    c.expect("frontier", "h.json", "t.json", "--out", "out", decides=True, or_refused=["validation", "hold-out"])


@case(TABLES)
def underscored_split():
    c = Case("a-split-called-hold-out-with-an-underscore")
    splits(c, "Hold_Out", "test", "m", rows_of("v", 60, wrong=range(0, 60, 7)), rows_of("t", 60, 1, wrong=range(0, 60, 9)))
    c.expect("frontier", "h.json", "t.json", "--out", "out", decides=True, or_refused=["hold_out", "hold-out"])


@case(TABLES)
def row_numbers_as_ids():
    """pandas' row numbers as ids: 0 ... 59 in both splits, of other images. Refused by the ids, with a way out."""
    c = Case("row-numbers-as-ids-of-both-splits")
    splits(c, "hold-out", "test", "m", rows_of("", 60, wrong=range(0, 60, 7)), rows_of("", 60, 1, wrong=range(0, 60, 9)))
    c.expect("frontier", "h.json", "t.json", "--out", "out", decides=True, or_refused=[r"\bids?\b|h.csv|t.csv|h.json|t.json", "share|same|both|test"])


@case(TABLES)
def shuffled_without_ids():
    """The test set again, shuffled, and no ids: found by its rows, or said that it cannot be known."""
    c = Case("the-test-set-shuffled-without-ids")
    g = np.random.default_rng(1)
    z = np.round(g.normal(size=(60, 3)) + 2 * np.eye(3)[np.arange(60) % 3], 4)
    rows = [[*ABC, "label"]] + [[*map(float, r), ABC[i % 3]] for i, r in enumerate(z)]
    splits(c, "hold-out", "test", "m", rows[:1] + [rows[1 + i] for i in g.permutation(60)], rows)
    c.expect("frontier", "h.json", "t.json", "--out", "out", decides=True, saysAnywhere=["same images|share|cannot be (known|told|checked)|not known|unknown whether|(without|no|have) ids"],
             or_refused=["same|share", "test"])


@case(TABLES)
def tiny_hold_out():
    """Three hold-out images, all right: no temperature can be fitted on them."""
    c = Case("a-hold-out-of-three-images")
    splits(c, "hold-out", "test", "m", rows_of("v", 3), rows_of("t", 60, 1, wrong=range(6)))
    c.expect("frontier", "h.json", "t.json", "--out", "out",
             deployedLikelihoodAtMost=-(54 * math.log(0.7) + 6 * math.log(0.15)) / 60 * 1.2, or_refused=["hold-out", "3"])


@case(TABLES)
def hopeless_hold_out():
    """Every hold-out image wrong (its labels were permuted): the test must not come out worse than a guess."""
    c = Case("a-hold-out-that-is-all-wrong")
    splits(c, "hold-out", "test", "m", rows_of("v", 60, wrong=range(60)), rows_of("t", 60, 1, wrong=range(6)))
    c.expect("frontier", "h.json", "t.json", "--out", "out", deployedLikelihoodAtMost=math.log(3) * 1.001, or_refused=["hold-out"])


# ---------------------------------------------------------------- models

FLOAT, INTEGERS = TensorProto.FLOAT, TensorProto.INT64
COLOUR = [node("GlobalAveragePool", ["images"], ["pooled"]), node("Flatten", ["pooled"], ["colour"])]
SCORES = COLOUR + [node("MatMul", ["colour", "weights"], ["scores"])]
WEIGHTS = constant("weights", np.eye(3, 4) * 6)


def network(case, nodes, constants=(WEIGHTS,), outputs=(("out", FLOAT, ["N", 4]),), inputs=(("images", FLOAT, ["N", 3, 8, 8]),),
            opset=17, ir=8, metadata=None, domains=(), **saving):
    value = helper.make_tensor_value_info
    graph = helper.make_graph(list(nodes), "main_graph", [value(*i) for i in inputs], [value(*o) for o in outputs], list(constants))
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset), *domains], ir_version=ir)
    helper.set_model_props(made, metadata or {})
    onnx.save(made, case.path("m.onnx"), **saving)


def engine(case, image="images/a.png", scale=255.0, channels_last=False, output=None):
    """ONNX Runtime's answer for one image whose pixels are divided by `scale` first."""
    pixels = np.asarray(Image.open(case.path(image)).convert("RGB"))[None]
    session = onnxruntime.InferenceSession(case.path("m.onnx"), providers=["CPUExecutionProvider"])
    entry = session.get_inputs()[0]
    batch = pixels if channels_last else pixels.transpose(0, 3, 1, 2)
    if "uint8" not in entry.type:
        batch = (batch / scale).astype("f2" if "16" in entry.type else "f4")
    return np.asarray(session.run(output and [output], {entry.name: np.ascontiguousarray(batch)})[0][0], "f8").ravel()


def top(p):
    p = np.asarray(p, "f8")
    return float(p.max() / p.sum())


@case(MODELS)
def keras_scaled():
    """tf2onnx of a Keras model with Rescaling(1/255): channels last, pixels of 0...255; a deviation of 1/255 gives it those."""
    c = one_image("keras-with-rescaling")
    keras(c)
    c.expect("predict", "m.onnx", "--data", "images", "--mean", "0,0,0", "--std", ",".join(["0.00392156862745098"] * 3),
             "--csv", "answers.csv", probability=top(engine(c, scale=1, channels_last=True)))


def keras(c):
    nodes = [node("Transpose", ["input_1:0"], ["t"], perm=[0, 3, 1, 2]), node("Mul", ["t", "const_scale"], ["images"]), *SCORES,
             node("Softmax", ["scores"], ["Identity:0"], axis=1)]
    network(c, nodes, [WEIGHTS, constant("const_scale", 1 / 255)], [("Identity:0", FLOAT, ["unk__12", 4])],
            [("input_1:0", FLOAT, ["unk__11", 8, 8, 3])], 15, domains=[helper.make_opsetid("ai.onnx.ml", 2)])


@case(MODELS)
def keras_unsaid():
    """The same, and nothing is said of its pixels: 0...255 as the graph shows, refused, or said what was taken."""
    c = one_image("keras-with-rescaling-and-no-options")
    keras(c)
    c.expect("predict", "m.onnx", "--data", "images", "--csv", "answers.csv", probability=top(engine(c, scale=1, channels_last=True)),
             or_refused=["m.onnx", "--mean|--std|255"], or_says=["m.onnx|image", "mean|0.{1,4}1|scale|255"])


@case(MODELS)
def after_softmax():
    """What exporters leave after a softmax: casts, reshapes, transposes, an idle dropout."""
    soft = node("Softmax", ["scores"], ["soft"], axis=1)
    for name, tail, constants in [
        ("softmax-and-casts", [node("Cast", ["soft"], ["d"], to=TensorProto.DOUBLE), node("Cast", ["d"], ["out"], to=FLOAT)], []),
        ("softmax-and-reshape", [node("Unsqueeze", ["soft", "last"], ["u"]), node("Reshape", ["u", "rows"], ["out"])],
         [constant("last", [2], "i8"), constant("rows", [-1, 4], "i8")]),
        ("softmax-and-idle-dropout", [node("Dropout", ["soft"], ["out"])], []),
        ("softmax-and-log", [node("Log", ["soft"], ["out"])], []),
    ]:
        c = one_image(name)
        network(c, [*SCORES, soft, *tail], [WEIGHTS, *constants])
        z = engine(c)
        probability(c, probability=top(softmax(z) if name.endswith("log") else z))


@case(MODELS)
def other_distributions():
    """Rows that sum to 1 without a softmax at the end of the graph: found by measuring, or refused with the option."""
    soft = node("Softmax", ["scores"], ["soft"], axis=1)
    stochastic = np.full((4, 4), 0.05) + np.eye(4) * 0.8
    for name, tail, constants in [
        ("softmax-written-out", [node("Exp", ["scores"], ["e"]), node("ReduceSum", ["e", "one"], ["sum"], keepdims=1),
                                 node("Div", ["e", "sum"], ["out"])], [constant("one", [1], "i8")]),
        ("sigmoids-normalised", [node("Sigmoid", ["scores"], ["e"]), node("ReduceSum", ["e", "one"], ["sum"], keepdims=1),
                                 node("Div", ["e", "sum"], ["out"])], [constant("one", [1], "i8")]),
        ("softmax-and-a-confusion-matrix", [soft, node("MatMul", ["soft", "confusion"], ["out"])], [constant("confusion", stochastic)]),
        ("softmaxes-stacked-and-averaged",
         [soft, node("MatMul", ["colour", "other"], ["z"]), node("Softmax", ["z"], ["soft2"], axis=1),
          node("Unsqueeze", ["soft", "zero"], ["u1"]), node("Unsqueeze", ["soft2", "zero"], ["u2"]), node("Concat", ["u1", "u2"], ["all"], axis=0),
          node("ReduceMean", ["all"], ["out"], axes=[0], keepdims=0)], [constant("zero", [0], "i8"), constant("other", np.eye(3, 4) * 3)]),
    ]:
        c = one_image(name)
        network(c, [*SCORES, *tail], [WEIGHTS, *constants])
        probability(c, probability=top(engine(c)), or_refused=["m.onnx", "probabilit", "--output-kind"])


@case(MODELS)
def no_longer_scores():
    """Graphs that go on after a softmax, or make sigmoids of scores by hand: nothing says what their outputs are."""
    soft = node("Softmax", ["scores"], ["soft"], axis=1)
    for name, tail, constants in [
        ("softmaxes-added", [soft, node("Add", ["soft", "soft"], ["out"])], []),
        ("softmax-and-its-root", [soft, node("Sqrt", ["soft"], ["out"])], []),
        ("softmax-rounded", [soft, node("Mul", ["soft", "ten"], ["t"]), node("Round", ["t"], ["r"]), node("Div", ["r", "ten"], ["out"])],
         [constant("ten", 10.0)]),
        ("softmax-reversed", [soft, node("Sub", ["one", "soft"], ["out"])], [constant("one", 1.0)]),
        ("logarithms-to-base-2", [node("LogSoftmax", ["scores"], ["log"], axis=1), node("Div", ["log", "base"], ["out"])],
         [constant("base", math.log(2))]),
        ("exponentials-alone", [node("Exp", ["scores"], ["out"])], []),
        ("sigmoids-by-hand", [node("Neg", ["scores"], ["n"]), node("Exp", ["n"], ["e"]), node("Add", ["one", "e"], ["d"]),
                              node("Div", ["one", "d"], ["out"])], [constant("one", 1.0)]),
        ("sigmoids-by-tanh", [node("Tanh", ["scores"], ["t"]), node("Add", ["t", "one"], ["out"])], [constant("one", 1.0)]),
        ("only-the-best-scores", [node("TopK", ["scores", "count"], ["out", "places"], axis=1)], [constant("count", [4], "i8")]),
    ]:
        c = one_image(name)
        network(c, [*SCORES, *tail], [WEIGHTS, *constants])
        probability(c, refused=["m.onnx", "TopK|--output-kind|sigmoid"])


@case(MODELS)
def named_by_ultralytics():
    """The classes' names as Ultralytics' exports have them, in another order than the folders'."""
    c = Case("class-names-in-a-python-dictionary")
    for name, colour in [("red", (250, 5, 5)), ("green", (5, 250, 5)), ("blue", (5, 5, 250))]:
        c.picture(f"images/{name}/a.png", colour)
    network(c, [*COLOUR, node("MatMul", ["colour", "weights"], ["out"])], [constant("weights", np.eye(3)[:, [2, 0, 1]] * 6)],
            outputs=[("out", FLOAT, ["N", 3])], metadata={"names": "{0: 'blue', 1: \"red\", 2: 'green'}"})
    c.predict("m.onnx", "--data", "images", *PIXELS, accuracy={"ensemble": 1.0}, images=3, says=["names"],
              or_refused=["m.onnx", "names"])


@case(MODELS)
def classes_ruled_out():
    """A mask adds negative infinity to one class: its probability is 0, whatever else is in the batch."""
    c = one_image("a-class-masked-by-infinity")
    network(c, [*SCORES, node("Add", ["scores", "mask"], ["out"])], [WEIGHTS, constant("mask", [0, 0, 0, -np.inf])])
    probability(c, probability=top(softmax(engine(c))))


@case(MODELS)
def normalized_bytes():
    """A first normalisation of pixels of 0...255: fed with 0...1 every image would look alike."""
    c = one_image("a-normalisation-of-bytes-first")
    moments = [constant("g", np.ones(3)), constant("b", np.zeros(3)), constant("m", [124, 116, 104]), constant("v", [3400, 3200, 3300])]
    network(c, [node("BatchNormalization", ["images", "g", "b", "m", "v"], ["n"]), node("GlobalAveragePool", ["n"], ["p"]),
                node("Flatten", ["p"], ["colour"]), node("MatMul", ["colour", "weights"], ["out"])], [WEIGHTS, *moments])
    probability(c, refused=["m.onnx", "--scale 255"])


@case(MODELS)
def averaged_map():
    """A classifier of patches: a softmax over the classes at each place, then the mean over places."""
    c = one_image("softmax-of-places-averaged")
    nodes = [node("Conv", ["images", "kernel"], ["map"]), node("Softmax", ["map"], ["soft"], axis=1),
             node("GlobalAveragePool", ["soft"], ["g"]), node("Flatten", ["g"], ["out"])]
    network(c, nodes, [constant("kernel", (np.eye(4, 3) * 6)[:, :, None, None])])
    probability(c, probability=top(engine(c)), or_refused=["m.onnx", "probabilit", "--output-kind"])


@case(MODELS)
def two_columns():
    """One sigmoid exported as [1 - s, s]: a distribution over two classes."""
    c = one_image("a-sigmoid-as-two-classes")
    network(c, [*SCORES, node("Sigmoid", ["scores"], ["s"]), node("Sub", ["one", "s"], ["r"]), node("Concat", ["r", "s"], ["out"], axis=1)],
            [constant("weights", [[2.0], [-1], [0.5]]), constant("one", [1.0])], [("out", FLOAT, ["N", 2])])
    probability(c, probability=top(engine(c)), or_refused=["m.onnx", "probabilit|sigmoid"])


@case(MODELS)
def percent_outputs():
    """Softmax x 100: rows sum to 100."""
    c = one_image("outputs-in-percent")
    network(c, [*SCORES, node("Softmax", ["scores"], ["soft"], axis=1), node("Mul", ["soft", "hundred"], ["out"])],
            [WEIGHTS, constant("hundred", [100.0])])
    probability(c, probability=top(engine(c)), or_refused=["m.onnx", "percent|100|probabilit|softmax"])


@case(MODELS)
def batch_softmax():
    """Softmax over the batch: nn.Softmax(dim=0)."""
    c = one_image("softmax-over-the-batch")
    network(c, [*SCORES, node("Softmax", ["scores"], ["out"], axis=0)])
    probability(c, refused=["m.onnx", "batch|axis|images"])


@case(MODELS)
def softmax_of_one():
    """A converter's fault: opset 13's Softmax without an axis on [N, 4, 1, 1] makes each number 1."""
    c = one_image("softmax-over-an-axis-of-one")
    network(c, [*SCORES, node("Reshape", ["scores", "shape"], ["four"]), node("Softmax", ["four"], ["out"])],
            [WEIGHTS, constant("shape", [-1, 4, 1, 1], "i8")], [("out", FLOAT, ["N", 4, 1, 1])])
    probability(c, refused=["m.onnx", "softmax|axis|distribution|sum|probabilit"])


@case(MODELS)
def old_softmax():
    """Opset 9, whose Softmax flattens after axis 1, on [N, 4, 1, 1]; the weights are listed among the inputs, as old PyTorch did."""
    c = one_image("opset-9-with-weights-as-inputs")
    network(c, [*SCORES, node("Reshape", ["scores", "shape"], ["four"]), node("Softmax", ["four"], ["out"])],
            [WEIGHTS, constant("shape", [-1, 4, 1, 1], "i8")], [("out", FLOAT, ["N", 4, 1, 1])],
            [("images", FLOAT, ["N", 3, 8, 8]), ("weights", FLOAT, [3, 4]), ("shape", INTEGERS, [4])], opset=9, ir=3)
    probability(c, probability=top(engine(c)))


def two_heads(c):
    """Class scores and features of as many columns, under PyTorch's numbers."""
    network(c, [*SCORES, node("MatMul", ["colour", "other"], ["118"]), node("Identity", ["scores"], ["121"])],
            [WEIGHTS, constant("other", np.ones((3, 4)))], [("118", FLOAT, ["N", 4]), ("121", FLOAT, ["N", 4])])


@case(MODELS)
def several_outputs():
    c = one_image("two-outputs-by-number")
    two_heads(c)
    probability(c, refused=["m.onnx", "118", "121", "--output"])
    c = one_image("two-outputs-one-chosen")
    two_heads(c)
    probability(c, "--output", "121", probability=top(softmax(engine(c, output="121"))))
    c = one_image("two-outputs-none-of-that-name")
    two_heads(c)
    probability(c, "--output", "logits", refused=["m.onnx", "logits", "118", "121"])


@case(MODELS)
def class_and_probabilities():
    """The class and the probabilities, as services export classifiers: `label` of int64 comes first."""
    c = one_image("a-label-and-probabilities")
    network(c, [*SCORES, node("Softmax", ["scores"], ["probabilities"], axis=1), node("ArgMax", ["scores"], ["label"], axis=1, keepdims=0)],
            outputs=[("label", INTEGERS, ["N"]), ("probabilities", FLOAT, ["N", 4])])
    probability(c, probability=top(engine(c, output="probabilities")), or_refused=["m.onnx", "label", "probabilities", "--output"])


@case(MODELS)
def class_only():
    c = one_image("an-output-of-the-class-only")
    network(c, [*SCORES, node("ArgMax", ["scores"], ["label"], axis=1, keepdims=0)], outputs=[("label", INTEGERS, ["N"])])
    probability(c, refused=["m.onnx", "int64|integer|class|\\[N|output"])


@case(MODELS)
def wrong_name():
    """An output called probabilities that holds scores."""
    c = one_image("scores-called-probabilities")
    network(c, [*COLOUR, node("MatMul", ["colour", "weights"], ["probabilities"])], outputs=[("probabilities", FLOAT, ["N", 4])])
    probability(c, probability=top(softmax(engine(c))), says=["probabilit|logit"], or_refused=["m.onnx", "probabilit"])


@case(MODELS)
def map_output():
    """A segmentation network: [N, 4, 8, 8]."""
    c = one_image("an-output-of-maps")
    network(c, [node("Conv", ["images", "kernel"], ["out"])], [constant("kernel", np.ones((4, 3, 1, 1)))], [("out", FLOAT, ["N", 4, 8, 8])])
    probability(c, refused=["m.onnx", "8|shape|class"])


NORMAL = [constant("g", np.ones(4)), constant("b", np.zeros(4)), constant("m", np.zeros(4)), constant("v", np.ones(4))]


@case(MODELS)
def answers_by_the_batch():
    """Opset 9's training mode (five outputs), dropout that drops, statistics of the batch: no answer belongs to its image."""
    for name, tail, constants, opset, words in [
        ("normalisation-in-training-mode-of-opset-9", [node("BatchNormalization", ["scores", "g", "b", "m", "v"], ["out", "m2", "v2", "sm", "sv"])],
         NORMAL, 9, "training|batch"),
        ("dropout-that-drops", [node("Dropout", ["scores", "ratio", "training"], ["out"])],
         [constant("ratio", 0.5), numpy_helper.from_array(np.array(True), "training")], 17, "training|dropout"),
        ("less-the-mean-of-the-batch", [node("ReduceMean", ["scores"], ["mean"], axes=[0], keepdims=1), node("Sub", ["scores", "mean"], ["out"])],
         [], 17, "batch"),
        ("noise-in-the-graph", [node("RandomNormalLike", ["scores"], ["noise"]), node("Add", ["scores", "noise"], ["out"])], [], 17, "random|noise"),
    ]:
        c = one_image(name)
        network(c, [*SCORES, *tail], [WEIGHTS, *constants], opset=opset, ir=8 if opset > 9 else 4)
        probability(c, refused=["m.onnx", words])


@case(MODELS)
def hidden_constants():
    """Not in the initializers: infinity in a Constant node that a Clip hides; a negative variance that a ReLU hides; NaN in half precision."""
    c = one_image("infinity-in-a-constant-node")
    network(c, [*SCORES, node("Constant", [], ["bias"], value=constant("", [0, np.inf, 0, 0])), node("Add", ["scores", "bias"], ["a"]),
                node("Clip", ["a", "low", "high"], ["out"])], [WEIGHTS, constant("low", -8.0), constant("high", 8.0)])
    probability(c, refused=["m.onnx", "bias|Constant|Add", "finite|inf"])
    c = one_image("a-negative-variance")
    network(c, [*SCORES, node("BatchNormalization", ["scores", "g", "b", "m", "v"], ["n"]), node("Relu", ["n"], ["out"])],
            [WEIGHTS, *NORMAL[:3], constant("v", [1, -0.5, 1, 1])])
    probability(c, refused=["m.onnx", "varianc", "negative|below|-0.5"])
    c = one_image("not-a-number-in-half-precision")
    half = np.eye(3, 4) * 6
    half[1, 2] = np.nan
    network(c, [*COLOUR, node("Cast", ["half"], ["weights"], to=FLOAT), node("MatMul", ["colour", "weights"], ["s"]), node("Relu", ["s"], ["out"])],
            [constant("half", half, "f2")])
    probability(c, refused=["m.onnx", "half", "finite|NaN"])


@case(MODELS)
def bytes_and_a_mean():
    """Bytes in, normalised inside, and ImageNet's mean by option: not twice."""
    c = one_image("bytes-in-and-a-mean-by-option", (120, 70, 10))
    nodes = [node("Cast", ["x"], ["f"], to=FLOAT), node("Sub", ["f", "mean"], ["s"]), node("Div", ["s", "deviation"], ["images"]), *SCORES]
    network(c, nodes, [constant("weights", np.eye(3, 4)), constant("mean", np.reshape([123.675, 116.28, 103.53], (3, 1, 1))),
                       constant("deviation", np.reshape([58.395, 57.12, 57.375], (3, 1, 1)))],
            [("scores", FLOAT, ["N", 4])], [("x", TensorProto.UINT8, ["N", 3, 8, 8])])
    c.expect("predict", "m.onnx", "--data", "images", "--mean", "imagenet", "--std", "imagenet", "--csv", "answers.csv",
             probability=top(softmax(engine(c))), says=["mean|uint8|bytes"], or_refused=["m.onnx", "uint8|bytes", "mean"])


@case(MODELS)
def half_inputs():
    """A model in float16 from end to end."""
    c = one_image("half-precision-from-end-to-end", (255, 0, 0))
    network(c, SCORES, [constant("weights", np.eye(3, 4) * 6, "f2")], [("scores", TensorProto.FLOAT16, ["N", 4])],
            [("images", TensorProto.FLOAT16, ["N", 3, 8, 8])])
    probability(c, probability=math.exp(6) / (math.exp(6) + 3))


@case(MODELS)
def batch_of_four():
    """A batch fixed to 4 and six images."""
    c = Case("a-batch-fixed-to-four")
    network(c, SCORES, [constant("weights", np.eye(3) * 6)], [("scores", FLOAT, [4, 3])], [("images", FLOAT, [4, 3, 8, 8])],
            metadata={"labels": json.dumps(list(PRIMARY))})
    for name, colour in PRIMARY.items():
        for i in range(2):
            c.picture(f"images/{name}/{i}.png", colour)
    c.predict("m.onnx", "--data", "images", *PIXELS, accuracy={"ensemble": 1.0}, likelihood={"ensemble": nll([softmax([6, 0, 0])], [0])}, images=6)


@case(MODELS)
def any_size():
    """Height and width are free: the size is asked for, or said."""
    c = one_image("a-free-size")
    network(c, SCORES, outputs=[("scores", FLOAT, ["batch", 4])], inputs=[("images", FLOAT, ["batch", 3, "height", "width"])])
    probability(c, probability=top(softmax(engine(c))), says=["size"], or_refused=["m.onnx", "--input-size"])


@case(MODELS)
def one_channel():
    """A classifier of digits takes one channel."""
    c = one_image("one-channel")
    network(c, SCORES, [constant("weights", np.ones((1, 4)))], [("scores", FLOAT, ["N", 4])], [("images", FLOAT, ["N", 1, 8, 8])])
    probability(c, refused=["m.onnx", "channel|grey|\\[N, 3|1, 8"])


@case(MODELS)
def outside_data():
    """torch.onnx.export's weights in m.onnx.data, there and lost."""
    for name, lost in ("weights-beside-the-model", False), ("weights-beside-the-model-lost", True):
        c = one_image(name)
        network(c, SCORES, outputs=[("scores", FLOAT, ["N", 4])], save_as_external_data=True, location="m.onnx.data", size_threshold=0)
        if lost:
            os.remove(c.path("m.onnx.data"))
            probability(c, refused=["m.onnx.data"])
        else:
            probability(c, probability=top(softmax(engine(c))))


@case(MODELS)
def pointer():
    """What git leaves where large files were not fetched."""
    c = one_image("a-pointer-in-place-of-a-model")
    c.text("m.onnx", "version https://git-lfs.github.com/spec/v1\noid sha256:" + "4d7a21" * 10 + "abcd\nsize 46814280\n")
    probability(c, refused=["m.onnx", "LFS|ONNX|pointer|git"])


@case(MODELS)
def named_by_ultralytics():
    """Classes as Ultralytics writes them, "names" as a Python dictionary, not in the alphabet's order."""
    c = Case("names-of-ultralytics")
    network(c, SCORES, [constant("weights", np.eye(3) * 6)], [("scores", FLOAT, ["N", 3])],
            metadata={"names": "{0: 'red', 1: 'green', 2: 'blue'}", "task": "classify", "imgsz": "[8, 8]"})
    for name, colour in PRIMARY.items():
        c.picture(f"images/{name}/a.png", colour)
    c.predict("m.onnx", "--data", "images", *PIXELS, accuracy={"ensemble": 1.0}, images=3, or_refused=["names|label|class"],
              or_says=["blue", "red", "order"])


@case(MODELS)
def counted():
    """What a training learns, and nothing else."""
    image = [("images", FLOAT, [1, 3, 8, 8])]
    c = Case("parameters-of-a-normalisation")  # 8 x 27 + gamma and beta of 8
    network(c, [node("Conv", ["images", "w"], ["c"], pads=[1] * 4), node("BatchNormalization", ["c", "g", "b", "m", "v"], ["out"])],
            [constant("w", np.ones((8, 3, 3, 3)))] + [constant(n, np.ones(8)) for n in "gbmv"], [("out", FLOAT, [1, 8, 8, 8])], image)
    c.expect("cost", "m.onnx", "--json", parameters=232)
    c = Case("parameters-used-twice")  # 3 x 3 once, 3 x 4
    network(c, [*COLOUR, node("MatMul", ["colour", "shared"], ["a"]), node("Relu", ["a"], ["r"]), node("MatMul", ["r", "shared"], ["b"]),
                node("MatMul", ["b", "weights"], ["out"])], [WEIGHTS, constant("shared", np.eye(3))], [("out", FLOAT, [1, 4])], image)
    c.expect("cost", "m.onnx", "--json", parameters=21)
    c = Case("bounds-and-scales-are-no-parameters")  # ReLU6's bounds, Resize's scales
    network(c, [node("Resize", ["images", "", "scales"], ["large"], mode="nearest"), node("Conv", ["large", "w"], ["c"], pads=[1] * 4),
                node("Clip", ["c", "low", "high"], ["out"])],
            [constant("w", np.ones((8, 3, 3, 3))), constant("scales", [1, 1, 2, 2]), constant("low", 0.0), constant("high", 6.0)],
            [("out", FLOAT, [1, 8, 16, 16])], image)
    c.expect("cost", "m.onnx", "--json", parameters=216)
    c = Case("parameters-of-eight-bits")  # int8 weights; scales and zero points are not learnt
    network(c, [node("DequantizeLinear", ["w", "scale", "zero"], ["f"]), node("Conv", ["images", "f"], ["out"], pads=[1] * 4)],
            [constant("w", np.ones((8, 3, 3, 3)), "i1"), constant("scale", 0.02), constant("zero", 0, "i1")], [("out", FLOAT, [1, 8, 8, 8])], image)
    c.expect("cost", "m.onnx", "--json", parameters=216, or_refused=["m.onnx", "quanti|DequantizeLinear|int8"])


def state_dict(case, prefix="", change=()):
    """ResNet-20's weights in half precision, as safetensors.torch.save_file writes a state dict, counters of batches included."""
    shapes = {"conv1.weight": (16, 3, 3, 3), "fc.weight": (10, 64), "fc.bias": (10,)}
    normal = {"bn1": 16}
    for stage, width in (1, 16), (2, 32), (3, 64):
        for block in range(3):
            name, entry = f"layer{stage}.{block}", width // 2 if stage > 1 and block == 0 else width
            shapes[f"{name}.conv1.weight"], shapes[f"{name}.conv2.weight"] = (width, entry, 3, 3), (width, width, 3, 3)
            normal[f"{name}.bn1"] = normal[f"{name}.bn2"] = width
            if entry != width:
                shapes[f"{name}.downsample.0.weight"], normal[f"{name}.downsample.1"] = (width, entry, 1, 1), width
    tensors = {n: np.zeros(shape, "f2") for n, shape in shapes.items()}
    for n, width in normal.items():
        for part, value in ("weight", 1), ("bias", 0), ("running_mean", 0), ("running_var", 1):
            tensors[f"{n}.{part}"] = np.full(width, value, "f2")
        tensors[f"{n}.num_batches_tracked"] = np.array(7, "i8")
    for n, index, value in change:
        tensors[n].flat[index] = value
    header, content = {"__metadata__": {"format": "pt"}}, b""
    for n in sorted(tensors):
        data = tensors[n].tobytes()
        header[prefix + n] = {"dtype": {"f": "F16", "i": "I64"}[tensors[n].dtype.kind], "shape": list(tensors[n].shape),
                              "data_offsets": [len(content), len(content) + len(data)]}
        content += data
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    case.bytes("w.safetensors", len(text).to_bytes(8, "little") + text + content)


@case(MODELS)
def state_dicts():
    """State dicts as trainings leave them: of DataParallel, of a compiled model in it, of a Lightning module."""
    for name, prefix in ("weights-of-data-parallel", "module."), ("weights-of-a-compiled-model", "module._orig_mod."), ("weights-of-lightning", "model."):
        c = Case(name)
        state_dict(c, prefix)
        c.expect("import", "w.safetensors", "--network", "resnet-20", "--out", "m", writes="m/member.json",
                 saysAnywhere=[prefix.replace(".", "\\."), "mean|preprocess|0.{1,4}1"])
    c = Case("weights-with-a-negative-variance")
    state_dict(c, change=[("layer2.1.bn2.running_var", 3, -0.25)])
    c.expect("import", "w.safetensors", "--network", "resnet-20", "--out", "m", refused=["w.safetensors", "layer2.1.bn2", "varianc|negative|below"])
    c = Case("weights-with-infinity")
    state_dict(c, change=[("layer3.0.conv1.weight", 1000, np.inf)])
    c.expect("import", "w.safetensors", "--network", "resnet-20", "--out", "m", refused=["w.safetensors", "layer3.0.conv1", "finite|inf"])


# ---------------------------------------------------------------- images, classes, tars, files of labels

def primary(name, labels=None, folders=tuple(PRIMARY), classes=3):
    """A model of three colours, and a folder with one picture for each of them; `folders` are called in the order red, green, blue."""
    c = Case(name)
    model(c, classes=classes, metadata=labels and {"labels": json.dumps(labels)})
    for folder, colour in zip(folders, PRIMARY.values()):
        c.picture(f"images/{folder}/a.png", colour)
    return c


def figures(c, *options, data="images", accuracy=1.0, images=3, **expected):
    c.predict("m.onnx", "--data", data, *PIXELS, *options, accuracy={"ensemble": accuracy}, images=images, **expected)


@case(IMAGES)
def synsets():
    """Kaggle's LOC_synset_mapping.txt of a subset, in the order of the outputs: folders are called by the first word."""
    c = primary("a-list-of-synsets", folders=["n02007558", "n01440764", "n01443537"])
    c.text("LOC_synset_mapping.txt", "n02007558 flamingo\nn01440764 tench, Tinca tinca\nn01443537 goldfish, Carassius auratus\n")
    figures(c, "--labels", "LOC_synset_mapping.txt", or_refused=["LOC_synset_mapping.txt|n01440764", "name|folder|class"])


@case(IMAGES)
def class_index():
    """Keras' imagenet_class_index.json as a file of labels."""
    c = primary("a-class-index-of-keras", folders=["n02007558", "n01440764", "n01443537"])
    c.text("index.json", json.dumps({"0": ["n02007558", "flamingo"], "1": ["n01440764", "tench"], "2": ["n01443537", "goldfish"]}))
    figures(c, "--labels", "index.json", or_refused=["index.json", "line|JSON"])


@case(IMAGES)
def json_of_one_name_a_line():
    """A pretty-printed JSON list has a line more than names on either side; that of Hugging Face's id2label too."""
    c = primary("labels-of-hugging-face")
    c.text("config.json", json.dumps({"id2label": {"0": "red", "1": "green", "2": "blue"}}, indent=2))
    figures(c, "--labels", "config.json", or_refused=["config.json", "line|JSON"])


@case(IMAGES)
def numbered_lines():
    """ "0 red", "1 green": many lists of labels count their lines."""
    c = primary("labels-with-numbers")
    c.text("labels.txt", "0 red\n1 green\n2 blue\n")
    figures(c, "--labels", "labels.txt", or_refused=["labels.txt|0 red|red", "name|line|class|folder"])


@case(IMAGES)
def header_line():
    """A CSV of one column has a header: four lines for three classes."""
    c = primary("labels-with-a-header")
    c.text("classes.csv", "class\nred\ngreen\nblue\n")
    figures(c, "--labels", "classes.csv", says=["classes.csv", "class\\b|header|first line"], or_refused=["classes.csv", "4|four", "3|three"])


@case(IMAGES)
def notepad():
    """Notepad's "Unicode"."""
    c = primary("labels-in-utf-16")
    c.text("labels.txt", "red\r\ngreen\r\nblue\r\n", "utf-16")
    figures(c, "--labels", "labels.txt", or_refused=["labels.txt", "UTF-16|UTF-8|encod"])


@case(IMAGES)
def underscores():
    """ "Fire Truck" and fire_truck; by order green would be ant."""
    c = primary("blanks-and-underscores", labels=["Fire Truck", "ant", "Ice Cream"], folders=["fire_truck", "ant", "ice_cream"])
    figures(c, or_refused=["fire_truck|ice_cream", "name|class"])


@case(IMAGES)
def only_case_differs():
    """Names that differ in case only are two classes where both have them so."""
    c = primary("classes-that-differ-in-case-only", labels=["Polish", "polish", "english"], folders=["Polish", "polish", "english"])
    figures(c)


@case(IMAGES)
def twice_when_folded():
    """Folders Red and red, of a merge, for one class red."""
    c = primary("two-folders-of-one-class", labels=["red", "green", "blue"])
    c.picture("images/Red/b.png", PRIMARY["green"])
    figures(c, accuracy=0.75, images=4, or_refused=["Red", "red"], says=["Red"])


@case(IMAGES)
def numbers_as_names():
    """The model says that its classes are 3, 1, 2: names, before any order of numbers."""
    c = primary("numbers-that-are-names", labels=["3", "1", "2"], folders=["3", "1", "2"])
    figures(c)


@case(IMAGES)
def some_numbers():
    """Folders 2, 5 and 11 of twelve classes: those classes, or refused; never the first three."""
    c = Case("some-folders-called-by-numbers")
    model(c, weights=wheel(12), classes=12)
    for k in 2, 5, 11:
        c.picture(f"images/{k}/a.png", hue(k, 12))
    figures(c, says=["number|11"], or_refused=["12", "3|folder|class"])


@case(IMAGES)
def flowers():
    """Oxford's flowers: folders 1 ... 12 for twelve outputs, counted from 0."""
    c = Case("folders-counted-from-one")
    model(c, weights=wheel(12), classes=12)
    for k in range(12):
        c.picture(f"images/{k + 1}/a.png", hue(k, 12))
    figures(c, images=12, says=["1\\b", "12", "order|number"], or_refused=["12", "folder|class"])


@case(IMAGES)
def numbers_with_words():
    """class_0 ... class_11: by number, refused, or the order said."""
    c = Case("folders-with-numbers-in-their-names")
    model(c, weights=wheel(12), classes=12)
    for k in range(12):
        c.picture(f"images/class_{k}/a.png", hue(k, 12))
    figures(c, images=12, says=["class_0", "order|number"], or_refused=["class_", "order|name|label"], or_says=["class_0", "class_9", "order"])


@case(IMAGES)
def notebooks():
    """Jupyter's .ipynb_checkpoints between the class folders, with a copy of a picture."""
    c = primary("checkpoints-of-a-notebook", labels=["red", "green", "blue"])
    c.picture("images/.ipynb_checkpoints/a-checkpoint.png", PRIMARY["red"])
    figures(c, or_refused=["ipynb_checkpoints"])


@case(IMAGES)
def macintosh_zip():
    """A zip packed on a Mac and unpacked elsewhere: __MACOSX, .DS_Store and ._a.png."""
    c = primary("leavings-of-a-macintosh", labels=["red", "green", "blue"])
    double = b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        " + bytes(96)
    for folder in PRIMARY:
        c.bytes(f"images/{folder}/._a.png", double)
        c.bytes(f"images/__MACOSX/{folder}/._a.png", double)
    c.bytes("images/.DS_Store", b"\x00\x00\x00\x01Bud1" + bytes(64))
    figures(c, or_refused=["__MACOSX|\\._a.png|DS_Store"])


@case(IMAGES)
def windows_leavings():
    """Explorer's Thumbs.db and desktop.ini, and a README.md: named, and no images."""
    c = primary("leavings-of-windows", labels=["red", "green", "blue"])
    c.bytes("images/red/Thumbs.db", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504))
    c.text("images/red/desktop.ini", "[.ShellClassInfo]\r\n")
    c.text("images/green/README.md", "# Green\n")
    figures(c, says=["Thumbs.db|desktop.ini|README.md|3 (other )?files"], or_refused=["Thumbs.db|desktop.ini|README.md"])


@case(IMAGES)
def other_formats():
    """A WebP, a BMP and a GIF among the PNGs are images too: read, named or refused, never left out without a word."""
    c = primary("images-of-other-formats", labels=["red", "green", "blue"])
    for kind in "webp", "bmp", "gif":
        Image.new("RGB", (8, 8), PRIMARY["green"]).save(c.path(f"images/green/b.{kind}"))
    figures(c, says=["webp|bmp|gif"], or_refused=["webp|bmp|gif"])


@case(IMAGES)
def capital_extensions():
    """A.JPG, B.JPEG and a PNG that is called .jpg."""
    c = primary("extensions-in-capitals", labels=["red", "green", "blue"])
    Image.new("RGB", (16, 16), PRIMARY["green"]).save(c.path("images/green/B.JPEG"), "JPEG", quality=95, subsampling=0)
    Image.new("RGB", (16, 16), PRIMARY["blue"]).save(c.path("images/blue/DSC_1.JPG"), "JPEG", quality=95, subsampling=0)
    c.bytes("images/red/c.jpg", png(PRIMARY["red"]))
    figures(c, "--resize", "8", images=6)


@case(IMAGES)
def linked():
    """Hugging Face's cache: each picture is a link to a blob without an extension; one class is a linked folder."""
    c = Case("pictures-that-are-links")
    model(c, classes=3, metadata={"labels": json.dumps(list(PRIMARY))})
    for i, (name, colour) in enumerate(PRIMARY.items()):
        c.bytes(f"blobs/{i:08x}", png(colour))
        place = "images" if name != "blue" else "elsewhere"
        os.makedirs(os.path.dirname(c.path(f"{place}/{name}/a.png")), exist_ok=True)
        link(f"../../blobs/{i:08x}", c.path(f"{place}/{name}/a.png"))
    link("../elsewhere/blue", os.path.join(make_cases.FIXTURES, c.name, "images/blue"))
    figures(c, or_refused=["link|blue"])


def link(target, path):
    if os.path.lexists(path):
        os.remove(path)
    os.symlink(target, path)


@case(IMAGES)
def dangling():
    """A link whose target is gone (a cache was cleaned) is no image to leave out."""
    c = primary("a-link-to-nothing", labels=["red", "green", "blue"])
    link("../../blobs/0badc0de", c.path("images/green/b.png"))
    c.predict("m.onnx", "--data", "images", *PIXELS, refused=["b.png"])


@case(IMAGES)
def shared_metadata():
    """Hugging Face's imagefolder: pictures in one folder, labels in metadata.csv."""
    c = Case("labels-in-metadata-csv")
    model(c, classes=3, metadata={"labels": json.dumps(list(PRIMARY))})
    for i, colour in enumerate(PRIMARY.values()):
        c.picture(f"images/{i}.png", colour)
    c.text("images/metadata.csv", "file_name,label\n0.png,red\n1.png,green\n2.png,blue\n")
    c.predict("m.onnx", "--data", "images", *PIXELS, images=3, says=["metadata.csv"])


@case(IMAGES)
def validation_folder():
    """Hugging Face's splits: train and validation are no two classes."""
    c = Case("splits-that-look-like-classes")
    model(c, classes=2)
    for split, turn in ("train", 1), ("validation", 0):
        c.picture(f"images/{split}/ant/a.png", (255, 0, 0) if not turn else (0, 255, 0))
        c.picture(f"images/{split}/bee/a.png", (0, 255, 0))
    figures(c, images=2, says=["validation|ant"], or_refused=["validation|train"])


@case(IMAGES)
def both_splits():
    """val beside test: which was taken is said."""
    c = Case("val-beside-test")
    model(c, classes=3, metadata={"labels": json.dumps(list(PRIMARY))})
    for name, colour in PRIMARY.items():
        c.picture(f"images/train/{name}/a.png", (9, 9, 9))
        c.picture(f"images/val/{name}/a.png", (9, 9, 9))
        c.picture(f"images/test/{name}/a.png", colour)
    figures(c, says=["test", "val"], or_refused=["test", "val"])


@case(IMAGES)
def keras_test_folder():
    """Kaggle's test pictures in one folder `unknown`, as Keras' generators want it: no class of the model."""
    c = Case("one-folder-called-unknown")
    model(c, metadata={"labels": json.dumps(["red", "green", "blue", "black"])})
    for i, colour in enumerate(PRIMARY.values()):
        c.picture(f"images/unknown/{i}.png", colour)
    c.predict("m.onnx", "--data", "images", *PIXELS, refused=["unknown", "class|label|name"])


@case(IMAGES)
def beside_folders():
    """The archive that the folders came from, and a loose picture, beside them."""
    c = primary("a-tar-and-a-picture-beside-folders", labels=["red", "green", "blue"])
    c.bytes("images/photos.tar", tar([("red/z.png", png(PRIMARY["green"]))]))
    c.picture("images/loose.png", PRIMARY["red"])
    figures(c, says=["photos.tar", "loose.png|1 (other )?(file|image|picture)"], or_refused=["photos.tar|loose.png"])


@case(IMAGES)
def compressed_shard():
    """A shard that was compressed: .tar.gz, and the same bytes under the name of a tar."""
    samples = shard([("a", PRIMARY["red"], 0), ("b", PRIMARY["green"], 1), ("c", PRIMARY["blue"], 2), ("d", PRIMARY["blue"], 3)])
    for name, file in ("a-compressed-shard", "part.tar.gz"), ("a-compressed-shard-called-tar", "part.tar"):
        c = Case(name)
        model(c)
        c.bytes(file, gzip.compress(samples, mtime=0))
        figures(c, data=file, accuracy=0.75, images=4, or_refused=[file, "gzip|compress"])


@case(IMAGES)
def packed():
    """Kaggle's zip as it came."""
    c = Case("a-zip")
    model(c)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, colour in PRIMARY.items():
            archive.writestr(zipfile.ZipInfo(f"{name}/a.png"), png(colour))
    c.bytes("images.zip", out.getvalue())
    c.predict("m.onnx", "--data", "images.zip", *PIXELS, refused=["images.zip", "a ZIP|unzip|unpack|extract|no tar"])


def archive(entries, form):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as made:
        for name, content in entries:
            info = tarfile.TarInfo(name)
            if content is None:
                info.type, info.mode = tarfile.DIRTYPE, 0o755
            else:
                info.size = len(content)
            made.addfile(info, io.BytesIO(content or b""))
    return out.getvalue()


@case(IMAGES)
def long_names():
    """Paths of more than 100 bytes in GNU's and in POSIX's form, letters beyond ASCII in them."""
    for name, form in ("long-names-of-gnu-tar", tarfile.GNU_FORMAT), ("long-names-of-posix-tar", tarfile.PAX_FORMAT):
        c = Case(name)
        model(c, classes=3, metadata={"labels": json.dumps(["rød", "green", "blue"])})
        c.bytes("part.tar", archive([(f"{folder}/{'ä' * 60}{i}.png", png(colour)) for folder, colour in zip(["rød", "green", "blue"], PRIMARY.values())
                                     for i in range(2)], form))
        figures(c, data="part.tar", images=6)


@case(IMAGES)
def dot_prefix():
    """`tar cf images.tar .`: ./, ./red/, ./red/a.png, and macOS' ./red/._a.png before it."""
    c = Case("a-tar-of-the-current-folder")
    model(c, classes=3, metadata={"labels": json.dumps(list(PRIMARY))})
    entries = [("./", None)]
    for name, colour in PRIMARY.items():
        entries += [(f"./{name}/", None), (f"./{name}/._a.png", b"\x00\x05\x16\x07" + bytes(100)), (f"./{name}/a.png", png(colour))]
    c.bytes("images.tar", archive(entries, tarfile.PAX_FORMAT))
    figures(c, data="images.tar", or_refused=["\\._a.png"])


@case(IMAGES)
def wrapped():
    """A tar of one folder: photos/red/a.png."""
    c = Case("a-tar-of-one-folder")
    model(c, classes=3, metadata={"labels": json.dumps(list(PRIMARY))})
    c.bytes("photos.tar", archive([(f"photos/{n}/a.png", png(colour)) for n, colour in PRIMARY.items()], tarfile.USTAR_FORMAT))
    figures(c, data="photos.tar", or_refused=["photos.tar", "photos/|folder|class"])


@case(IMAGES)
def unpadded():
    """A writer that leaves out the two empty blocks at the end, and the padding of its last file."""
    c = Case("a-tar-without-its-end")
    model(c)
    whole = shard([("a", PRIMARY["red"], 0), ("b", PRIMARY["green"], 1), ("c", PRIMARY["blue"], 2), ("d", PRIMARY["blue"], 3)])
    c.bytes("part.tar", whole.rstrip(b"\0"))
    figures(c, data="part.tar", accuracy=0.75, images=4, or_refused=["part.tar", "end|cut|pad|trunc"])


@case(IMAGES)
def keys_in_folders():
    """WebDataset keys with a path, labels with a line end, and a json beside each."""
    c = Case("keys-with-a-path")
    model(c)
    entries = []
    for i, colour in enumerate([*PRIMARY.values(), (255, 0, 0)]):
        entries += [(f"val/0{i % 2}/im{i}.png", png(colour)), (f"val/0{i % 2}/im{i}.cls", f"{i}\r\n".encode()), (f"val/0{i % 2}/im{i}.json", b"{}")]
    c.bytes("part.tar", tar(entries))
    figures(c, data="part.tar", accuracy=0.75, images=4, or_refused=["part.tar", "im0|val|json"])


@case(IMAGES)
def masks():
    """A mask beside each picture, a.seg.png, is no picture to classify."""
    c = Case("masks-beside-pictures")
    model(c)
    entries = []
    for i, colour in enumerate(PRIMARY.values()):
        entries += [(f"a{i}.png", png(colour)), (f"a{i}.seg.png", png((255, 255, 255))), (f"a{i}.cls", str(i).encode())]
    c.bytes("part.tar", tar(entries))
    figures(c, data="part.tar", says=["seg"], or_refused=["part.tar", "seg"])


@case(IMAGES)
def captions():
    """img2dataset writes key.txt and key.json, and no label."""
    c = Case("captions-in-place-of-labels")
    model(c)
    entries = []
    for i, colour in enumerate(PRIMARY.values()):
        entries += [(f"0000{i}.png", png(colour)), (f"0000{i}.txt", b"a red car"), (f"0000{i}.json", b'{"label": 1}')]
    c.bytes("part.tar", tar(entries))
    c.predict("m.onnx", "--data", "part.tar", *PIXELS, refused=["part.tar|0000", "label|cls"])


@case(IMAGES)
def names_in_cls():
    """Class names in .cls, of a model that has names."""
    c = Case("names-in-place-of-numbers")
    model(c, classes=3, metadata={"labels": json.dumps(["blue", "red", "green"])}, weights=np.roll(np.eye(3) * 6, 1, 1))
    c.bytes("part.tar", shard([("a", PRIMARY["red"], "red"), ("b", PRIMARY["green"], "green"), ("c", PRIMARY["blue"], "blue")]))
    figures(c, data="part.tar", or_refused=["part.tar", "a.cls|red|number"])


@case(IMAGES)
def numbers_of_another_list():
    """classes.txt beside the shards has another order than the model: the numbers in .cls mean the former."""
    c = Case("classes-of-the-shards-and-of-the-model")
    model(c, classes=3, metadata={"labels": json.dumps(["blue", "red", "green"])}, weights=np.roll(np.eye(3) * 6, 1, 1))
    c.bytes("shards/val-000000.tar", shard([("a", PRIMARY["red"], 0), ("b", PRIMARY["green"], 1), ("c", PRIMARY["blue"], 2)]))
    c.text("shards/classes.txt", "red\ngreen\nblue\n")
    figures(c, data="shards", or_refused=["classes.txt|class", "order|red|name"])


@case(IMAGES)
def label_too_large():
    """Labels counted from one: 4 is no class of four."""
    c = Case("labels-of-a-shard-counted-from-one")
    model(c)
    c.bytes("part.tar", shard([("a", PRIMARY["red"], 1), ("b", PRIMARY["green"], 2), ("c", PRIMARY["blue"], 3), ("d", (0, 0, 0), 4)]))
    c.predict("m.onnx", "--data", "part.tar", *PIXELS, refused=["part.tar", "d\\.(cls|png)|'d'|label '?4|from 0|0 to 3|0…3|0\\.\\.<4"])


@case(IMAGES)
def same_keys():
    """Two shards that both begin at key 000000: four images."""
    c = Case("the-same-keys-in-two-shards")
    model(c)
    c.bytes("shards/val-000000.tar", shard([("000000", PRIMARY["red"], 0), ("000001", PRIMARY["green"], 1)]))
    c.bytes("shards/val-000001.tar", shard([("000000", PRIMARY["blue"], 2), ("000001", PRIMARY["blue"], 3)]))
    figures(c, data="shards", accuracy=0.75, images=4)


def photograph():
    out = io.BytesIO()
    g = np.random.default_rng(2)
    Image.fromarray((g.integers(0, 80, (16, 16, 3)) + [150, 40, 20]).astype("u1")).save(out, "JPEG", quality=90, subsampling=0)
    return bytearray(out.getvalue())


@case(IMAGES)
def odd_photographs():
    """What libjpeg warns of and Pillow reads: a wrong end of the spectrum, JFIF 2.1, a film behind the photograph."""
    spectrum, version = photograph(), photograph()
    start = spectrum.index(b"\xff\xda")
    assert spectrum[start + 12] == 63
    spectrum[start + 12] = 0
    version[version.index(b"JFIF\0") + 5] = 2
    film = photograph() + b"\0\0\0\x18ftypmp42" + bytes(range(256)) * 4
    for name, content in ("photograph-with-an-odd-scan", spectrum), ("photograph-of-jfif-2", version), ("photograph-with-a-film", film):
        c = Case(name)
        c.bytes("images/a.jpg", bytes(content))
        model(c)
        pixels = np.asarray(Image.open(c.path("images/a.jpg")).convert("RGB").resize((8, 8), Image.Resampling.BICUBIC), "f8") / 255
        z = pixels.mean((0, 1)) @ np.eye(3, 4) * 6
        probability(c, "--resize", "8", "--interpolation", "bicubic", probability=top(softmax(z)))


CASES = TABLES + MODELS + IMAGES
