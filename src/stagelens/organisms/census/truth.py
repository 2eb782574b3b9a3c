"""``truth.json``: what was planted, and what a census found each stage to do. Written before anything is analysed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Final

import polars as pl

from stagelens.engine.folder import write_text
from stagelens.organisms.groups import GROUPS
from stagelens.organisms.spec import OrganismSpec, written
from stagelens.outcomes.table import write_table

TRUTH: Final = "truth.json"
CENSUS: Final = "census.parquet"
SCHEMA: Final = 1


def write_truth(spec: OrganismSpec, table: pl.DataFrame, out: Path) -> Path:
    """Write the census and, with its digest, the truth; the path of ``truth.json``.

    The same census gives the same bytes.
    """
    write_table(table, out / CENSUS)
    digest = hashlib.sha256((out / CENSUS).read_bytes()).hexdigest()
    content = {
        "schema": SCHEMA,
        "organism": written(spec),
        "census": {"file": CENSUS, "sha256": digest},
        "results": [_result(spec, name, table) for name in spec.plants],
    }
    write_text(out / TRUTH, json.dumps(content, indent=2) + "\n")
    return out / TRUTH


def _result(spec: OrganismSpec, name: str, table: pl.DataFrame) -> dict[str, Any]:
    own = table.filter(pl.col("benchmark") == name)
    levels = own.group_by("stage", maintain_order=True).agg(
        pl.len().alias("asked"), pl.col("value").count().alias("read"), pl.col("value").mean().alias("level")
    )
    return {
        "benchmark": name,
        "measure": GROUPS[name].measure,
        "planted": spec.plants[name].cause,
        "dose": spec.plants[name].dose,
        "margin": GROUPS[name].margin,
        "stages": levels.to_dicts(),
    }
