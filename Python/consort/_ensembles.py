"""An ensemble's directory, run in this process by OpenVINO."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from consort import _combining as combining
from consort import _engine as engine
from consort._errors import ConsortError
from consort._pixels import Preprocessing, decoded

if TYPE_CHECKING:
    from numpy.typing import NDArray

_VERSIONS = range(1, 6)
# Of images that do not fill a batch, this many go together.
_FEW = 8


@dataclass(frozen=True)
class Answers:
    """What an ensemble says of some images."""

    probabilities: NDArray[np.float64]
    """`[N, C]`: a distribution an image."""
    classes: NDArray[np.intp]
    """`[N]`: the class that is answered: the most probable one, or the one with the least expected cost where errors have
    costs."""
    member_counts: NDArray[np.intp]
    """`[N]`: how many members an image went through; in a cascade not all."""
    names: list[str] | None = None
    """`[C]`: what the classes are called, where it is known."""

    @property
    def labels(self) -> list[str]:
        """`[N]`: the names of `classes`, or their numbers where classes have no names."""
        return [self.names[each] if self.names else str(each) for each in self.classes]

    def __len__(self) -> int:
        return len(self.probabilities)


class Ensemble:
    """A directory that `consort build-ensemble` wrote, ready to predict.

    Images go through the same models and the same preprocessing as with `consort predict`, and members are combined as it
    does; docs/python.md says how close and how fast. One object may be used by several threads, one at a time.
    """

    def __init__(self, path: str | os.PathLike[str], *, threads: int | None = None, batch: int = 64) -> None:
        """Reads and checks the ensemble in the directory `path`.

        Args:
            path: The directory.
            threads: How many compute; None: as many as this process may use.
            batch: The most images at a time.

        Raises:
            ConsortError: where it is no ensemble, or a member is not the one it was built with.
        """
        self.path = os.fspath(path)
        self._threads = _positive("threads", engine.available_processors() if threads is None else threads)
        self._batch = _positive("batch", batch)
        self._manifest = _manifest(self.path)
        entries = self._manifest["members"]
        self._core = _core()
        self._feeding = [Preprocessing(entry["preprocessing"]) for entry in entries]
        self._members = [
            engine.read(self._core, self._checked(entry), entry, feed.shape) for entry, feed in zip(entries, self._feeding)]
        self._stages = self._grouped(entries)
        self._compiled: dict[tuple[int, int], engine.Group] = {}
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<consort.Ensemble '{self.path}': {', '.join(self.member_names)}>"

    @property
    def member_names(self) -> list[str]:
        """The members' names, in the order in which a cascade runs them."""
        return [entry["name"] for entry in self._manifest["members"]]

    @property
    def class_names(self) -> list[str] | None:
        """What the classes are called, where it is known."""
        return self._manifest.get("labels")

    @property
    def class_count(self) -> int:
        """C, the number of classes."""
        return int(self._manifest["classes"])

    def predict(self, images: Any) -> Answers:
        """Returns what the ensemble says of `images`.

        Args:
            images: An array of bytes `[N, H, W, 3]` or `[H, W, 3]`, red first; or a path, an image of Pillow's, or a list of
                any of these. EXIF orientation is ignored, as `consort predict` does.

        Raises:
            ConsortError: for what is no image, or of another size where the ensemble does not resize.
        """
        given = decoded(images)
        if len(given) == 0:
            raise ConsortError("images: there are none")
        answers = [self._answers(given[start:end]) for start, end in self._batches(len(given))]
        values, classes, counts = (np.concatenate(each) for each in zip(*answers))
        return Answers(values, classes, counts, self.class_names)

    def _batches(self, count: int) -> Iterator[tuple[int, int]]:
        """Whole batches, then some of few images, then single ones: three sizes are compiled at most."""
        start = 0
        for size in (self._batch, min(_FEW, self._batch), 1):
            while count - start >= size:
                yield start, start + size
                start += size

    def _checked(self, entry: dict[str, Any]) -> str:
        file = os.path.join(self.path, entry["file"])
        try:
            with open(file, "rb") as content:
                digest = hashlib.sha256(content.read()).hexdigest()
        except OSError as error:
            raise ConsortError(f"'{file}' cannot be read ({error.strerror}): build the ensemble again") from error
        if digest != entry["sha256"]:
            raise ConsortError(f"'{file}' is not the file that the ensemble was built with: build the ensemble again")
        return file

    def _grouped(self, entries: Sequence[dict[str, Any]]) -> list[list[int]]:
        """Members that run together: of a cascade each by itself, else all that are fed alike."""
        if "cascade" in self._manifest:
            return [[place] for place in range(len(entries))]
        groups: dict[str, list[int]] = {}
        for place, entry in enumerate(entries):
            groups.setdefault(json.dumps(entry["preprocessing"], sort_keys=True), []).append(place)
        return list(groups.values())

    def _answers(self, images: Any) -> tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.intp]]:
        """Probabilities, classes and numbers of members, of one batch."""
        with self._lock:
            if "cascade" in self._manifest:
                return self._cascade(images)
            found: list[Any] = [None] * len(self._members)
            for stage, places in enumerate(self._stages):
                for place, values in zip(places, self._run(stage, images)):
                    found[place] = self._tempered(values, place)
        members = np.stack(found)
        values, classes = self._concluded(members)
        return values, classes, np.full(len(images), len(self._members))

    def _cascade(self, images: Any) -> tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.intp]]:
        manifest, count = self._manifest, len(images)
        cascade, thresholds = manifest["cascade"], [*manifest["cascade"]["confidenceThresholds"], None]
        values = np.empty((count, self.class_count))
        classes, counts = np.empty(count, np.intp), np.empty(count, np.intp)
        going = np.arange(count)
        found = np.empty((0, count, self.class_count))
        for stage, threshold in enumerate(thresholds):
            some = [images[place] for place in going] if len(going) < count else images
            parts = [np.stack(self._run(stage, some[start:end])) for start, end in self._batches(len(some))]
            own = self._tempered(np.concatenate(parts, 1)[0], stage)
            found = np.concatenate([found, own[None]])
            is_last = stage + 1 == len(thresholds)
            stops = np.full(len(going), is_last)
            if threshold is not None:
                stops |= combining.confidence(cascade["confidence"], found, manifest["rule"]) >= threshold
            if stops.any():
                values[going[stops]], classes[going[stops]] = self._concluded(found[:, stops])
                counts[going[stops]] = stage + 1
            going, found = going[~stops], found[:, ~stops]
            if not len(going):
                break
        return values, classes, counts

    def _concluded(self, members: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        manifest = self._manifest
        together = combining.combined(members, manifest["rule"], manifest.get("weights"))
        values = combining.calibrated(together, manifest)
        probabilities = np.exp(values)
        costs = manifest.get("errorCosts")
        if costs is not None:
            expected = probabilities @ np.asarray(costs["costs"], np.float64)
            least = expected <= expected.min(1, keepdims=True)
            return probabilities, np.where(least, probabilities, -1).argmax(1)
        return probabilities, combining.predicted(values, members)

    def _tempered(self, values: NDArray[np.float64], place: int) -> NDArray[np.float64]:
        temperatures = self._manifest.get("memberTemperatures")
        return values if temperatures is None else combining.normalized(values / temperatures[place])

    def _run(self, stage: int, images: Any) -> list[NDArray[np.float64]]:
        """What the members of a stage say of a batch."""
        places, count = self._stages[stage], len(images)
        feeding = self._feeding[places[0]]
        group = self._compiled.get((stage, count))
        if group is None:
            group = engine.Group(self._core, [self._members[place] for place in places], feeding, count, self._threads)
            self._compiled[stage, count] = group
        if isinstance(images, np.ndarray) and images.shape[1:3] == (feeding.height, feeding.width) and feeding.keeps_size:
            feeding.fill(group.input, images)
        else:
            for place, image in enumerate(images):
                feeding.fill(group.input[place:place + 1], feeding.resized(image)[None])
        return group.run()


def _positive(name: str, value: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ConsortError(f"{name}: {value!r} is no whole number of 1 or more")
    return value


def _core() -> Any:
    try:
        import openvino  # type: ignore[import-untyped]
    except ImportError as error:
        raise ConsortError("consort.Ensemble needs OpenVINO: pip install openvino==2026.4.1") from error
    return openvino.Core()


def _manifest(path: str) -> dict[str, Any]:
    file = os.path.join(path, "ensemble.json")
    try:
        with open(file, encoding="utf-8") as content:
            manifest = json.load(content)
    except OSError as error:
        raise ConsortError(f"'{path}' is no ensemble: '{file}' cannot be read ({error.strerror}): "
                           "give a directory that `consort build-ensemble` wrote") from error
    except ValueError as error:
        raise ConsortError(f"'{file}' is no JSON ({error}): build the ensemble again") from error
    if not isinstance(manifest, dict) or manifest.get("version") not in _VERSIONS:
        raise ConsortError(f"'{file}' is of no version that is known here, 1 to 5: install a newer consort")
    try:
        fault = _fault(manifest)
    except (KeyError, TypeError, AttributeError) as error:
        fault = f"it lacks {error}"
    if fault:
        raise ConsortError(f"'{file}' describes no ensemble, {fault}: build the ensemble again")
    return manifest


def _fault(manifest: dict[str, Any]) -> str | None:
    """What is wrong with ensemble.json, as far as predicting depends on it."""
    members = manifest["members"]
    if not members or manifest["classes"] < 2:
        return "it has no member, or no classes"
    if manifest["rule"] not in ("geometricMean", "logitMean", "arithmeticMean", "majorityVote"):
        return f"its rule '{manifest['rule']}' is not known"
    for entry in members:
        name = entry["file"]
        if "/" in name or name.startswith(".") or not name.endswith(".onnx"):
            return f"'{name}' is no name of an ONNX file"
        if entry["preprocessing"]["resizing"]["kind"] not in ("none", "shortSide", "centreCrop"):
            return f"the resizing of '{name}' is not known"
    for key in ("weights", "memberTemperatures"):
        if key in manifest and len(manifest[key]) != len(members):
            return f"it has {len(manifest[key])} {key} for {len(members)} members"
    if "cascade" in manifest:
        if len(manifest["cascade"]["confidenceThresholds"]) != len(members) - 1:
            return "its thresholds do not fit its members"
        if manifest["cascade"]["confidence"] not in ("maximumProbability", "margin", "entropy", "agreement"):
            return f"its confidence '{manifest['cascade']['confidence']}' is not known"
    calibration = manifest.get("calibration")
    if calibration is not None and set(calibration) - {"vector", "dirichlet", "isotonic", "histogram"}:
        return "its calibration is not known"
    names = manifest.get("labels")
    return "it names other classes than it has" if names is not None and len(names) != manifest["classes"] else None
