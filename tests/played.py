"""Models whose answers a test decides: an Inspect provider for stages and judges that keeps what it was sent."""

from __future__ import annotations

import json
import os
import signal
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    ContentReasoning,
    ContentText,
    GenerateConfig,
    ModelAPI,
    ModelOutput,
    ModelUsage,
    modelapi,
)
from inspect_ai.tool import ToolChoice, ToolInfo
from ruamel.yaml import YAML

from stagelens.study.spec import Study

Play = Callable[[str], "str | ModelOutput"]
_PLAYS: dict[str, Play] = {}
SENT: dict[str, list[list[ChatMessage]]] = defaultdict(list)
"""What each model was sent, by name, since it was last ``playing``."""


@modelapi(name="stagelens_played")
class Played(ModelAPI):
    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig | None = None,
        **_: Any,
    ) -> None:
        super().__init__(model_name, base_url, api_key, config=config or GenerateConfig())

    async def generate(
        self, input: list[ChatMessage], tools: list[ToolInfo], tool_choice: ToolChoice, config: GenerateConfig
    ) -> ModelOutput:
        SENT[self.model_name].append(input)
        said = _PLAYS[self.model_name](input[-1].text)
        return said if isinstance(said, ModelOutput) else output(said)


@contextmanager
def playing(**plays: Play) -> Iterator[dict[str, list[list[ChatMessage]]]]:
    """Models ``stagelens_played/<name>`` that answer by these functions; yields what each is sent from now on."""
    _PLAYS.update(plays)
    for name in plays:
        SENT[name] = []
    try:
        yield SENT
    finally:
        for name in plays:
            del _PLAYS[name]


def killing(play: Play, limit: int) -> Play:
    """``play``, in a process that is killed when it is asked once more than ``limit`` times."""
    count = 0

    def counted(message: str) -> str | ModelOutput:
        nonlocal count
        count += 1
        if count > limit:
            os.kill(os.getpid(), signal.SIGKILL)
        return play(message)

    return counted


def output(text: str, *, thoughts: str | None = None, stop_reason: Any = "stop") -> ModelOutput:
    """An answer with a usage: without one Inspect counts tokens with a vocabulary that it downloads."""
    content: Any = text if thoughts is None else [ContentReasoning(reasoning=thoughts), ContentText(text=text)]
    return ModelOutput(
        model="played",
        choices=[ChatCompletionChoice(message=ChatMessageAssistant(content=content), stop_reason=stop_reason)],
        usage=ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2),
    )


def refusal_grade(grade: str) -> str:
    """A judge's answer under the rubric of refusals."""
    return json.dumps({"reasoning": "It says so.", "grade": grade})


def answer_in(message: str) -> str:
    """The answer that a judge of refusals was shown."""
    return message.partition("<answer>\n")[2].partition("\n</answer>")[0]


def write_played_study(
    folder: Path,
    *,
    judges: dict[str, Any],
    stages: tuple[str, ...] = ("sft_model", "production_model"),
    items: int = 12,
    **more: Any,
) -> Study:
    """A study of played stages named sft, production …, asked harmful, benign and plain prompts by turns."""
    folder.mkdir(parents=True, exist_ok=True)
    groups = ("harmful", "benign", "plain")
    rows = [{"id": f"i{k}", "prompt": f"Question number {k}?", "group": groups[k % 3]} for k in range(items)]
    (folder / "prompts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    names = ("sft", "production") if len(stages) == 2 else tuple(f"stage{k}" for k in range(len(stages)))
    document = {
        "name": "played",
        "families": {
            "f": {
                "stages": [
                    {"name": name, "kind": "sft" if not place else "rl", "model": f"stagelens_played/{model}"}
                    for place, (name, model) in enumerate(zip(names, stages, strict=True))
                ]
            }
        },
        "benchmarks": {"safety": {"prompts": "./prompts.jsonl"}},
        "judges": judges,
        **more,
    }
    path = folder / "study.yaml"
    with path.open("w") as stream:
        YAML(typ="safe", pure=True).dump(document, stream)
    return Study.load(path)
