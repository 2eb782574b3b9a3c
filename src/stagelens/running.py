"""A run as it is asked for: a study and, on request, the positive controls beside it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from stagelens import engine as engines
from stagelens.engine import Outcome
from stagelens.engine.collect import decide
from stagelens.engine.remote import is_url
from stagelens.errors import InputError
from stagelens.files import write_text
from stagelens.statistics.serialise import controls_to_json
from stagelens.study.spec import Study

if TYPE_CHECKING:
    from stagelens.engine.progress import Reporter
    from stagelens.statistics.results import Verdicts


def run(
    study: Study,
    *,
    out: Path | str | None = None,
    limit: int | None = None,
    with_controls: bool = False,
    reporter: Reporter | None = None,
    engine: str = "local",
) -> Outcome:
    """Make the stages that are missing, ask what has not been asked, decide, report.

    With ``with_controls``, positive controls come next (see ``organisms.controls``), in ``controls`` of the run folder;
    what they show is written to ``controls.json`` there, and the study is decided and reported once more. What they
    lack is named in ``missing`` too. ``engine``, local or ray, is where the study is trained and asked; the controls
    are always made here.

    Raises:
        InputError: the study or something it names is not usable, or the folder holds work from other inputs.
    """
    if with_controls and out is not None and is_url(out):
        raise InputError(f"Positive controls need a run folder on this machine, and --out is {out}: name a folder.")
    outcome = engines.run(study, out=out, limit=limit, reporter=reporter, engine=engine)
    if not with_controls:
        return outcome
    from stagelens.organisms.controls import run_controls

    folder = outcome.folder
    found = run_controls(study, folder.root / "controls", reporter=reporter)
    with folder.claimed():
        write_text(folder.controls, controls_to_json(found.controls))
        decided = decide(study, folder)
    missing = (*outcome.missing, *(f"positive control: {sentence}" for sentence in found.missing))
    return replace(outcome, verdicts=decided.verdicts, confounds=decided.confounds, missing=missing)


def run_to_verdicts(
    study: Study | str | Path,
    *,
    out: str | Path | None = None,
    limit: int | None = None,
    sequential: bool = False,
    with_controls: bool = False,
    engine: str = "local",
) -> Verdicts:
    """Run a study: make the stages that are missing, ask every stage, decide, and write the run folder.

    Args:
        study: a loaded study, or the path of a study file.
        out: the run folder, or a URL that fsspec knows; by default ``runs/<study name>`` beside the study file.
        limit: ask at most this many items of each benchmark.
        sequential: ask in looks, and no further than is needed to decide (see ``Study.sequential``).
        with_controls: have the study's judges grade a small model in which a change is planted as well, to show whether
            they see one.
        engine: ``local``, or ``ray`` for the cluster that ``RAY_ADDRESS`` names (this machine, where it names none).

    Returns:
        The verdicts, as in ``verdicts.json``. What is already in the run folder is not done again.

    Raises:
        InputError: the study or something it names is not usable, or the run folder holds other work.
    """
    loaded = study if isinstance(study, Study) else Study.load(study)
    if sequential:
        loaded = loaded.sequential()
    return run(loaded, out=out, limit=limit, with_controls=with_controls, engine=engine).verdicts
