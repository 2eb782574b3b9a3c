"""Writes a study as a study file, every default written out."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from stagelens.study.paths import is_local, rebase
from stagelens.study.spec import Family, JudgeSpec, Mixture, Stage, Study

_DATA_FILES: Final = (".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet")


def dump_study(study: Study, folder: Path | None = None) -> str:
    """The study file's text: the same text for equal studies, keys in the order of the spec.

    Without ``folder`` it loads back equal from the study's own folder. With ``folder``, the place where it will lie,
    it asks the same from there: every relative path is written relative to that folder. Paths are local models
    (judges too), sources' ``path``, a recipe's ``chat_template``, a benchmark's ``path``, its ``prompts`` where they
    end as a data file does, and whatever else starts with ``./`` or ``../`` in a recipe or a benchmark's block.
    """
    content = _Writer(study.folder, folder or study.folder).study(study)
    yaml = YAML(typ="rt")
    yaml.width = 110
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.representer.ignore_aliases = lambda *_: True  # a value that stands twice is written twice
    buffer = io.StringIO()
    yaml.dump(_escaped(content), buffer)
    return buffer.getvalue()


def _escaped(value: Any) -> Any:
    """The same content with text that only escapes can carry (separators, control characters) marked to be quoted."""
    if isinstance(value, dict):
        return {_escaped(key): _escaped(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_escaped(inner) for inner in value]
    if isinstance(value, str) and not value.replace("\n", "").isprintable():
        return DoubleQuotedScalarString(value)
    return value


def _listed(value: Any) -> Any:
    """The same content with lists for tuples, as YAML has them."""
    if isinstance(value, dict):
        return {key: _listed(inner) for key, inner in value.items()}
    return [_listed(inner) for inner in value] if isinstance(value, list | tuple) else value


class _Writer:
    """Turns the parts of a study into what their YAML holds, paths moved from one folder to another."""

    def __init__(self, folder: Path, target: Path) -> None:
        self._folder = folder
        self._target = target

    def study(self, study: Study) -> dict[str, Any]:
        return {
            "name": study.name,
            "seed": study.seed,
            "families": {name: self._family(family) for name, family in study.families.items()},
            "generation": study.generation.model_dump(),
            "benchmarks": {name: self._benchmark(block) for name, block in study.benchmarks.items()},
            "judges": {name: self._judge(judge) for name, judge in study.judges.items()},
            "analysis": study.analysis.model_dump(),
            "claims": [{**claim.model_dump(by_alias=True), "measures": list(claim.measures)} for claim in study.claims],
        }

    def _family(self, family: Family) -> dict[str, Any]:
        return {"stages": [self._stage(stage) for stage in family.stages]}

    def _stage(self, stage: Stage) -> dict[str, Any]:
        """The fields that apply: an adopted stage has no recipe to write, a trained one no model."""
        fields = _listed(stage.model_dump(by_alias=True, exclude={"recipe", "mixture"}, exclude_none=True))
        if stage.chat_template is not None:
            fields["chat_template"] = self._path(stage.chat_template)
        if stage.model is not None:
            return {**fields, "model": self._path(stage.model) if is_local(stage.model) else stage.model}
        del fields["trust_remote_code"]
        recipe = self._free(stage.recipe or {})
        if isinstance(recipe.get("chat_template"), str):
            recipe["chat_template"] = self._path((stage.recipe or {})["chat_template"])
        return {**fields, "recipe": recipe, "mixture": None if stage.mixture is None else self._mixture(stage.mixture)}

    def _mixture(self, mixture: Mixture) -> dict[str, Any]:
        sources = []
        for source in mixture.sources:
            # A count stands in a weight's place.
            unsaid = {"filter", "provenance"} | ({"weight"} if source.count is not None else set())
            fields = source.model_dump(exclude=unsaid, exclude_none=True)
            if source.path is not None:
                fields["path"] = self._path(source.path)
            sources.append({**fields, "filter": source.filter, "provenance": source.provenance.written()})
        rest = _listed(mixture.model_dump(exclude={"examples", "sources"}, exclude_none=True))
        return {"examples": mixture.examples, "sources": sources, **rest}

    def _judge(self, judge: JudgeSpec) -> dict[str, Any]:
        models = [self._path(model) if is_local(model) else model for model in judge.models]
        who: dict[str, Any] = {"panel": models} if judge.model is None else {"model": models[0]}
        if judge.screen is not None:
            who["screen"] = self._path(judge.screen) if is_local(judge.screen) else judge.screen
        return who | judge.model_dump(exclude={"model", "panel", "screen"}, exclude_none=True)

    def _benchmark(self, block: dict[str, Any]) -> dict[str, Any]:
        moved: dict[str, Any] = self._free(block)
        for key in ("path", "prompts"):
            name = block.get(key)
            if isinstance(name, str) and not name.startswith("hf/") and (key == "path" or name.endswith(_DATA_FILES)):
                moved[key] = self._path(name)
        return moved

    def _free(self, value: Any) -> Any:
        """A free-form part with what starts as a relative path moved."""
        if isinstance(value, dict):
            return {key: self._free(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self._free(inner) for inner in value]
        return self._path(value) if isinstance(value, str) and value.startswith(("./", "../")) else value

    def _path(self, name: str) -> str:
        return rebase(name, self._folder, self._target)
