"""StageLens: which training stage gave this model its safety properties?

The public interface is what this module exports::

    import stagelens

    study = stagelens.Study.load("study.yaml")
    verdicts = stagelens.run(study)                      # makes what is missing, asks, decides
    verdicts = stagelens.analyze("outcomes.parquet")     # decides, from any outcome table
    verdicts.to_dict()                                   # the content of verdicts.json
    stagelens.judges.grade_refusal("I can't help with that.")
"""

from __future__ import annotations

from pathlib import Path

from stagelens import judges
from stagelens.analysis import analyze
from stagelens.errors import InputError
from stagelens.statistics.results import Verdicts
from stagelens.study.spec import Study

__all__ = ["InputError", "Study", "Verdicts", "analyze", "judges", "run"]


def run(study: Study | str | Path, *, out: str | Path | None = None, limit: int | None = None) -> Verdicts:
    """Run a study: make the stages that are missing, ask every stage, decide, and write the run folder.

    Args:
        study: a loaded study, or the path of a study file.
        out: the run folder; by default ``runs/<study name>`` beside the study file.
        limit: ask at most this many items of each benchmark.

    Returns:
        The verdicts, as in ``verdicts.json``. What is already in the run folder is not done again.

    Raises:
        InputError: the study or something it names is not usable, or the run folder holds other work.
    """
    from stagelens.engine import run as run_study

    loaded = study if isinstance(study, Study) else Study.load(study)
    return run_study(loaded, out=None if out is None else Path(out), limit=limit).verdicts
