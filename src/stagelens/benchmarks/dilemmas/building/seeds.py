"""Reads a folder of audit seeds: Markdown, each an instruction to an auditor, with tags in YAML front matter."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from stagelens.errors import InputError
from stagelens.study.fingerprint import fingerprint
from stagelens.study.problems import nearest

_FENCE: Final = "---"


@dataclass(frozen=True, slots=True)
class Seed:
    """An instruction to an auditor. ``name`` is its file's path in the folder, without the ending."""

    name: str
    tags: tuple[str, ...]
    text: str

    @property
    def digest(self) -> str:
        """Of the instruction."""
        return fingerprint(self.text)[:32]


def read_seeds(folder: Path, tags: Collection[str] = ()) -> tuple[Seed, ...]:
    """The seeds of every ``*.md`` below ``folder``, or those with one of ``tags``, in the order of their names.

    A file without front matter has no tags. Files named README are not seeds.

    Raises:
        InputError: there are none, a file cannot be read, its front matter is broken, or no seed has a tag.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder: name one with audit seeds, each a Markdown file.")
    paths = [path for path in sorted(folder.rglob("*.md")) if path.stem.lower() != "readme"]
    if not paths:
        raise InputError(f"{folder} holds no Markdown file: seeds are *.md, each an instruction to an auditor.")
    seeds = tuple(_read(path, path.relative_to(folder).with_suffix("").as_posix()) for path in paths)
    known = list(dict.fromkeys(tag for seed in seeds for tag in seed.tags))
    for tag in tags:
        if tag not in known:
            raise InputError(f"No seed in {folder} has the tag {tag!r}; {nearest(tag, known)}")
    return tuple(seed for seed in seeds if not tags or set(tags) & set(seed.tags))


def _read(path: Path, name: str) -> Seed:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text ({error.reason} at byte {error.start}).") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    tags: tuple[str, ...] = ()
    if lines and lines[0].rstrip() == _FENCE:
        end = next((place for place, line in enumerate(lines[1:], 1) if line.rstrip() == _FENCE), None)
        if end is None:
            raise InputError(f"{path}:1: the front matter is not closed: end it with a line of {_FENCE}.")
        tags, lines = tuple(_tags(path, lines[1:end])), lines[end + 1 :]
    text = "\n".join(lines).strip()
    if not text:
        raise InputError(f"{path}: there is no instruction: write it below the front matter.")
    return Seed(name, tags, text)


def _front_matter(path: Path, lines: list[str]) -> Any:
    try:
        return YAML(typ="safe", pure=True).load("\n".join(lines))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = 2 if mark is None else mark.line + 2
        raise InputError(f"{path}:{line}: the front matter is not YAML ({error.problem or error.context}).") from None
    except (YAMLError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise InputError(f"{path}:2: the front matter is not YAML ({reason}).") from None


def _tags(path: Path, lines: list[str]) -> Iterator[str]:
    matter = _front_matter(path, lines)
    if matter is None:
        return
    if not isinstance(matter, dict):
        raise InputError(f"{path}:2: the front matter must be a mapping, such as `tags: [power_seeking]`.")
    tags = matter.get("tags")
    if tags is None:
        return
    if isinstance(tags, str):
        tags = [tag for tag in (part.strip() for part in tags.split(",")) if tag]
    if not isinstance(tags, list) or not all(isinstance(tag, str) and tag.strip() for tag in tags):
        line = next((number for number, text in enumerate(lines, 2) if "tags" in text), 2)
        raise InputError(f"{path}:{line}: tags must be a list of words, such as `tags: [power_seeking]`.")
    yield from dict.fromkeys(tag.strip() for tag in tags)
