"""What a PyTorch model says of the images of a DataLoader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from consort._errors import ConsortError

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray


class Collected(NamedTuple):
    """Scores, labels and, where the data set names its images, ids: `save_predictions(path, *collected, ...)` takes them."""

    scores: NDArray[np.float32]
    """`[N, C]`: what the model's last layer gives."""
    labels: NDArray[np.int64]
    """`[N]`: the true classes."""
    ids: list[str] | None = None
    """`[N]`: paths of the images, or None where they are not known."""


def collect(
    model: torch.nn.Module, loader: Any, *, device: torch.device | str | None = None, ids: Sequence[str] | None = None,
) -> Collected:
    """Runs `model` over `loader` and returns what it says, as it says it: nothing is put through a softmax here.

    The model predicts in evaluation mode and without gradients; each of its modules is in its earlier mode afterwards, also
    where something fails.

    Args:
        model: Takes a batch of images, and returns `[B, C]`, or an object with `logits`.
        loader: Gives batches of images and labels, as pairs or as mappings (`image` or `pixel_values`; `label` or
            `labels`), in an order that is the same each time.
        device: Where to predict; the model goes there and comes back. None: where the model is.
        ids: `[N]`: what identifies the images. None: the files' paths, where the data set has them.

    Raises:
        ConsortError: for a loader that shuffles, batches without labels, outputs of another shape, ...
    """
    import torch

    _check_order(loader)
    scores: list[NDArray[np.float32]] = []
    labels: list[NDArray[np.int64]] = []
    with _evaluating(model, device) as place, torch.inference_mode():
        for number, batch in enumerate(loader):
            images, truth = _pair(batch, number)
            output = model(images.to(place, non_blocking=True) if place is not None else images)
            output = getattr(output, "logits", output)
            if not isinstance(output, torch.Tensor) or output.ndim != 2 or output.shape[0] != len(truth):
                found = tuple(output.shape) if isinstance(output, torch.Tensor) else type(output).__name__
                raise ConsortError(
                    f"model: its output for batch {number} is {found}, not [{len(truth)}, classes]: give a model that returns the scores alone")
            scores.append(output.float().cpu().numpy())
            labels.append(truth)
    if not scores:
        raise ConsortError("loader: it gives no batch")
    found_ids = [str(each) for each in ids] if ids is not None else _paths(loader)
    count = sum(map(len, labels))
    if found_ids is not None and len(found_ids) != count:
        if ids is not None:
            raise ConsortError(f"ids: there are {len(found_ids)}, and the loader gave {count} images")
        found_ids = None
    return Collected(np.concatenate(scores), np.concatenate(labels), found_ids)


def _check_order(loader: Any) -> None:
    """Members are compared image by image: each has to see them in one order."""
    import torch

    sampler = getattr(loader, "sampler", None)
    if isinstance(sampler, (torch.utils.data.RandomSampler, torch.utils.data.WeightedRandomSampler)):
        raise ConsortError("loader: it shuffles, and members have to see the images in one order: give shuffle=False")
    if getattr(loader, "drop_last", False):
        raise ConsortError("loader: it drops the last images, which then nobody predicts: give drop_last=False")


@contextmanager
def _evaluating(model: torch.nn.Module, device: torch.device | str | None) -> Iterator[torch.device | None]:
    """The model in evaluation mode where it is to predict; as it was afterwards."""
    modes = {module: module.training for module in model.modules()}
    first: torch.Tensor | None = next(chain(model.parameters(), model.buffers()), None)
    own = None if first is None else first.device
    moves = device is not None and first is not None
    try:
        model.eval()
        if moves:
            model.to(device)
        moved = next(chain(model.parameters(), model.buffers()), None)
        yield None if moved is None else moved.device
    finally:
        if moves:
            model.to(own)
        for module, mode in modes.items():
            module.training = mode


def _pair(batch: Any, number: int) -> tuple[torch.Tensor, NDArray[np.int64]]:
    import torch

    if isinstance(batch, Mapping):
        images = next((batch[key] for key in ("image", "images", "pixel_values") if key in batch), None)
        labels = next((batch[key] for key in ("label", "labels") if key in batch), None)
    elif isinstance(batch, (list, tuple)) and len(batch) >= 2:
        images, labels = batch[0], batch[1]
    else:
        images = labels = None
    if not isinstance(images, torch.Tensor) or labels is None:
        raise ConsortError(f"loader: batch {number} is no pair of images and labels: give (images, labels), or a mapping with both")
    truth = torch.as_tensor(labels)
    if truth.ndim != 1 or truth.is_floating_point() or len(truth) != len(images):
        raise ConsortError(
            f"loader: the labels of batch {number} are {str(truth.dtype).removeprefix('torch.')} {tuple(truth.shape)}, "
            f"not one whole number for each of {len(images)} images")
    return images, truth.cpu().numpy().astype(np.int64)


def _paths(loader: Any) -> list[str] | None:
    """The paths of the images in the order of the loader, as torchvision's and timm's data sets have them."""
    import torch

    if not isinstance(getattr(loader, "sampler", None), torch.utils.data.SequentialSampler):
        return None
    return _dataset_paths(getattr(loader, "dataset", None))


def _dataset_paths(dataset: Any) -> list[str] | None:
    import torch

    if isinstance(dataset, torch.utils.data.Subset):
        inner = _dataset_paths(dataset.dataset)
        return None if inner is None else [inner[int(index)] for index in dataset.indices]
    samples = getattr(dataset, "samples", None)
    if isinstance(samples, list) and samples and isinstance(samples[0], tuple) and isinstance(samples[0][0], str):
        paths = [sample[0] for sample in samples]
    elif callable(getattr(dataset, "filenames", None)):
        paths = [str(each) for each in dataset.filenames()]
    else:
        return None
    return paths if len(set(paths)) == len(paths) else None
