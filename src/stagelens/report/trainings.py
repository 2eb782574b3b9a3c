"""Reads how stages were trained out of their checkpoints: ``provenance.json`` and ``losses.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stagelens.errors import InputError
from stagelens.report.context import ContaminationRow, LossPoint, SourceRow, Training


def read_training(checkpoint: Path, family: str, stage: str, kind: str) -> Training | None:
    """What a trained checkpoint says of its training; None where there is none, as in a folder of tables alone.

    Raises:
        InputError: one of the two files is not as it was written.
    """
    provenance = _json(checkpoint / "provenance.json")
    if provenance is None:
        return None
    losses = _json(checkpoint / "losses.json") or {"records": []}
    try:
        return Training(
            family=family,
            stage=stage,
            kind=kind,
            sources=tuple(_source(each, family, stage) for each in provenance.get("sources", [])),
            losses=tuple(_loss(record) for record in losses["records"]),
            contamination=tuple(
                ContaminationRow(family, stage, str(name), **found)
                for name, found in (provenance.get("contamination") or {}).items()
            ),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"{checkpoint} does not say as expected how it was trained ({error}): make it again."
        ) from None


def _source(entry: Mapping[str, Any], family: str, stage: str) -> SourceRow:
    said = entry.get("provenance") or {}
    return SourceRow(
        family=family,
        stage=stage,
        source=str(entry["name"]),
        rows=entry.get("rows"),
        drawn=entry.get("drawn"),
        trained_tokens=entry.get("trained_tokens"),
        author=said.get("author"),
        teacher=said.get("teacher"),
        teacher_stage=said.get("teacher_stage"),
        duplicates=int(entry.get("duplicates") or 0),
        cut=int(entry.get("cut") or 0),
        # Of preferences, those that were too long to be trained on, and those whose answers are the same.
        lost=sum(int(entry.get(name) or 0) for name in ("lost", "left_out", "same_answers")),
        contaminated={str(name): int(count) for name, count in (entry.get("contaminated") or {}).items() if count},
    )


def _loss(record: Mapping[str, Any]) -> LossPoint:
    by_source = {str(name): float(each["loss"]) for name, each in (record.get("sources") or {}).items()}
    reward = record.get("reward")
    return LossPoint(int(record["step"]), float(record["loss"]), by_source, None if reward is None else float(reward))


def _json(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path} is not JSON ({error}): make the stage again.") from None
    if not isinstance(content, dict):
        raise InputError(f"{path} must hold one JSON object: make the stage again.")
    return content
