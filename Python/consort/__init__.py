"""Consort in Python: what several image classifiers predict, what to deploy of them, and the ensemble that was deployed.

>>> import consort
>>> sorted(consort.__all__)  # doctest: +NORMALIZE_WHITESPACE
['Answers', 'Collected', 'ConsortError', 'Cost', 'Decision', 'Ensemble', 'ProgramError', 'collect', 'cost', 'decide',
 'program_path', 'save_predictions']

Nothing but the standard library is loaded before it is used: importing the package takes some milliseconds.
"""

from __future__ import annotations

# As type checkers know it: importing `typing` takes longer than all the rest.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from consort._collecting import Collected as Collected, collect as collect
    from consort._costs import Cost as Cost, cost as cost
    from consort._decisions import Decision as Decision, decide as decide
    from consort._ensembles import Answers as Answers, Ensemble as Ensemble
    from consort._errors import ConsortError as ConsortError, ProgramError as ProgramError
    from consort._predictions import save_predictions as save_predictions
    from consort._program import program_path as program_path

_MODULES = {
    "Answers": "_ensembles", "Collected": "_collecting", "ConsortError": "_errors", "Cost": "_costs",
    "Decision": "_decisions", "Ensemble": "_ensembles", "ProgramError": "_errors", "collect": "_collecting",
    "cost": "_costs", "decide": "_decisions", "program_path": "_program", "save_predictions": "_predictions",
}
__all__ = list(_MODULES)


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module 'consort' has no attribute '{name}'")
    from importlib import import_module

    value = getattr(import_module(f"consort.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
