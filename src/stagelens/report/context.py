"""What a report shows beside the verdicts: how each stage was asked, where it comes from, what it answered.

Everything is optional: a bare outcome table gives a report too. ``None`` means "not known" and is shown as such.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from stagelens.judges.turns import Part
from stagelens.outcomes.answers import AnswerSummary


@dataclass(frozen=True, slots=True)
class ParityRow:
    """How one stage was asked: what has to be equal between stages for their answers to be compared.

    Budgets are in tokens; ``truncated`` and ``thoughts`` are shares of the answers, 0 to 1. An empty
    ``system_prompt`` says that there was none; ``None`` says that nobody knows. ``stop`` are texts that ended answers.
    """

    family: str
    stage: str
    kind: str | None = None
    prompting: str | None = None
    chat_template: str | None = None
    system_prompt: str | None = None
    temperature: float | None = None
    top_p: float | None = None
    answer_tokens: int | None = None
    thinking_tokens: int | None = None
    answers: int | None = None
    mean_answer_tokens: float | None = None
    truncated: float | None = None
    thoughts: float | None = None
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LineageRow:
    """Where a stage comes from: ``made`` is its recipe or the adopted model, ``from_stage`` the stage it started at."""

    family: str
    stage: str
    kind: str | None = None
    made: str | None = None
    from_stage: str | None = None


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One source of the mixture that a stage was trained on here.

    ``drawn`` rows of ``rows`` were trained on, with ``trained_tokens`` that carried loss; ``None``: nobody counted.
    ``author``, ``teacher`` and ``teacher_stage`` are the study's words. ``duplicates`` and ``contaminated`` rows were
    left out: those that said the same, and, by benchmark, those that held one of its items. Of the rows drawn ``cut``
    were longer than the recipe's `max_length`, and ``lost`` kept nothing that teaches.
    """

    family: str
    stage: str
    source: str
    rows: int | None = None
    drawn: int | None = None
    trained_tokens: int | None = None
    author: str | None = None
    teacher: str | None = None
    teacher_stage: str | None = None
    duplicates: int = 0
    cut: int = 0
    lost: int = 0
    contaminated: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LossPoint:
    """The mean loss at a step, in nats for each trained token, and that of every source that took part in it.

    ``reward``: the mean reward of RL, whose loss says nothing; None elsewhere.
    """

    step: int
    loss: float
    sources: Mapping[str, float] = field(default_factory=dict)
    reward: float | None = None


@dataclass(frozen=True, slots=True)
class ContaminationRow:
    """How many of a benchmark's ``items`` stand in the mixture of a stage, ``exact`` of those ``found`` verbatim.

    ``rows`` hold them; ``removed`` says that these were left out. ``example`` is a passage that was found.
    """

    family: str
    stage: str
    benchmark: str
    items: int
    found: int
    exact: int
    rows: int
    removed: bool
    example: str | None = None


@dataclass(frozen=True, slots=True)
class Training:
    """How one stage was trained here: its sources, what of the benchmarks stands in them, its losses step by step.

    ``again``: a further run of a stage, with another seed, of which all but the losses has been said already.
    """

    family: str
    stage: str
    kind: str
    sources: tuple[SourceRow, ...] = ()
    losses: tuple[LossPoint, ...] = ()
    contamination: tuple[ContaminationRow, ...] = ()
    again: bool = False


@dataclass(frozen=True, slots=True)
class JudgeRow:
    """One judge of one benchmark.

    ``thoughts``: whether it was shown what stages thought. ``answers`` were judged, of which ``contents`` are distinct.
    ``ungraded``: how many contents have no grade, by cause. ``repeats`` judgements were made again of some of them,
    ``same`` of which were as before; ``shift``: by measure, later minus first, on average. ``drawn``: of a cascade's
    judge, by kind of attempt how many there were and how many were drawn; empty where all were asked about.
    """

    benchmark: str
    judge: str
    thoughts: bool
    answers: int
    contents: int
    ungraded: Mapping[str, int]
    repeats: int
    same: int
    shift: Mapping[str, float]
    drawn: Mapping[str, Sequence[int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FormRow:
    """The form of one stage's answers to a benchmark, whatever they say.

    ``stage`` is its name in outcome tables, ``asked`` that in the run folder: they differ in a stage's further runs.
    ``summary`` counts the answers and their tokens. ``template`` is the digest of the chat template of its own that the
    stage was asked under, ``None`` where it was asked otherwise or nobody knows. ``unsigned``: by measure, how many of
    how many answers a rule graded as it did only since it found no sign of anything (``judges.signs``).
    """

    family: str
    stage: str
    asked: str
    benchmark: str
    summary: AnswerSummary
    template: str | None = None
    unsigned: Mapping[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Example:
    """One stage's answer to one item, as generated. ``grade`` is the judge's word, ``group`` the benchmark's own.

    ``parts`` are what an agent said, did and was shown, and what a model thought; empty where there is but an answer.

    Examples that agree in family, benchmark and item are shown side by side, one column a stage.
    """

    family: str
    stage: str
    benchmark: str
    item: str
    prompt: str
    answer: str | None
    group: str | None = None
    status: str | None = None
    grade: str | None = None
    system: str | None = None
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportContext:
    """All that the verdicts do not carry. ``notes`` are sentences for the report's warnings.

    ``elsewhere`` names the SFT stages, as (family, stage), that were made elsewhere.
    """

    parity: tuple[ParityRow, ...] = ()
    lineage: tuple[LineageRow, ...] = ()
    examples: tuple[Example, ...] = ()
    judges: tuple[JudgeRow, ...] = ()
    trainings: tuple[Training, ...] = ()
    elsewhere: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    forms: tuple[FormRow, ...] = ()
