"""What a PyTorch model costs, as Consort counts it."""

from __future__ import annotations

import json
import os
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from consort._errors import ConsortError
from consort._program import run

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Cost:
    """What one image costs.

    >>> Cost(macs=26_657_408, parameters=175_066).flops
    53314816
    """

    macs: int
    """Multiply-accumulates of convolutions and matrix products."""
    parameters: int
    """What a training learns."""

    @property
    def flops(self) -> int:
        """Two a multiply-accumulate."""
        return 2 * self.macs


def cost(model: torch.nn.Module, input_size: int | Sequence[int]) -> Cost:
    """Returns what one image through `model` costs: exported to ONNX, and counted by `consort cost`.

    The model is unchanged; its parameters are those of PyTorch, before an export folds normalisations into convolutions.

    Args:
        model: Takes one batch of images of three channels.
        input_size: Pixels of a side, or `(height, width)`, or `(3, height, width)` as timm has it.

    Raises:
        ConsortError: where PyTorch cannot export the model.
        ProgramError: where the export is no classifier that Consort can count.
    """
    shape = _shape(input_size)
    parameters = sum(each.numel() for each in model.parameters())
    if parameters < 1:
        raise ConsortError("model: it has no parameters: give the network itself")
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "model.onnx")
        _export(model, shape, path)
        counted = json.loads(run(["cost", path, "--json"])[0])
    return Cost(macs=int(counted["multiplyAccumulates"]), parameters=parameters)


def _shape(input_size: int | Sequence[int]) -> tuple[int, int, int, int]:
    sizes = (input_size, input_size) if isinstance(input_size, int) else tuple(input_size)
    if len(sizes) == 2:
        sizes = (3, *sizes)
    if len(sizes) != 3 or sizes[0] != 3 or any(not isinstance(n, int) or n < 1 for n in sizes):
        raise ConsortError(f"input_size: {input_size!r} is no size of images of three channels: give 224, (224, 224) or (3, 224, 224)")
    return (1, 3, sizes[1], sizes[2])


def _export(model: torch.nn.Module, shape: tuple[int, int, int, int], path: str) -> None:
    import torch

    first = next(iter(model.parameters()))
    images = torch.zeros(shape, device=first.device, dtype=first.dtype)
    failures = []
    with _evaluating(model), torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for is_traced_anew in (False, True):
            try:
                words: dict[str, Any] = {"external_data": False, "verbose": False} if is_traced_anew else {}
                torch.onnx.export(
                    model, (images,), path, dynamo=is_traced_anew, input_names=["image"], output_names=["logits"], **words)
                return
            except Exception as error:  # Whatever an exporter throws: there are two.
                failures.append(str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__)
    raise ConsortError(
        f"model: PyTorch cannot export it ({'; '.join(failures)}): install onnx and onnxscript, or give its macs yourself")


@contextmanager
def _evaluating(model: torch.nn.Module) -> Iterator[None]:
    modes = {module: module.training for module in model.modules()}
    try:
        model.eval()
        yield
    finally:
        for module, mode in modes.items():
            module.training = mode
