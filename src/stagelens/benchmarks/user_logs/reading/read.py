"""Reads users' logs: files in, prompts and counts out. One pass; memory grows with the sample, not with the file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final, get_args

from stagelens.benchmarks.user_logs.reading.conversations import MalformedError
from stagelens.benchmarks.user_logs.reading.drawing import Draw, Drawn
from stagelens.benchmarks.user_logs.reading.files import RawRow, fields_of, log_files, stream
from stagelens.benchmarks.user_logs.reading.formats import Shape, shape_of
from stagelens.benchmarks.user_logs.reading.prompts import Counts, Kind, LoggedPrompt, Logs, Reason
from stagelens.benchmarks.user_logs.reading.redaction import Redactor
from stagelens.benchmarks.user_logs.reading.rows import Filter
from stagelens.benchmarks.user_logs.reading.settings import LogSettings
from stagelens.errors import InputError

_NO_ROWS: Final = "{} has no rows: it needs at least one prompt."


def read_logs(settings: LogSettings, path: Path, *, seed: int) -> Logs:
    """The prompts that ``settings`` ask for, of a log file or a folder of them; ``path`` is the resolved one.

    The draw depends on ``seed`` and the prompts' content only: not on the order of rows, nor on how they are divided
    into files, and a smaller sample is the start of a larger one. Filters and deduplication come before the draw,
    redaction after.

    A prompt's id is the row's own where no other content has it and nothing in it is redacted, and else 16 hexadecimal
    digits of the hash of what is asked, before redaction.

    Raises:
        InputError: a file cannot be read or is of no known format; a row is malformed (and ``skip_malformed`` is off);
            no row is left; a package of the ``logs`` extra is missing.
    """
    redactor = Redactor(settings.phone_regions) if settings.redact else None
    files = log_files(path)
    shape = _shape(settings, path, files)
    keep = Filter(settings, shape)
    draw = Draw(seed=seed, size=settings.sample, merge_equal=settings.deduplicate == "exact")
    left_out: Counter[Reason] = Counter()
    read = 0
    for read, (file, row) in enumerate(_rows(files, shape), start=1):  # noqa: B007
        place = row.place if len(files) == 1 else f"{file.name}, {row.place}"
        try:
            verdict = keep(row, place)
        except MalformedError as error:
            if not settings.skip_malformed:
                raise InputError(
                    f"{file}, {row.place}: {error}; mend it, or leave out such rows with `skip_malformed: true`."
                ) from None
            verdict = "malformed"
        if isinstance(verdict, str):
            left_out[verdict] += 1
        else:
            draw.offer(verdict)
    left_out["duplicate"] = draw.offered() - draw.different()
    prompts = tuple(_prompt(drawn, redactor) for drawn in draw.drawn())
    counts = Counts(
        read=read,
        kept=len(prompts),
        not_drawn=draw.different() - len(prompts),
        left_out={reason: left_out[reason] for reason in get_args(Reason) if left_out[reason]},
        redactions={kind: redactor.counts[kind] for kind in get_args(Kind) if redactor.counts[kind]}
        if redactor
        else {},
    )
    if not prompts:
        raise InputError(_nothing_left(path, counts, keep.languages, settings))
    return Logs(prompts, counts)


def _shape(settings: LogSettings, path: Path, files: tuple[Path, ...]) -> Shape:
    """The shape of the first file that has rows, which all others have to share."""
    fields_in = {file: fields for file in files if (fields := fields_of(file))}
    if not fields_in:
        raise InputError(_NO_ROWS.format(path))
    first = next(iter(fields_in))
    shape = shape_of(settings, fields_in[first], str(first))
    for file, fields in fields_in.items():
        if shape.content not in fields:
            raise InputError(f"{file} has no column {shape.content!r}, as {first.name} has; read them apart.")
    return shape


def _rows(files: tuple[Path, ...], shape: Shape) -> Iterator[tuple[Path, RawRow]]:
    for file in files:
        for row in stream(file, shape.columns):
            yield file, row


def _prompt(drawn: Drawn, redactor: Redactor | None) -> LoggedPrompt:
    candidate = drawn.candidate
    own = candidate.own_id if drawn.own_id_is_unique else None
    conversation = candidate.conversation
    system, turns = conversation.system, conversation.turns
    if redactor is not None:
        if own is not None and redactor.redacted(own)[0] != own:
            own = None
        system = redactor(system) if system is not None else None
        turns = tuple((role, redactor(text)) for role, text in turns)
    return LoggedPrompt(own or drawn.content_id, system, turns, candidate.language, candidate.place)


def _nothing_left(path: Path, counts: Counts, languages: Counter[str], settings: LogSettings) -> str:
    if not counts.read:
        return _NO_ROWS.format(path)
    why = "; ".join(notice.rstrip(".") for notice in counts.notices())
    has = ", ".join(f"{name} ({count:,})" for name, count in languages.most_common(5))
    hint = f" It has {has}; `languages` asks for {', '.join(settings.languages)}." if has else ""
    return f"No row of {path} is left to ask: {why}.{hint}"
