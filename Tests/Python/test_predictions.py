"""What is written is what was given, and what is no prediction is refused."""
import hashlib
import json
import pathlib
import struct
import tempfile
import unittest
import warnings

import numpy as np

import consort
from consort._predictions import read_metadata

GENERATOR = np.random.default_rng(7)
LOGITS = GENERATOR.normal(0, 3, (40, 5)).astype(np.float32)
LABELS = GENERATOR.integers(0, 5, 40)


def read(path):
    """Tensors of a safetensors file, by the format's own description."""
    content = pathlib.Path(path).read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8:8 + length])
    kinds = {"F32": "<f4", "I64": "<i8"}
    found = {}
    for name, entry in header.items():
        if name != "__metadata__":
            start, end = entry["data_offsets"]
            found[name] = np.frombuffer(content[8 + length + start:8 + length + end], kinds[entry["dtype"]]).reshape(entry["shape"])
    return header["__metadata__"], found


class SavingTests(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.path = place.name + "/a.safetensors"

    def save(self, scores=LOGITS, labels=LABELS, ids=None, **others):
        words = {"outputs": "logits", "name": "a", "split": "test", "macs": 1000, **others}
        consort.save_predictions(self.path, scores, labels, ids, **words)
        return read(self.path)

    def refused(self, pattern, *arguments, **others):
        with self.assertRaisesRegex(consort.ConsortError, pattern):
            self.save(*arguments, **others)
        self.assertFalse(pathlib.Path(self.path).exists())

    def softmax(self):
        shares = np.exp(LOGITS.astype(np.float64))
        return shares / shares.sum(1, keepdims=True)

    def test_logits_go_through_one_softmax(self):
        metadata, found = self.save()
        np.testing.assert_allclose(np.exp(found["log_probabilities"]), self.softmax(), atol=1e-6)
        np.testing.assert_allclose(found["log_normalizers"], np.log(np.exp(LOGITS.astype(np.float64)).sum(1)), rtol=1e-6)
        np.testing.assert_array_equal(found["labels"], LABELS)
        self.assertEqual((metadata["macs"], metadata["parameters"], metadata["network"]), ("1000", "1000", "a"))

    def test_probabilities_and_their_logarithms_through_none(self):
        for outputs, scores in (("probabilities", self.softmax()), ("log_probabilities", np.log(self.softmax()))):
            _, found = self.save(scores, outputs=outputs)
            np.testing.assert_allclose(np.exp(found["log_probabilities"]), self.softmax(), atol=1e-6)
            self.assertNotIn("log_normalizers", found)

    def test_the_fingerprint_is_of_ids_or_says_that_it_is_of_labels(self):
        digest = hashlib.sha256(LABELS.astype("<i8").tobytes()).hexdigest()
        self.assertEqual(self.save()[0]["fingerprint"], "labels-sha256:" + digest)
        first, second = (self.save(ids=[f"{word}{i}" for i in range(40)])[0]["fingerprint"] for word in "ab")
        self.assertNotEqual(first, second)

    def test_a_class_that_is_ruled_out(self):
        _, found = self.save([[1.0, 0.0], [0.5, 0.5]], [0, 1], outputs="probabilities")
        self.assertEqual(found["log_probabilities"][0].tolist(), [0, -np.inf])

    def test_what_is_certainly_no_logits_is_refused(self):
        self.refused("these are probabilities and no logits", self.softmax())
        self.refused("percents", self.softmax() * 100)
        self.refused("no probabilities: say outputs", LOGITS, outputs="probabilities")
        self.refused("no probabilities: say outputs", self.softmax() * 0.9, outputs="probabilities")
        self.refused("no log-probabilities: say outputs", LOGITS, outputs="log_probabilities")
        self.refused("none of logits", LOGITS, outputs="softmax")

    def test_sigmoids_are_doubted(self):
        with self.assertWarnsRegex(UserWarning, "all scores lie in 0...1"):
            self.save(1 / (1 + np.exp(-LOGITS)))

    def test_logarithms_called_logits_stay_what_they_are(self):
        _, found = self.save(np.log(self.softmax()))
        np.testing.assert_allclose(np.exp(found["log_probabilities"]), self.softmax(), atol=1e-6)

    def test_numbers_that_are_none(self):
        for value in (np.nan, np.inf):
            bad = LOGITS.copy()
            bad[3, 2] = value
            self.refused(f"{value} for image 3, class 2", bad)
        ruled_out = LOGITS.copy()
        ruled_out[3] = -np.inf
        self.refused("all of image 3 are minus infinity", ruled_out)

    def test_shapes_and_labels_that_do_not_fit(self):
        self.refused("not .images, classes.", LOGITS[0])
        self.refused("not .images, classes.", LOGITS[:, :1])
        self.refused("not .images, classes.", np.zeros((0, 5)))
        self.refused("one row an image", [[1, 2], [3]])
        self.refused("there are 40 rows", LOGITS, LABELS[:39])
        self.refused("5 of image 0 is not in 0 to 4", LOGITS, [5] * 40)
        self.refused("-1 of image 0", LOGITS, [-1] * 40)
        self.refused("whole numbers", LOGITS, np.full(40, 0.5))
        self.refused("there are 39, for 40", LOGITS, LABELS, [str(i) for i in range(39)])
        self.refused("'0' stands twice", LOGITS, LABELS, ["0"] * 40)

    def test_words_that_do_not_fit(self):
        self.refused("macs: 0.4 is no whole number", macs=0.4)
        self.refused("macs: 0 is no", macs=0)
        self.refused("name: give 1 to 200", name="")
        self.refused("name: give 1 to 200", name="a\x1b[31m")
        self.refused("training images", split="train")
        with self.assertRaisesRegex(consort.ConsortError, "does not end in .safetensors"):
            consort.save_predictions("a.npz", LOGITS, LABELS, outputs="logits", name="a", split="test", macs=1)

    def test_a_file_is_replaced_whole_or_left(self):
        self.save()
        before = pathlib.Path(self.path).read_bytes()
        with self.assertRaises(consort.ConsortError):
            self.save(LOGITS * np.nan)
        self.assertEqual(pathlib.Path(self.path).read_bytes(), before)
        self.assertEqual([p.name for p in pathlib.Path(self.path).parent.iterdir()], ["a.safetensors"])

    def test_files_that_are_no_safetensors(self):
        for content in (b"", b"\x01", struct.pack("<Q", 2**60), struct.pack("<Q", 2) + b"[]"):
            pathlib.Path(self.path).write_bytes(content)
            with self.assertRaisesRegex(consort.ConsortError, "no safetensors file"):
                read_metadata(self.path)


if __name__ == "__main__":
    unittest.main()
