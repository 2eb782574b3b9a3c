"""What a machine lacks for a kind of sandbox: found out by trying, and said with the one command that adds it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stagelens.sandboxes import choose, lacking, probes, spec

Program = Callable[[str, str], None]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Program]:
    """Puts programs of that name before those of the machine; what was found out before is forgotten."""

    def write(name: str, script: str) -> None:
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    monkeypatch.setenv("PATH", str(tmp_path))
    for each in (probes.lacks_bubblewrap, probes.lacks_docker):
        each.cache_clear()
    yield write
    for each in (probes.lacks_bubblewrap, probes.lacks_docker):
        each.cache_clear()


@pytest.mark.usefixtures("program")
def test_a_machine_with_nothing() -> None:
    assert lacking("bubblewrap") == "bubblewrap is not installed: apt-get install bubblewrap"
    docker = lacking("docker")
    assert docker is not None
    assert docker.startswith("Docker is not installed: apt-get install ")
    assert lacking("auto") == lacking("bubblewrap")
    assert choose("auto") is choose("docker") is choose("bubblewrap") is None


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("echo 'bwrap: Unknown option --size' >&2; exit 1", "bubblewrap is too old"),
        ("echo 'bwrap: Creating new namespace failed' >&2; exit 1", "(bwrap: Creating new namespace failed)"),
        ("exit 0", "(it said nothing)"),
    ],
)
def test_a_bubblewrap_that_does_not_work(program: Program, script: str, sentence: str) -> None:
    program("bwrap", script)
    lack = lacking("bubblewrap")
    assert lack is not None
    assert sentence in lack
    assert "\n" not in lack


def test_a_kernel_that_forbids_namespaces_is_told_how_to_allow_them(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting = tmp_path / "kernel" / "apparmor_restrict_unprivileged_userns"
    setting.parent.mkdir()
    setting.write_text("1\n")
    monkeypatch.setattr(probes, "_SETTINGS", tmp_path)
    program("bwrap", "echo 'bwrap: setting up uid map: Permission denied' >&2; exit 1")
    lack = lacking("bubblewrap")
    assert lack is not None
    assert lack.endswith(": sysctl -w kernel.apparmor_restrict_unprivileged_userns=0")


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("exit 1", "no Docker engine answers: systemctl start docker"),
        ("echo 20.10.5", "Docker Engine 24 or later is needed, 20.10.5 runs here: apt-get install docker.io"),
        ("[ $1 = info ] && echo 26.1", "Docker has no Compose v2: apt-get install docker-compose-v2"),
        ("echo 26.1.5", None),
    ],
)
def test_a_docker_that_does_not_work(program: Program, script: str, sentence: str | None) -> None:
    program("docker", script)
    assert lacking("docker") == sentence
    assert choose("auto") == (None if sentence else "docker")


@pytest.mark.bubblewrap
def test_this_machine_has_bubblewrap() -> None:
    assert lacking("bubblewrap") is None
    assert choose("bubblewrap") == "bubblewrap"


def test_a_docker_sandbox_needs_a_compose_file() -> None:
    with pytest.raises(ValueError, match="compose file"):
        spec("docker")


def test_asking_what_is_lacking_does_not_load_inspect() -> None:
    code = "import sys, stagelens.sandboxes as s; s.lacking('bubblewrap'); print('inspect_ai' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert done.stdout == "False\n"
