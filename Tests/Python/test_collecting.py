"""What is collected of a PyTorch model is what it gives in evaluation mode; left out where there is no torch."""
import importlib.util
import unittest

import numpy as np

import consort

HAS_TORCH = importlib.util.find_spec("torch") is not None
if HAS_TORCH:
    import torch


@unittest.skipUnless(HAS_TORCH, "no torch")
class CollectingTests(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(0)
        self.model = torch.nn.Sequential(
            torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.Dropout(0.5), torch.nn.AdaptiveAvgPool2d(1),
            torch.nn.Flatten(), torch.nn.Linear(4, 5))
        self.images, self.labels = torch.randn(10, 3, 8, 8), torch.randint(0, 5, (10,))
        self.data = torch.utils.data.TensorDataset(self.images, self.labels)

    def loader(self, **words):
        return torch.utils.data.DataLoader(self.data, batch_size=4, **words)

    def test_scores_are_those_of_evaluation(self):
        self.model.train()
        self.model[1].eval()
        found = consort.collect(self.model, self.loader())
        # Each module is again what it was, also one that was frozen.
        self.assertEqual([module.training for module in self.model], [True, False, True, True, True, True])
        self.model.eval()
        with torch.no_grad():
            expected = torch.cat([self.model(batch) for batch in self.images.split(4)])
        np.testing.assert_array_equal(found.scores, expected.numpy())
        np.testing.assert_array_equal(found.labels, self.labels.numpy())
        self.assertIsNone(found.ids)

    def test_modes_come_back_where_it_fails(self):
        self.model.train()
        with self.assertRaisesRegex(consort.ConsortError, "not .4, classes."):
            consort.collect(torch.nn.Sequential(self.model, torch.nn.Unflatten(1, (5, 1))).train(), self.loader())
        self.assertTrue(all(module.training for module in self.model.modules()))

    def test_loaders_whose_order_changes(self):
        with self.assertRaisesRegex(consort.ConsortError, "shuffle=False"):
            consort.collect(self.model, self.loader(shuffle=True))
        with self.assertRaisesRegex(consort.ConsortError, "drop_last=False"):
            consort.collect(self.model, self.loader(drop_last=True))

    def test_batches_that_are_none(self):
        with self.assertRaisesRegex(consort.ConsortError, "batch 0 is no pair"):
            consort.collect(self.model, [self.images])
        with self.assertRaisesRegex(consort.ConsortError, "float32 .10,., not one whole number"):
            consort.collect(self.model, [(self.images, self.labels.float())])
        with self.assertRaisesRegex(consort.ConsortError, "no batch"):
            consort.collect(self.model, [])

    def test_mappings_outputs_with_logits_and_ids(self):
        class Wrapped(torch.nn.Module):
            def __init__(self, inner):
                super().__init__()
                self.inner = inner

            def forward(self, images):
                return type("Output", (), {"logits": self.inner(images)})()

        batches = [{"pixel_values": self.images, "labels": self.labels}]
        names = [f"{i}.jpg" for i in range(10)]
        found = consort.collect(Wrapped(self.model), batches, ids=names)
        np.testing.assert_array_equal(found.scores, consort.collect(self.model, [(self.images, self.labels)]).scores)
        self.assertEqual(found.ids, names)
        with self.assertRaisesRegex(consort.ConsortError, "there are 2, and the loader gave 10"):
            consort.collect(self.model, batches, ids=["a", "b"])

    def test_paths_of_image_folders(self):
        self.data.samples = [(f"cat/{i}.jpg", 0) for i in range(10)]
        self.assertEqual(consort.collect(self.model, self.loader()).ids[3], "cat/3.jpg")
        some = torch.utils.data.Subset(self.data, [4, 2])
        self.assertEqual(
            consort.collect(self.model, torch.utils.data.DataLoader(some)).ids, ["cat/4.jpg", "cat/2.jpg"])


if __name__ == "__main__":
    unittest.main()
