"""Reads a YAML 1.2 file into plain Python, with the line of every field. Safe on files from anywhere.

Only what JSON has is read: mappings with text keys, lists, text, finite numbers, true and false, null. Plain scalars
follow the core schema of YAML 1.2 (`1e-5` is a number; `yes`, `no`, `on`, `off` and dates are text). Tags that would
make other objects, duplicate keys, merge keys, aliases of themselves and files that grow beyond the limits are refused.
"""

from __future__ import annotations

import math
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, ReusedAnchorWarning, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from stagelens.errors import InputError
from stagelens.study.problems import FieldPath, Places

MAX_BYTES: Final = 2**20
MAX_VALUES: Final = 100_000
"""Values after aliases are written out, so that a few nested anchors cannot fill the memory."""
MAX_DEPTH: Final = 40

_CORE: Final = "tag:yaml.org,2002:"
_TYPED: Final = frozenset(_CORE + name for name in ("null", "bool", "int", "float", "timestamp", "merge", "value"))
_NULLS: Final = frozenset(("", "~", "null", "Null", "NULL"))
_BOOLS: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_DECIMAL: Final = re.compile(r"[-+]?[0-9]+")
_OCTAL: Final = re.compile(r"0o[0-7]+")
_HEX: Final = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE: Final = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Document:
    """A file's content and the line of every field in it."""

    value: dict[str, Any]
    places: Places


def read_document(path: Path) -> Document:
    """Read a file whose top level is a mapping.

    Raises:
        InputError: the file cannot be read, is not YAML 1.2, or holds what the module's head rules out; with the line.
    """
    return parse_document(_read_text(path), str(path))


def parse_document(text: str, file: str) -> Document:
    """Read YAML text; ``file`` is its name in error messages. Raises InputError as ``read_document`` does."""
    node = _compose(text, file)
    if node is None:
        raise InputError(f"{file}: the file is empty.")
    if not isinstance(node, MappingNode):
        raise InputError(f"{file}:{_line(node)}: the top level must be a mapping of keys to values ('name: ...').")
    reader = _Reader(file)
    value = reader.read(node, ())
    return Document(value, Places(file, reader.lines))


def read_entries(path: Path) -> tuple[Document, ...]:
    """Read a file whose top level is a mapping, or a list of mappings: a document for each.

    Raises:
        InputError: as ``read_document``.
    """
    file = str(path)
    node = _compose(_read_text(path), file)
    nodes = node.value if isinstance(node, SequenceNode) else [] if node is None else [node]
    if not nodes:
        raise InputError(f"{file}: the file is empty.")
    wrong = next((each for each in nodes if not isinstance(each, MappingNode)), None)
    if wrong is not None:
        raise InputError(f"{file}:{_line(wrong)}: this must be a mapping of keys to values ('name: ...').")
    entries = []
    for each in nodes:
        reader = _Reader(file)
        value = reader.read(each, ())
        entries.append(Document(value, Places(file, reader.lines)))
    return tuple(entries)


def _read_text(path: Path) -> str:
    try:
        if path.is_dir():
            raise InputError(f"{path} is a folder: name the file in it.")
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"{path} is larger than {MAX_BYTES // 2**20} MiB: this is not a study file.")
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"There is no file {path}.") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read ({error}).") from error
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}:{line}: the file is not UTF-8 text.") from error


def _compose(text: str, file: str) -> Node | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ReusedAnchorWarning)  # an anchor may be used again: the later one holds
            node: Node | None = YAML(typ="rt").compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = 1 if mark is None else min(mark.line, text.rstrip().count("\n")) + 1
        raise InputError(f"{file}:{line}: not valid YAML: {_yaml_fault(error)}.") from error
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise InputError(f"{file}:{line}: a control character is not allowed here.") from error
    except RecursionError as error:
        raise InputError(f"{file}: nested too deeply.") from error
    except (YAMLError, ValueError, OverflowError) as error:
        # Character escapes beyond Unicode and malformed directives reach us as the parser's own conversion errors.
        raise InputError(f"{file}: not valid YAML: {error}.") from error
    return node


def _yaml_fault(error: MarkedYAMLError) -> str:
    problem = str(error.problem or error.context or "it cannot be read")
    if "'\\t'" in problem:
        return "a tab cannot indent: use spaces"
    if problem == "but found another document":
        return "a second document starts here ('---')"
    return problem


class _Reader:
    """Turns a node graph into plain values, counting what it makes."""

    def __init__(self, file: str) -> None:
        self.lines: dict[FieldPath, int] = {}
        self._file = file
        self._count = 0
        self._open: set[int] = set()

    def read(self, node: Node, path: FieldPath) -> Any:
        self.lines.setdefault(path, _line(node))
        self._count += 1
        if self._count > MAX_VALUES or len(path) > MAX_DEPTH:
            raise self._fault(node, "this grows too large or too deep (too many nested values or aliases)")
        if isinstance(node, ScalarNode):
            return self._scalar(node)
        if id(node) in self._open:
            raise self._fault(node, "an alias stands inside what it names")
        self._open.add(id(node))
        value: Any
        if isinstance(node, MappingNode):
            value = self._mapping(node, path)
        elif isinstance(node, SequenceNode):
            self._expect_tag(node, "seq")
            value = [self.read(child, (*path, index)) for index, child in enumerate(node.value)]
        else:
            raise self._fault(node, "this kind of value is not read")
        self._open.remove(id(node))
        return value

    def _mapping(self, node: MappingNode, path: FieldPath) -> dict[str, Any]:
        self._expect_tag(node, "map")
        value: dict[str, Any] = {}
        for key_node, child in node.value:
            key = self._key(key_node)
            if key in value:
                before = self.lines[*path, key]
                raise self._fault(key_node, f"the key {key!r} stands here for the second time (first on line {before})")
            self.lines[*path, key] = _line(key_node)
            value[key] = self.read(child, (*path, key))
        return value

    def _key(self, node: Node) -> str:
        if not isinstance(node, ScalarNode):
            raise self._fault(node, "a key must be plain text, not a list or a mapping")
        if node.tag == _CORE + "merge":
            raise self._fault(node, "merge keys (<<) are not part of YAML 1.2: write the keys out")
        return self._text(node)

    def _scalar(self, node: ScalarNode) -> Any:
        text = self._text(node)
        if node.tag not in _TYPED:
            return text
        if text in _NULLS:
            return None
        if text in _BOOLS:
            return _BOOLS[text]
        number = _number(text)
        if number is None:
            return text
        if isinstance(number, float) and not math.isfinite(number):
            raise self._fault(node, f"{text[:40]} is not a finite number")
        return number

    def _text(self, node: ScalarNode) -> str:
        """A scalar as written."""
        if node.tag not in _TYPED:
            self._expect_tag(node, "str")
        # In folded text (">") the round-trip reader marks where lines were folded, so that they can be written again.
        text = str(node.value).replace("\a", "") if node.style == ">" else str(node.value)
        if _SURROGATE.search(text):
            raise self._fault(node, "an escape here stands for half a character: write the character itself")
        return text

    def _expect_tag(self, node: Node, name: str) -> None:
        if node.tag != _CORE + name:
            tag = str(node.tag).replace(_CORE, "!!")
            raise self._fault(node, f"the tag {tag} is not allowed: write plain values")

    def _fault(self, node: Node, message: str) -> InputError:
        return InputError(f"{self._file}:{_line(node)}: {message}.")


def _number(text: str) -> int | float | None:
    """The number that the core schema reads in a plain scalar; None where it reads none."""
    if _DECIMAL.fullmatch(text):
        # Beyond the range of any setting, and beyond what Python converts: the nearest float, which is then infinite.
        return int(text) if len(text) <= 300 else math.inf
    if _OCTAL.fullmatch(text):
        return int(text[2:], 8)
    if _HEX.fullmatch(text):
        return int(text[2:], 16)
    if _FLOAT.fullmatch(text):
        return float(text)
    return math.nan if _NOT_FINITE.fullmatch(text) else None


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1
