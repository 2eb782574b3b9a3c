"""The judging phase of a run: every answer that models judge, each distinct one once, in an order blind to stages."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

from stagelens.engine.drawing import Draw, draw
from stagelens.engine.folder import RunFolder
from stagelens.engine.grades import AttemptKey, DrawnKey, JudgedAttempts, judged_measures, with_drawn, with_judges
from stagelens.engine.judge_logs import Question, ask_judge, loaded
from stagelens.engine.judgements import Judgements
from stagelens.engine.judges import Judge, Panel, stage_checkpoint
from stagelens.engine.progress import Reporter
from stagelens.files import write_text
from stagelens.judges.asking import Judgement
from stagelens.judges.message import full_message
from stagelens.judges.order import Turn, content_id, in_order, turns
from stagelens.outcomes.answer_files import AnswerFile
from stagelens.study.asked import Asked
from stagelens.study.spec import Study

TURNS_PER_LOG: Final = 256

_UNJUDGED: Final = Judgement(None, {}, "the judge was not asked", 0)


@dataclass(frozen=True, slots=True)
class StageLog:
    """A log of one stage's answers to one benchmark."""

    family: str
    asked: Asked
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
        self._screens = {name: panel.screen for name, panel in panels.items() if panel.screen is not None}
        self._asking = [each for panel in panels.values() for each in panel.everyone]
        self._draws: dict[str, Draw] = {}
        self._study = study
        self._folder = folder
        self._reporter = reporter
        models = {judge.model: judge for panel in self._asking for judge in panel.judges}
        self._contents = {model: judge.content() for model, judge in models.items()}
        self._stores = {
            (panel.benchmark, judge.name): Judgements(
                folder.judgements(panel.benchmark), judge.name, panel.inputs(self._contents[judge.model])
            )
            for panel in self._asking
            for judge in panel.judges
        }
        self._asked: dict[tuple[str, str], Counter[str]] = {}

    def grade(self, rows: pl.DataFrame, logs: Iterable[StageLog]) -> pl.DataFrame:
        """Have every answer in ``logs`` judged that has not been, and add what the judges said to ``rows``.

        In a cascade that is its screen, where a model screens; then its judges judge what is drawn, and messages about
        other answers are not even made. What a judge failed to grade at another time is tried again, once for each
        instance of this class.
        """
        mine = [log for log in logs if log.benchmark in self._panels]
        screened = [(log, self._screens[log.benchmark], None) for log in mine if log.benchmark in self._screens]
        rows = with_judges(rows, self._judged(screened, self._screens), self._screens)
        wanted, chances = self._drawn(rows, mine)
        judged = self._judged(
            [(log, self._panels[log.benchmark], wanted.get((log.family, log.benchmark))) for log in mine], self._panels
        )
        plain = {name: panel for name, panel in self._panels.items() if panel.cascade is None}
        rows = with_judges(rows, {key: said for key, said in judged.items() if key[2] in plain}, plain)
        drawn = {key: said for key, said in judged.items() if key[2] not in plain}
        return with_drawn(rows, drawn, chances, self._panels)

    def summary(self) -> list[dict[str, Any]]:
        """What a report says of the judging: plain JSON, one entry a benchmark and judge."""
        return [
            {
                "benchmark": panel.benchmark,
                "judge": judge.name,
                "rubric": panel.rubric.version,
                "thoughts": panel.thoughts,
                "drawn": {} if panel.cascade is None else self._draws[panel.benchmark].counts(),
                **self._stores[panel.benchmark, judge.name].counts(
                    self._asked.get((panel.benchmark, judge.name), Counter())
                ),
            }
            for panel in self._asking
            for judge in panel.judges
        ]

    def _drawn(
        self, rows: pl.DataFrame, logs: Sequence[StageLog]
    ) -> tuple[dict[tuple[str, str], set[tuple[str, int]]], dict[DrawnKey, float]]:
        """What cascades draw, as the screen left the ``rows``: by family and benchmark, and each attempt's chance."""
        wanted: dict[tuple[str, str], set[tuple[str, int]]] = {}
        chances: dict[DrawnKey, float] = {}
        for name, panel in self._panels.items():
            if panel.cascade is None:
                continue
            own = [log for log in logs if log.benchmark == name]
            wanted |= {(log.family, name): set() for log in own}
            self._draws[name] = draw(
                rows.filter(pl.col("benchmark") == name),
                (
                    (log.family, log.asked.stage.name, *answer)
                    for log in own
                    for answer in AnswerFile(name, log.path).groups()
                ),
                panel.rubric,
                panel.cascade,
                benchmark=name,
                screen=None if panel.screen is None else panel.screen.judges[0].name,
                seed=self._study.seed,
            )
            for family, item, epoch, chance in self._draws[name].chosen.iter_rows():
                wanted[family, name].add((item, epoch))
                chances[family, name, item, epoch] = chance
        return wanted, chances

    def _judged(
        self,
        logs: Sequence[tuple[StageLog, Panel, Set[tuple[str, int]] | None]],
        panels: Mapping[str, Panel],
    ) -> JudgedAttempts:
        """What the panels say of the answers in these logs, all of them or those of the (item, epoch) beside a log."""
        questions: dict[str, Question] = {}
        attempts = [attempt for log, panel, wanted in logs for attempt in self._read(log, panel, wanted, questions)]
        for model in self._contents:
            self._ask(model, list(panels.values()), attempts, questions)
        return {
            attempt.key: (
                attempt.measures,
                {
                    judge.name: self._stores[attempt.key[2], judge.name].found.get(attempt.content, _UNJUDGED)
                    for judge in attempt.judges
                },
            )
            for attempt in attempts
        }

    def _read(
        self, log: StageLog, panel: Panel, wanted: Set[tuple[str, int]] | None, questions: dict[str, Question]
    ) -> Iterator[_Attempt]:
        """The attempts in a log that are to be judged; what judges are asked is added to ``questions``."""
        if wanted is not None and not wanted:
            return
        checkpoint = stage_checkpoint(log.family, log.asked, self._study, self._folder.root)
        judges = panel.judges_of(log.asked.stage, checkpoint)
        for attempt in AnswerFile(log.benchmark, log.path).attempts(wanted):
            measures = judged_measures(panel.rubric, attempt.group, attempt.records)
            if measures:
                record = attempt.conversation.record(attempt.group, attempt.evidence, thoughts=panel.thoughts)
                message = full_message(panel.rubric, record)
                content = content_id(message, attempt.group)
                questions[content] = message, attempt.group
                key = log.family, log.asked.stage.name, log.benchmark, attempt.item, attempt.epoch
                yield _Attempt(key, measures, content, judges)

    def _ask(
        self, model: str, panels: Sequence[Panel], attempts: Sequence[_Attempt], questions: Mapping[str, Question]
    ) -> None:
        """Put to one model all that it has not judged, whatever the benchmark; it is loaded only where there is any."""
        work = []
        for panel in panels:
            for judge in panel.judges:
                if judge.model == model:
                    store = self._stores[panel.benchmark, judge.name]
                    store.read()
                    due = self._due(panel, judge, store, attempts)
                    if due:
                        work.append((panel, judge, store, due))
        if not work:
            return
        with loaded(work[0][1], self._contents[model]) as asked:
            for panel, judge, store, due in work:
                with self._reporter.bar(f"{panel.benchmark}: judged by {judge.name}") as step:
                    for start in range(0, len(due), TURNS_PER_LOG):
                        step(start, len(due))
                        ask_judge(asked, panel, store, due[start : start + TURNS_PER_LOG], questions)
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
