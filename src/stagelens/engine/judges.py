"""Who judges what: every benchmark's judges, what identifies them, and whom they may not judge."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stagelens.benchmarks import get_benchmark
from stagelens.benchmarks.base import Benchmark
from stagelens.errors import InputError
from stagelens.judges.asking import TRIES
from stagelens.judges.names import same_model
from stagelens.judges.rubric import Rubric
from stagelens.stages.adopt import adopt
from stagelens.study.asked import Asked, asked_stages
from stagelens.study.fingerprint import fingerprint
from stagelens.study.paths import is_local, resolve
from stagelens.study.rules import judge_name
from stagelens.study.spec import CascadeSpec, JudgeSpec, Stage, Study

if TYPE_CHECKING:
    from inspect_ai.model import Model


@dataclass(frozen=True, slots=True)
class Judge:
    """A model that judges. ``name`` is what outcome tables call it, ``stage`` how it is adopted, as a stage is."""

    name: str
    stage: Stage
    folder: Path

    @property
    def model(self) -> str:
        """Its model as the study names it."""
        return self.stage.model or ""

    def content(self) -> dict[str, Any]:
        """What it is, by content (see ``Adopted.fingerprint``); asks the hub for a commit where it lies there."""
        return adopt(self.stage, self.folder).fingerprint()

    def is_model_of(self, stage: Stage, checkpoint: Path | None) -> bool:
        """Whether it would judge its own answers: the same place on this machine, or a model of the same name.

        Args:
            stage: a stage of the study.
            checkpoint: where the stage's checkpoint lies, if it lies on this machine.
        """
        if is_local(self.model):
            return checkpoint is not None and resolve(self.model, self.folder).resolve() == checkpoint.resolve()
        return stage.model is not None and not is_local(stage.model) and same_model(self.model, stage.model)

    def load(self, content: dict[str, Any]) -> Model:
        """The judge as an Inspect model, of exactly this ``content``.

        Raises:
            InputError: it cannot be used.
        """
        from stagelens.models import resolve_model

        stage = self.stage
        if content["form"] == "hub":
            stage = stage.model_copy(update={"revision": content["commit"]})
        checkpoint = resolve(self.model, self.folder) if is_local(self.model) else None
        try:
            # A name of its own for every checkpoint: Inspect's caches know models by name.
            return resolve_model(stage, checkpoint=checkpoint, label=f"judge-{fingerprint(content)[:12]}")
        except InputError:
            raise
        except Exception as error:  # providers refuse in ways of their own
            raise InputError(f"The judge {self.model} cannot be used: {error}") from error


@dataclass(frozen=True, slots=True)
class Panel:
    """The judges of one benchmark, one or more, and how they judge.

    With ``cascade`` they are asked about what a screen flags and about some of the rest (see ``engine.drawing``). The
    ``screen`` is a panel of one, asked about all answers; None where the benchmark's own rules screen.
    """

    benchmark: str
    rubric: Rubric
    judges: tuple[Judge, ...]
    thoughts: bool
    max_tokens: int
    cascade: CascadeSpec | None = None
    screen: Panel | None = None

    @property
    def everyone(self) -> tuple[Panel, ...]:
        """The panels that are asked: the screen, where a model screens, and this one."""
        return (self,) if self.screen is None else (self.screen, self)

    def inputs(self, content: dict[str, Any]) -> dict[str, Any]:
        """All that decides a judgement besides the record: the judge of this ``content``, the rubric, the form."""
        return {
            "judge": content,
            "rubric": [self.rubric.name, self.rubric.version],
            "answer": self.rubric.answer.model_json_schema(),
            "max_tokens": self.max_tokens,
            "temperature": 0.0,
            "tries": TRIES,
        }

    def judges_of(self, stage: Stage, checkpoint: Path | None) -> tuple[Judge, ...]:
        """Those that may judge a stage: all but the stage's own model."""
        return tuple(judge for judge in self.judges if not judge.is_model_of(stage, checkpoint))


def read_panels(study: Study, settings: Iterable[tuple[Benchmark, Any]], root: Path | None = None) -> dict[str, Panel]:
    """The judges of every benchmark that models judge, by benchmark.

    Args:
        study: names them.
        settings: its benchmarks, each with its settings read.
        root: the run folder, where trained stages lie; None where there is none yet.

    Raises:
        InputError: a benchmark lacks the judge that it needs, has one that it has no use for, a cascade without a
            screen, or a stage would be judged by nobody but itself.
    """
    panels = {}
    for benchmark, own in settings:
        rubric, spec = benchmark.rubric(own, study.folder), study.judge_of(benchmark.name)
        if rubric is None:
            if benchmark.name in study.judges:
                where = study.where("judges", benchmark.name)
                raise InputError(f"{where}: {benchmark.name} is graded by rules alone; remove its judge.")
        elif spec is not None:
            if spec.cascade is not None:
                _check_cascade(benchmark, rubric, spec, study, needs_judge=benchmark.needs_judge(own, study.folder))
            panels[benchmark.name] = _panel(benchmark.name, rubric, spec, study, root)
        elif benchmark.needs_judge(own, study.folder):
            raise InputError(
                f"{study.where('benchmarks', benchmark.name)}: no rule grades these answers, and the study names no "
                f"judge; add `judges: {{{benchmark.name}: {{model: MODEL}}}}`."
            )
    return panels


def benchmark_settings(study: Study) -> list[tuple[Benchmark, Any]]:
    """The study's benchmarks with their settings, read and checked; no items are read."""
    found = [(get_benchmark(name), raw) for name, raw in study.benchmarks.items()]
    return [
        (benchmark, benchmark.settings(raw, where=study.where("benchmarks", benchmark.name)))
        for benchmark, raw in found
    ]


def _panel(name: str, rubric: Rubric, spec: JudgeSpec, study: Study, root: Path | None) -> Panel:
    def of(models: Iterable[str]) -> Panel:
        judges = tuple(
            Judge(judge_name(model), Stage(name=f"judge {model}", kind="sft", model=model), study.folder)
            for model in models
        )
        return Panel(name, rubric, judges, spec.thoughts, spec.max_answer_tokens)

    screen = None if spec.screen is None else of([spec.screen])
    panel = replace(of(spec.models), cascade=spec.cascade, screen=screen)
    for family in study.families:
        for asked in asked_stages(study, family):
            for each in panel.everyone:
                if not each.judges_of(asked.stage, stage_checkpoint(family, asked, study, root)):
                    raise InputError(
                        f"{_where(name, study)}: {each.judges[0].model} is the model of stage "
                        f"{family}/{asked.stage.name}, and no model judges itself; name another, or a panel."
                    )
    return panel


def _check_cascade(benchmark: Benchmark, rubric: Rubric, spec: JudgeSpec, study: Study, *, needs_judge: bool) -> None:
    """Raise InputError where a judge of chosen answers could not correct what is said of all."""
    where = f"{_where(benchmark.name, study)}.cascade"
    if rubric.rule_stands or rubric.overrules:
        raise InputError(
            f"{where}: in {benchmark.name} what a rule has proven stands whatever judges say, so every answer has to "
            "be judged; remove the cascade."
        )
    if needs_judge and spec.screen is None:
        raise InputError(
            f"{where}: no rule grades the answers of {benchmark.name}, so there is nothing to screen them; name a "
            "cheap model, `screen: MODEL`, or remove the cascade."
        )


def _where(benchmark: str, study: Study) -> str:
    return study.where("judges", benchmark if benchmark in study.judges else "default")


def stage_checkpoint(family: str, asked: Asked, study: Study, root: Path | None) -> Path | None:
    """Where a stage's checkpoint lies on this machine, or will; None for a hub id or a model behind an API.

    A base that is asked a second time is the same checkpoint.
    """
    stage = asked.stage
    if stage.trained:
        return None if root is None else root / "checkpoints" / family / asked.checkpoint
    return resolve(stage.model, study.folder) if stage.model and is_local(stage.model) else None
