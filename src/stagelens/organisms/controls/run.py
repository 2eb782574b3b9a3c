"""Makes the positive controls of a study, has its judges grade them, and reads what they showed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from stagelens.benchmarks import get_benchmark
from stagelens.engine import Outcome, left_out, run
from stagelens.engine.folder import RunFolder
from stagelens.engine.pricing import price_judging
from stagelens.engine.progress import Reporter, silent
from stagelens.engine.shards import read_questions
from stagelens.errors import InputError
from stagelens.organisms.build import STUDY, write_study
from stagelens.organisms.controls.design import control_spec, control_study
from stagelens.organisms.controls.reading import RULES, STANDS, absent, impossible, read_control
from stagelens.organisms.data import data_files
from stagelens.organisms.groups import GROUPS
from stagelens.organisms.spec import OrganismSpec
from stagelens.organisms.study import study_text
from stagelens.outcomes.controls import graders
from stagelens.outcomes.table import read_table
from stagelens.statistics.results import Control
from stagelens.study.spec import Study

MOST_ITEMS: Final = 120
"""Of each benchmark: a change of ninety points needs no more, and a judge may cost money."""
TRAINS: Final = ("torch", "transformers", "trl")
"""What trains a small model; a study of models behind an API does without."""


@dataclass(frozen=True, slots=True)
class Controlled:
    """A control for each of a study's benchmarks, in the study's order.

    ``missing``: a sentence for every cell of theirs with items that another run could fill.
    """

    controls: tuple[Control, ...]
    missing: tuple[str, ...]


def run_controls(
    study: Study,
    folder: Path,
    *,
    size: Callable[[Study], Study] | None = None,
    reporter: Reporter | None = None,
) -> Controlled:
    """Have the judges of a study grade one small organism with a planted change in each of its benchmarks.

    What is in ``folder`` already is not made or asked again. A control that could not be run is there without a
    finding, and says why.

    Args:
        study: names benchmarks, judges, error rate, margins and the method.
        folder: gets ``<benchmarks>`` with the organism's study and data, and ``runs/<benchmarks>``, its run folder.
        size: changes the organism's study before it is made, as for a smaller one; None: as it is.
        reporter: told what is made, and beforehand what judges will be asked.
    """
    reporter, spec = reporter or silent(), control_spec(study)
    without = [impossible(name) for name in study.benchmarks if name not in GROUPS]
    if spec is None:
        return _in_order(study, without, ())
    of = "-".join(spec.plants)  # a study that gains a benchmark gets another organism
    root = folder / "runs" / of
    unready = _unready(spec, folder / of, RunFolder(root))
    if unready is not None:
        return _in_order(study, [*without, *(absent(name, unready) for name in spec.plants)], ())
    try:
        made = write_study(spec, folder / of)
        made = made if size is None else size(made)
        asked = control_study(made, study, _judged(made))
        lacks = left_out(asked)
        if len(lacks) == len(spec.plants) and not root.exists():
            return _in_order(study, [*without, *(absent(name, lack) for name, lack in lacks.items())], ())
        _announce(asked, reporter)
        outcome = run(asked, out=root, limit=MOST_ITEMS, reporter=reporter)
    except InputError as error:
        return _in_order(study, [*without, *(absent(name, str(error)) for name in spec.plants)], ())
    return _in_order(study, [*without, *_read(study, asked, outcome, lacks)], outcome.missing)


def _unready(spec: OrganismSpec, place: Path, run_folder: RunFolder) -> str | None:
    """Why an organism cannot be made in ``place``, a clause; None where it can, or has been."""
    for name, text in {**data_files(spec), STUDY: study_text(spec)}.items():
        file = place / name
        if file.is_file() and file.read_bytes() != text.encode():
            return f"{place.parent} was made by another release of StageLens: remove it, and the same command goes on"
    lacking = [name for name in TRAINS if find_spec(name) is None]
    if lacking and not run_folder.verdicts.is_file():
        return f"training its small model needs {', '.join(lacking)}: pip install 'stagelens[local]'"
    return None


def _announce(asked: Study, reporter: Reporter) -> None:
    reporter.say(f"positive controls: a change is planted in {', '.join(asked.benchmarks)} of a small model")
    for cost in price_judging(asked, read_questions(asked, limit=MOST_ITEMS)):
        reporter.say(
            f"positive controls, {cost.benchmark}: at most {cost.calls:,} calls of {cost.judge}, "
            f"{cost.prompt_tokens:,} prompt and {cost.answer_tokens:,} answer tokens"
        )


def _judged(made: Study) -> set[str]:
    """The benchmarks of an organism whose planted measure judges give, if there are any: of a choice, rules do."""
    found = set()
    for questions in read_questions(made):
        name = questions.benchmark.name
        rubric = questions.benchmark.rubric(questions.settings, made.folder)
        groups = {item.group for item in questions.items}
        if rubric is not None and (
            rubric.measures is None or any(GROUPS[name].measure in rubric.measures(group) for group in groups)
        ):
            found.add(name)
    return found


def _read(study: Study, asked: Study, outcome: Outcome, lacks: Mapping[str, str]) -> list[Control]:
    by_measure = {(result.benchmark, result.measure): result for result in outcome.verdicts.results}
    judges, (family,) = graders(read_table(outcome.folder.outcomes)), asked.families
    controls = []
    for name in asked.benchmarks:
        measure = GROUPS[name].measure
        own = (sentence for sentence in outcome.missing if sentence.split(": ", 1)[0].endswith(f"/{name}"))
        controls.append(
            read_control(
                by_measure.get((name, measure)),
                name,
                asked.analysis.alpha,
                judges=judges.get((family, name, measure), ()),
                cause=lacks.get(name) or next(own, "its answers were not graded"),
                note=_note(study, asked, name),
            )
        )
    return controls


def _note(study: Study, asked: Study, name: str) -> str:
    """What of the study's judge of a benchmark its control cannot show, whatever it finds."""
    if study.judge_of(name) is None:
        return ""
    if name not in asked.judges:
        return RULES
    benchmark = get_benchmark(name)
    settings = benchmark.settings(asked.benchmarks[name], where=asked.where("benchmarks", name))
    rubric = benchmark.rubric(settings, asked.folder)
    return STANDS if rubric is not None and rubric.rule_stands else ""


def _in_order(study: Study, controls: list[Control], missing: tuple[str, ...]) -> Controlled:
    by_name = {control.benchmark: control for control in controls}
    return Controlled(tuple(by_name[name] for name in study.benchmarks), missing)
