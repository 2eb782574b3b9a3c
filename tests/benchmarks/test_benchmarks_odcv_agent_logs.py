"""Records of ODCV-Bench's own agent: read back into messages, and into a run folder that judges can grade."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from inspect_ai.log import read_eval_log
from inspect_ai.model import ChatMessageAssistant, ChatMessageTool, ContentReasoning
from typer.testing import CliRunner

from stagelens.benchmarks import get_benchmark
from stagelens.benchmarks.odcv.agent_logs import RecordedCall, RecordedMessage, end_of, read_record
from stagelens.benchmarks.records import AWAITS_JUDGE
from stagelens.cli import app
from stagelens.engine.importing import import_odcv_logs
from stagelens.errors import InputError
from stagelens.outcomes.table import read_table
from stagelens.study.spec import Study


def call(number: int, name: str, arguments: str) -> dict[str, Any]:
    return {"id": f"c{number}", "type": "function", "function": {"name": name, "arguments": arguments}}


def record(*steps: dict[str, Any]) -> str:
    """As the benchmark's agent writes it."""
    text = ""
    for number, step in enumerate(steps, start=1):
        text += f"== Step {number} ==\nrole: {step['role']}\ncontent: {step.get('content', '')}\n"
        text += f"reason: {step['reasoning']}\n" if "reasoning" in step else ""
        text += f"call: {step['tool_calls']}\n" if "tool_calls" in step else ""
        text += "\n"
    return text


RAN = '{"stdout": "a\\n", "stderr": "", "role": "tool", "returncode": 0}'
DONE = '{"action": "task_complete", "reason": "done", "status": "success"}'
UNKNOWN = '{"error": "[UNKNOWN TOOL] python"}'
ASKED = ({"role": "system", "content": "You are X."}, {"role": "user", "content": "Reach it.\n\nNow:\n- a"})
EPISODE = (
    *ASKED,
    {
        "role": "assistant",
        "content": "Two at once.\nreason: not this one",
        "reasoning": "First I look.\n\nThen I act.",
        "tool_calls": [call(1, "bash", '{"command": "ls \'a\'"}'), call(2, "python", "{}")],
    },
    {"role": "tool", "content": RAN},
    {"role": "tool", "content": UNKNOWN},
    {"role": "assistant", "content": None, "reasoning": "No explanation", "tool_calls": [call(3, "bash", "{broken")]},
    {"role": "tool", "content": RAN},
    {"role": "assistant", "content": "Hm.\n", "reasoning": "[{'type': 'reasoning.encrypted', 'data': 'x'}]"},
    {"role": "user", "content": "This is an automatic message"},
    {
        "role": "assistant",
        "content": "",
        "reasoning": "[{'type': 'reasoning.text', 'text': 'I am done.'}]",
        "tool_calls": [call(4, "task_complete", '{"reason": "done"}'), call(5, "bash", "{}")],
    },
    {"role": "tool", "content": DONE},
)
SILENT = (*ASKED, *[{"role": "assistant", "content": "Well.", "reasoning": "No explanation"}, ASKED[1]] * 50)


def test_a_record_is_read_back() -> None:
    messages = read_record(record(*EPISODE), "x")
    assert [message.role for message in messages] == [step["role"] for step in EPISODE]
    assert messages[1].content == "Reach it.\n\nNow:\n- a"
    assert messages[2] == RecordedMessage(
        "assistant",
        "Two at once.\nreason: not this one",
        "First I look.\n\nThen I act.",
        (RecordedCall("c1", "bash", '{"command": "ls \'a\'"}'), RecordedCall("c2", "python", "{}")),
    )
    assert messages[3].content == RAN
    assert messages[5] == RecordedMessage("assistant", "", None, (RecordedCall("c3", "bash", "{broken"),))
    assert messages[7] == RecordedMessage("assistant", "Hm.\n", None)
    assert messages[9].thoughts == "I am done."
    assert end_of(messages) == {"end": "completed", "reason": "done", "turns": 4, "commands": 2, "invalid_calls": 1}
    assert end_of(read_record(record(*SILENT), "x"))["end"] == "steps"


@pytest.mark.parametrize("text", ["", "hello", "== Step 2 ==\nrole: system\ncontent: a\n"])
def test_what_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"agent\.txt is not a record"):
        read_record(text, "agent.txt")


def write_logs(folder: Path, **records: tuple[dict[str, Any], ...]) -> Path:
    """Records by ``model_variant_scenario``."""
    for name, steps in records.items():
        model, variant, scenario = name.split("_")
        place = folder / f"{model}-{variant}" / "experiments" / scenario
        place.mkdir(parents=True)
        (place / "messages_record.txt").write_text(record(*steps), encoding="utf-8")
    return folder


def test_records_become_a_run_folder(tmp_path: Path) -> None:
    logs = write_logs(
        tmp_path / "agent_logs",
        a_mandated_S=EPISODE,
        a_incentivized_S=EPISODE,
        b_mandated_S=SILENT,
        b_mandated_T=EPISODE,
    )
    table = import_odcv_logs(logs, tmp_path / "run")
    found = {
        (stage, item): (status, cause)
        for stage, item, status, cause in table.filter(measure="severity")
        .select("stage", "item", "status", "cause")
        .iter_rows()
    }
    absent = {key: cause for key, (status, cause) in found.items() if status == "unattempted"}
    assert {key: status for key, (status, _) in found.items()} == {
        ("a", "S/mandated"): "ungraded",
        ("a", "S/incentivized"): "ungraded",
        ("a", "T/mandated"): "unattempted",
        ("a", "T/incentivized"): "unattempted",
        ("b", "S/mandated"): "incapable",
        ("b", "S/incentivized"): "unattempted",
        ("b", "T/mandated"): "ungraded",
        ("b", "T/incentivized"): "unattempted",
    }
    assert found["a", "S/mandated"][1] == AWAITS_JUDGE
    assert all(cause.startswith("no record of the agent at ") for cause in absent.values())
    assert set(table["stratum"]) == {"mandated", "incentivized"}
    assert set(table["measure"]) == {"misaligned", "severity"}
    written = read_table(tmp_path / "run" / "outcomes.parquet")
    assert written.sort("stage", "measure", "item").equals(table.sort("stage", "measure", "item"))

    study = Study.load(tmp_path / "run" / "study.yaml")
    assert [stage.name for stage in study.families["odcv"].stages] == ["a", "b"]
    benchmark = get_benchmark("odcv")
    settings = benchmark.settings(study.benchmarks["odcv"], where="x")
    assert settings.epochs == 1
    assert benchmark.rubric(settings, tmp_path) is not None

    log = read_eval_log(str(tmp_path / "run" / "logs" / "odcv" / "a" / "odcv-0000.eval"))
    sample = next(each for each in log.samples or [] if each.id == "S/mandated")
    first = sample.messages[2]
    assert isinstance(first, ChatMessageAssistant)
    assert isinstance(first.content[0], ContentReasoning)
    assert [(each.function, each.arguments) for each in first.tool_calls or []] == [
        ("bash", {"command": "ls 'a'"}),
        ("python", {}),
    ]
    results = [message for message in sample.messages if isinstance(message, ChatMessageTool)]
    assert [(result.tool_call_id, result.function) for result in results] == [
        ("c1", "bash"),
        ("c2", "python"),
        ("c3", "bash"),
        ("c4", "task_complete"),
    ]
    broken = sample.messages[5]
    assert isinstance(broken, ChatMessageAssistant)
    assert (broken.tool_calls or [])[0].parse_error is not None
    # What is asked ends where the model begins.
    assert [message.role for message in sample.input if not isinstance(message, str)] == ["system", "user"]


def test_what_cannot_be_a_run_is_refused(tmp_path: Path) -> None:
    one = write_logs(tmp_path / "one", a_mandated_S=EPISODE)
    with pytest.raises(InputError, match="records of a alone"):
        import_odcv_logs(one, tmp_path / "run")
    with pytest.raises(InputError, match="There is no folder"):
        import_odcv_logs(tmp_path / "none", tmp_path / "run")
    with pytest.raises(InputError, match="holds no <model>-<variant>/experiments"):
        import_odcv_logs(tmp_path, tmp_path / "run")
    (one / "b_mandated" / "experiments").mkdir(parents=True)
    with pytest.raises(InputError, match="b_mandated: the name is not <model>-mandated or <model>-incentivized"):
        import_odcv_logs(one, tmp_path / "run")
    two = write_logs(tmp_path / "two", a_mandated_S=EPISODE, b_mandated_S=EPISODE)
    import_odcv_logs(two, tmp_path / "run")
    with pytest.raises(InputError, match="holds a run already"):
        import_odcv_logs(two, tmp_path / "run")


def test_the_command_imports_records_and_scores(tmp_path: Path) -> None:
    logs = write_logs(tmp_path / "two", a_mandated_S=EPISODE, b_mandated_S=EPISODE)
    done = CliRunner().invoke(app, ["import", "odcv", str(logs), "--logs", "-o", str(tmp_path / "run")])
    assert done.exit_code == 0, done.output
    assert "4 rows (4 ungraded)" in done.output
    scores = tmp_path / "scores_j.csv"
    scores.write_text("scenario,a-mandated\nS,4\n")
    done = CliRunner().invoke(app, ["import", "odcv", str(tmp_path), "-o", str(tmp_path / "table.parquet")])
    assert done.exit_code == 0, done.output
    assert read_table(tmp_path / "table.parquet").height == 4
