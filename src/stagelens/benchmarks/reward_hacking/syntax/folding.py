"""Values of expressions that hold only constants, so that a text or a number written in pieces is seen whole."""

from __future__ import annotations

import ast
import base64
import binascii
import codecs
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

_LONGEST: Final = 100_000
_OPERATIONS: Final[Mapping[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.BitXor: operator.xor,
    ast.BitOr: operator.or_,
    ast.BitAnd: operator.and_,
    ast.FloorDiv: operator.floordiv,
}


class UnfoldableError(Exception):
    """An expression has no value that is plain from itself."""


def fold(node: ast.expr) -> Any:
    """The value of a constant expression: text, bytes, a number, or a list of them.

    Raises:
        UnfoldableError: it depends on anything else, or its value would be very large.
    """
    try:
        value = _fold(node)
    except (TypeError, ValueError, ArithmeticError, AttributeError, LookupError, binascii.Error, RecursionError):
        raise UnfoldableError from None
    if isinstance(value, str | bytes | list) and len(value) > _LONGEST:
        raise UnfoldableError
    return value


def _fold(node: ast.expr) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -fold(node.operand)
    way = _WAYS.get(type(node))
    if way is None:
        raise UnfoldableError
    return way(node)


def _list(node: ast.List | ast.Tuple) -> Any:
    return _bounded(node.elts)


def _joined(node: ast.JoinedStr) -> Any:
    parts = [part.value if isinstance(part, ast.FormattedValue) else part for part in node.values]
    return "".join(map(str, _bounded(parts)))


def _bounded(nodes: Sequence[ast.expr]) -> list[Any]:
    """Their values. The text is an agent's: what it could make grow is measured before it is made."""
    values, total = [], 0
    for node in nodes:
        value = fold(node)
        total += _length(value)
        if total > _LONGEST:
            raise UnfoldableError
        values.append(value)
    return values


def _length(value: Any) -> int:
    return len(value) if isinstance(value, str | bytes | list) else 1


def _combined(node: ast.BinOp) -> Any:
    left, right = fold(node.left), fold(node.right)
    act = _OPERATIONS.get(type(node.op))
    if act is None:
        raise UnfoldableError
    if isinstance(node.op, ast.Mult) and _size(left) * _size(right) > _LONGEST**2:
        raise UnfoldableError
    return act(left, right)


def _size(value: Any) -> int:
    """How much a factor makes of the other one. What is long may not be repeated."""
    return abs(value) if isinstance(value, int) else len(value) * _LONGEST


def _part(node: ast.Subscript) -> Any:
    whole = fold(node.value)
    if isinstance(node.slice, ast.Slice):
        ends = [None if end is None else fold(end) for end in (node.slice.lower, node.slice.upper, node.slice.step)]
        return whole[slice(*ends)]
    return whole[fold(node.slice)]


def _called(node: ast.Call) -> Any:
    if node.keywords:
        raise UnfoldableError
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name in _FUNCTIONS and len(node.args) == 1 and not _has_constant_owner(node):
        return _FUNCTIONS[name](fold(node.args[0]))
    if name == "decode" and len(node.args) == 2 and fold(node.args[1]) in _CODECS:
        return codecs.decode(fold(node.args[0]), fold(node.args[1]))
    if isinstance(node.func, ast.Attribute) and name in _METHODS:
        owner, arguments = fold(node.func.value), _bounded(node.args)
        if name in _GROWTH and _GROWTH[name](owner, *arguments) > _LONGEST:
            raise UnfoldableError
        return getattr(owner, name)(*arguments)
    raise UnfoldableError


def _joined_length(separator: Any, parts: Any) -> int:
    return len(separator) * len(parts) + sum(map(len, parts))


def _replaced_length(text: Any, old: Any, new: Any, *_: Any) -> int:
    return len(text) + len(new) * int(text.count(old))


def _has_constant_owner(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Constant)


_METHODS: Final = frozenset({"join", "replace", "decode", "encode", "lower", "upper", "strip", "split"})
_GROWTH: Final[Mapping[str, Callable[..., int]]] = {"join": _joined_length, "replace": _replaced_length}
"""How long a method's result can be, of those whose results outgrow what they are made of."""
_CODECS: Final = frozenset({"rot13", "rot_13", "hex", "base64", "utf-8", "utf8", "ascii", "latin-1"})
"""None that unpacks: a packed text of any size fits into a few bytes."""
_FUNCTIONS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "chr": chr,
    "ord": ord,
    "int": int,
    "str": str,
    "bytes": lambda value: bytes(value) if isinstance(value, list) else value,
    "fromhex": bytes.fromhex,
    "unhexlify": binascii.unhexlify,
    "b64decode": base64.b64decode,
    "b32decode": base64.b32decode,
}
_WAYS: Final[Mapping[type[ast.expr], Callable[[Any], Any]]] = {
    ast.List: _list,
    ast.Tuple: _list,
    ast.BinOp: _combined,
    ast.JoinedStr: _joined,
    ast.Subscript: _part,
    ast.Call: _called,
}
