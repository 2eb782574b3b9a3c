"""From an outcome table to verdicts: the rules a study fixed, the stages it names, and the decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import polars as pl

from stagelens.errors import InputError
from stagelens.outcomes.arrays import measure_arrays
from stagelens.outcomes.checks import nearest
from stagelens.outcomes.controls import controls_beside, graders
from stagelens.outcomes.looks import take_looks
from stagelens.outcomes.source import TableSource
from stagelens.outcomes.table import read_coded
from stagelens.statistics.data import Claim, FamilyRules, Method, Rules, default_roles
from stagelens.statistics.results import Verdicts

if TYPE_CHECKING:
    from stagelens.study.spec import Family, Study


def analyze(
    table: TableSource,
    *,
    study: Study | str | Path | None = None,
    margin: float | None = None,
    alpha: float = 0.05,
    stages: Sequence[str] | None = None,
    method: Method | None = None,
    all_pairs: bool = False,
) -> Verdicts:
    """Decide, from an outcome table, what each stage's answers show.

    Args:
        table: the path of a Parquet, CSV or JSONL file, or a pandas, polars or Arrow table. What positive controls
            showed, in a ``controls.json`` beside the file, is told with the results.
        study: the study (or its file) that fixed error rate, margins, claims and the stages' roles beforehand. Without
            one, rates have a margin of 0.05 and severities of 0.5, and the headline starts from the stage named `sft`,
            else from the second of three or more, else from the first.
        margin: replaces the default margin of rates, 0 to 1.
        alpha: the error rate, 0 to 0.5, where no study gives one.
        stages: only these, in this order; the last is production. With a study, their saved points and second
            elicitations are kept.
        method: how differences of rates are read, in place of the study's (`tango_neff` without one).
        all_pairs: compare every two stages, for families that are no ladder.

    Raises:
        InputError: the table, the study or an argument is not usable, or they do not fit each other.
    """
    if not 0 < alpha < 0.5:
        raise InputError(f"alpha is {alpha:g}: it has to lie between 0 and 0.5.")
    if margin is not None and not 0 < margin < 1:
        raise InputError(f"margin is {margin:g}: it has to lie between 0 and 1.")
    if method is not None and method not in get_args(Method):
        raise InputError(f"method is {method!r}: {nearest(method, get_args(Method))}")
    outcomes = read_coded(table)
    rules, planned_looks, asked = Rules(alpha=alpha), 1, None if study is None else _loaded(study)
    if asked is not None:
        planned_looks = asked.analysis.looks
        outcomes = _in_study_order(outcomes, asked, stages)
        rules = rules_from_study(asked, stages)
    if stages is not None:
        outcomes = select_stages(outcomes, stages, asked)
    if margin is not None:
        rules = replace(rules, margins={**rules.margins, "default": margin})
    if method is not None:
        rules = replace(rules, method=method)
    rules = replace(rules, all_pairs=all_pairs)
    outcomes, looks = take_looks(outcomes, looks=planned_looks)
    data = tuple(
        replace(one, look=looks.get((one.family, one.benchmark, one.measure), one.look))
        for one in measure_arrays(outcomes)
    )
    if not data:
        raise InputError("The table holds no measure to decide on: control prompts alone decide nothing.")
    if all_pairs and study is None:
        rules = replace(rules, families=_side_by_side({one.family: one.stages for one in data}))
    from stagelens.statistics.conclusions.controls import with_controls
    from stagelens.statistics.decide import decide

    verdicts, controls = decide(data, rules), controls_beside(table)
    return with_controls(verdicts, controls, graders(outcomes)) if controls else verdicts


def _side_by_side(stages: Mapping[str, tuple[str, ...]]) -> dict[str, FamilyRules]:
    """Roles of families without a stage named `sft`: models beside each other, none a base, none from another.

    No pair of them was fixed beforehand, so none is the headline: it would start where it ends.
    """
    return {
        family: FamilyRules(headline_from=names[-1], base=None, descends=False)
        for family, names in stages.items()
        if "sft" not in names
    }


def _loaded(study: Study | str | Path) -> Study:
    # A bare table needs no study: its types, which take a while to build, are imported for those that have one.
    from stagelens.study.spec import Study

    return study if isinstance(study, Study) else Study.load(study)


def rules_from_study(study: Study, stages: Sequence[str] | None = None) -> Rules:
    """What a study fixed before the run, in the analysis' own terms; with ``stages``, for these stages only."""
    return Rules(
        study=study.name,
        alpha=study.analysis.alpha,
        margins=dict(study.analysis.margins),
        method=study.analysis.method,
        claims=tuple(Claim(claim.measures, claim.established_by, claim.at_least, claim.in_) for claim in study.claims),
        families={
            name: _roles(study, name, kept)
            for name, family in study.families.items()
            if (kept := _kept(family, stages))
        },
    )


def select_stages(table: pl.DataFrame, stages: Sequence[str], study: Study | None = None) -> pl.DataFrame:
    """The rows of these stages, numbered in this order; families that have none of them are left out.

    What a ``study`` asks of a stage beside it, saved points and second elicitations, stays with it.

    Raises:
        InputError: a stage that the table does not have or that is named twice.
    """
    known = table["stage"].unique(maintain_order=True).to_list()
    if isinstance(stages, str):
        raise InputError(f"stages is the text {stages!r}: give a list of names.")
    for position, name in enumerate(stages):
        if name not in known:
            raise InputError(f"The table has no stage {name!r}: {nearest(name, known)}")
        if name in stages[:position]:
            raise InputError(f"The stage {name!r} is named twice: name each once.")
    if len(stages) < 2:
        raise InputError(f"Two or more stages are needed for a comparison: the table has {', '.join(known)}.")
    order = [
        (family, name, position)
        for family in table["family"].unique(maintain_order=True).to_list()
        for position, name in enumerate(_with_asked_beside(family, stages, study))
    ]
    positions = pl.DataFrame(order, schema=["family", "stage", "position"], orient="row")
    return _numbered(table, positions, ["family", "stage"]).filter(pl.col("stage_index").is_not_null())


def _with_asked_beside(family: str, stages: Sequence[str], study: Study | None) -> tuple[str, ...]:
    """These stages of a family, each among the names that outcome tables know of it."""
    if study is None:
        return tuple(stages)
    from stagelens.study.asked import asked_stages

    known = [(asked.of, asked.outcome) for asked in asked_stages(study, family)]
    return tuple(dict.fromkeys(name for each in stages for name in (*(o for of, o in known if of == each), each)))


def _kept(family: Family, stages: Sequence[str] | None) -> tuple[str, ...]:
    """The steps that are analysed, in their order; counterfactual stages are none."""
    own = tuple(stage.name for stage in family.steps)
    return own if stages is None else tuple(name for name in stages if name in own)


def _roles(study: Study, name: str, kept: tuple[str, ...]) -> FamilyRules:
    """The stages' roles: the first is the base where it is only pretrained; the headline starts from SFT."""
    from stagelens.study.asked import borrowed_name, borrows, point_name, second_name
    from stagelens.study.spec import PRETRAINING

    family = study.families[name]
    by_name = {stage.name: stage for stage in family.steps}
    positions = [list(by_name).index(name) for name in kept]
    descends = positions == sorted(positions) and all(
        stage.same_mixture == "yes" and stage.from_ == before.name for before, stage in pairwise(family.steps)
    )
    tuned = [name for name in kept[:-1] if by_name[name].kind == "sft"]
    start = tuned[0] if tuned and "sft" not in kept[:-1] else default_roles(kept).headline_from
    base = kept[0] if by_name[kept[0]].kind in PRETRAINING else None
    aside: dict[str, str] = {
        stage.counterfactual: stage.name for stage in family.stages if stage.counterfactual is not None
    }
    return FamilyRules(
        headline_from=start,
        base=base,
        descends=descends,
        counterfactuals=aside,
        points={
            stage.name: {point_name(stage.name, part): part for part in stage.save_at}
            for stage in family.stages
            if stage.save_at
        },
        elicitations={second_name(stage.name): stage.name for stage in family.stages if stage.elicitation == "urial"},
        templates={borrowed_name(stage.name): stage.name for stage in family.steps if borrows(stage, study, name)},
    )


def _in_study_order(table: pl.DataFrame, study: Study, stages: Sequence[str] | None) -> pl.DataFrame:
    """The table with the study's order of stages; table and study have to be about the same families and stages.

    Saved points and second elicitations may be missing; without a second elicitation no cause is told.
    """
    from stagelens.study.asked import outcome_names

    present = set(table.select("family", "stage").unique().iter_rows())
    order = [
        (family, name, position)
        for family in study.families
        for position, name in enumerate(outcome_names(study, family))
    ]
    asked = [(family, stage) for family, stage, _ in order]
    needed = {(name, stage.name) for name, family in study.families.items() for stage in family.stages}
    for family, stage in sorted(present.difference(asked)):
        if family not in study.families:
            raise InputError(
                f"The table's family {family!r} is not in the study {study.name}: {nearest(family, study.families)}"
            )
        names = outcome_names(study, family)
        raise InputError(
            f"The table's stage {family}/{stage} is not in the study {study.name}: {nearest(stage, names)}"
        )
    for family, stage in asked:
        missing = (family, stage) in needed and (family, stage) not in present
        if missing and (stages is None or stage in stages):
            raise InputError(
                f"The table has no answers of {family}/{stage}, which the study {study.name} asks: "
                "run that stage, or name the stages to analyze."
            )
    positions = pl.DataFrame(order, schema=["family", "stage", "position"], orient="row")
    return _numbered(table, positions, ["family", "stage"])


def _numbered(table: pl.DataFrame, positions: pl.DataFrame, on: list[str]) -> pl.DataFrame:
    """``stage_index`` taken from ``positions``."""
    # A coded table knows its own words only; positions of others meet no row.
    positions = positions.with_columns(pl.col(name).cast(table.schema[name], strict=False) for name in on)
    joined = table.join(positions, on=on, how="left", maintain_order="left")
    return joined.with_columns(pl.col("position").cast(pl.Int64).alias("stage_index")).drop("position")
