"""Members of an ensemble in OpenVINO: those that are fed alike, compiled and run as Consort does it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from consort._combining import normalized
from consort._errors import ConsortError
from consort._pixels import Preprocessing

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Side by side is quicker where no thread has more than this factor of an equal share.
_UNEVENNESS = 1.1


@dataclass(frozen=True)
class Member:
    """A member's model, read."""

    path: str
    model: Any
    multiply_accumulates: int
    is_distribution: bool
    """Whether the output is probabilities: else anything whose softmax is the distribution."""
    is_said: bool
    """Whether the directory says what it is."""
    scale: float
    """What the output's rows sum to where it is a distribution."""
    has_wide_bytes: bool
    """Whether it has 8-bit weights that use all 8 bits, as `co_model_has_wide_bytes` of the program finds them."""


def read(core: Any, path: str, entry: dict[str, Any], shape: tuple[int, ...]) -> Member:
    """Reads the member of `entry` in ensemble.json."""
    model = core.read_model(path)
    output = _output(model, entry.get("output"), path)
    model = _with_output(model, output)
    kind = entry.get("outputKind")
    ends_in_softmax = _ends_in_softmax(model)
    is_distribution = kind in ("probabilities", "percentages") or kind is None and ends_in_softmax
    if len(model.inputs) != 1:
        raise ConsortError(f"'{path}' has {len(model.inputs)} inputs: build the ensemble again with `consort build-ensemble`")
    return Member(
        path, model, entry["multiplyAccumulates"], is_distribution, kind is not None or ends_in_softmax,
        100.0 if kind == "percentages" else 1.0, _has_wide_bytes(model))


def _has_wide_bytes(model: Any) -> bool:
    for node in model.get_ops():
        if node.get_type_name() != "Constant" or len(node.get_output_shape(0)) < 2:
            continue
        kind = node.get_element_type().get_type_name()
        # Two products of weights up to 64 with bytes fit into 16 bits. Weights without a sign are moved by their zero point.
        if kind == "u8" or kind == "i8" and np.abs(node.get_data().astype(np.int16)).max(initial=0) > 64:
            return True
    return False


def multiplies_bytes() -> bool:
    """Whether the processor adds products of 8-bit numbers in 32 bits at once; others do so in 16, where they may overflow."""
    if os.uname().machine not in ("x86_64", "AMD64"):
        return True
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            flags = next((line for line in file if line.startswith("flags")), "").split()
    except OSError:
        return False
    return not {"avx512_vnni", "avx_vnni", "amx_int8"}.isdisjoint(flags)


def _output(model: Any, name: str | None, path: str) -> int:
    names = [output.get_names() for output in model.outputs]
    if name is not None:
        found = [place for place, each in enumerate(names) if name in each]
    elif len(names) == 1:
        found = [0]
    else:
        found = [place for place, output in enumerate(model.outputs) if output.get_partial_shape().rank.get_length() in (2, 4)]
        if len(found) > 1:
            found = [place for place in found if names[place] & {"logits", "probabilities"}]
    if len(found) != 1:
        raise ConsortError(f"'{path}' has several outputs: build the ensemble again with --output NAME")
    return found[0]


def _with_output(model: Any, place: int) -> Any:
    """The model with one output, float32 in and out."""
    import openvino  # type: ignore[import-untyped]

    if len(model.outputs) > 1:
        model = openvino.Model([model.get_results()[place]], model.get_parameters(), model.friendly_name)
    steps = openvino.preprocess.PrePostProcessor(model)
    steps.input().tensor().set_element_type(openvino.Type.f32)
    steps.output().tensor().set_element_type(openvino.Type.f32)
    return steps.build()


def _ends_in_softmax(model: Any) -> bool:
    node = model.get_results()[0].input_value(0).get_node()
    while node.get_type_name() in ("Convert", "Reshape", "Squeeze", "Unsqueeze"):
        node = node.input_value(0).get_node()
    return bool(node.get_type_name() == "Softmax")


class Group:
    """Members that are fed alike, for batches of one size: nothing is allocated from batch to batch."""

    def __init__(self, core: Any, members: Sequence[Member], preprocessing: Preprocessing, batch: int, threads: int) -> None:
        import openvino  # type: ignore[import-untyped]

        self._members = members
        self.input = np.zeros((batch, *preprocessing.shape), np.float32)
        shared = openvino.Tensor(self.input, shared_memory=True)
        parts = _parts(members, threads)
        properties: dict[str, Any] = {
            "INFERENCE_NUM_THREADS": threads if len(parts) == 1 else 1, "NUM_STREAMS": 1,
            "INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY",
        }
        if not multiplies_bytes() and any(member.has_wide_bytes for member in members):
            # Sums of such weights would overflow: they are computed in float32, rounded to the same levels.
            properties["LP_TRANSFORMS_MODE"] = "NO"
        if len(parts) > 1:
            # Models of one thread each would be pinned to one and the same processor.
            properties["ENABLE_CPU_PINNING"] = False
        self._requests = []
        outputs: list[Any] = [None] * len(members)
        self._keep = []
        for part in parts:
            try:
                model = _joined([members[place].model for place in part], self.input.shape)
                compiled = core.compile_model(model, "CPU", properties)
            except RuntimeError as error:
                names = ", ".join(members[place].path for place in part)
                raise ConsortError(
                    f"'{names}' does not run with {batch} images at a time ({str(error).strip().splitlines()[-1]}): "
                    "give batch=1, or use `consort predict`") from error
            request = compiled.create_infer_request()
            request.set_input_tensor(shared)
            for index, place in enumerate(part):
                outputs[place] = request.get_output_tensor(index).data
            self._requests.append(request)
            self._keep.append(compiled)
        self._outputs = outputs
        self._batch = batch

    def run(self) -> list[NDArray[np.float64]]:
        """Computes what is in `input`, and returns each member's log-probabilities, `[batch, C]`."""
        for request in self._requests:
            request.start_async()
        for request in self._requests:
            request.wait()
        return [_log_probabilities(member, output.reshape(self._batch, -1))
                for member, output in zip(self._members, self._outputs)]


def _log_probabilities(member: Member, output: NDArray[np.float32]) -> NDArray[np.float64]:
    values = output.astype(np.float64)
    if not member.is_distribution:
        if not np.isfinite(values.max(1)).all():
            raise ConsortError(f"'{member.path}' gives NaN or infinity for an image: look at the model")
        if not member.is_said:
            _check_logits(member, values)
        return normalized(values)
    sums = values.sum(1, keepdims=True)
    if not (values >= 0).all() or not (np.abs(sums / member.scale - 1) <= 1e-3).all():
        raise ConsortError(f"'{member.path}' gives numbers that are no probabilities: build the ensemble again with --output-kind")
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(values) - np.log(sums))


def _check_logits(member: Member, values: NDArray[np.float64]) -> None:
    """A model that does not end in a softmax, and gives what only a softmax gives."""
    sums = values.sum(1)
    if values.min() >= 0 and (np.abs(sums - 1).max() <= 1e-3 or np.abs(sums - 100).max() <= 0.1):
        raise ConsortError(
            f"'{member.path}' gives a distribution where its graph says logits: build the ensemble again with --output-kind")


def _parts(members: Sequence[Member], threads: int) -> list[list[int]]:
    """Which members are compiled together: side by side on one thread each where that is even, else all in turn."""
    everything = list(range(len(members)))
    workers = min(threads, len(members))
    if workers < 2:
        return [everything]
    costs = [member.multiply_accumulates for member in members]
    groups: list[list[int]] = [[] for _ in range(workers)]
    loads = [0] * workers
    for place in sorted(everything, key=lambda each: (-costs[each], each)):
        group = loads.index(min(loads))
        groups[group].append(place)
        loads[group] += costs[place]
    return [sorted(group) for group in groups] if max(loads) * workers <= _UNEVENNESS * sum(costs) else [everything]


def _joined(models: Sequence[Any], shape: Sequence[int]) -> Any:
    """One model of several that read one input."""
    import openvino  # type: ignore[import-untyped]

    copies = [model.clone() for model in models]
    for copy in copies:
        copy.reshape(list(shape))
    if len(copies) == 1:
        return copies[0]
    entry = copies[0].get_parameters()[0]
    results = copies[0].get_results()
    for copy in copies[1:]:
        (parameter,) = copy.get_parameters()
        for target in parameter.output(0).get_target_inputs():
            target.replace_source_output(entry.output(0))
        results = results + copy.get_results()
    return openvino.Model(results, [entry], "joined")


def available_processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
