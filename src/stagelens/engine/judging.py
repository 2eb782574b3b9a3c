"""The judging phase of a run: every answer that models judge, each distinct one once, in an order blind to stages."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from stagelens.engine.folder import RunFolder, write_text
from stagelens.engine.grades import AttemptKey, judged_measures, with_judges
from stagelens.engine.judgements import Judgements
from stagelens.engine.judges import Judge, Panel, stage_checkpoint
from stagelens.engine.logs import METADATA_KEY, begin_log, end_log
from stagelens.engine.progress import Reporter
from stagelens.judges.asking import Judgement
from stagelens.judges.message import full_message
from stagelens.judges.order import Turn, content_id, in_order, turns
from stagelens.outcomes.inspect_logs import read_attempts
from stagelens.study.fingerprint import fingerprint
from stagelens.study.spec import Stage, Study

if TYPE_CHECKING:
    from inspect_ai.model import Model

TURNS_PER_LOG: Final = 256

_UNJUDGED: Final = Judgement(None, {}, "the judge was not asked", 0)

Question = tuple[str, str]
"""A message to a judge, and the item's group."""


@dataclass(frozen=True, slots=True)
class StageLog:
    """A log of one stage's answers to one benchmark."""

    family: str
    stage: Stage
    benchmark: str
    path: Path


@dataclass(frozen=True, slots=True)
class _Attempt:
    """An attempt to be judged: its measures, its content, and by whom."""

    key: AttemptKey
    measures: tuple[str, ...]
    content: str
    judges: tuple[Judge, ...]


class Judging:
    """The judges of a run at work.

    Args:
        panels: the judges of every benchmark that models judge.
        study: for the seed of the order, and where stages lie.
        folder: the run folder, where judgements are kept.
        reporter: says how the work goes.

    Raises:
        InputError: a judge cannot be identified.
    """

    def __init__(self, panels: Mapping[str, Panel], *, study: Study, folder: RunFolder, reporter: Reporter) -> None:
        self._panels = panels
        self._study = study
        self._folder = folder
        self._reporter = reporter
        models = {judge.model: judge for panel in panels.values() for judge in panel.judges}
        self._contents = {model: judge.content() for model, judge in models.items()}
        self._stores = {
            (panel.benchmark, judge.name): Judgements(
                folder.judgements(panel.benchmark), judge.name, panel.inputs(self._contents[judge.model])
            )
            for panel in panels.values()
            for judge in panel.judges
        }
        self._asked: dict[tuple[str, str], Counter[str]] = {}

    def grade(self, rows: pl.DataFrame, logs: Iterable[StageLog]) -> pl.DataFrame:
        """Have every answer in ``logs`` judged that has not been, and add what the judges said to ``rows``.

        What a judge failed to grade at another time is tried again, once for each instance of this class.
        """
        questions: dict[str, Question] = {}
        attempts = [attempt for log in logs if log.benchmark in self._panels for attempt in self._read(log, questions)]
        for model in self._contents:
            self._ask(model, attempts, questions)
        judged = {
            attempt.key: (
                attempt.measures,
                {
                    judge.name: self._stores[attempt.key[2], judge.name].found.get(attempt.content, _UNJUDGED)
                    for judge in attempt.judges
                },
            )
            for attempt in attempts
        }
        return with_judges(rows, judged, self._panels)

    def summary(self) -> list[dict[str, Any]]:
        """What a report says of the judging: plain JSON, one entry a benchmark and judge."""
        return [
            {
                "benchmark": panel.benchmark,
                "judge": judge.name,
                "rubric": panel.rubric.version,
                "thoughts": panel.thoughts,
                **self._stores[panel.benchmark, judge.name].counts(
                    self._asked.get((panel.benchmark, judge.name), Counter())
                ),
            }
            for panel in self._panels.values()
            for judge in panel.judges
        ]

    def _read(self, log: StageLog, questions: dict[str, Question]) -> Iterator[_Attempt]:
        """The attempts in a log that are to be judged; what judges are asked is added to ``questions``."""
        panel = self._panels[log.benchmark]
        checkpoint = stage_checkpoint(log.family, log.stage, self._study, self._folder.root)
        judges = panel.judges_of(log.stage, checkpoint)
        for attempt in read_attempts(log.path):
            measures = judged_measures(panel.rubric, attempt.group, attempt.records)
            if measures:
                record = attempt.conversation.record(attempt.group, attempt.evidence, thoughts=panel.thoughts)
                message = full_message(panel.rubric, record)
                content = content_id(message, attempt.group)
                questions[content] = message, attempt.group
                key = log.family, log.stage.name, log.benchmark, attempt.item, attempt.epoch
                yield _Attempt(key, measures, content, judges)

    def _ask(self, model: str, attempts: Sequence[_Attempt], questions: Mapping[str, Question]) -> None:
        """Put to one model all that it has not judged, whatever the benchmark; it is loaded only where there is any."""
        work = []
        for panel in self._panels.values():
            for judge in panel.judges:
                if judge.model == model:
                    store = self._stores[panel.benchmark, judge.name]
                    store.read()
                    due = self._due(panel, judge, store, attempts)
                    if due:
                        work.append((panel, judge, store, due))
        if not work:
            return
        with _loaded(work[0][1], self._contents[model]) as loaded:
            for panel, judge, store, due in work:
                with self._reporter.bar(f"{panel.benchmark}: judged by {judge.name}") as step:
                    for start in range(0, len(due), TURNS_PER_LOG):
                        step(start, len(due))
                        _judge(loaded, panel, store, due[start : start + TURNS_PER_LOG], questions)
                        store.read()
                self._reporter.say(f"judged {panel.benchmark} by {judge.name}: {len(due)} questions")

    def _due(self, panel: Panel, judge: Judge, store: Judgements, attempts: Sequence[_Attempt]) -> list[Turn]:
        mine = [each.content for each in attempts if each.key[2] == panel.benchmark and judge in each.judges]
        wanted = set(mine)
        tried = self._asked.get((panel.benchmark, judge.name), Counter())
        self._asked[panel.benchmark, judge.name] = Counter(mine)
        return turns(
            in_order(mine, self._study.seed),
            known=[content for content in store.found if content in wanted],
            failed={content: times for content, times in store.failed.items() if content not in tried},
            repeated=store.repeated(),
        )


def write_summary(judging: Judging, folder: RunFolder) -> None:
    """``judging.json``, for the report; there is none where no model judges."""
    entries = judging.summary()
    if entries:
        write_text(folder.judging, json.dumps(entries, indent=2, sort_keys=True) + "\n")
    else:
        folder.judging.unlink(missing_ok=True)


@contextmanager
def _loaded(judge: Judge, content: dict[str, Any]) -> Iterator[Model]:
    from stagelens.models import release

    model = judge.load(content)
    try:
        yield model
    finally:
        release(model)


def _judge(
    model: Model, panel: Panel, store: Judgements, due: Sequence[Turn], questions: Mapping[str, Question]
) -> None:
    """One log of judgements."""
    from inspect_ai import eval as evaluate

    from stagelens.judges.task import judging_task
    from stagelens.models import LOCAL_PROVIDER, expect

    local = str(model).startswith(f"{LOCAL_PROVIDER}/")
    version = fingerprint(store.inputs)
    task = judging_task(
        panel.rubric,
        due,
        questions,
        max_tokens=panel.max_tokens,
        # The answers of paid models are kept as they come; one made here is cheaper than its entry in a cache.
        scopes=None if local else {"judging": version},
        version=version[:16],
    )
    expect(model, len(due))
    place = store.next_log
    partial = begin_log(place)
    (log,) = evaluate(
        task,
        model=model,
        log_dir=str(partial),
        metadata={METADATA_KEY: {"judge": store.judge, "inputs": dict(store.inputs)}},
        display="none",
        fail_on_error=False,
        # All at once for a local judge, which forms its batches from the whole set; else a few, in their order.
        max_samples=len(due) if local else None,
        log_realtime=False,
        score_display=False,
        log_buffer=len(due),
    )
    if log.status == "cancelled":
        raise KeyboardInterrupt
    end_log(partial, place)
