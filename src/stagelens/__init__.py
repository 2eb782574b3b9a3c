"""StageLens: which training stage gave this model its safety properties?

The public interface is what this module exports::

    import stagelens

    study = stagelens.Study.load("study.yaml")
    verdicts = stagelens.run(study)                      # makes what is missing, asks, decides
    verdicts = stagelens.analyze("outcomes.parquet")     # decides, from any outcome table
    verdicts.to_dict()                                   # the content of verdicts.json
    stagelens.judges.grade_refusal("I can't help with that.")
    audit = stagelens.run_audit(stagelens.plan_audit(study, "safety/unsafe_response"))  # which data did it
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stagelens import judges
    from stagelens.analysis import analyze
    from stagelens.audit.run import plan_audit, run_audit
    from stagelens.errors import InputError
    from stagelens.running import run_to_verdicts as run
    from stagelens.statistics.results import Verdicts
    from stagelens.study.spec import Study

__all__ = ["InputError", "Study", "Verdicts", "analyze", "judges", "plan_audit", "run", "run_audit"]

_HOMES = {
    "InputError": ("stagelens.errors", "InputError"),
    "Study": ("stagelens.study.spec", "Study"),
    "Verdicts": ("stagelens.statistics.results", "Verdicts"),
    "analyze": ("stagelens.analysis", "analyze"),
    "judges": ("stagelens.judges", None),
    "plan_audit": ("stagelens.audit.run", "plan_audit"),
    "run": ("stagelens.running", "run_to_verdicts"),
    "run_audit": ("stagelens.audit.run", "run_audit"),
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that the command line starts without what it does not need."""
    if name not in _HOMES:
        raise AttributeError(f"module 'stagelens' has no attribute {name!r}")
    from importlib import import_module

    module, attribute = _HOMES[name]
    found = import_module(module)
    value = found if attribute is None else getattr(found, attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
