"""Predictions files, which `consort report`, `frontier` and the others read."""

from __future__ import annotations

import hashlib
import json
import os
import struct
import unicodedata
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from consort._errors import ConsortError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Outputs = Literal["logits", "probabilities", "log_probabilities"]
_LARGEST_COST = 10**15


def save_predictions(
    path: str | os.PathLike[str], scores: ArrayLike, labels: ArrayLike, ids: Sequence[str] | None = None, *,
    outputs: Outputs, name: str, split: str, macs: int, parameters: int | None = None, network: str | None = None,
) -> None:
    """Writes what a model says of the images of one split.

    Args:
        path: The file, ending in `.safetensors`; it is replaced whole, or left as it is.
        scores: `[N, C]`: a row an image, a column a class.
        labels: `[N]`: the true classes, 0 to C - 1.
        ids: `[N]`: what identifies the images, such as their files' names. Without them it can be seen less well whether
            hold-out and test images are different ones.
        outputs: What `scores` are. Only logits go through a softmax.
        name: The member's name, unique among those that are compared.
        split: `hold-out` for images to choose on, `test` for those that judge.
        macs: Multiply-accumulates of one image (see `consort.cost`); half of what counts FLOPs by two.
        parameters: The network's learnt numbers; where unknown, `macs` stands for them.
        network: The name of the network, the same for members that differ in their start only; `name` where None.

    Raises:
        ConsortError: for what is no prediction: other shapes, NaN, labels out of range, probabilities called logits, ...

    >>> import consort, tempfile
    >>> place = tempfile.mkdtemp() + "/small-test.safetensors"
    >>> logits = [[2.0, 0.5, -1.0], [0.1, 0.2, 3.0]]
    >>> consort.save_predictions(place, logits, [0, 2], outputs="logits", name="small", split="test", macs=26_657_408)
    >>> consort.save_predictions(
    ...     place, [[0.7, 0.2, 0.1]], [0], outputs="logits", name="small", split="test", macs=26_657_408)
    Traceback (most recent call last):
        ...
    consort._errors.ConsortError: scores: every row lies in 0...1 and sums to 1, so these are probabilities and no logits: \
say outputs="probabilities"
    """
    place = os.fspath(path)
    if not place.endswith(".safetensors"):
        raise ConsortError(f"path: '{place}' does not end in .safetensors: rename it so")
    if outputs not in get_args(Outputs):
        raise ConsortError(f"outputs: '{outputs}' is none of {', '.join(get_args(Outputs))}: say what the model's last layer gives")
    values = _matrix(scores)
    truth = _labels(labels, *values.shape)
    log_probabilities, normalizers = _normalized(values, outputs)
    metadata = {
        "name": _text("name", name), "network": _text("network", name if network is None else network),
        "macs": _cost("macs", macs), "parameters": _cost("parameters", macs if parameters is None else parameters),
        "split": _split(split), "fingerprint": _fingerprint(truth, ids),
    }
    tensors: list[tuple[str, str, NDArray[Any]]] = [("log_probabilities", "F32", log_probabilities), ("labels", "I64", truth)]
    if normalizers is not None:
        tensors.append(("log_normalizers", "F32", normalizers))
    _write(place, tensors, metadata)


def _matrix(scores: ArrayLike) -> NDArray[np.float64]:
    try:
        values = np.asarray(_on_host(scores))
    except ValueError as error:
        raise ConsortError(f"scores: not [images, classes] ({error}): give one row an image, all of one length") from error
    if values.ndim != 2 or values.shape[0] < 1 or values.shape[1] < 2:
        raise ConsortError(f"scores: their shape is {values.shape}, not [images, classes] with 2 classes or more")
    if values.dtype.kind not in "fiu":
        raise ConsortError(f"scores: their type is {values.dtype}: give floating-point numbers")
    if values.dtype == np.float16:
        warnings.warn("scores are float16: where logits are large, near ties are rounded to ties", stacklevel=3)
    doubles = values.astype(np.float64)
    # A class that is ruled out has the log-probability minus infinity.
    bad = np.isnan(doubles) | (doubles == np.inf)
    if bad.any():
        row, column = (int(i) for i in np.argwhere(bad)[0])
        raise ConsortError(f"scores: {doubles[row, column]} for image {row}, class {column}: a model that overflowed? Predict in float32")
    return doubles


def _on_host(values: Any) -> Any:
    """A tensor of torch's, anywhere and of any type, as an array."""
    if hasattr(values, "detach"):
        values = values.detach().cpu()
        if str(values.dtype) == "torch.bfloat16":
            values = values.float()
        return values.numpy()
    return values


def _labels(labels: ArrayLike, images: int, classes: int) -> NDArray[np.int64]:
    values = np.asarray(_on_host(labels))
    if values.shape != (images,):
        raise ConsortError(f"labels: their shape is {values.shape}, and there are {images} rows of scores: give one label an image")
    if values.dtype.kind not in "iu" and not (values.dtype.kind == "f" and (values == np.floor(values)).all()):
        raise ConsortError(f"labels: their type is {values.dtype}: give whole numbers, the classes' indices")
    truth = values.astype(np.int64)
    bad = np.flatnonzero((truth < 0) | (truth >= classes))
    if bad.size:
        raise ConsortError(f"labels: {truth[bad[0]]} of image {bad[0]} is not in 0 to {classes - 1}, the columns of scores")
    return truth


def _normalized(
    values: NDArray[np.float64], outputs: Outputs
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """Log-probabilities, and of logits the logarithm of each row's sum of exponentials."""
    sums = values.sum(1)
    in_range = bool((values >= 0).all() and (values <= 1).all())
    if outputs == "probabilities":
        if not in_range or np.abs(sums - 1).max() > 1e-2:
            worst = int(np.abs(np.where(np.isfinite(sums), sums, np.inf) - 1).argmax())
            raise ConsortError(
                f"scores: row {worst} sums to {sums[worst]:.6g}, with numbers from {values[worst].min():.4g} to "
                f"{values[worst].max():.4g}, which are no probabilities: say outputs=\"logits\", or apply the softmax over classes")
        with np.errstate(divide="ignore"):
            logs = np.log(values) - np.log(sums)[:, None]
        return logs.astype(np.float32), None
    greatest = values.max(1, keepdims=True)
    if not np.isfinite(greatest).all():
        raise ConsortError(f"scores: all of image {int(np.argmin(np.isfinite(greatest)))} are minus infinity")
    normalizers = (greatest + np.log(np.exp(values - greatest).sum(1, keepdims=True)))[:, 0]
    if outputs == "log_probabilities":
        if np.abs(normalizers).max() > 1e-2:
            worst = int(np.abs(normalizers).argmax())
            raise ConsortError(
                f"scores: the probabilities of image {worst} sum to {np.exp(normalizers[worst]):.6g}, so these are no "
                "log-probabilities: say outputs=\"logits\"")
        return (values - normalizers[:, None]).astype(np.float32), None
    _check_logits(values, sums, in_range)
    finite = np.isfinite(values).all()
    return (values - normalizers[:, None]).astype(np.float32), normalizers.astype(np.float32) if finite else None


def _check_logits(values: NDArray[np.float64], sums: NDArray[np.float64], in_range: bool) -> None:
    if in_range and np.abs(sums - 1).max() <= 1e-3:
        raise ConsortError(
            "scores: every row lies in 0...1 and sums to 1, so these are probabilities and no logits: say outputs=\"probabilities\"")
    if (values >= 0).all() and np.abs(sums - 100).max() <= 0.1:
        raise ConsortError(
            "scores: every row is of percents that sum to 100, and no logits: divide them by 100 and say outputs=\"probabilities\"")
    if in_range:
        warnings.warn(
            "all scores lie in 0...1, as sigmoids' do, and are taken for logits: is there an activation after the last layer?",
            stacklevel=4)


def _text(key: str, value: str) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= 200 or any(unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") for c in value):
        raise ConsortError(f"{key}: give 1 to 200 characters, none of them a control or format character")
    return value


def _split(value: str) -> str:
    if isinstance(value, str) and value.lower() in ("train", "training"):
        raise ConsortError("split: predictions of the training images say nothing: give \"hold-out\" or \"test\"")
    return _text("split", value)


def _cost(key: str, value: int) -> str:
    if isinstance(value, bool) or int(value) != value or not 1 <= value <= _LARGEST_COST:
        raise ConsortError(f"{key}: {value!r} is no whole number in 1...10^15: count ones, so 0.4 G is 400_000_000")
    return str(int(value))


def _fingerprint(labels: NDArray[np.int64], ids: Sequence[str] | None) -> str:
    """Of the images where they are identified, else of their labels, which Consort then knows to be all."""
    digest = hashlib.sha256()
    if ids is not None:
        names = [str(each) for each in ids]
        if len(names) != len(labels):
            raise ConsortError(f"ids: there are {len(names)}, for {len(labels)} images")
        if len(set(names)) != len(names):
            twice = next(each for i, each in enumerate(names) if each in names[:i])
            raise ConsortError(f"ids: '{twice}' stands twice: leave the repeated image out")
        digest.update(b"consort-ids\0")
        for each in names:
            digest.update(struct.pack("<Q", len(each.encode())) + each.encode())
    digest.update(labels.astype("<i8").tobytes())
    return ("ids-sha256:" if ids is not None else "labels-sha256:") + digest.hexdigest()


def _write(path: str, tensors: list[tuple[str, str, NDArray[Any]]], metadata: dict[str, str]) -> None:
    """A safetensors file with Consort's checksum; wider elements come first, so that each is aligned."""
    ordered = sorted(tensors, key=lambda tensor: -tensor[2].dtype.itemsize)
    digest = hashlib.sha256()

    def add(text: str) -> None:
        digest.update(struct.pack("<Q", len(text.encode())) + text.encode())

    for key in sorted(metadata):
        add(key)
        add(metadata[key])
    header: dict[str, object] = {}
    contents, end = [], 0
    for name, kind, values in ordered:
        content = np.ascontiguousarray(values, values.dtype.newbyteorder("<")).tobytes()
        for text in (name, kind, str(list(values.shape))):
            add(text)
        digest.update(content)
        header[name] = {"dtype": kind, "shape": list(values.shape), "data_offsets": [end, end + len(content)]}
        contents.append(content)
        end += len(content)
    header = {"__metadata__": dict(sorted({**metadata, "sha256": digest.hexdigest()}.items())), **header}
    head = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)
    _replace(path, [struct.pack("<Q", len(head)), head, *contents])


def _replace(path: str, pieces: list[bytes]) -> None:
    """Written beside, synced and renamed."""
    directory = os.path.dirname(path)
    if directory:
        os.makedirs(directory, exist_ok=True)
    beside = os.path.join(directory, f".{os.path.basename(path)}.{os.getpid()}")
    try:
        with open(beside, "wb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        if os.path.exists(beside):
            os.remove(beside)
        raise


def read_metadata(path: str) -> dict[str, str]:
    """Returns what the header of a safetensors file says beside its tensors.

    Raises:
        ConsortError: where it is none.
    """
    try:
        with open(path, "rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > 100 << 20:
                raise ValueError("its header is too long")
            found = json.loads(file.read(length)).get("__metadata__", {})
    except (ValueError, struct.error, AttributeError) as error:
        raise ConsortError(f"'{path}' is no safetensors file ({error}): write it with consort.save_predictions") from error
    return dict(found)
