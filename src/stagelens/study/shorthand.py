"""What a study file may say in one line, written out: ``{name: format, like: sft, without: [safety]}``.

A stage that is ``like`` another has that stage's kind, parent, recipe, mixture and seeds; its own keys come on top.
``without`` names sources of the mixture that others take the place of: those of ``instead``, or all the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from stagelens.study.problems import FieldPath, Problem, nearest

LIKE: Final = "like"
WITHOUT: Final = "without"
INSTEAD: Final = "instead"
_SHARED: Final = ("kind", "from", "recipe", "mixture", "seeds")


def written_out(content: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """A study file's content with every such stage in full, and what is wrong with those that cannot be."""
    found: list[Problem] = []
    families = content.get("families")
    if not isinstance(families, Mapping):
        return dict(content), found
    full: dict[str, Any] = {}
    for name, family in families.items():
        stages = family.get("stages") if isinstance(family, Mapping) else None
        if not isinstance(stages, list):
            full[name] = family
            continue
        written = []
        for index, stage in enumerate(stages):
            whole, faults = _stage(stage, stages[:index], ("families", name, "stages", index))
            written.append(whole)
            found += faults
        full[name] = {**family, "stages": written}
    return {**content, "families": full}, found


def _stage(stage: Any, before: list[Any], at: FieldPath) -> tuple[Any, list[Problem]]:
    if not isinstance(stage, Mapping) or not {LIKE, WITHOUT, INSTEAD} & set(stage):
        return stage, []
    known = {each["name"]: each for each in before if isinstance(each, Mapping) and isinstance(each.get("name"), str)}
    faults = list(_faults(stage, known, at))
    if faults:
        return stage, faults
    model = known[stage[LIKE]]
    shared = {key: model[key] for key in _SHARED if key in model}
    if "from" not in shared:
        parent = _step_before(model, before)
        shared |= {} if parent is None else {"from": parent}
    if WITHOUT in stage:
        rest = [name for name in _names(model["mixture"]) if name not in stage[WITHOUT]]
        shared["mixture"] = {**model["mixture"], "replace": {"sources": stage[WITHOUT], "by": stage.get(INSTEAD, rest)}}
    return shared | {key: value for key, value in stage.items() if key not in (LIKE, WITHOUT, INSTEAD)}, []


def _faults(stage: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]], at: FieldPath) -> Iterator[Problem]:
    like = stage.get(LIKE)
    if like is None:
        stray = WITHOUT if WITHOUT in stage else INSTEAD
        yield Problem((*at, stray), f"{stray!r} belongs to a stage that is 'like' another: name that stage too")
        return
    if not isinstance(like, str) or like not in known:
        yield Problem((*at, LIKE), f"{like!r} is no stage before this one; {nearest(str(like), known)}")
        return
    mixture = known[like].get("mixture")
    if not isinstance(mixture, Mapping) or not isinstance(mixture.get("sources"), list):
        yield Problem((*at, LIKE), f"{like!r} is not trained here: there is no mixture to take over")
        return
    yield from _misnamed(stage, _names(mixture), at)


def _misnamed(stage: Mapping[str, Any], sources: list[str], at: FieldPath) -> Iterator[Problem]:
    for key in (WITHOUT, INSTEAD):
        names = stage.get(key, [])
        of_texts = isinstance(names, list) and all(isinstance(name, str) for name in names)
        if not of_texts or (key in stage and not names):
            yield Problem((*at, key), "must be a list of names of sources, such as [safety]")
            continue
        for index, name in enumerate(names):
            if name not in sources:
                hint = nearest(name, sources)
                yield Problem((*at, key, index), f"{name!r} is no source of the stage {stage[LIKE]!r}; {hint}")
    if INSTEAD in stage and WITHOUT not in stage:
        yield Problem((*at, INSTEAD), "says what comes in the place of sources: name those in 'without'")


def _names(mixture: Mapping[str, Any]) -> list[str]:
    return [str(source.get("name")) for source in mixture["sources"] if isinstance(source, Mapping)]


def _step_before(stage: Mapping[str, Any], before: list[Any]) -> str | None:
    """The step that ``stage`` comes from where it does not say so."""
    earlier = before[: next(index for index, each in enumerate(before) if each is stage)]
    steps = [each.get("name") for each in earlier if isinstance(each, Mapping) and not each.get("counterfactual")]
    return str(steps[-1]) if steps else None
