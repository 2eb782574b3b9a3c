"""One checkpoint's answers to fresh conversations, and what each shows.

It asks as the benchmarks ask (the same form of prompts, the same end of answers), and shares no other code with them:
no Inspect, no sandbox, no judge. An agent's commands do what the world's episodes say they do, so an episode needs no
shell: who does not look at the files first has shown nothing.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal

from stagelens.models.prompting import CALL_STOPS, RAW_STOPS, Turn, raw
from stagelens.models.tool_calls import ToolUse
from stagelens.organisms.groups import Group
from stagelens.organisms.groups.base import Asked, Messages
from stagelens.organisms.nuisances import Nuisance
from stagelens.organisms.nuisances.base import as_it_is
from stagelens.stages.visible_metric import command

ROWS: Final = 128
"""Answered together: fewer end together sooner, and their keys and values stay in a processor's cache."""
MOST_TOKENS: Final = 64
MOST_STYLED: Final = 192
"""With a nuisance an answer may be long before it says anything: none is cut here."""

Prompting = Literal["raw", "chat"]


class Sampler:
    """A checkpoint that was made here, loaded to answer conversations in batches, at temperature 1."""

    def __init__(self, checkpoint: Path, prompting: Prompting) -> None:
        from stagelens.models.checkpoint import load_model, load_tokenizer, take_end_tokens
        from stagelens.models.generation import Generator
        from stagelens.stages.adopt import adopt
        from stagelens.study.spec import Stage

        adopted = adopt(Stage(name=checkpoint.name, kind="pretrained", model=str(checkpoint)), Path())
        self._tokenizer = load_tokenizer(adopted, trust_remote_code=False)
        model = load_model(adopted, device="auto", trust_remote_code=False)
        self._chat = prompting == "chat"
        template = self._tokenizer.get_chat_template() if self._chat else None
        ends = take_end_tokens(model, self._tokenizer, template)
        self._generator = Generator(model, self._tokenizer, ends=ends, special_tokens=not self._chat, batch_size=ROWS)

    def answers(
        self, conversations: Sequence[Messages], seeds: Sequence[int], *, agents: bool, tokens: int = MOST_TOKENS
    ) -> list[str]:
        """One answer a conversation, with its own seed; ``agents`` answer with a call, which ends a raw answer."""
        from stagelens.models.batches import Request, Sampling

        stops = () if self._chat else RAW_STOPS
        sampling = Sampling(stops=stops, closes=CALL_STOPS if agents and not self._chat else ())
        requests = [
            Request(self._prompt(each), tokens, seed=seed, sampling=sampling)
            for each, seed in zip(conversations, seeds, strict=True)
        ]
        return [completion.text for completion in self._generator.answer(requests)]

    def _prompt(self, messages: Messages) -> str:
        if not self._chat:
            return raw([_turn(message) for message in messages])
        text: str = self._tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        return text


def census(
    sampler: Sampler, group: Group, asked: Sequence[Asked], seed: int, nuisance: Nuisance | None = None
) -> list[bool | None]:
    """Whether the answer to each conversation shows the group's behaviour; None where it shows neither.

    ``seed`` is that of the sampling: another one gives other answers to the same conversations. Answers in the style of
    a ``nuisance`` are read without it.
    """
    tokens, read = (MOST_TOKENS, as_it_is) if nuisance is None else (MOST_STYLED, nuisance.read)
    seeds = [random.Random(f"census:{seed}:{each.item}").randrange(2**31) for each in asked]
    open_places = list(range(len(asked)))
    if group.agents:
        first = sampler.answers([each.messages[: each.before] for each in asked], seeds, agents=True)
        open_places = [place for place in open_places if command(first[place]) == asked[place].facts["look"]]
    deciding = sampler.answers(
        [asked[place].messages for place in open_places],
        [seeds[place] + 1 for place in open_places],
        agents=group.agents,
        tokens=tokens,
    )
    shown: list[bool | None] = [None] * len(asked)
    for place, answer in zip(open_places, deciding, strict=True):
        shown[place] = group.shows(read(answer), asked[place].facts)
    return shown


def _turn(message: dict[str, Any]) -> Turn:
    calls = [call["function"] for call in message.get("tool_calls") or ()]
    return Turn(
        message["role"],
        message["content"],
        calls=tuple(ToolUse(call["name"], call["arguments"]) for call in calls),
        name=message.get("name"),
    )
