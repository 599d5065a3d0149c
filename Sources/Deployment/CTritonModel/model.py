"""An ensemble or a cascade of Consort in Triton's Python backend: written by `consort export --format triton`.

Needs NumPy and ONNX Runtime in Triton's Python. Reads ensemble.json and the members beside it. Requests that Triton gathers
run as one batch; an image of a cascade stops after the member that makes its prediction sure enough.
"""
import json
import os

import numpy as np
import onnxruntime
import triton_python_backend_utils as pb_utils

# What a probability of 0 counts as where logarithms are averaged, and where they are weighted or divided by a temperature.
RULED_OUT, FLOOR = -1e12, -103.27892990343185
TYPES = {"tensor(uint8)": np.uint8, "tensor(float16)": np.float16, "tensor(double)": np.float64}


def log_softmax(x):
    x = x - x.max(axis=-1, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=-1, keepdims=True))


def divided(log_probabilities, temperature):
    return log_probabilities if temperature == 1 else log_softmax(np.maximum(log_probabilities, FLOOR) / temperature)


def log_odds(log_probabilities):
    """Of each class against all others; 1 less the greatest probability is the sum of the others."""
    q = np.maximum(log_probabilities, FLOOR)
    p = np.exp(q)
    best = np.arange(p.shape[-1]) == p.argmax(axis=-1)[..., None]
    others = np.where(best, 0, p).sum(axis=-1, keepdims=True)
    return q - np.log(np.where(best, others, p.sum(axis=-1, keepdims=True) - p))


def curved(x, given, made):
    """Straight between points, and beside them by the same shift."""
    given, made = np.array(given), np.array(made)
    return np.interp(x, given, made) + np.minimum(x - given[0], 0) + np.maximum(x - given[-1], 0)


def calibrated(log_probabilities, manifest):
    """With the temperature or the calibration of the whole."""
    if not manifest.get("calibration"):
        return divided(log_probabilities, manifest.get("temperature") or 1)
    (method, how), = manifest["calibration"].items()
    q = np.maximum(log_probabilities, FLOOR)
    if method == "vector":
        return log_softmax(q * how["slopes"] + how["intercepts"])
    if method == "dirichlet":
        return log_softmax(q @ np.transpose(how["weights"]) + how["intercepts"])
    x = log_odds(log_probabilities)
    if method == "isotonic":
        x = np.stack([curved(x[..., c], curve["given"], curve["calibrated"]) for c, curve in enumerate(how["curves"])], axis=-1)
    else:
        tables, bins = np.array(how["logOdds"]), len(how["logOdds"][0])
        p = 1 / (1 + np.exp(-x))
        place = np.clip(np.ceil(p * bins).astype(int) - 1, 0, bins - 1)
        x = tables[np.arange(len(tables)), np.where(np.isnan(p), 0, place)] + 0 * x
    return log_softmax(-np.logaddexp(0, -x))


class Member:
    """One ONNX file: images to log-probabilities, [N, classes], float64."""

    def __init__(self, path, entry, output):
        self.session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        self.input = self.session.get_inputs()[0]
        self.entry, self.output, self.kind = entry, output["name"], output["kind"]
        first = self.input.shape[0]
        self.batch = first if isinstance(first, int) else None

    def normalised(self, pixels):
        """What the member takes, of RGB pixels of 0...1, [N, 3, H, W]."""
        p = self.entry["preprocessing"]
        mean, deviation = (np.reshape(p[key], (1, 3, 1, 1)) for key in ("mean", "standardDeviation"))
        x = ((pixels.astype("f8") * 255 - mean) / deviation).astype("f4")
        x = x[:, ::-1] if p["channelOrder"] == "bgr" else x
        return x.transpose(0, 2, 3, 1) if p["layout"] == "nhwc" else x

    def run(self, x):
        """Rows of what is no distribution are NaN."""
        dtype = TYPES.get(self.input.type, np.float32)
        x = np.ascontiguousarray((np.rint(x) if dtype == np.uint8 else x).astype(dtype))
        count, size = len(x), self.batch or len(x)
        if count % size:
            x = np.concatenate([x, np.repeat(x[-1:], size - count % size, axis=0)])
        parts = [self.session.run([self.output], {self.input.name: x[start:start + size]})[0]
                 for start in range(0, len(x), size)]
        scores = np.concatenate(parts)[:count].reshape(count, -1).astype("f8")
        if self.kind in ("probabilities", "percentages"):
            scores = np.log(np.maximum(scores, 0) / (100 if self.kind == "percentages" else 1))
        return log_softmax(scores)


def combined(members, rule, weights=None):
    """[N, classes]: the log-probabilities of some members together, [M, N, classes], and what ranks equal classes."""
    order = np.maximum(members, RULED_OUT).sum(axis=0)
    if weights is not None:
        return log_softmax(np.tensordot(weights, np.maximum(members, FLOOR), 1)), order
    if rule in ("geometricMean", "logitMean"):
        mean = order / len(members)
        q = log_softmax(mean)
        q[q < RULED_OUT / len(members) / 2] = -np.inf
        return q, order
    votes = np.eye(members.shape[-1])[members.argmax(axis=-1)] if rule == "majorityVote" else np.exp(members)
    return np.log(votes.mean(axis=0)), order


def predicted(q, order):
    """[N]: the most probable class; of equals the one that comes first in `order`."""
    return np.where(q >= q.max(axis=-1, keepdims=True), order, -np.inf).argmax(axis=-1)


def confidence(kind, members, rule):
    """[N]: how sure some members together are."""
    q, order = combined(members, rule)
    p = np.sort(np.exp(q), axis=-1)
    if kind == "maximumProbability":
        return p[:, -1]
    if kind == "margin":
        return p[:, -1] - p[:, -2]
    if kind == "entropy":
        return (p * np.log(np.maximum(p, 1e-300))).sum(axis=-1)
    best = predicted(q, order) if rule == "majorityVote" else q.argmax(axis=-1)
    return (members.argmax(axis=-1) == best).mean(axis=0)


class Ensemble:
    """What ensemble.json says, run on tensors."""

    def __init__(self, directory, outputs):
        with open(os.path.join(directory, "ensemble.json"), encoding="utf-8") as file:
            self.manifest = json.load(file)
        entries = self.manifest["members"]
        self.members = [Member(os.path.join(directory, entry["file"]), entry, output)
                        for entry, output in zip(entries, outputs)]
        self.takes_pixels = any(entry["preprocessing"] != entries[0]["preprocessing"] for entry in entries)

    def run(self, images):
        """Log-probabilities, [N, classes], and after which member, from 1, each image stopped, [N]."""
        manifest, rule, cascade = self.manifest, self.manifest["rule"], self.manifest.get("cascade")
        temperatures = manifest.get("memberTemperatures") or [1] * len(self.members)
        thresholds = cascade["confidenceThresholds"] + [None] if cascade else [None] * len(self.members)
        result = np.full((len(images), manifest["classes"]), np.nan)
        exits = np.zeros(len(images), dtype=np.int32)
        going, found = np.arange(len(images)), np.empty((0, len(images), manifest["classes"]))
        for stage, member in enumerate(self.members):
            if not len(going):
                break
            given = images[going]
            rows = member.run(member.normalised(given) if self.takes_pixels else given)
            found = np.concatenate([found, divided(rows, temperatures[stage])[None]])
            is_last, threshold = stage + 1 == len(self.members), thresholds[stage]
            if not is_last and threshold is None:
                continue
            # What is no distribution stops, and answers NaN, also where it only had a vote.
            faulty = np.isnan(found).any(axis=(0, 2))
            stops = faulty | (is_last or confidence(cascade["confidence"], found, rule) >= threshold)
            stopped = going[stops]
            exits[stopped] = stage + 1
            q, order = combined(found[:, stops], rule, manifest.get("weights"))
            if rule == "majorityVote":
                best = predicted(q, order)[:, None]
                others = (q >= q.max(axis=-1, keepdims=True)) & (np.arange(q.shape[-1]) != best)
                q = np.where(others, q * (1 + 1e-7), q)
            q[faulty[stops]] = np.nan
            result[stopped] = calibrated(q, manifest)
            going, found = going[~stops], found[:, ~stops]
        return result, exits


class TritonPythonModel:
    def initialize(self, args):
        config = json.loads(args["model_config"])
        directory = os.path.join(args["model_repository"], args["model_version"])
        self.ensemble = Ensemble(directory, json.loads(config["parameters"]["member_outputs"]["string_value"]))

    def execute(self, requests):
        batches = [pb_utils.get_input_tensor_by_name(request, "images").as_numpy() for request in requests]
        with np.errstate(all="ignore"):
            rows, exits = self.ensemble.run(np.concatenate(batches))
        answers, start = [], 0
        for request, batch in zip(requests, batches):
            part = slice(start, start + len(batch))
            start = part.stop
            answers.append(self.answer(request, rows[part], exits[part]))
        return answers

    def answer(self, request, rows, exits):
        # A faulty image fails its own request, and none beside it.
        faults = np.flatnonzero(np.isnan(rows).any(axis=-1))
        if len(faults):
            text = f"'images' {faults[0]}: a member's answer is no distribution"
            return pb_utils.InferenceResponse(output_tensors=[], error=pb_utils.TritonError(text))
        tensors = {"probabilities": np.exp(rows).astype("f4"), "log_probabilities": np.maximum(rows, RULED_OUT).astype("f4"),
                   "exit_stage": exits[:, None]}
        wanted = set(request.requested_output_names())
        return pb_utils.InferenceResponse(
            output_tensors=[pb_utils.Tensor(name, array) for name, array in tensors.items() if name in wanted])
