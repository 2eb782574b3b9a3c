"""Everything that can be known to be wrong with a study before money is spent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stagelens.engine.identity import identify_stages
from stagelens.engine.judges import Panel, read_panels
from stagelens.engine.planning import plan_questions
from stagelens.engine.preparing import describe, examine_stages, index_items, items_digest, probe_stages
from stagelens.engine.shards import Questions, read_questions
from stagelens.stages import check_recipe, clean_mixture, read_mixture
from stagelens.stages.adopt import adopt
from stagelens.study.cells import PlannedMeasure
from stagelens.study.load import check_files
from stagelens.study.spec import Stage, Study


class Notice(str):
    """A line about something that is not wrong, and that a user should know."""

    __slots__ = ()


def check(study: Study, *, offline: bool = False) -> Iterator[str]:
    """Check a study step by step, and say a line for each thing that is well; a ``Notice`` is none of these.

    Args:
        study: a loaded study: its file is known to make sense by itself.
        offline: ask no model hub.

    Raises:
        InputError: the first thing that is wrong.
    """
    yield f"study {study.name}: families {', '.join(study.families)}; benchmarks {', '.join(study.benchmarks)}"
    check_files(study)
    questions = read_questions(study)
    for asked in questions:
        yield _describe(asked)
        for notice in asked.notices:
            yield Notice(notice)
    for panel in read_panels(study, [(asked.benchmark, asked.settings) for asked in questions]).values():
        yield _describe_judges(panel, offline=offline)
    for family, members in study.families.items():
        for stage in members.stages:
            yield f"{family}/{stage.name}: {_check_stage(stage, study, offline=offline)}"
    if not offline:
        # Reads every mixture and every checkpoint's files, and asks the hub for the commits that it names.
        identify_stages(study, items_digest(questions))
        yield "every file that decides a result can be read"
    yield from _look_into_mixtures(study, questions, offline=offline)
    yield from probe_stages(study, questions)
    for measure in plan_questions(study, questions).measures:
        yield _expect(measure)


def _look_into_mixtures(study: Study, questions: Sequence[Questions], *, offline: bool) -> Iterator[str]:
    """What of the benchmarks stands in what stages are trained on, and what each training will be."""
    items, looked_at = index_items(questions), set()
    for family, members in study.families.items():
        for stage in members.stages:
            if stage.trained and offline and _has_hub_sources(stage):
                yield Notice(f"{family}/{stage.name}: its sources on the hub are not looked into offline")
            elif stage.trained:
                looked_at.add((family, stage.name))
                _, found = clean_mixture(stage, study.folder, items)
                assert stage.mixture is not None
                wanted = stage.mixture.decontaminate
                gone = [each for each in found if wanted.remove and each.benchmark not in wanted.allow]
                for verb, part in (("leaves out", gone), ("is trained on", [e for e in found if e not in gone])):
                    if describe(part):
                        yield Notice(f"{family}/{stage.name}: {verb} {describe(part)}")
                if not describe(found):
                    yield f"{family}/{stage.name}: holds no item of the benchmarks"
    yield from examine_stages(study, unmade=looked_at)


def _has_hub_sources(stage: Stage) -> bool:
    return stage.mixture is not None and any(source.dataset is not None for source in stage.mixture.sources)


def _describe(asked: Questions) -> str:
    clusters = len({item.cluster for item in asked.items})
    counts = ", ".join(f"{count} for {name}" for name, count in asked.benchmark.measures(asked.items).items())
    return f"{asked.benchmark.name}: {len(asked.items)} items in {clusters} clusters ({counts})"


def _describe_judges(panel: Panel, *, offline: bool) -> str:
    for judge in (judge for asked in panel.everyone for judge in asked.judges):
        if offline:
            adopt(judge.stage, judge.folder)
        else:
            judge.content()
    shown = "shown" if panel.thoughts else "hidden"
    who = ", ".join(judge.name for judge in panel.judges)
    if panel.cascade is not None:
        screen = "its rules flag" if panel.screen is None else f"{panel.screen.judges[0].name} flags"
        flagged, rest = f"{100 * panel.cascade.flagged:g} %", f"{100 * panel.cascade.rest:g} %"
        who += f" where {screen} an answer ({flagged} of these) and in {rest} of the rest"
    return f"{panel.benchmark}: judged by {who}, thoughts {shown}"


def _check_stage(stage: Stage, study: Study, *, offline: bool) -> str:
    if stage.trained:
        check_recipe(stage, study.folder)
        return f"trained by {stage.kind} from {', '.join(_describe_sources(stage, study, offline=offline))}"
    adopted = adopt(stage, study.folder)
    if adopted.form == "hub" and not offline:
        adopted.fingerprint()
    return f"adopted from {adopted.location}"


def _describe_sources(stage: Stage, study: Study, *, offline: bool) -> Iterator[str]:
    """Every source with its rows; offline, one on the hub by its name alone."""
    assert stage.mixture is not None
    here = [source for source in stage.mixture.sources if source.dataset is None or not offline]
    local = stage.mixture.model_copy(update={"sources": tuple(here)})
    contents = read_mixture(stage.model_copy(update={"mixture": local}), study.folder) if here else ()
    known = {content.name: f"{content.name} {len(content.rows)} rows" for content in contents}
    for source in stage.mixture.sources:
        yield known.get(source.name, f"{source.name} of {source.dataset} (not looked at offline)")


def _expect(planned: PlannedMeasure) -> str:
    name = f"{planned.benchmark}/{planned.measure}"
    if planned.prospect is None:
        return f"{name}: no items"
    enough = planned.prospect.clusters_needed <= planned.clusters
    said = (
        f"{name}: {planned.clusters} clusters {'can' if enough else 'cannot'} be expected to certify the margin of "
        f"{planned.margin:g} (needed: {planned.prospect.clusters_needed})"
    )
    return said if enough else Notice(said)
