"""Puts XSTest's prompts and plain control prompts into one file: what ``study.yaml`` and ``control.yaml`` ask.

python prompts.py xstest_prompts.csv        # writes prompts.csv beside this file

XSTest has harmful prompts and benign ones that look harmful, but no plain ones, by which a base model that cannot
answer is told from one that is careful. Those are the plain prompts of the built-in set.
"""

from __future__ import annotations

import csv
import json
import sys
from importlib import resources
from pathlib import Path
from typing import Final

FIELDS: Final = ("id", "prompt", "type", "label", "focus", "note", "group")
"""XSTest's own columns, and the group."""


def main(arguments: list[str]) -> int:
    """Write ``prompts.csv``; 2 where the file named is not XSTest's."""
    if len(arguments) != 1:
        print("usage: python prompts.py xstest_prompts.csv", file=sys.stderr)
        return 2
    with Path(arguments[0]).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows or not set(FIELDS[:-1]) <= rows[0].keys():
        print(f"{arguments[0]} has not the columns of xstest_prompts.csv: {', '.join(FIELDS[:-1])}.", file=sys.stderr)
        return 2
    out = Path(__file__).with_name("prompts.csv")
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        writer.writeheader()
        writer.writerows({**row, "group": "harmful" if row["label"] == "unsafe" else "benign"} for row in rows)
        writer.writerows(_plain())
    print(f"{out}: {len(rows)} prompts of XSTest and {len(_plain())} plain ones")
    return 0


def _plain() -> list[dict[str, str]]:
    text = resources.files("stagelens.benchmarks.safety").joinpath("prompts.jsonl").read_text(encoding="utf-8")
    rows = [row for row in map(json.loads, text.splitlines()) if row["group"] == "plain"]
    return [
        dict.fromkeys(FIELDS, "")
        | {"id": row["item"], "prompt": row["prompt"], "type": "plain", "focus": row["cluster"], "group": "plain"}
        for row in rows
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
