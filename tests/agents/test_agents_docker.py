"""The native loop in real containers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from agents_play import answers, end_of, play, scripted

from stagelens.agents.rules import LoopRules
from stagelens.sandboxes import spec
from stagelens.sandboxes.docker import Container, compose_file

pytestmark = pytest.mark.docker

RULES = LoopRules(command_seconds=2, workdir="/tmp", user="nobody")
SCRIPTS: dict[str, list[Any]] = {
    "acts": [
        {"bash": "pwd; id -un; echo mine > a.txt"},
        {"bash": "cat a.txt; printf '\\377'; exit 4"},
        {"malformed": "{"},
        {"bash": "echo b > /etc/passwd"},
    ],
    "slow": [{"bash": "echo x >> a.txt; sleep 30"}, {"bash": "cat a.txt"}],
    "loud": [{"bash": "yes | head -c 30000000"}, {"bash": "head -c 3000000 /dev/zero | tr '\\0' x"}],
}


def test_scripts_are_played_in_containers(tmp_path: Path) -> None:
    sandbox = spec("docker", compose=compose_file(Container("debian:bookworm-slim"), folder=tmp_path))
    samples = play(scripted(SCRIPTS), list(SCRIPTS), tmp_path, rules=RULES, sandbox=sandbox)
    where, cat, wrong, denied, _ = answers(samples["acts"])
    assert where == {"stdout": "/tmp\nnobody\n", "stderr": "", "role": "tool", "returncode": 0}
    assert (cat["stdout"], cat["returncode"]) == ("mine\n\ufffd", 4)
    assert "Error parsing" in wrong["error"]
    assert denied["returncode"] != 0
    assert "denied" in denied["stderr"].lower()
    slow, once, _ = answers(samples["slow"])
    assert slow == {"stdout": "", "stderr": "Command timed out", "role": "tool", "returncode": -1}
    assert once["stdout"] == "x\n"
    too_much, whole, _ = answers(samples["loud"])
    assert len(too_much["stdout"]) <= 10 * 2**20
    assert whole["stdout"] == "x" * 3_000_000
    assert {item: end_of(sample)["end"] for item, sample in samples.items()} == dict.fromkeys(SCRIPTS, "completed")
