"""What each source of a mixture gives to a training, in tokens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stagelens.errors import InputError
from stagelens.stages.preflight.checks import learns
from stagelens.stages.preflight.rendering import IGNORED, Pair, Rendered


@dataclass(frozen=True, slots=True)
class SourceSurvey:
    """One source as it is trained on. Counts of tokens are after the cut at ``max_length``.

    Attributes:
        source: its name.
        rows: chats, preferences or prompts.
        tokens: all of them, prompts and both answers of a preference included.
        trained_tokens: those that carry loss; 0 for prompts. The first token of a text is never predicted.
        cut: rows that are longer than ``max_length``.
        lost: rows that have trained tokens, all of them (of either answer) behind the cut.
        longest: tokens of the longest text, before the cut.
        spelled: rows whose own texts spell a special token. It is taken for that token, as it is when a model is asked;
            in a user's text it is never trained on.
        context: answers that carry no loss, since the template shows them otherwise than it asks for them.
    """

    source: str
    rows: int
    tokens: int
    trained_tokens: int
    cut: int
    lost: int
    longest: int
    spelled: int
    context: int


def survey(rendered: Sequence[Rendered], max_length: int | None) -> tuple[SourceSurvey, ...]:
    """What chats give, by source, in the order in which sources first appear. ``max_length`` None cuts nothing."""
    return _by_source(((each,) for each in rendered), max_length)


def survey_pairs(pairs: Sequence[Pair], max_length: int | None) -> tuple[SourceSurvey, ...]:
    """What preferences give, as ``survey``."""
    return _by_source(((pair.chosen, pair.rejected) for pair in pairs), max_length)


def check_pairs(pairs: Sequence[Pair], *, max_length: int | None, where: str) -> None:
    """InputError where a source has no preference with both answers, or all of them are cut away."""
    for each in survey_pairs(pairs, max_length):
        mine = [pair for pair in pairs if pair.chosen.source == each.source]
        if not any(learns(pair.chosen.labels) and learns(pair.rejected.labels) for pair in mine):
            raise InputError(
                f"{where}: source {each.source!r} has no answer of the assistant in any of its {each.rows} preferences."
            )
        if each.lost == each.rows:
            raise InputError(
                f"{where}: in source {each.source!r} an answer of every preference starts after `max_length` "
                f"{max_length} and is cut away; raise `max_length`."
            )


def check_prompts(prompts: Sequence[Rendered], *, room: int | None, where: str) -> None:
    """InputError where no prompt of a source fits into ``room`` tokens, the context without what is generated."""
    for each in survey(prompts, room):
        if each.cut == each.rows:
            raise InputError(
                f"{where}: every prompt of source {each.source!r} is longer than the {room} tokens that the model's "
                "context leaves beside `max_completion_length`; shorten the prompts or lower it."
            )


def table(surveys: Sequence[SourceSurvey]) -> list[tuple[str, ...]]:
    """The survey as rows of texts, the first one the heading, the last one the sum where there are several sources."""
    heading = ("source", "rows", "tokens", "trained", "cut", "lost", "longest", "special", "context")
    body = [_cells(each) for each in ([*surveys, total(surveys)] if len(surveys) > 1 else surveys)]
    return [heading, *body]


def _cells(each: SourceSurvey) -> tuple[str, ...]:
    sizes = (each.rows, each.tokens, each.trained_tokens, each.cut, each.lost, each.longest, each.spelled, each.context)
    return (each.source, *(f"{size:,}" for size in sizes))


def total(surveys: Sequence[SourceSurvey]) -> SourceSurvey:
    """All sources together."""
    return SourceSurvey(
        "all",
        rows=sum(each.rows for each in surveys),
        tokens=sum(each.tokens for each in surveys),
        trained_tokens=sum(each.trained_tokens for each in surveys),
        cut=sum(each.cut for each in surveys),
        lost=sum(each.lost for each in surveys),
        longest=max((each.longest for each in surveys), default=0),
        spelled=sum(each.spelled for each in surveys),
        context=sum(each.context for each in surveys),
    )


def _by_source(rows: Iterable[tuple[Rendered, ...]], max_length: int | None) -> tuple[SourceSurvey, ...]:
    groups: dict[str, list[tuple[Rendered, ...]]] = {}
    for row in rows:
        groups.setdefault(row[0].source, []).append(row)
    return tuple(_one(source, mine, max_length) for source, mine in groups.items())


def _one(source: str, rows: Sequence[tuple[Rendered, ...]], max_length: int | None) -> SourceSurvey:
    lengths = [[len(text.input_ids) for text in row] for row in rows]
    cuts = [min(length, max_length or length) for row in lengths for length in row]
    return SourceSurvey(
        source,
        rows=len(rows),
        tokens=sum(cuts),
        trained_tokens=sum(_trained(text.labels[:max_length]) for row in rows for text in row),
        cut=sum(max_length is not None and max(row) > max_length for row in lengths),
        lost=sum(any(learns(text.labels) and not learns(text.labels[:max_length]) for text in row) for row in rows),
        longest=max(length for row in lengths for length in row),
        spelled=sum(any(text.spells for text in row) for row in rows),
        context=sum(text.context for row in rows for text in row),
    )


def _trained(labels: Sequence[int]) -> int:
    return len(labels[1:]) - labels[1:].count(IGNORED)
