"""From a study file to a study that is known to make sense, or to one sentence that says why not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from stagelens.study.complaints import explain, known_keys
from stagelens.study.document import Document, parse_document, read_document
from stagelens.study.paths import is_local, resolve
from stagelens.study.problems import FieldPath, Problem, nearest, refuse
from stagelens.study.rules import problems
from stagelens.study.shorthand import written_out
from stagelens.study.spec import Study


def load_study(path: str | Path) -> Study:
    """Read a study file.

    Files that it names are not looked at: ``check_files`` does that.

    Raises:
        InputError: file, line and field of the first thing that is wrong, and how many others there are.
    """
    file = Path(path)
    return _build(read_document(file), file.parent)


def parse_study(text: str, *, folder: Path, file: str = "study.yaml") -> Study:
    """A study from a study file's text.

    Args:
        text: the file's content.
        folder: where its relative paths start.
        file: its name in errors, which are those of ``load_study``.
    """
    return _build(parse_document(text, file), folder)


def check_files(study: Study) -> None:
    """Check a study, one made in Python too, and that every local model, source and chat template is there.

    Raises:
        InputError: the first thing that is wrong or missing, with file, line and field where the study has them.
    """
    found = problems(study) or list(_missing_files(study))
    if found:
        refuse(found, study.places)


def _build(document: Document, folder: Path) -> Study:
    places = document.places
    # What the loader itself fills in is not for a study file to say.
    own = [name for name, field in Study.model_fields.items() if field.exclude and name in document.value]
    if own:
        hint = nearest(own[0], known_keys(Study, ()))
        refuse([Problem((own[0],), f"the key {own[0]!r} is not known here; {hint}")], places)
    content, unclear = written_out(document.value)
    if unclear:
        refuse(unclear, places)
    try:
        study = Study.model_validate({**content, "folder": folder, "places": places}, by_alias=True, by_name=False)
    except ValidationError as error:
        refuse(explain(error, Study), places)
    found = problems(study)
    if found:
        refuse(found, places)
    return study


def _missing_files(study: Study) -> Iterator[Problem]:
    for path, name, must_be_file in _named_files(study):
        place = resolve(name, study.folder)
        if not place.exists():
            yield Problem(path, f"there is nothing at {name} (looked for {place})")
        elif must_be_file and not place.is_file():
            yield Problem(path, f"{name} is not a file")


def _named_files(study: Study) -> Iterator[tuple[FieldPath, str, bool]]:
    """Every local file or folder that the study names by a field of its own, and whether it must be a file."""
    for key, family in study.families.items():
        for index, stage in enumerate(family.stages):
            where: FieldPath = ("families", key, "stages", index)
            if stage.model is not None and is_local(stage.model):
                yield (*where, "model"), stage.model, False
            for number, source in enumerate(stage.mixture.sources if stage.mixture else ()):
                if source.path is not None:
                    yield (*where, "mixture", "sources", number, "path"), source.path, False
            template = (stage.recipe or {}).get("chat_template")
            if isinstance(template, str):
                yield (*where, "recipe", "chat_template"), template, True
            if stage.chat_template is not None:
                yield (*where, "chat_template"), stage.chat_template, True
    for key, judge in study.judges.items():
        for index, model in enumerate(judge.models):
            if is_local(model):
                yield ("judges", key, *(("model",) if judge.model else ("panel", index))), model, False
        if judge.screen is not None and is_local(judge.screen):
            yield ("judges", key, "screen"), judge.screen, False
