"""The command in a process of its own that can be killed, starved and watched, and small studies to put it to.

Shared by the quick tests of faults and by ``perf/faults.py``, which runs the long list.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import resource
import shutil
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from played import answer_in, refusal_grade
from pocketed import write_tiny_study
from serving import free_port

HEAVY = [
    *(
        "torch",
        "transformers.trainer",
        "transformers.generation",
        "trl.trainer.sft_trainer",
        "trl.trainer.grpo_trainer",
    ),
    *("datasets", "inspect_ai", "openai", "anthropic", "stagelens.cli", "stagelens.engine", "stagelens.report"),
]
"""What a run imports on its way; Inspect asks for the maker's package whatever the model is."""
JUDGE = "openai-api/grader/judge"
REFUSAL = "I can't help with that."


@cache
def copies() -> ForkServerContext:
    """Processes that have the heavy libraries already: a moment falls into the work and not into the imports."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(HEAVY)
    return context


@dataclass(frozen=True)
class Limits:
    """What a process may take: ``memory`` in bytes beyond what it has at its start, ``file`` in bytes a file."""

    memory: int | None = None
    file: int | None = None

    def apply(self) -> None:
        if self.memory is not None:
            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
            held = pages * os.sysconf("SC_PAGE_SIZE")
            resource.setrlimit(resource.RLIMIT_AS, (held + self.memory, resource.RLIM_INFINITY))
        if self.file is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (self.file, resource.RLIM_INFINITY))


def _command(words: list[str], said: Path, environment: Mapping[str, str], limits: Limits) -> None:
    from stagelens import cli

    os.setpgid(0, 0)
    os.environ.update(environment)
    output = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.argv = ["stagelens", *words]
    limits.apply()
    cli.main()


@dataclass
class Command:
    """``stagelens WORDS``; what it says goes to the file ``said``."""

    words: list[str]
    said: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)

    def start(self) -> BaseProcess:
        arguments = (self.words, self.said, self.environment, self.limits)
        process = copies().Process(target=_command, args=arguments)
        process.start()
        return process

    def finish(self, seconds: float = 600.0) -> int:
        """Its exit code."""
        process = self.start()
        process.join(seconds)
        if process.is_alive():
            kill(process)
            raise AssertionError(f"stagelens {' '.join(self.words)} still runs after {seconds:.0f} s")
        assert process.exitcode is not None
        return process.exitcode

    @property
    def sentence(self) -> str:
        """The last line that it said."""
        lines = self.said.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else ""


def kill(process: BaseProcess) -> None:
    """SIGKILL, to its children too: it leads a group."""
    assert process.pid is not None
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        os.kill(process.pid, signal.SIGKILL)
    process.join()


def killed_along(command: Callable[[Path], Command], folder: Path, moments: int) -> Iterator[Path]:
    """Folders of the command's work: two of undisturbed ones, then one for each moment at which it was killed and begun
    again, from its first second to its last.

    ``command`` says what is to be run for a folder that is not there yet.
    """
    took = []
    for name in ("warm", "undisturbed"):
        started = time.monotonic()
        assert command(folder / name).finish() == 0
        took.append(time.monotonic() - started)
        yield folder / name
    for moment in range(moments):
        out = folder / f"killed-{moment}"
        seconds = min(took) * (moment + 0.5) / moments
        while not _killed(command(out), seconds):
            shutil.rmtree(out)  # it was faster than before: no kill, no test
            seconds *= 0.8
        assert command(out).finish() == 0
        yield out


def _killed(command: Command, seconds: float) -> bool:
    """Start it and kill it; whether it was still running."""
    process = command.start()
    process.join(seconds)
    alive = process.is_alive()
    if alive:
        kill(process)
    return alive


Products = dict[str, tuple[int, int, str]]
"""Finished pieces of a run folder by place: inode, time of writing, digest. What is made again has others."""


def products(run: Path) -> Products:
    """Checkpoints, answers and judgements that lie in their places."""
    finished = [
        *run.glob("checkpoints/*/[!.]*/*.safetensors"),
        *run.glob("logs/*/[!.]*/*.eval"),
        *run.glob("logs/*/[!.]*/*.parquet"),
        *run.glob("judgements/*/*.eval"),
    ]
    found: Products = {}
    for path in finished:
        state = path.stat()
        found[str(path.relative_to(run))] = (
            state.st_ino,
            state.st_mtime_ns,
            hashlib.sha256(path.read_bytes()).hexdigest(),
        )
    return found


def leftovers(run: Path) -> list[Path]:
    """What only a piece that is being made leaves."""
    return [
        path
        for path in run.rglob("*")
        if "partial" in path.name or ".new" in path.name or path.name.endswith((".training", "-journal"))
    ]


class Chat:
    """A chat server that counts: subjects comply with every other prompt, and the judge reads refusals.

    Attributes:
        asked: how often each model was sent each text.
        answered: how often an answer went out, the same way.
        hanging: models that are sent nothing back, for as long as they stand here.
        delay: seconds that an answer takes.
        refusing: the error that a model's requests end in instead of an answer: (status, what it says).
    """

    def __init__(self, delay: float = 0.0) -> None:
        self.asked: Counter[tuple[str, str]] = Counter()
        self.answered: Counter[tuple[str, str]] = Counter()
        self.hanging: set[str] = set()
        self.delay = delay
        self.refusing: dict[str, tuple[int, str]] = {}
        self.lock = threading.Lock()
        self.port = free_port()

    @contextmanager
    def running(self) -> Iterator[Chat]:
        server = ThreadingHTTPServer(("127.0.0.1", self.port), type("Handler", (_Handler,), {"chat": self}))
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield self
        finally:
            self.hanging.clear()
            server.shutdown()
            server.server_close()

    def environment(self, cache: Path, **more: str) -> dict[str, str]:
        """What lets a run find it."""
        places = {f"{name}_BASE_URL": f"http://127.0.0.1:{self.port}/v1" for name in ("GRADER", "SUBJECT")}
        keys = {f"{name}_API_KEY": "none" for name in ("GRADER", "SUBJECT")}
        return places | keys | {"INSPECT_CACHE_DIR": str(cache)} | more


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    chat: Chat

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:
            self.close_connection = True

    def do_POST(self) -> None:
        try:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        except ValueError:
            return  # cut off: who asked was killed
        text, model = body["messages"][-1]["content"], body["model"]
        with self.chat.lock:
            self.chat.asked[model, text] += 1
        while model in self.chat.hanging:
            time.sleep(0.05)
        time.sleep(self.chat.delay)
        if model in self.chat.refusing:
            status, said = self.chat.refusing[model]
            self._say(status, {"error": {"message": said, "type": "invalid_request_error", "code": "invalid"}})
            return
        if model == "judge":
            said = refusal_grade("full_refusal" if "can't" in answer_in(text) else "full_compliance")
        else:
            said = REFUSAL if hashlib.sha256(text.encode()).digest()[0] % 2 else f"Here is how: {text}"
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": said}}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        answer = {"id": "1", "object": "chat.completion", "created": 0, "model": model, "usage": usage}
        if self._say(200, answer | {"choices": [choice]}):
            with self.chat.lock:
                self.chat.answered[model, text] += 1

    def _say(self, status: int, content: Mapping[str, Any]) -> bool:
        sent = json.dumps(content).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)
        except OSError:
            return False  # who asked has gone
        return True


def write_made(folder: Path, *, prompts: int = 24, judged: bool = True) -> Path:
    """The tiny pocket study with two benchmarks, one asked through Inspect and judged, one in bulk; its study file."""
    path = write_tiny_study(folder, prompts=prompts)
    study = _read(path)
    study["name"] = "disturbed"
    study["benchmarks"] = {name: study["benchmarks"][name] for name in ("safety", "user_logs")}
    study["claims"] = study["claims"][:1]
    study["analysis"]["margins"] = {"default": 0.05}
    if judged:
        study["judges"] = {"safety": {"model": JUDGE}}
    return _write(study, path)


def write_asked(folder: Path, *, items: int = 40, judged: bool = True) -> Path:
    """Two stages behind an API, asked one benchmark through Inspect and another in bulk; its study file."""
    folder.mkdir(parents=True)
    groups = ("harmful", "benign")
    rows = [{"id": f"i{k}", "prompt": f"Question number {k}?", "group": groups[k % 2]} for k in range(items)]
    _lines(folder / "prompts.jsonl", rows)
    _lines(folder / "logs.jsonl", [{"prompt": f"Tell me more of {k}."} for k in range(items)])
    stages = [
        {"name": "sft", "kind": "sft", "model": "openai-api/subject/one"},
        {"name": "production", "kind": "rl", "model": "openai-api/subject/two"},
    ]
    study: dict[str, Any] = {
        "name": "asked",
        "families": {"f": {"stages": stages}},
        "benchmarks": {
            "safety": {"prompts": "./prompts.jsonl"},
            "user_logs": {"path": "./logs.jsonl", "behaviours": ["refusal"]},
        },
    }
    if judged:
        study["judges"] = {"safety": {"model": JUDGE}}
    return _write(study, folder / "study.yaml")


def _lines(path: Path, rows: list[dict[str, str]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    return content


def _write(study: Mapping[str, Any], path: Path) -> Path:
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe", pure=True).dump(study, file)
    return path


PHASES = ("preparing", "training", "asking", "asking in bulk", "judging", "deciding")


def phase_of(run: Path, stages: int) -> str:
    """What a run is at, from what lies in its folder; ``stages``: how many it asks."""
    if (run / "outcomes.parquet").exists():
        return "deciding"
    if any(run.glob("judgements/*")):
        return "judging"
    logs = list(run.glob("logs/*/*/safety-*.eval"))
    bulk = list(run.glob("logs/*/*/user_logs-*.parquet"))
    if len(bulk) == stages:
        return "judging"
    if len(logs) > len(bulk):
        return "asking in bulk"
    if any(run.glob("logs/*/*")):
        return "asking"
    return "training" if any(run.glob("checkpoints/*")) else "preparing"


def until(condition: Callable[[], bool], process: BaseProcess, seconds: float = 300.0) -> bool:
    """Wait for it; False where the process ended before."""
    end = time.monotonic() + seconds
    while not condition():
        if not process.is_alive():
            return condition()
        assert time.monotonic() < end, "nothing came of it"
        time.sleep(0.01)
    return True
