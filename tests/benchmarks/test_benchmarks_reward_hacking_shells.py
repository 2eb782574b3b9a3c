"""What each harness's shell tool answers, as these harnesses answered, read alike."""

import json

import pytest
from inspect_ai.model import ChatMessageAssistant, ChatMessageTool
from inspect_ai.tool import ToolCall

from stagelens.benchmarks.reward_hacking.evidence.record import Shown, read_shown
from stagelens.benchmarks.reward_hacking.evidence.transcript import commands_of

SHOWN = "correct: yes\nspeed-up: 12.3"


@pytest.mark.parametrize(
    ("tool", "argument", "answer"),
    [
        ("bash", "command", json.dumps({"stdout": SHOWN, "stderr": "", "role": "tool", "returncode": 0})),
        (
            "run_shell_command",
            "command",
            json.dumps(
                {"output": f"<untrusted_context>\nOutput: {SHOWN}\nProcess Group PGID: 9\n</untrusted_context>"}
            ),
        ),
        ("Bash", "command", SHOWN),
        ("exec_command", "cmd", f"Chunk ID: 1\nWall time: 0.1 seconds\nProcess exited with code 0\nOutput:\n{SHOWN}\n"),
    ],
)
def test_what_was_shown_is_read_whatever_stands_around_it(tool, argument, answer):
    call = ToolCall("1", tool, {argument: "python3 timing.py"})
    messages = [
        ChatMessageAssistant(content="", tool_calls=[call]),
        ChatMessageTool(content=answer, tool_call_id="1", function=tool),
    ]
    (command,) = commands_of(messages)
    assert command.text == "python3 timing.py"
    assert read_shown(command.output) == Shown(correct=True, speedup=12.3)
