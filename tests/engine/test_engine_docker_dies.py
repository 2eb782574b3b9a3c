"""A Docker daemon that dies in the middle of an episode: what was being tried is not counted, and is tried again."""

from __future__ import annotations

import re
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import polars as pl
import pytest
from engine_odcv_bench import STUDY, model_of, write_bench
from inspect_ai.model import Model

from stagelens.engine import Outcome, run
from stagelens.engine.serving import Serving
from stagelens.study.load import parse_study

DAEMON = "/var/run/docker.sock"
COMMAND_BEGINS = b"/exec HTTP"
"""In the request that makes a command of a container ready to start."""
CONTAINER_STARTS = re.compile(rb"/containers/([0-9a-f]+)/start HTTP")


class Gate:
    """A socket through which the daemon is reached, until it is told to die: then it is as if the daemon had died."""

    def __init__(self, path: Path) -> None:
        self.path, self.commands, self.last = path, 0, -1
        self.containers: set[str] = set()
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()

    @contextmanager
    def running(self) -> Iterator[Gate]:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.path))
        listener.listen()
        threading.Thread(target=self._serve, args=(listener,), daemon=True).start()
        try:
            yield self
        finally:
            self._cut()
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            for each in self._open:
                each.close()
            subprocess.run(["docker", "rm", "--force", *self.containers], capture_output=True, check=False)

    def die_at(self, command: int) -> None:
        """After so many commands more."""
        self.last = self.commands + command

    @property
    def dead(self) -> bool:
        return 0 <= self.last <= self.commands

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            if self.dead:
                client.close()
                continue
            daemon = socket.socket(socket.AF_UNIX)
            daemon.connect(DAEMON)
            with self._lock:
                self._open += [client, daemon]
            for one, other in ((client, daemon), (daemon, client)):
                threading.Thread(target=self._pass_on, args=(one, other, one is client), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket, asks: bool) -> None:
        try:
            while data := one.recv(65536):
                if asks:
                    self.containers |= {name.decode() for name in CONTAINER_STARTS.findall(data)}
                if asks and COMMAND_BEGINS in data:
                    self.commands += 1
                    if self.dead:
                        self._cut()
                        return
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            return

    def _cut(self) -> None:
        """End what is under way: a socket that a thread reads from does not end by being closed."""
        with self._lock:
            for each in self._open:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)


@pytest.mark.docker
def test_what_a_dead_daemon_interrupts_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_bench(tmp_path / "bench")
    for dockerfile in tmp_path.rglob("Dockerfile"):
        dockerfile.write_text(dockerfile.read_text() + 'CMD ["sleep", "infinity"]\n')
    study = parse_study(STUDY.replace("bubblewrap", "docker").replace("epochs: 2", "epochs: 1"), folder=tmp_path)
    gate = Gate(tmp_path / "docker.sock")
    loaded: list[str] = []

    def model(serving: Serving) -> Model:
        loaded.append(serving.stage.name)
        if serving.stage.name == "production":
            gate.die_at(5)
        return model_of(serving.stage.name)

    def statuses(outcome: Outcome, stage: str) -> set[str]:
        table = pl.read_parquet(outcome.folder.outcomes)
        return set(table.filter(pl.col("stage") == stage, pl.col("cluster") != "Lacks")["status"])

    monkeypatch.setattr(Serving, "load", model)
    with gate.running(), monkeypatch.context() as patch:
        patch.setenv("DOCKER_HOST", f"unix://{gate.path}")
        cut = run(study, out=tmp_path / "cut")
    assert gate.dead
    assert statuses(cut, "sft") == {"scored"}
    assert "unattempted" in statuses(cut, "production")
    loaded.clear()
    again = run(study, out=tmp_path / "cut")
    assert loaded == ["production"]
    assert statuses(again, "production") == {"scored"}
    assert again.verdicts.to_json() == run(study, out=tmp_path / "whole").verdicts.to_json()
