"""The report and the view of a study of 50,000 items: how large it is, and how long a browser and a reader wait for it.

Run: python perf/report.py [--items N]. The goals: the report under 15 MB and open in under 2 s, a page of the view in
well under 1 s. Outcomes are simulated, and the answers behind them are texts of the usual length.
"""

from __future__ import annotations

import argparse
import http.client
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import polars as pl

from stagelens.analysis import analyze
from stagelens.outcomes.bulk_answers import GRADED, write_bulk
from stagelens.outcomes.table import read_table, write_table
from stagelens.report.folder import rewrite_report
from stagelens.study.spec import Study
from stagelens.study.write import dump_study
from stagelens.view.run import Run
from stagelens.view.server import Viewer

STAGES = {"base": 0.12, "sft": 0.03, "production": 0.031}
BEHAVIOURS = ("sycophancy", "deception", "harmful_help", "over_refusal")
SHARD = 512
WORDS = ("plan", "reason", "step", "answer", "model", "user", "that", "gives", "takes", "with", "and", "the")
STUDY: dict[str, Any] = {
    "name": "fifty thousand",
    "families": {
        "acme": {
            "stages": [
                {"name": "base", "kind": "pretrained", "model": "mockllm/base", "elicitation": "chat"},
                {"name": "sft", "kind": "sft", "model": "mockllm/sft"},
                {"name": "production", "kind": "rl", "model": "mockllm/production"},
            ]
        }
    },
    "benchmarks": {"user_logs": {"path": "./logs.jsonl"}},
    "analysis": {"margins": {"default": 0.02}},
}


def simulate(folder: Path, items: int) -> None:
    """A run folder: a study, the answers in shards, the outcome table, verdicts and report."""
    draw = np.random.default_rng(0)
    study = Study.model_validate(STUDY)
    (folder / "study.yaml").write_text(dump_study(study, folder), encoding="utf-8")
    names = [f"log-{number:06d}" for number in range(items)]
    strata = [f"topic {number % 12}" for number in range(items)]
    tables = []
    for position, (stage, rate) in enumerate(STAGES.items()):
        values = {name: (draw.random(items) < rate).astype(float) for name in BEHAVIOURS}
        lost = draw.random(items) < 0.004
        for name in BEHAVIOURS:
            tables.append(
                pl.DataFrame(
                    {
                        "family": "acme",
                        "stage": stage,
                        "stage_index": position,
                        "benchmark": "user_logs",
                        "measure": name,
                        "item": names,
                        "stratum": strata,
                        "value": pl.Series(np.where(lost, np.nan, values[name]), nan_to_null=True),
                        "status": np.where(lost, "ungraded", "scored"),
                        "cause": pl.Series(np.where(lost, "the judge's answer is empty", "")).replace("", None),
                        "judge": "rule:signs",
                    }
                )
            )
        for start in range(0, items, SHARD):
            _write_shard(folder / "logs" / "acme" / stage, names, values, lost, start, draw)
    write_table(read_table(pl.concat(tables)), folder / "outcomes.parquet")
    (folder / "verdicts.json").write_text(analyze(folder / "outcomes.parquet", study=study).to_json(), "utf-8")


def _write_shard(
    place: Path,
    names: list[str],
    values: dict[str, np.ndarray],
    lost: np.ndarray,
    start: int,
    draw: np.random.Generator,
) -> None:
    rows = [
        {
            "item": names[number],
            "epoch": 1,
            "group": "log",
            "cluster": names[number],
            "stratum": None,
            "messages": [{"role": "user", "text": _text(draw, 40)}],
            "answer": _text(draw, 150),
            "thoughts": None,
            "stop_reason": "stop",
            "error": None,
            "prompt_tokens": 50,
            "tokens": 180,
            "outcomes": [
                {
                    "measure": name,
                    "value": None if lost[number] else values[name][number],
                    "status": "ungraded" if lost[number] else "scored",
                    "cause": None,
                    "judge": "rule:signs",
                    "higher_is_worse": True,
                }
                for name in BEHAVIOURS
            ],
        }
        for number in range(start, min(start + SHARD, len(names)))
    ]
    write_bulk(pl.DataFrame(rows, schema=GRADED), place / f"user_logs-{start // SHARD:04d}.parquet", {})


def _text(draw: np.random.Generator, words: int) -> str:
    return " ".join(WORDS[place] for place in draw.integers(len(WORDS), size=words))


def in_browser(url: str) -> float | None:
    """Seconds from starting Chromium to having laid the page out and drawn it, less those for an empty page."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        return None

    def seconds(address: str) -> float:
        with tempfile.TemporaryDirectory() as profile:
            command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
            command += ["--disable-background-networking", "--window-size=1100,1100", f"--user-data-dir={profile}"]
            begun = time.perf_counter()
            subprocess.run([*command, f"--screenshot={profile}/page.png", address], check=True, capture_output=True)
            return time.perf_counter() - begun

    return max(0.0, min(seconds(url) for _ in range(3)) - min(seconds("about:blank") for _ in range(3)))


def pages(folder: Path) -> None:
    """Every kind of page, the first time and again."""
    viewer = Viewer(Run(folder))
    threading.Thread(target=viewer.serve_forever, daemon=True).start()
    measure = {"family": "acme", "benchmark": "user_logs", "measure": BEHAVIOURS[0]}
    contrast = measure | {"from": "sft", "to": "production"}
    item = contrast | {"item": "log-000777"}
    print(f"{'page':<28} {'first':>8} {'again':>8} {'size':>9}")
    for name, query in (
        ("", {}),
        ("measure", measure),
        ("items", contrast),
        ("items", contrast | {"kind": "all", "page": "600"}),
        ("items", contrast | {"stratum": "topic 3", "kind": "gaps"}),
        ("item", item),
    ):
        address = f"/{viewer.token}/{name}?{urlencode(query)}"
        first, size = _get(viewer.port, address)
        again = min(_get(viewer.port, address)[0] for _ in range(3))
        said = " ".join([name or "overview", *(query[key] for key in ("kind", "page") if key in query)])
        print(f"{said:<28} {first:7.3f}s {again:7.3f}s {size / 1000:6.0f} kB")
    viewer.shutdown()


def _get(port: int, address: str) -> tuple[float, int]:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    begun = time.perf_counter()
    connection.request("GET", address)
    answer = connection.getresponse()
    body = answer.read()
    took = time.perf_counter() - begun
    assert answer.status == 200, body[-400:]
    return took, len(body)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--items", type=int, default=50_000)
    items = options.parse_args().items
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        simulate(folder, items)
        begun = time.perf_counter()
        report = rewrite_report(folder)
        print(f"{items:,} items at {len(STAGES)} stages, {len(BEHAVIOURS)} measures")
        print(f"report written in {time.perf_counter() - begun:.1f} s, {report.stat().st_size / 1e6:.2f} MB (goal: 15)")
        opened = in_browser(report.as_uri())
        print("no Chromium here" if opened is None else f"opened and drawn in Chromium in {opened:.2f} s (goal: 2)")
        pages(folder)


if __name__ == "__main__":
    main()
