"""From logged conversations to items."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from stagelens.benchmarks.base import Item, Message
from stagelens.benchmarks.user_logs.reading import LoggedPrompt
from stagelens.outcomes.bulk_answers import shown
from stagelens.study.fingerprint import fingerprint

GROUP = "log"


@dataclass(frozen=True, slots=True)
class LoggedItem(Item):
    """A conversation up to a user's last words, as every stage is shown it; ``measures``: what answers count for."""

    messages: tuple[Message, ...] = ()
    measures: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Of the conversation: what stands for its content in fingerprints."""
        return fingerprint([list(message) for message in self.messages])[:32]


def make_items(prompts: Iterable[LoggedPrompt], measures: tuple[str, ...]) -> tuple[LoggedItem, ...]:
    """The items, the shortest conversation first: a batch then holds conversations of like length.

    Each is a cluster of its own; its stratum is its language, where the log says one.
    """
    items = [_item(prompt, measures) for prompt in prompts]
    return tuple(sorted(items, key=lambda item: (len(item.prompt), item.id)))


def _item(prompt: LoggedPrompt, measures: tuple[str, ...]) -> LoggedItem:
    system: tuple[Message, ...] = () if prompt.system is None else (("system", prompt.system),)
    messages = (*system, *prompt.turns)
    return LoggedItem(
        id=prompt.id,
        prompt=shown(messages),
        group=GROUP,
        cluster=prompt.id,
        stratum=prompt.language,
        messages=messages,
        measures=measures,
    )
