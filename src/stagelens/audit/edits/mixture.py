"""An edit as a mixture to train on, and as a study file with its difference to the one before."""

from __future__ import annotations

import difflib
from pathlib import Path

from stagelens.audit.edits.propose import Edit
from stagelens.audit.target import Target
from stagelens.audit.variants import Variant, changed
from stagelens.study.spec import Family, Mixture, Source
from stagelens.study.write import dump_study


def edited(target: Target, edit: Edit) -> Mixture:
    """The mixture after an edit: less of some sources, and as many rows of a file in their place where one is named.

    Raises:
        InputError: nothing stays.
    """
    mixture = changed(target.mixture, target.amounts, Variant("edited", edit.kept))
    coming = tuple(
        Source(name=f"{source}-replaced", path=file, count=gone)
        for source, file in edit.replaced.items()
        if (gone := target.amounts[source] - round(edit.kept[source] * target.amounts[source]))
    )
    return mixture.model_copy(update={"sources": (*mixture.sources, *coming)})


def as_study(target: Target, mixture: Mixture, folder: Path) -> tuple[str, str]:
    """The study file with this mixture, as it has to stand in ``folder``, and its difference to the one before."""
    family = target.study.families[target.family]
    stages = tuple(
        stage.model_copy(update={"mixture": mixture}) if stage.name == target.stage.name else stage
        for stage in family.stages
    )
    families = {**target.study.families, target.family: Family(stages=stages)}
    before = dump_study(target.study, folder)
    after = dump_study(target.study.model_copy(update={"families": families}), folder)
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), "before", "after", lineterm="")
    return after, "\n".join(lines) + "\n"
