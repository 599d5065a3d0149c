"""Arguments of `decide` that are refused before the program starts, and what its results are read as."""
import pathlib
import tempfile
import unittest

import consort
from consort._decisions import Decision, _value


class DecisionTests(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.path = pathlib.Path(place.name)

    def saved(self, split):
        path = self.path / f"a-{split}.safetensors"
        consort.save_predictions(path, [[2.0, 1.0]], [0], outputs="logits", name="a", split=split, macs=1)
        return path

    def test_splits_that_are_mixed_up(self):
        hold_out, test = self.saved("hold-out"), self.saved("test")
        with self.assertRaisesRegex(consort.ConsortError, "hold_out: .* split 'test': exchange"):
            consort.decide(test, hold_out)
        with self.assertRaisesRegex(consort.ConsortError, "test: .* split 'hold-out': exchange"):
            consort.decide([hold_out], [test, hold_out])

    def test_paths_that_are_not_there(self):
        with self.assertRaisesRegex(consort.ConsortError, "'nowhere' is not there"):
            consort.decide("nowhere", "nowhere")
        with self.assertRaisesRegex(consort.ConsortError, "hold_out: there is no path"):
            consort.decide([], [])

    def test_the_programs_own_words(self):
        error = consort.ProgramError(["consort"], 1, "note: x\nconsort: error: it is broken; fix it\n")
        self.assertEqual((str(error), error.status), ("it is broken; fix it", 1))

    def test_tables_and_charts(self):
        (self.path / "members.csv").write_text("member,macs,shown\na,12,true\nb,,false\n")
        (self.path / "tradeoff.svg").write_text("<svg/>")
        decision = Decision(str(self.path), "Deploy <a>.", [], {"deployed": {"members": ["a"]}})
        self.assertEqual(decision.tables, ["members"])
        self.assertEqual(len(decision.table("members")), 2)
        self.assertEqual(decision._repr_html_(), "<pre>Deploy &lt;a&gt;.</pre><svg/>")
        self.assertEqual([_value(text) for text in ("12", "0.5", "true", "", "a")], [12, 0.5, True, None, "a"])
        with self.assertRaisesRegex(consort.ConsortError, "no table 'x': members"):
            decision.table("x")
        with self.assertRaisesRegex(consort.ConsortError, "no chart 'x': tradeoff"):
            decision.chart("x")


if __name__ == "__main__":
    unittest.main()
