"""From what an audit found to an edit: proposed, written as a study file, trained, and laid beside its prediction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from stagelens.analysis import rules_from_study
from stagelens.audit.edits.mixture import as_study, edited
from stagelens.audit.edits.propose import Edit, Target, propose
from stagelens.audit.edits.trial import Trial, trials
from stagelens.audit.findings import Audit
from stagelens.audit.retraining import retrain
from stagelens.audit.run import AuditPlan, folders, margins_of
from stagelens.engine.progress import Reporter
from stagelens.errors import InputError
from stagelens.files import write_text
from stagelens.study.problems import nearest

EDITS: Final = "edits.json"
TRIAL: Final = "trial.json"
STUDY: Final = "edited.yaml"
DIFFERENCE: Final = "edited.diff"
SCHEMA: Final = 1
SHOWN: Final = 5
"""Proposals that are written down, the best first."""


def check_wish(planned: AuditPlan, replacements: Mapping[str, str]) -> None:
    """See, before anything is trained, that an edit can be proposed and that what it brings in is there.

    Raises:
        InputError: sources are not left out one by one, or one that is to be replaced is not there, or the file is not.
    """
    target = planned.target
    if not planned.design.one_by_one:
        raise InputError(
            "Edits are proposed from sources that were left out one by one: name up to twenty of them with --source, "
            "and leave --mixtures out."
        )
    for source, file in replacements.items():
        if source not in target.amounts:
            raise InputError(f"The stage has no source {source!r}: {nearest(source, target.amounts)}")
        if not (target.study.folder / file).is_file():
            raise InputError(f"There is no file {target.study.folder / file} to take the place of {source!r}.")


def propose_edits(
    planned: AuditPlan,
    audit: Audit,
    level: float | None = None,
    *,
    replacements: Mapping[str, str] | None = None,
    out: Path | None = None,
    known: Path | None = None,
) -> tuple[Edit, ...]:
    """Edits that are predicted to bring the audit's measure to a level, the best first; the best is written down.

    ``edits.json`` holds the best few with what is predicted of each, ``edited.yaml`` the study with the best one's
    mixture, ``edited.diff`` what it changes. The folders are those of ``run_audit``.

    Args:
        planned: the audit.
        audit: what it found.
        level: in the measure's unit, 0 to 1 for a rate; half of what it is where None.
        replacements: by source, a file (relative to the study) whose rows come in its place.
        out: as for ``run_audit``.
        known: as for ``run_audit``.

    Raises:
        InputError: a source is not there, the level is reached already, or no edit is predicted to reach it.
    """
    check_wish(planned, replacements or {})
    target = planned.target
    now = audit.levels[audit.asked]
    if now is None:
        raise InputError(
            f"No answer of {audit.stage} was graded on {'/'.join(audit.asked)}: there is no level to move."
        )
    aim = Target(audit.asked, now / 2 if level is None else level, now)
    margins = margins_of(rules_from_study(target.study), audit)
    found = propose(aim, audit.effects, target.amounts, margins, replacements=replacements)
    if not found:
        raise InputError(
            f"No edit of one source or two is predicted to bring {'/'.join(audit.asked)} from {aim.now:.3g} to "
            f"{aim.level:g}: name another --target, or leave more sources out."
        )
    folder, _ = folders(target, out, known)
    study, difference = as_study(target, edited(target, found[0]), folder)
    _write(folder, aim, found)
    write_text(folder / STUDY, study)
    write_text(folder / DIFFERENCE, difference)
    return found


def try_edit(
    planned: AuditPlan,
    audit: Audit,
    edit: Edit,
    *,
    out: Path | None = None,
    known: Path | None = None,
    reporter: Reporter | None = None,
) -> tuple[Trial, ...]:
    """Train the stage on the edited mixture, ask it, and lay what came out beside what was predicted (``trial.json``).

    Args:
        planned: the audit.
        audit: what it found.
        edit: one that was proposed.
        out: as for ``run_audit``.
        known: as for ``run_audit``.
        reporter: told what is done.

    Raises:
        InputError: as ``run_audit`` does.
    """
    target = planned.target
    folder, taken = folders(target, out, known)
    name = f"edit-{_digest(edit)}"
    mixtures = {name: edited(target, edit)}
    data = retrain(target, mixtures, seeds=planned.design.seeds, out=folder, known=taken, reporter=reporter)
    found = trials(data, target.stage.name, name, edit, rules_from_study(target.study))
    content = {
        "schema": SCHEMA,
        "stage": name,
        "edit": _plain(edit),
        "measures": [{**_rounded(asdict(each)), "measure": "/".join(each.measure)} for each in found],
    }
    write_text(folder / TRIAL, json.dumps(content, indent=2) + "\n")
    return found


def _write(folder: Path, aim: Target, edits: Sequence[Edit]) -> None:
    content = {
        "schema": SCHEMA,
        "measure": "/".join(aim.measure),
        "level": aim.level,
        "now": round(aim.now, 6),
        "proposed": [_plain(edit) for edit in edits[:SHOWN]],
    }
    write_text(folder / EDITS, json.dumps(content, indent=2) + "\n")


def _plain(edit: Edit) -> dict[str, Any]:
    return {
        "kept": dict(edit.kept),
        "replaced": dict(edit.replaced),
        "rows": edit.rows,
        "reaches": edit.reaches,
        "holds": edit.holds,
        "changes": {"/".join(measure): _rounded(asdict(change)) for measure, change in edit.changes.items()},
    }


def _rounded(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: round(value, 6) if isinstance(value, float) else _rounded(value) if isinstance(value, dict) else value
        for name, value in values.items()
    }


def _digest(edit: Edit) -> str:
    said = json.dumps([sorted(edit.kept.items()), sorted(edit.replaced.items())])
    return hashlib.sha256(said.encode()).hexdigest()[:8]
