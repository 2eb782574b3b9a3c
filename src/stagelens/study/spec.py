"""The study file as types: what is asked, of which stages, under which margins.

Every model forbids unknown keys and is frozen: a study is fixed before it runs. Types are strict, so that a number in
quotes is not taken for a number. Defaults that depend on other fields (``from``, ``elicitation``, ``margins.default``)
are filled in here. Paths are kept as written and resolved against ``Study.folder``, the study file's own folder.
What no single field can show to be wrong is in ``rules``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from stagelens.statistics.data import Method
from stagelens.statistics.design.looks import MOST_LOOKS
from stagelens.study.problems import Places

StageKind = Literal["pretrain", "pretrained", "sft", "dpo", "rl"]
Prompting = Literal["chat", "raw", "urial", "urial_benign", "urial_careful", "template"]
"""How a stage is asked. ``urial`` asks a base model under both few-shot prompts, the benign one first: a cause has to
hold under both. The next two name one of them alone."""
CounterfactualRole = Literal["format", "neither", "sft_only", "rl_only", "both"]
"""What a stage that is no step stands for; see ``statistics.data.FamilyRules``."""

PRETRAINING: Final = ("pretrain", "pretrained")
"""The kinds of a stage that has no stage before it: trained here, and adopted."""

SPLITTING: Final = ("vllm/", "sglang/")
"""How models of Inspect's are named that it serves on this machine's GPUs, and can split over them."""

MOST_SEEDS: Final = 100
DEFAULT_MARGIN: Final = 0.05
"""Of rates, where a study fixes none."""
SEQUENTIAL_LOOKS: Final = 5
"""Of a run that stops as soon as it is decided, where a study fixes none."""


class Spec(BaseModel):
    """A part of a study file."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, strict=True, allow_inf_nan=False)


class Provenance(Spec):
    """Who wrote a source: humans, a model (``teacher``, which had been through ``teacher_stage``), or templates.

    Further keys are kept as they are: a licence, an address, a date.
    """

    model_config = ConfigDict(extra="allow")

    author: Literal["human", "model", "template"] | None = None
    teacher: str | None = None
    teacher_stage: Literal["pretrained", "sft", "dpo", "rl", "unknown"] | None = None

    def written(self) -> dict[str, Any]:
        """What the study file says, without what it leaves open."""
        return self.model_dump(exclude_unset=True)


class Source(Spec):
    """One source of a mixture: a file or a folder of files (``path``), or a dataset of the hub (``dataset``).

    Rows are chats (``messages``, or ShareGPT's ``conversations``), ``prompt`` and ``completion``, or (pretraining)
    ``text``; preferences have ``prompt``, ``chosen`` and ``rejected``; RL takes ``prompt`` alone.

    ``dataset: hf/org/name`` has a configuration (``subset``), a ``split`` and a ``revision``. ``take`` reads only the
    first so many rows. ``filter`` keeps rows by their fields. The source gives ``count`` examples, or its share by
    ``weight`` of what the counted ones leave; one of the two, weight 1 where neither is written.
    """

    name: str
    path: str | None = None
    dataset: str | None = None
    subset: str | None = None
    split: str = "train"
    revision: str | None = None
    take: int | None = Field(default=None, ge=1)
    filter: dict[str, Any] = Field(default_factory=dict)
    weight: float = Field(default=1.0, ge=0)
    count: int | None = Field(default=None, ge=1)
    provenance: Provenance = Provenance()


class Decontamination(Spec):
    """What is done about items of the benchmarks that stand in a mixture, verbatim or lightly edited.

    Of no benchmark may more than ``at_most`` of its items (0 to 1) be found, unless it is in ``allow``. ``remove``
    leaves the rows that hold one out, before anything is drawn; not those of a benchmark in ``allow``.
    """

    remove: bool = False
    at_most: float = Field(default=0.01, ge=0, le=1)
    allow: tuple[str, ...] = Field(default=(), strict=False)


class Replacement(Spec):
    """Sources that are replaced: the rows that would have been drawn from ``sources`` come from ``by`` instead.

    All other rows stay the same ones, and as much text comes in as goes out.
    """

    sources: tuple[str, ...] = Field(min_length=1, strict=False)
    by: tuple[str, ...] = Field(min_length=1, strict=False)


class Mixture(Spec):
    """What a stage is trained on: ``examples`` drawn from the sources by weight, or (None) all of them once.

    ``deduplicate`` keeps the first of rows that say the same.
    """

    examples: int | None = Field(default=None, ge=1)
    sources: tuple[Source, ...] = Field(min_length=1, strict=False)
    deduplicate: bool = False
    decontaminate: Decontamination = Decontamination()
    replace: Replacement | None = None


class Resources(Spec):
    """What one task on a cluster takes of a node, to train a stage or to ask it (``stagelens run --engine ray``).

    ``gpus`` are whole ones, or a part of one. ``tensor_parallel`` is over how many of them vLLM or SGLang splits the
    model, on any engine; all that the task has, where it is not written.
    """

    cpus: int = Field(default=1, ge=1)
    gpus: float = Field(default=0, ge=0)
    tensor_parallel: int | None = Field(default=None, ge=1)


class Stage(Spec):
    """A checkpoint in a family: adopted (``model``) or trained (``recipe`` and ``mixture``).

    ``from`` is the stage that it comes from: the step before, where nothing else is written. ``elicitation`` is how it
    is asked: a base model raw, without a chat template, unless something else is written; ``chat_template`` is the file
    that ``elicitation: template`` borrows (production's own, where none is named), and an answer also ends before a
    text of ``stop``. A stage with a ``counterfactual`` is no step: it is asked and has levels, and says what the steps'
    data do.

    ``seeds`` trains it so many times, with the study's seed and those that follow it; a stage that is trained from it
    has as many. ``save_at`` keeps it also after these parts of its training (between 0 and 1): the saved points are
    asked like stages, and show when a property appears.

    ``resources`` is where the work fits, and no part of what decides it.
    """

    name: str
    kind: StageKind
    model: str | None = None
    revision: str | None = None
    subfolder: str | None = None
    from_: str | None = Field(default=None, alias="from")
    recipe: dict[str, Any] | None = None
    mixture: Mixture | None = None
    seeds: int | None = Field(default=None, ge=1, le=MOST_SEEDS)
    save_at: tuple[float, ...] = Field(default=(), strict=False)
    elicitation: Prompting = Field(default_factory=lambda stage: "raw" if stage["kind"] in PRETRAINING else "chat")
    chat_template: str | None = None
    stop: tuple[str, ...] = Field(default=(), strict=False)
    same_mixture: Literal["yes", "no", "unknown"] = "yes"
    counterfactual: CounterfactualRole | None = None
    trust_remote_code: bool = False
    resources: Resources | None = None

    @property
    def trained(self) -> bool:
        """Whether StageLens makes this stage, rather than adopting a checkpoint."""
        return self.model is None

    @property
    def prompting(self) -> Prompting:
        """How the stage is asked: its ``elicitation``."""
        return self.elicitation


class Family(Spec):
    """Stages in order; the last that is not counterfactual is production."""

    stages: tuple[Stage, ...] = Field(min_length=2, strict=False)

    @property
    def steps(self) -> tuple[Stage, ...]:
        """The stages that are steps, in order: all but the counterfactual ones."""
        return tuple(stage for stage in self.stages if stage.counterfactual is None)

    @property
    def production(self) -> Stage:
        """The last step."""
        return self.steps[-1]

    @field_validator("stages")
    @classmethod
    def _descend_in_order(cls, stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
        descended, before = [], None
        for stage in stages:
            given = stage.from_ is not None or before is None
            descended.append(stage if given else stage.model_copy(update={"from_": before}))
            before = stage.name if stage.counterfactual is None else before
        return tuple(descended)


class Generation(Spec):
    """How answers are sampled: explicit, the same for every stage, never a checkpoint's own defaults."""

    temperature: float = Field(default=1.0, ge=0)
    top_p: float = Field(default=1.0, gt=0, le=1)
    max_answer_tokens: int = Field(default=512, ge=1)
    max_thinking_tokens: int = Field(default=0, ge=0)
    system_prompt: str | None = None
    chat_template: Literal["own", "production", "both"] = "own"


class CascadeSpec(Spec):
    """Which answers a dear judge is asked about: shares of the attempts that a screen flagged, and of the rest.

    All of a family's answers to an attempt are asked about together. What the screen cannot grade is asked for certain.
    """

    flagged: float = Field(default=1.0, gt=0, le=1)
    rest: float = Field(default=0.05, gt=0, le=1)


class JudgeSpec(Spec):
    """Who judges a benchmark's answers: one ``model``, or a ``panel`` of which the median counts.

    With ``cascade`` they judge a chosen part, which corrects what a screen says of all answers: the benchmark's own
    rules, or the cheap model ``screen``. Models are named as a stage's is. ``thoughts`` shows judges what stages
    thought, the same for all of them. ``max_answer_tokens`` is of a judge's answer, its own thoughts included.
    """

    model: str | None = None
    panel: tuple[str, ...] = Field(default=(), strict=False)
    cascade: CascadeSpec | None = None
    screen: str | None = None
    thoughts: bool = False
    max_answer_tokens: int = Field(default=2048, ge=16)

    @property
    def models(self) -> tuple[str, ...]:
        """All of its models."""
        return self.panel if self.model is None else (self.model,)


class Analysis(Spec):
    """The error rate and the margins, fixed before the run.

    ``margins`` keys: ``default`` (rates), a benchmark (its rates), or ``benchmark/measure``. ``method`` reads
    differences of rates (see ``statistics.data``). With two ``looks`` or more, a run asks in as many parts, and stops
    asking a family the items of measures that are decided.
    """

    alpha: float = Field(default=0.05, gt=0, lt=0.5)
    multiplicity: Literal["holm"] = "holm"
    method: Method = "tango_neff"
    looks: int = Field(default=1, ge=1, le=MOST_LOOKS)
    margins: dict[str, float] = Field(default_factory=dict, validate_default=True)

    @field_validator("margins")
    @classmethod
    def _with_default(cls, margins: dict[str, float]) -> dict[str, float]:
        return {"default": DEFAULT_MARGIN} | margins


class ClaimSpec(Spec):
    """At least ``at_least`` of ``measures`` (each ``benchmark/measure``) are established by the stage named."""

    measures: tuple[str, ...] = Field(min_length=1, strict=False)
    established_by: str
    at_least: int = Field(ge=1)
    in_: Literal["every_family", "any_family"] = Field(default="every_family", alias="in")


class Study(Spec):
    """A whole study file.

    ``folder`` is where its relative paths start, ``places`` says where in the file each field stands; a study made in
    Python leaves both out.
    """

    name: str
    seed: int = Field(default=0, ge=0, lt=2**32)
    families: dict[str, Family] = Field(min_length=1)
    generation: Generation = Generation()
    benchmarks: dict[str, dict[str, Any]] = Field(min_length=1)
    judges: dict[str, JudgeSpec] = Field(default_factory=dict)
    analysis: Analysis = Analysis()
    claims: tuple[ClaimSpec, ...] = Field(default=(), strict=False)
    folder: Path = Field(default=Path(), exclude=True, strict=False)
    places: Places = Field(default=Places(), exclude=True, repr=False)

    @staticmethod
    def load(path: str | Path) -> Study:
        """Read a study file; InputError names file, line and field of what is wrong. See ``load.load_study``."""
        from stagelens.study.load import load_study

        return load_study(path)

    def judge_of(self, benchmark: str) -> JudgeSpec | None:
        """Who judges a benchmark: its own entry in ``judges``, else the default's, else no model."""
        return self.judges.get(benchmark) or self.judges.get("default")

    def sequential(self) -> Study:
        """The same study in several looks: its own ``analysis.looks``, or ``SEQUENTIAL_LOOKS`` where it has one."""
        if self.analysis.looks > 1:
            return self
        return self.model_copy(update={"analysis": self.analysis.model_copy(update={"looks": SEQUENTIAL_LOOKS})})

    def where(self, *path: str | int) -> str:
        """A field in words, for an error: ``study.yaml:12: benchmarks.safety``."""
        return self.places.where(path)
