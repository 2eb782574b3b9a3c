"""How many planted copies and near-copies of benchmarks' items are found, and how fast, against plain 13-grams.

    python perf/contamination.py [--xstest FILE] [--rows 50000]

Every item is planted once in a text of its own, verbatim or with one word in six changed. The peer finds an item where
a row shares 13 words in a row with it, as published decontaminations do.
"""

from __future__ import annotations

import argparse
import csv
import importlib
import inspect
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from stagelens.benchmarks import get_benchmark
from stagelens.stages.contamination import Index, ItemText
from stagelens.stages.contamination.words import words

MODULES = ("json", "random", "statistics", "asyncio", "pathlib", "logging", "argparse", "email", "unittest", "datetime")
AROUND = "the weather report for the coming week says that rain will reach the coast on tuesday evening".split()  # noqa: SIM905
EDITS = ("verbatim", "replaced", "left out", "put in", "swapped", "mistyped")
Finder = Callable[[str], set[str]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--xstest", type=Path, help="xstest_prompts.csv")
    parser.add_argument("--rows", type=int, default=50_000)
    given = parser.parse_args()
    sets = {name: built_in(name) for name in ("safety", "dilemmas", "reward_hacking")}
    if given.xstest is not None:
        with given.xstest.open(encoding="utf-8", newline="") as file:
            sets["xstest"] = [ItemText(row["id"], row["prompt"]) for row in csv.DictReader(file)]
    print(f"{'found, of all items':24}" + "".join(f"{kind:>10}" for kind in EDITS))
    for name, items in sets.items():
        for who, find in (("", finder(Index({name: items}))), (" 13-grams", peer(items))):
            print(f"{name + who:24}" + "".join(f"{found(items, kind, find):10.1%}" for kind in EDITS))
    documents = documentation()
    index = Index(sets)
    alarms = sum(bool(index.search([document])) for document in documents)
    print(f"false alarms: {alarms} in {len(documents):,} paragraphs of the standard library's documentation")
    everything = [item for items in sets.values() for item in items]
    rows = [documents[number % len(documents)] for number in range(given.rows)]
    ours, theirs = seconds(finder(index), rows), seconds(peer(everything), rows)
    print(
        f"{len(rows):,} rows against {len(everything):,} items: {len(rows) / ours:,.0f} rows/s, "
        f"13-grams {len(rows) / theirs:,.0f} rows/s, {ours / theirs:.1f} times as long"
    )


def built_in(name: str) -> list[ItemText]:
    benchmark = get_benchmark(name)
    return [ItemText(item.id, item.prompt) for item in benchmark.items(benchmark.settings({}, where=name), Path())]


def finder(index: Index) -> Finder:
    return lambda text: {hit.item for hit in index.search([text])}


def peer(items: Sequence[ItemText]) -> Finder:
    grams: dict[tuple[str, ...], set[str]] = {}
    for item in items:
        said = words(item.text)
        for place in range(len(said) - 12):
            grams.setdefault(tuple(said[place : place + 13]), set()).add(item.item)

    def find(text: str) -> set[str]:
        said = words(text)
        runs = (tuple(said[place : place + 13]) for place in range(len(said) - 12))
        return {item for run in runs for item in grams.get(run, ())}

    return find


def found(items: Sequence[ItemText], kind: str, find: Finder) -> float:
    rng = random.Random(kind)
    return sum(item.item in find(planted(item.text.split(), kind, rng)) for item in items) / len(items)


def planted(said: list[str], kind: str, rng: random.Random) -> str:
    said = list(said)
    for _ in range(0 if kind == "verbatim" else max(1, len(said) // 6)):
        place = rng.randrange(len(said))
        if kind == "replaced":
            said[place] = rng.choice(AROUND)
        elif kind == "left out":
            said.pop(place)
        elif kind == "put in":
            said.insert(place, rng.choice(AROUND))
        elif kind == "swapped" and place + 1 < len(said):
            said[place : place + 2] = reversed(said[place : place + 2])
        elif kind == "mistyped":
            said[place] = said[place][::-1] + "x"
    return " ".join([*AROUND[: rng.randrange(len(AROUND))], *said, *AROUND[: rng.randrange(len(AROUND))]])


def documentation() -> list[str]:
    paragraphs = (
        part
        for module in map(importlib.import_module, MODULES)
        for _, member in inspect.getmembers(module)
        for part in (inspect.getdoc(member) or "").split("\n\n")
        if len(part) > 20
    )
    return list(dict.fromkeys(paragraphs))


def seconds(find: Finder, rows: Sequence[str]) -> float:
    started = time.perf_counter()
    for row in rows:
        find(row)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
