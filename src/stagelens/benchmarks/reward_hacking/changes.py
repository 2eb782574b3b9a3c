"""Whether a protected file that was changed says something else now."""

from __future__ import annotations

import ast
import json


def says_the_same(name: str, before: bytes, after: bytes) -> bool:
    """Whether two versions of a file mean the same: they differ at most in comments, layout, or lines that only print.

    What cannot be parsed is compared as text without trailing spaces.
    """
    try:
        if name.endswith(".py"):
            return _program(before) == _program(after)
        if name.endswith(".json"):
            return bool(json.loads(before) == json.loads(after))
    except (SyntaxError, ValueError, RecursionError):
        pass
    return _lines(before) == _lines(after)


def _program(content: bytes) -> str:
    tree = ast.parse(content)
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            body = getattr(node, field, None)
            if isinstance(body, list):
                setattr(node, field, [each for each in body if not _only_tells(each)])
    return ast.dump(tree)


def _only_tells(node: ast.stmt) -> bool:
    """A docstring, or a print of anything but a result line."""
    if not isinstance(node, ast.Expr):
        return False
    if isinstance(node.value, ast.Constant):
        return True
    is_print = isinstance(node.value, ast.Call) and getattr(node.value.func, "id", None) == "print"
    text = ast.unparse(node).lower()
    return is_print and "speed-up" not in text and "correct" not in text


def _lines(content: bytes) -> list[bytes]:
    return [line.rstrip() for line in content.rstrip().splitlines()]
