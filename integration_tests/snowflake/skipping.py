"""
fakesnow walks each statement's tree some eighty times, once for each thing of Snowflake's that DuckDB has not, and asks each
node whether it is one. Here only those nodes are asked that are of a kind that the walk changes, which the source of its
function says: nearly all begin with `if isinstance(expression, …)`.
"""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType

from fakesnow import transforms
from sqlglot import exp

Kinds = tuple[type, ...]

# What changes the node itself, or what is below it; and what may put other nodes anywhere.
_CHANGES = re.compile(r"\.(set|append)\(|\.args\[[^\]]*\] = ")
_CHANGES_OTHERS = re.compile(r"\.(replace|pop|transform)\(")


@dataclass
class _Walk:
    # The kinds of nodes that it does anything with; None where that is not known.
    kinds: Kinds | None
    changes_others: bool
    changes: bool


class Walked:
    """A tree on its way through fakesnow's walks, each of which is a call of `transform`."""

    def __init__(self, tree: exp.Expr):
        self.tree = tree
        self._look()

    def _look(self) -> None:
        self._nodes = list(self.tree.dfs())
        self._places: dict[type, list[int]] = {}
        for place, node in enumerate(self._nodes):
            self._places.setdefault(type(node), []).append(place)

    def transform(self, function: Callable, *arguments: object, copy: bool = True, **named: object) -> "Walked":
        walk = _walk_of(function)
        places: list[int] = []
        for kind, found in self._places.items():
            if walk.kinds is None or issubclass(kind, walk.kinds):
                places.extend(found)
        if not places:
            return self
        if walk.kinds is None or walk.changes_others:
            self.tree = self.tree.transform(function, *arguments, copy=copy, **named)
            self._look()
        elif self._replace(sorted(places), lambda node: function(node, *arguments, **named)) or walk.changes:
            self._look()
        return self

    def _replace(self, places: list[int], function: Callable[[exp.Expr], exp.Expr]) -> bool:
        """As sqlglot's own `transform`: what is below a node that was replaced is left alone. True where one was."""
        last = -1
        for place in places:
            node = self._nodes[place]
            if place <= last:
                continue
            parent, name, index = node.parent, node.arg_key, node.index
            new = function(node)
            if new is node:
                continue
            last = place + sum(1 for _ in node.dfs()) - 1
            if place == 0:
                self.tree = new
            elif parent and name:
                parent.set(name, new, index)
        return last >= 0


_known: dict[CodeType, _Walk] = {}

# Those whose source says it in another way.
_KINDS: dict[str, Kinds] = {
    "update_variables": (exp.Set, exp.Alias, exp.Command),
    "integer_precision": (exp.DataType,),
    "alter_table_strip_cluster_by": (exp.Alter, exp.Command),
}


def _walk_of(function: Callable) -> _Walk:
    code = function.__code__
    if code not in _known:
        _known[code] = _read(_behind(function))
    return _known[code]


def _read(function: Callable | None) -> _Walk:
    source = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0] if function else None
    if not function or not isinstance(source, ast.FunctionDef):
        return _Walk(None, True, True)
    body = [statement for statement in source.body if not _is_text(statement)]
    kinds = _KINDS.get(function.__name__) or _kinds_of(body, source.args.args[0].arg, function)
    text = "\n".join(map(ast.unparse, body))
    return _Walk(kinds, bool(_CHANGES_OTHERS.search(text)), bool(_CHANGES.search(text)))


def _behind(function: Callable) -> Callable | None:
    """The function, or the one that a lambda hands its node to."""
    if function.__name__ != "<lambda>":
        return function
    called = [getattr(transforms, name, None) for name in function.__code__.co_names]
    found = [each for each in called if inspect.isfunction(each)]
    return found[0] if len(found) == 1 else None


def _kinds_of(body: list[ast.stmt], node: str, function: Callable) -> Kinds | None:
    kinds: set[type] = set()
    for statement in body:
        if _returns(statement, node):
            return tuple(kinds)
        if _is_preparation(statement):
            continue
        if not isinstance(statement, ast.If):
            return None
        if len(statement.body) == 1 and _returns(statement.body[0], node):
            # What comes behind it is done with these kinds only.
            guarded = _refused(statement.test, node, function)
            return tuple(kinds | set(guarded)) if guarded and not statement.orelse else None
        branch: ast.stmt | None = statement
        while branch:
            if _returns(branch, node):
                return tuple(kinds)
            guarded = _guarded(branch.test, node, function) if isinstance(branch, ast.If) else None
            if not guarded or len(branch.orelse) > 1:
                return None
            kinds |= set(guarded)
            branch = branch.orelse[0] if branch.orelse else None
    return None


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _is_preparation(statement: ast.stmt) -> bool:
    """Whether it only names values."""
    if isinstance(statement, ast.If):
        return all(map(_is_preparation, [*statement.body, *statement.orelse]))
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return isinstance(statement, ast.Assign | ast.AnnAssign) and all(isinstance(each, ast.Name) for each in targets)


def _returns(statement: ast.stmt, node: str) -> bool:
    value = statement.value if isinstance(statement, ast.Return) else None
    return isinstance(value, ast.Name) and value.id == node


def _refused(test: ast.expr, node: str, function: Callable) -> Kinds | None:
    """The kinds of which a node must be for the test not to hold."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        return _refused(test.values[0], node, function)
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _guarded(test.operand, node, function)
    return None


def _guarded(test: ast.expr, node: str, function: Callable) -> Kinds | None:
    """The kinds of which a node must be for the test to hold, and for anything but its kind to be looked at."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return _guarded(test.values[0], node, function)
    match test:
        case ast.Call(func=ast.Name(id="isinstance"), args=[ast.Name(id=name), kinds]) if name == node:
            value = eval(compile(ast.Expression(kinds), "kinds", "eval"), function.__globals__)
            return value if isinstance(value, tuple) else getattr(value, "__args__", (value,))
    return None
