"""Predicted beside observed: an edit trained and asked. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stagelens.audit.edits.curve import Change
from stagelens.audit.edits.propose import Edit, Measure
from stagelens.audit.effects import Kind, effects
from stagelens.audit.variants import Variant
from stagelens.statistics.data import MeasureData, Rules
from stagelens.statistics.results import VerdictWord


@dataclass(frozen=True, slots=True)
class Trial:
    """What an edit did to a measure.

    Attributes:
        measure: (benchmark, measure).
        predicted: the change that was predicted; None where nothing could be.
        observed: the change from the whole to the edited stage; None where no pair is scored at both.
        verdict: of that change.
        kind: of the measure, which says its unit.
    """

    measure: Measure
    predicted: Change | None
    observed: Change | None
    verdict: VerdictWord
    kind: Kind


def trials(data: Sequence[MeasureData], whole: str, name: str, edit: Edit, rules: Rules) -> tuple[Trial, ...]:
    """What an edit did to every measure.

    Args:
        data: a measure each, with the stages ``whole`` and ``name``.
        whole: the stage before.
        name: the stage that was trained on the edited mixture.
        edit: with its predictions.
        rules: as for verdicts.

    Raises:
        InputError: a stage is not in the data.
    """
    found = effects(data, whole, (Variant(name, edit.kept),), rules)
    return tuple(
        Trial(
            (effect.benchmark, effect.measure),
            edit.changes.get((effect.benchmark, effect.measure)),
            None if effect.difference is None else Change(-effect.difference, -effect.high, -effect.low),
            _TURNED.get(effect.verdict, effect.verdict),
            effect.kind,
        )
        for effect in found
    )


_TURNED: Mapping[VerdictWord, VerdictWord] = {"changed_up": "changed_down", "changed_down": "changed_up"}
"""An effect is the whole minus the variant."""
