"""A parsed program, and the ways through its syntax tree that every fact needs."""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from stagelens.benchmarks.reward_hacking.syntax.folding import UnfoldableError, fold

UNPARSEABLE: Final = (SyntaxError, ValueError, RecursionError, MemoryError)
"""What Python says of a text that is no program: wrong, with a null byte, or nested too deep (the last two)."""


@dataclass(frozen=True, slots=True)
class Program:
    """One file of a solution.

    Attributes:
        name: its path.
        tree: its syntax.
        modules: the modules that it imports, by the name that they have in it.
        functions: the functions and classes that it defines at its top.
    """

    name: str
    tree: ast.Module
    modules: dict[str, str]
    functions: frozenset[str]

    @classmethod
    def parse(cls, name: str, text: str) -> Program:
        """Raises one of ``UNPARSEABLE`` where it is no program."""
        tree = as_imported(text)
        modules: dict[str, str] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                modules |= {alias.asname or alias.name.partition(".")[0]: alias.name for alias in node.names}
        defined = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        return cls(name, tree, modules, frozenset(each.name for each in tree.body if isinstance(each, defined)))

    def constants(self) -> tuple[set[int], list[str]]:
        """All whole numbers and texts that the program is written with, put together from their pieces."""
        numbers: set[int] = set()
        texts: list[str] = []
        documents = set(_documents(self.tree))
        for node in ast.walk(self.tree):
            if not isinstance(node, ast.expr) or node in documents:
                continue
            try:
                value = fold(node)
            except UnfoldableError:
                continue
            if isinstance(value, bytes):
                value = value.decode(errors="replace")
            if isinstance(value, str):
                texts.append(value)
            elif isinstance(value, int) and not isinstance(value, bool):
                numbers.add(value)
        return numbers, texts


def as_imported(text: str) -> ast.Module:
    """The syntax of a program without what runs only where it is started itself (``if __name__ == "__main__"``).

    Raises one of ``UNPARSEABLE`` where it is no program.
    """
    tree = ast.parse(text)
    kept: list[ast.stmt] = []
    for node in tree.body:
        kept += node.orelse if isinstance(node, ast.If) and _starts_itself(node.test) else [node]
    tree.body = kept
    return tree


def _starts_itself(test: ast.expr) -> bool:
    return ast.unparse(test) in {"__name__ == '__main__'", "'__main__' == __name__"}


def _documents(tree: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            yield body[0].value


def module_level(tree: ast.Module) -> Iterator[ast.AST]:
    """Every node that runs when the program is imported: not what functions do, but their defaults."""
    waiting: deque[ast.AST] = deque(tree.body)
    while waiting:
        node = waiting.popleft()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            waiting += [*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)]
            continue
        if isinstance(node, ast.Lambda):
            continue
        yield node
        waiting += ast.iter_child_nodes(node)


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    """Every function, those inside others too."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def defaults(function: ast.FunctionDef) -> Iterator[tuple[str, ast.expr]]:
    """The parameters that have a default, with it."""
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    if arguments.defaults:
        named = positional[-len(arguments.defaults) :]
        yield from zip((each.arg for each in named), arguments.defaults, strict=True)
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if default is not None:
            yield argument.arg, default


def numbers_by_name(tree: ast.Module) -> dict[str, int]:
    """The whole numbers that names are given, or that parameters have by default; the last one of a name."""
    found: dict[str, int] = {}
    for node in ast.walk(tree):
        pairs: list[tuple[ast.expr | str, ast.expr]] = []
        if isinstance(node, ast.Assign):
            pairs = [(target, node.value) for target in node.targets]
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            pairs = [(node.target, node.value)]
        elif isinstance(node, ast.FunctionDef):
            pairs = list(defaults(node))
        for target, value in pairs:
            name = target.id if isinstance(target, ast.Name) else target
            number = whole_number(value)
            if isinstance(name, str) and number is not None:
                found[name] = number
    return found


def whole_number(node: ast.expr) -> int | None:
    """The whole number that an expression of constants is; None where it is none."""
    try:
        value = fold(node)
    except UnfoldableError:
        return None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def attributes(node: ast.AST) -> set[str]:
    """Every name and attribute below a node."""
    found = set()
    for each in ast.walk(node):
        if isinstance(each, ast.Name):
            found.add(each.id)
        elif isinstance(each, ast.Attribute):
            found.add(each.attr)
    return found


def names_called(node: ast.Call) -> set[str]:
    """The last part of the name that is called; empty where it has none."""
    if isinstance(node.func, ast.Attribute):
        return {node.func.attr}
    return {node.func.id} if isinstance(node.func, ast.Name) else set()


def line_of(node: ast.AST) -> int:
    """The line that a node starts on; 0 where it has none."""
    return getattr(node, "lineno", 0)
