"""What no single field can show to be wrong: names, margins, judges and claims that do not fit the rest."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from stagelens.outcomes.grades import HUMAN, PANEL
from stagelens.outcomes.measures import KNOWN, Measure
from stagelens.study.asked import borrowed_name, borrows, point_name, second_name
from stagelens.study.lineage import family_problems
from stagelens.study.paths import is_local
from stagelens.study.problems import FieldPath, Problem, nearest
from stagelens.study.spec import ClaimSpec, JudgeSpec, Study

_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f/\\:*?"<>|,]')
MAX_NAME = 100
RULE: Final = "rule:"
"""How the names of judges that are rules begin."""


def problems(study: Study) -> list[Problem]:
    """Everything about the study that cannot be, as far as the study alone shows it; no file is looked at."""
    return [
        *_names(study),
        *(found for name, family in study.families.items() for found in family_problems(family, ("families", name))),
        *_judges(study),
        *_allowed(study),
        *_margins(study),
        *(found for index, claim in enumerate(study.claims) for found in _claim(claim, ("claims", index), study)),
    ]


def name_fault(name: str) -> str | None:
    """Why a name cannot name a folder, a column's value or a part of a command line; None where it can."""
    if not name.strip():
        return "a name must not be empty"
    if name != name.strip() or name.startswith((".", "-", "~")):
        return f"the name {name!r} must not start with '.', '-', '~' or a space, nor end with a space"
    unsafe = _UNSAFE.search(name)
    if unsafe:
        return f"the name {name!r} must not contain {unsafe.group()!r}: it also names a folder"
    if ".." in name or name.endswith("."):
        return f"the name {name!r} must not contain '..' or end with '.': it also names a folder"
    if len(name) > MAX_NAME:
        return f"the name must have at most {MAX_NAME} characters, not {len(name)}"
    return None


def _names(study: Study) -> Iterator[Problem]:
    """Names that become folders: the study's, the families', the stages', the benchmarks'."""
    yield from _name(study.name, ("name",))
    for key, family in study.families.items():
        yield from _name(key, ("families", key))
        stages = ("families", key, "stages")
        for index, stage in enumerate(family.stages):
            yield from _name(stage.name, (*stages, index, "name"))
        names, where = _asked_names(study, key, stages)
        yield from _repeated(names, where)
    for group, keys in (("families", list(study.families)), ("benchmarks", list(study.benchmarks))):
        yield from _repeated(keys, [(group, key) for key in keys])
    for key in study.benchmarks:
        yield from _name(key, ("benchmarks", key))


def _asked_names(study: Study, key: str, stages: FieldPath) -> tuple[list[str], list[FieldPath]]:
    """Every name that an outcome table would know, and the field that gives it: stages first, then what they add."""
    family = study.families[key]
    names = [stage.name for stage in family.stages]
    where: list[FieldPath] = [(*stages, index, "name") for index in range(len(names))]
    for index, stage in enumerate(family.stages):
        for place, part in enumerate(dict.fromkeys(stage.save_at)):
            names.append(point_name(stage.name, part))
            where.append((*stages, index, "save_at", place))
        if stage.elicitation == "urial":
            names.append(second_name(stage.name))
            where.append((*stages, index, "elicitation"))
        if borrows(stage, study, key):
            names.append(borrowed_name(stage.name))
            where.append(("generation", "chat_template"))
    return names, where


def _name(name: str, where: FieldPath) -> Iterator[Problem]:
    fault = name_fault(name)
    if fault:
        yield Problem(where, fault)


def _repeated(names: Sequence[str], where: Sequence[FieldPath]) -> Iterator[Problem]:
    """Names that are equal, or that some file systems take for equal."""
    taken: dict[str, str] = {}
    for name, path in zip(names, where, strict=True):
        other = taken.get(name.casefold())
        if other is not None:
            same = "is already taken" if other == name else f"differs from {other!r} only in upper and lower case"
            yield Problem(path, f"the name {name!r} {same}: give each its own")
        taken[name.casefold()] = name


def _allowed(study: Study) -> Iterator[Problem]:
    """Benchmarks whose items may stand in a mixture, and that the study does not ask."""
    for key, family in study.families.items():
        for index, stage in enumerate(family.stages):
            for place, name in enumerate(stage.mixture.decontaminate.allow if stage.mixture else ()):
                if name not in study.benchmarks:
                    at: FieldPath = ("families", key, "stages", index, "mixture", "decontaminate", "allow", place)
                    hint = nearest(name, study.benchmarks)
                    yield Problem(at, f"{name!r} is not a benchmark of this study; {hint}")


def _judges(study: Study) -> Iterator[Problem]:
    for key, judge in study.judges.items():
        where: FieldPath = ("judges", key)
        if key != "default" and key not in study.benchmarks:
            hint = nearest(key, ["default", *study.benchmarks])
            yield Problem(where, f"{key!r} is neither 'default' nor a benchmark of this study; {hint}")
        if (judge.model is None) == (not judge.panel):
            yield Problem(
                where, "a judge is one `model`, or a `panel: [MODEL, MODEL, …]` of several; name one of the two"
            )
        elif len(judge.panel) == 1:
            yield Problem(
                (*where, "panel"), f"a panel has two judges or more; for one, write `model: {judge.panel[0]}`"
            )
        taken: dict[str, str] = {}
        for index, model in enumerate(judge.panel):
            name, field = judge_name(model), (*where, "panel", index)
            if name in taken:
                same = (
                    "stands here twice" if taken[name] == model else f"has the name of {taken[name]}: rename its folder"
                )
                yield Problem(field, f"the judge {model} {same}")
            taken[name] = model
        yield from _screen(judge, where, taken)
        for name in map(judge_name, (*judge.models, *filter(None, (judge.screen,)))):
            if not name.strip() or name in (PANEL, HUMAN) or name.startswith(RULE):
                yield Problem(where, f"a judge must not be called {name!r}: outcome tables mean something else by it")


def _screen(judge: JudgeSpec, where: FieldPath, panel: Mapping[str, str]) -> Iterator[Problem]:
    if judge.screen is None:
        return
    if judge.cascade is None:
        yield Problem((*where, "screen"), "only a cascade has a screen; add `cascade: {}`, or remove the screen")
    elif judge_name(judge.screen) in {*panel, *map(judge_name, judge.models)}:
        yield Problem(
            (*where, "screen"), f"the screen {judge.screen} has the name of a judge that it screens for: name another"
        )


def judge_name(model: str) -> str:
    """What a judge is called in outcome tables: its model's name, of a path the last part."""
    return Path(model).name if is_local(model) else model


def _margins(study: Study) -> Iterator[Problem]:
    for key, margin in study.analysis.margins.items():
        where = ("analysis", "margins", key)
        benchmark, _, measure = key.partition("/")
        if key != "default" and (benchmark not in study.benchmarks or key.endswith("/")):
            hint = nearest(key, ["default", *study.benchmarks])
            yield Problem(where, f"a margin is for 'default', a benchmark of this study, or benchmark/measure; {hint}")
        known = KNOWN.get(measure) if measure else Measure("")
        limit = None if known is None else known.high - known.low
        if margin <= 0 or (limit is not None and margin >= limit):
            below = "" if limit is None else f" and less than {limit:g}, the measure's whole range"
            yield Problem(where, f"a margin must be more than 0{below}, not {margin:g}")


def _claim(claim: ClaimSpec, where: FieldPath, study: Study) -> Iterator[Problem]:
    for index, name in enumerate(claim.measures):
        benchmark, _, measure = name.partition("/")
        if not measure:
            yield Problem((*where, "measures", index), f"{name!r} must be written benchmark/measure")
        elif benchmark not in study.benchmarks:
            hint = nearest(benchmark, study.benchmarks)
            yield Problem((*where, "measures", index), f"{benchmark!r} is not a benchmark of this study; {hint}")
    twice = [name for name, count in Counter(claim.measures).items() if count > 1]
    if twice:
        yield Problem((*where, "measures"), f"{twice[0]!r} stands here more than once")
    for family, members in study.families.items():
        stages = [stage.name for stage in members.steps]
        if any(claim.established_by == stage.name for stage in members.stages if stage.counterfactual is not None):
            message = (
                f"{claim.established_by!r} is a counterfactual stage of the family {family!r}, and nothing is "
                f"established by one; its steps are {', '.join(stages)}"
            )
            yield Problem((*where, "established_by"), message)
        elif claim.established_by not in stages:
            hint = nearest(claim.established_by, stages)
            yield Problem(
                (*where, "established_by"), f"the family {family!r} has no stage {claim.established_by!r}; {hint}"
            )
    if claim.at_least > len(claim.measures):
        message = f"at least {claim.at_least} of {len(claim.measures)} measures can never hold"
        yield Problem((*where, "at_least"), message)
