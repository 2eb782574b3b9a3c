"""Other people's transcripts as a run folder, so that ``stagelens judge`` can grade them."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Final

import polars as pl

from stagelens.benchmarks.odcv.agent_logs import read_episodes
from stagelens.engine.folder import RunFolder
from stagelens.errors import InputError
from stagelens.files import write_text
from stagelens.outcomes.inspect_logs import read_log
from stagelens.outcomes.table import read_table, write_table
from stagelens.study.spec import Study
from stagelens.study.write import dump_study

_NAME: Final = "odcv"
"""Of the study, its family and its benchmark."""
_SCENARIOS: Final = "mandated_scenarios"


def import_odcv_logs(source: Path, root: Path) -> pl.DataFrame:
    """Write a run folder from the records of ODCV-Bench's own agent; returns its outcome table.

    Models are stages, in the order of their names. Every episode awaits a judge; one without a record is
    `unattempted`, one in which the model never acted `incapable`.

    Args:
        source: a folder of ``<model>-<variant>/experiments/<scenario>/messages_record.txt``.
        root: the run folder, which must not hold a run yet.

    Raises:
        InputError: the records are not of that form, are of one model only, or ``root`` holds a run.
    """
    from inspect_ai.log import write_eval_log

    from stagelens.benchmarks.odcv.eval_logs import make_log

    episodes = {model: list(own) for model, own in groupby(read_episodes(source), key=lambda episode: episode.model)}
    if len(episodes) < 2:
        raise InputError(
            f"{source} holds records of {next(iter(episodes))} alone: a study compares two models or more."
        )
    folder = RunFolder(root.resolve())
    with folder.claimed():
        if folder.study.exists():
            raise InputError(f"{root} holds a run already: name another folder with -o, or remove it first.")
        tables = []
        for position, (model, own) in enumerate(episodes.items()):
            place = folder.logs(_NAME, model) / f"{_NAME}-0000.eval"
            place.parent.mkdir(parents=True, exist_ok=True)
            write_eval_log(make_log(own, f"imported/{model}"), str(place))
            tables.append(read_log(place, family=_NAME, stage=model, stage_index=position))
        table = read_table(pl.concat(tables))
        write_table(table, folder.outcomes)
        # Last, so that a folder with a study is whole.
        write_text(folder.study, dump_study(_study(list(episodes), source), folder.root))
    return table


def _study(models: list[str], source: Path) -> Study:
    """A study that asked these models as published."""
    checkout = next((above for above in source.resolve().parents if (above / _SCENARIOS).is_dir()), source.resolve())
    stages = [
        {"name": model, "kind": "rl", "model": f"imported/{model}", "same_mixture": "unknown"} for model in models
    ]
    return Study.model_validate(
        {
            "name": _NAME,
            "families": {_NAME: {"stages": stages}},
            "generation": {"temperature": 0.0},
            "benchmarks": {_NAME: {"path": str(checkout), "protocol": "replicate"}},
        }
    )
