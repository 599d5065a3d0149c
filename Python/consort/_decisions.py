"""What to deploy: `consort report`, and what it found."""

from __future__ import annotations

import csv
import html
import importlib.util
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Union

from consort._errors import ConsortError
from consort._predictions import read_metadata
from consort._program import run

Paths = Union[str, "os.PathLike[str]", Sequence[Union[str, "os.PathLike[str]"]]]


@dataclass(frozen=True)
class Decision:
    """What was decided, and the files that say why."""

    directory: str
    """Where the report and its files are."""
    text: str
    """What `consort report` printed: the decision in words."""
    notes: list[str]
    """What was inferred from the files, and is worth a look."""
    content: dict[str, Any] = field(repr=False)
    """decision.json: everything that was found, as docs/ensembles.md has it."""

    @property
    def report(self) -> str:
        """The page, to open in a browser."""
        return os.path.join(self.directory, "report.html")

    @property
    def file(self) -> str:
        """decision.json, for `consort build-ensemble --decision`."""
        return os.path.join(self.directory, "decision.json")

    @property
    def deployed(self) -> dict[str, Any]:
        """The candidate to deploy: its members, combination, cost and figures."""
        return dict(self.content["deployed"])

    @property
    def members(self) -> list[str]:
        """The names of the members to deploy, in the order in which they run."""
        return list(self.content["deployed"]["members"])

    @property
    def candidates(self) -> Any:
        """All candidates, a row each: a pandas.DataFrame where pandas is installed, else a list of dicts."""
        return self.table("candidates")

    @property
    def tables(self) -> list[str]:
        """The names that `table` takes."""
        return sorted(name[:-4] for name in os.listdir(self.directory) if name.endswith(".csv"))

    def table(self, name: str) -> Any:
        """Returns a table of the report, such as "members": a pandas.DataFrame where pandas is installed, else dicts."""
        if name not in self.tables:
            raise ConsortError(f"name: there is no table '{name}': {', '.join(self.tables)}")
        path = os.path.join(self.directory, f"{name}.csv")
        if importlib.util.find_spec("pandas") is not None:
            import pandas  # type: ignore[import-untyped]

            return pandas.read_csv(path)
        with open(path, newline="", encoding="utf-8") as file:
            return [{key: _value(text) for key, text in row.items()} for row in csv.DictReader(file)]

    def chart(self, name: str = "tradeoff") -> str:
        """Returns a chart of the report as SVG; "tradeoff" is accuracy against cost."""
        path = os.path.join(self.directory, f"{name}.svg")
        if not os.path.exists(path):
            known = sorted(each[:-4] for each in os.listdir(self.directory) if each.endswith(".svg"))
            raise ConsortError(f"name: there is no chart '{name}': {', '.join(known)}")
        with open(path, encoding="utf-8") as file:
            return file.read()

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        charts = self.chart() if os.path.exists(os.path.join(self.directory, "tradeoff.svg")) else ""
        return f"<pre>{html.escape(self.text)}</pre>{charts}"


def _value(text: str | None) -> Any:
    if not text:
        return None
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


def decide(
    hold_out: Paths, test: Paths, *, max_cost: str | float | None = None, cost: str | None = None, at: str | None = None,
    min_accuracy: float | None = None, tolerance: float | None = None, confidence: float | None = None,
    max_members: int | None = None, max_stages: int | None = None, same_network: bool = False, rule: str | None = None,
    shifted: str | os.PathLike[str] | None = None, unlike: str | os.PathLike[str] | None = None,
    groups: str | os.PathLike[str] | None = None, error_costs: str | os.PathLike[str] | None = None,
    seconds: float | None = None, title: str | None = None, out: str | os.PathLike[str] = "report",
    options: Sequence[str] = (),
) -> Decision:
    """Chooses on the hold-out images what to deploy, judges it on the test images, and writes a report.

    It runs `consort report` (`consort help report` says more of each argument).

    Args:
        hold_out: Predictions of the images to choose on: files of `save_predictions`, directories of them, or a list (.json)
            of files of other programs.
        test: The same members' predictions of the images that judge.
        max_cost: The most accurate for this budget, such as `"60M"`.
        cost: What a budget counts: `macs`, `parameters`, `latency` or `parallel-latency`.
        at: Which of a cascade's costs `max_cost` bounds: `mean`, `p99`, `worst`.
        min_accuracy: The cheapest with this accuracy on the hold-out, in percent.
        tolerance: How many points of accuracy may be lost against the best single member.
        confidence: How sure it is to be, in percent, that no more is lost.
        max_members: The most members of an ensemble.
        max_stages: The most members of a cascade; 1 for none.
        same_network: Whether to combine members of one network only.
        rule: How members are combined, such as `geometric-mean`.
        shifted, unlike: Predictions of further images, and of images that are of no class.
        groups, error_costs: Tables of the images' groups, and of what errors cost.
        seconds: How long to search at most.
        title: The report's heading.
        out: The report's directory, whose files are replaced.
        options: Further options of `consort report`.

    Raises:
        ConsortError: where hold-out and test are mixed up.
        ProgramError: where the program refuses, with its reason.
    """
    sources = _sources("hold_out", hold_out, {"test"}) + _sources("test", test, {"hold-out", "holdout", "val", "validation"})
    named: dict[str, object] = {
        "--max-cost": max_cost, "--cost": cost, "--at": at, "--min-accuracy": min_accuracy, "--tolerance": tolerance,
        "--confidence": confidence, "--max-members": max_members, "--max-stages": max_stages, "--rule": rule,
        "--shifted": shifted, "--unlike": unlike, "--groups": groups, "--error-costs": error_costs, "--seconds": seconds,
        "--title": title,
    }
    arguments = ["report", *sources, "--out", os.fspath(out)]
    # Only what a budget counts has to be timed.
    arguments += [] if cost is not None and "latency" in cost else ["--no-latency"]
    for name, value in named.items():
        if value is not None:
            arguments += [name, os.fspath(value) if isinstance(value, os.PathLike) else _text(value)]
    arguments += (["--same-network"] if same_network else []) + list(options)
    text, notes = run(arguments)
    directory = os.fspath(out)
    with open(os.path.join(directory, "decision.json"), encoding="utf-8") as file:
        content = json.load(file)
    return Decision(directory, text, [line for line in notes.splitlines() if line.startswith("note: ")], content)


def _text(value: object) -> str:
    """As the program reads numbers: 6e7 is 60000000.

    >>> _text(6e7), _text(0.5), _text("60M")
    ('60000000', '0.5', '60M')
    """
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _sources(argument: str, given: Paths, others: set[str]) -> list[str]:
    """The paths of what was given, none of which says that it is of the other split."""
    paths = [os.fspath(given)] if isinstance(given, (str, os.PathLike)) else [os.fspath(each) for each in given]
    if not paths:
        raise ConsortError(f"{argument}: there is no path: give predictions files, or directories of them")
    for path in paths:
        for file in _files(path):
            split = read_metadata(file).get("split", "")
            if split.lower() in others:
                raise ConsortError(f"{argument}: '{file}' holds predictions of the split '{split}': exchange hold_out and test")
    return paths


def _files(path: str) -> list[str]:
    if os.path.isdir(path):
        return sorted(os.path.join(path, name) for name in os.listdir(path) if name.endswith(".safetensors"))
    if not os.path.exists(path):
        raise ConsortError(f"'{path}' is not there: give predictions files, or directories of them")
    return [path] if path.endswith(".safetensors") else []
