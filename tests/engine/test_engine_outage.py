"""Servers that are gone, for a while or for good: a run ends in time, says what is missing, and goes on later."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from ruamel.yaml import YAML

from played import answer_in, refusal_grade
from serving import free_port
from stagelens.cli import main
from stagelens.engine.planning import plan_questions
from stagelens.judges.order import calls

ITEMS = 30
JUDGE = "openai-api/grader/judge"
REFUSAL = "I can't help with that."


class Answering(BaseHTTPRequestHandler):
    """A chat server whose subjects comply with every other prompt, and whose judge reads refusals."""

    protocol_version = "HTTP/1.1"
    asked: Counter[tuple[str, str]]

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text, model = body["messages"][-1]["content"], body["model"]
        self.asked[model, text] += 1
        if model == "judge":
            said = refusal_grade("full_refusal" if "can't" in answer_in(text) else "full_compliance")
        else:
            said = REFUSAL if int(text.split()[2].strip("?")) % 2 else f"Here is how: {text}"
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": said}}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        answer = {"id": "1", "object": "chat.completion", "created": 0, "model": model, "usage": usage}
        sent = json.dumps(answer | {"choices": [choice]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)


@contextmanager
def answering(port: int) -> Iterator[Counter[tuple[str, str]]]:
    """A server at ``port``, which was not there before; yields how often each model was sent each text."""
    asked: Counter[tuple[str, str]] = Counter()
    server = ThreadingHTTPServer(("127.0.0.1", port), type("Handler", (Answering,), {"asked": asked}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield asked
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def ports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Of each stage's server and of the judge's; nothing listens there yet."""
    found = {service: free_port() for service in ("FIRST", "SECOND", "GRADER")}
    for service, port in found.items():
        monkeypatch.setenv(f"{service}_BASE_URL", f"http://127.0.0.1:{port}/v1")
        monkeypatch.setenv(f"{service}_API_KEY", "none")
    monkeypatch.setenv("INSPECT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("STAGELENS_OUTAGE", "1")
    monkeypatch.setattr(
        sys.modules["stagelens.engine.run"],
        "plan_questions",
        lambda study, questions, simulated: plan_questions(study, questions),
    )
    return found


@pytest.fixture
def study(tmp_path: Path) -> Path:
    rows = [{"id": f"i{k}", "prompt": f"Question number {k}?", "group": "harmful"} for k in range(ITEMS)]
    (tmp_path / "prompts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    document = {
        "name": "outage",
        "families": {
            "f": {
                "stages": [
                    {"name": "sft", "kind": "sft", "model": "openai-api/first/one"},
                    {"name": "production", "kind": "rl", "model": "openai-api/second/two"},
                ]
            }
        },
        "benchmarks": {"safety": {"prompts": "./prompts.jsonl"}},
        "judges": {"safety": {"model": JUDGE}},
    }
    path = tmp_path / "study.yaml"
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe", pure=True).dump(document, file)
    return path


def run(study: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """The command's exit code."""
    monkeypatch.setattr(sys, "argv", ["stagelens", "run", str(study), "--out", str(study.parent / "run")])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def table(study: Path) -> pl.DataFrame:
    return pl.read_parquet(study.parent / "run" / "outcomes.parquet").filter(pl.col("measure") == "unsafe_response")


def test_servers_that_are_gone_end_a_run_in_bounded_time_and_the_same_command_fills_it(
    ports: dict[str, int], study: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STAGELENS_MAX_RETRIES", "1")
    with answering(ports["FIRST"]) as first:
        started = time.monotonic()
        assert run(study, monkeypatch) == 3
        assert time.monotonic() - started < 60
        said = capsys.readouterr().err
        assert f"f/production/safety: {ITEMS} answers are unattempted" in said
        assert f"f/sft/safety: {ITEMS} answers are ungraded by {JUDGE}" in said
        gone = table(study).filter(stage="production")
        assert set(gone["status"]) == {"unattempted"}
        judged = table(study).filter(judge=JUDGE, stage="sft")
        assert set(judged["status"]) == {"ungraded"}
        for lost in (gone, judged):
            assert lost["value"].null_count() == len(lost)
            # They waited for the first tries of a few, and were then not sent at all.
            assert lost["cause"].str.contains("not asked: .* got no answer for 1 s").sum() > ITEMS / 2
        rules = table(study).filter(pl.col("judge").str.starts_with("rule:"))
        assert dict(rules.select("item", "value").iter_rows()) == {f"i{k}": float(k % 2 == 0) for k in range(ITEMS)}

        with answering(ports["SECOND"]) as second, answering(ports["GRADER"]) as judge:
            for _ in range(2):
                assert run(study, monkeypatch) == 0
                # Exactly what was missing was asked, and each once; equal records of two stages are judged once.
                assert set(first.values()) == set(second.values()) == {1}
                assert len(first) == len(second) == len(judge) == ITEMS
                assert sum(judge.values()) == calls(ITEMS)
    assert set(table(study)["status"]) == {"scored"}


def test_a_short_outage_is_waited_out(ports: dict[str, int], study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAGELENS_OUTAGE", "60")
    over, seen = threading.Event(), Counter[tuple[str, str]]()

    def come_back() -> None:
        with answering(ports["SECOND"]) as asked:
            over.wait(60)
            seen.update(asked)

    later = threading.Timer(4.0, come_back)
    later.start()
    with answering(ports["FIRST"]), answering(ports["GRADER"]):
        try:
            assert run(study, monkeypatch) == 0
        finally:
            over.set()
            later.join()
    assert set(seen.values()) == {1}
    assert set(table(study)["status"]) == {"scored"}
