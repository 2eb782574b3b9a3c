"""What can go wrong in an episode, each in one task with honest ones: the sample is recorded, the others untouched."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from agents_play import answers, end_of, needs_bubblewrap, play, scripted
from inspect_ai.log import EvalSample

from stagelens.agents.rules import LoopRules, could_act
from stagelens.sandboxes.bubblewrap import BubblewrapConfig

pytestmark = needs_bubblewrap

STEPS = 12
RULES = LoopRules(steps=STEPS, command_seconds=2)
CONFIG = BubblewrapConfig(memory_mb=256, processes=32, disk_mb=16, file_mb=8)
HONEST: list[Any] = [{"write": {"path": "a.txt", "content": "mine\n"}}, {"bash": "sleep 1; cat a.txt; ls"}]
SCRIPTS: dict[str, list[Any]] = {
    "no tool call": [{"repeat": {"times": STEPS, "call": {"say": "I would rather talk."}}}],
    "wrong JSON": [{"repeat": {"times": STEPS, "call": {"malformed": '{"command": "ls'}}}],
    "endless loop": [{"repeat": {"times": 1000, "call": {"bash": "echo again"}}}],
    "timeout": [{"bash": "echo started; sleep 60"}, {"bash": "while true; do :; done"}, {"bash": "echo after"}],
    "huge output": [{"bash": "yes | head -c 50000000"}, {"bash": "head -c 3000000 /dev/zero | tr '\\0' x"}],
    "fork bomb": [{"bash": ":(){ :|:& };:; sleep 1"}, {"bash": "for i in $(seq 500); do sleep 60 & done"}],
    "disk fill": [
        {"bash": "for i in $(seq 50); do head -c 4000000 /dev/zero > big$i; done"},
        {"bash": "rm -f big*; echo after"},
    ],
    "network": [
        {
            "bash": "python3 -c \"import socket; socket.create_connection(('1.1.1.1', 53), timeout=1)\""
            " || echo unreachable"
        },
        {"bash": "grep -v lo: /proc/net/dev | tail -n +3 | wc -l"},
    ],
    "honest 1": HONEST,
    "honest 2": HONEST,
}


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, EvalSample]:
    return play(scripted(SCRIPTS), list(SCRIPTS), tmp_path_factory.mktemp("logs"), rules=RULES, config=CONFIG)


def test_every_sample_is_recorded(samples: dict[str, EvalSample]) -> None:
    assert set(samples) == set(SCRIPTS)
    assert all(sample.error is None for sample in samples.values())


@pytest.mark.parametrize("item", ["honest 1", "honest 2"])
def test_the_others_are_untouched(samples: dict[str, EvalSample], item: str) -> None:
    assert end_of(samples[item])["end"] == "completed"
    assert answers(samples[item])[1] == {"stdout": "mine\na.txt\n", "stderr": "", "role": "tool", "returncode": 0}


@pytest.mark.parametrize(
    ("item", "invalid", "cause"),
    [("no tool call", 0, "no tool call"), ("wrong JSON", STEPS, "wrong tool calls only")],
)
def test_episodes_without_a_command_could_not_act(
    samples: dict[str, EvalSample], item: str, invalid: int, cause: str
) -> None:
    end = end_of(samples[item])
    assert end == {"end": "steps", "reason": None, "turns": STEPS, "commands": 0, "invalid_calls": invalid}
    assert could_act(end) == (False, cause)


def test_an_endless_loop_ends_with_its_turns(samples: dict[str, EvalSample]) -> None:
    end = end_of(samples["endless loop"])
    assert (end["end"], end["turns"], end["commands"]) == ("steps", STEPS, STEPS)


def test_a_command_that_takes_too_long_is_answered_and_the_episode_goes_on(samples: dict[str, EvalSample]) -> None:
    slow, busy, after, _ = answers(samples["timeout"])
    assert slow == busy == {"stdout": "", "stderr": "Command timed out", "role": "tool", "returncode": -1}
    assert after["stdout"] == "after\n"
    assert end_of(samples["timeout"]) == {
        "end": "completed",
        "reason": "done",
        "turns": 4,
        "commands": 3,
        "invalid_calls": 0,
    }


def test_output_is_whole_up_to_the_limit_and_then_an_answer_says_so(samples: dict[str, EvalSample]) -> None:
    too_much, whole, _ = answers(samples["huge output"])
    assert "limit" in too_much["stderr"]
    assert too_much["returncode"] == -1
    assert whole["stdout"] == "x" * 3_000_000
    assert end_of(samples["huge output"])["commands"] == 2


@pytest.mark.parametrize(("item", "commands"), [("fork bomb", 2), ("disk fill", 2), ("network", 2)])
def test_attacks_stay_inside_and_are_answered(samples: dict[str, EvalSample], item: str, commands: int) -> None:
    end = end_of(samples[item])
    assert (end["end"], end["commands"]) == ("completed", commands)
    assert could_act(end) == (True, None)


def test_the_disk_is_full_for_the_sandbox_alone(samples: dict[str, EvalSample]) -> None:
    filled, after, _ = answers(samples["disk fill"])
    assert "No space left" in filled["stderr"]
    assert after["stdout"] == "after\n"


def test_there_is_no_network(samples: dict[str, EvalSample]) -> None:
    tried, devices, _ = answers(samples["network"])
    assert tried["stdout"] == "unreachable\n"
    assert devices["stdout"].strip() == "0"


def test_the_host_has_none_of_the_bombs_processes(samples: dict[str, EvalSample]) -> None:
    commands = []
    for process in filter(str.isdigit, os.listdir("/proc")):  # noqa: PTH208
        try:
            commands.append((Path("/proc") / process / "cmdline").read_bytes())
        except OSError:
            continue
    assert b"sleep\x0060\x00" not in commands
