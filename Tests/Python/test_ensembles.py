"""The rules by hand, and directories that are refused. How near answers are to the program's is tried by scripts/check-reader."""
import json
import pathlib
import tempfile
import unittest

import numpy as np

import consort
from consort import _combining as combining
from consort._ensembles import _manifest
from consort._pixels import Preprocessing, decoded

A, B = np.log([[0.5, 0.3, 0.2]]), np.log([[0.1, 0.6, 0.3]])


def preprocessing(**others):
    return {"height": 4, "width": 4, "resizing": {"kind": "none"}, "interpolation": "bicubic", "mean": [0, 0, 0],
            "standardDeviation": [1, 1, 1], "channelOrder": "rgb", "layout": "nchw", **others}


class CombiningTests(unittest.TestCase):
    def test_rules(self):
        both = np.stack([A, B])
        product = np.sqrt(np.exp(A) * np.exp(B))
        np.testing.assert_allclose(np.exp(combining.combined(both, "geometricMean")), product / product.sum())
        np.testing.assert_allclose(np.exp(combining.combined(both, "arithmeticMean")), [[0.3, 0.45, 0.25]])
        np.testing.assert_allclose(np.exp(combining.combined(both, "majorityVote")), [[0.5, 0.5, 0]])
        weighted = np.exp(A) ** 0.25 * np.exp(B) ** 0.75
        np.testing.assert_allclose(np.exp(combining.combined(both, "geometricMean", [0.25, 0.75])), weighted / weighted.sum())

    def test_classes_with_as_many_votes_go_by_summed_logarithms(self):
        both = np.stack([A, B])
        self.assertEqual(combining.predicted(combining.combined(both, "majorityVote"), both).tolist(), [1])

    def test_confidences(self):
        both = np.stack([A, B])
        for kind, value in (("maximumProbability", 0.45), ("margin", 0.15), ("agreement", 0.5),
                            ("entropy", 0.3 * np.log(0.3) + 0.45 * np.log(0.45) + 0.25 * np.log(0.25))):
            np.testing.assert_allclose(combining.confidence(kind, both, "arithmeticMean"), [value])

    def test_a_temperature_and_a_calibration(self):
        np.testing.assert_allclose(
            np.exp(combining.calibrated(A, {"temperature": 0.5})), [[0.25 / 0.38, 0.09 / 0.38, 0.04 / 0.38]])
        same = {"vector": {"slopes": [1, 1, 1], "intercepts": [0, 0, 0]}}
        np.testing.assert_allclose(combining.calibrated(A, {"calibration": same}), A)
        # Log-odds that stay what they are give the probabilities again.
        curve = {"given": [-1, 0], "calibrated": [-1, 0]}
        np.testing.assert_allclose(combining.calibrated(A, {"calibration": {"isotonic": {"curves": [curve] * 3}}}), A)


class ImageTests(unittest.TestCase):
    def refused(self, pattern, images):
        with self.assertRaisesRegex(consort.ConsortError, pattern):
            decoded(images)

    def test_what_is_no_image(self):
        self.refused("float32, which does not say how they were scaled", np.zeros((4, 4, 3), np.float32))
        self.refused("channels come last", np.zeros((2, 3, 4, 4), np.uint8))
        self.refused("shape is .4, 4., not", np.zeros((4, 4), np.uint8))
        self.refused("int is no image", [1])
        self.refused("give .H, W, 3. each", [np.zeros((2, 4, 4, 3), np.uint8)])

    def test_normalisation_order_and_layout(self):
        pixels = np.arange(48, dtype=np.uint8).reshape(1, 4, 4, 3)
        for words in ({}, {"channelOrder": "bgr"}, {"layout": "nhwc"}):
            feed = Preprocessing(preprocessing(mean=[1, 2, 3], standardDeviation=[2, 4, 8], **words))
            target = np.empty((1, *feed.shape), np.float32)
            feed.fill(target, pixels)
            expected = (pixels - np.float32([1, 2, 3])) / np.float32([2, 4, 8])
            expected = expected[..., ::-1] if words.get("channelOrder") == "bgr" else expected
            expected = expected if words.get("layout") == "nhwc" else expected.transpose(0, 3, 1, 2)
            np.testing.assert_array_equal(target, expected)

    def test_another_size_than_the_ensemble_takes(self):
        with self.assertRaisesRegex(consort.ConsortError, "5 x 4 pixels, and the ensemble takes 4 x 4"):
            Preprocessing(preprocessing()).resized(np.zeros((4, 5, 3), np.uint8))


class DirectoryTests(unittest.TestCase):
    CONTENT = {"version": 2, "rule": "geometricMean", "classes": 3, "members": [
        {"file": "a.onnx", "sha256": "0" * 64, "name": "a", "multiplyAccumulates": 1, "preprocessing": preprocessing()}]}

    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.path = pathlib.Path(place.name)

    def refused(self, pattern, content):
        (self.path / "ensemble.json").write_text(content if isinstance(content, str) else json.dumps(content))
        with self.assertRaisesRegex(consort.ConsortError, pattern):
            _manifest(str(self.path))

    def test_what_is_no_ensemble(self):
        with self.assertRaisesRegex(consort.ConsortError, "is no ensemble"):
            _manifest(str(self.path))
        self.refused("is no JSON", "{")
        self.refused("of no version that is known", "[]")
        self.refused("of no version that is known", {**self.CONTENT, "version": 6})
        self.refused("it lacks 'rule'", {key: value for key, value in self.CONTENT.items() if key != "rule"})
        self.refused("rule 'product' is not known", {**self.CONTENT, "rule": "product"})
        self.refused("2 weights for 1 members", {**self.CONTENT, "weights": [0.5, 0.5]})
        self.refused("thresholds do not fit", {**self.CONTENT, "cascade": {"confidence": "margin", "confidenceThresholds": [0.5]}})
        self.refused("names other classes", {**self.CONTENT, "labels": ["a"]})
        elsewhere = {**self.CONTENT["members"][0], "file": "../a.onnx"}
        self.refused("is no name of an ONNX file", {**self.CONTENT, "members": [elsewhere]})


if __name__ == "__main__":
    unittest.main()
