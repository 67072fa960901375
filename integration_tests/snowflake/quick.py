"""
What fakesnow does several times over for a statement, or again for a text that it has seen, done once. It reads each text
four times and walks the tree some eighty times (see skipping.py), which was most of what a test of Snowflake cost. What
runs on DuckDB is what fakesnow would run.
"""

import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

import fakesnow.cursor
import fakesnow.server
import sqlglot
from fakesnow.cursor import FakeSnowflakeCursor
from skipping import Walked
from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import SqlglotError

Result = TypeVar("Result")

# Characters of statements in a generation: of two as many are remembered. A tree takes some hundred times its text.
_MOST = 300_000

# What becomes of these hangs on their text and on where the session is, and on nothing else: not on values that are
# bound, what is on a stage, the time or chance.
_PLAIN = (
    exp.Query,
    exp.DML,
    exp.Create,
    exp.Drop,
    exp.Alter,
    exp.Comment,
    exp.Describe,
    exp.Show,
    exp.Transaction,
    exp.Commit,
    exp.Rollback,
    exp.TruncateTable,
    exp.Use,
)
_NOT_PLAIN = re.compile(r"@|\b(IDENTIFIER|RESULT_SCAN|RANDOM|SEQ\d|UNSET|SESSION|STAGE|FORMAT|DATABASE)\b", re.IGNORECASE)

# fakesnow's own answers to what has no rows.
_STATUS = re.compile(r"SELECT (?:'[^']*'|\d+) as '[\w ]+'(?:, \d+ as '[\w ]+')*", re.IGNORECASE)


class _Text:
    """What is known of one text."""

    def __init__(self, sql: str):
        self.is_plain = not _NOT_PLAIN.search(sql)
        self.statements: list[exp.Expr | None] = []
        self.error: SqlglotError | None = None
        try:
            self.statements = sqlglot.parse(sql, read="snowflake")
        except SqlglotError as error:
            self.error = error
        for statement in filter(None, self.statements):
            for node in statement.dfs():
                # Where it stood in the text, which nobody asks, and which takes most of the time of a copy.
                node._meta = None
        # What was made of it, by what it is.
        self.made: dict[object, object] = {}


@dataclass
class _Generation:
    """What was read first since the one before it was full."""

    size: int = 0
    texts: dict[str, _Text] = field(default_factory=dict)
    # By the identity of trees, which are kept here so that it remains theirs.
    trees: dict[int, tuple[exp.Expr, _Text]] = field(default_factory=dict)
    # The same of what runs on DuckDB, with its SQL.
    duckdb: dict[int, tuple[exp.Expr, str]] = field(default_factory=dict)


class _Memory:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._young, self._old = _Generation(), _Generation()

    def text(self, sql: str) -> _Text:
        known = self._young.texts.get(sql) or self._old.texts.get(sql)
        if not known:
            known = _Text(sql)
            with self._lock:
                if self._young.size > _MOST:
                    self._young, self._old = _Generation(), self._young
                self._young.size += len(sql)
                self._young.texts[sql] = known
            self.belongs(known.statements, known)
        return known

    def of(self, tree: exp.Expr) -> _Text | None:
        found = self._young.trees.get(id(tree)) or self._old.trees.get(id(tree))
        return found[1] if found else None

    def belongs(self, trees: Iterable[exp.Expr | None], known: _Text) -> None:
        self._young.trees.update((id(tree), (tree, known)) for tree in trees if tree)

    def duckdb(self, tree: exp.Expr) -> str | None:
        """Its SQL; empty where it is not known yet, and None where it is of no use to know."""
        found = self._young.duckdb.get(id(tree)) or self._old.duckdb.get(id(tree))
        return found[1] if found else None

    def remember_duckdb(self, tree: exp.Expr, sql: str) -> None:
        self._young.duckdb[id(tree)] = tree, sql


_memory = _Memory()


def parse(sql: str) -> list[exp.Expr | None]:
    """The statements of a text, to be looked at only: others are given the same ones. Raises a SqlglotError."""
    known = _memory.text(sql)
    if known.error:
        raise known.error
    return known.statements


def once(tree: exp.Expr, what: object, make: Callable[[], Result]) -> Result:
    """What is made of a statement's tree, made once where the tree is one that was read here."""
    known = _memory.of(tree)
    if not known:
        return make()
    if what not in known.made:
        known.made[what] = make()
    return known.made[what]


def quicken() -> None:
    """Makes fakesnow remember."""
    read = fakesnow.cursor.parse_one
    explode, transform = FakeSnowflakeCursor._transform_explode, FakeSnowflakeCursor._transform
    describe, generate = FakeSnowflakeCursor._describe_last_sql, DuckDB.generate

    def read_once(sql: str) -> exp.Expr:
        known = _memory.text(sql)
        return known.statements[0] if known.statements and known.statements[0] else read(sql)

    def explode_once(self: FakeSnowflakeCursor, tree: exp.Expr) -> list[exp.Expr]:
        known = _memory.of(tree)
        if not known or not known.is_plain or not isinstance(tree, (*_PLAIN, exp.Merge)):
            return explode(self, tree.copy())
        parts = once(tree, "parts", lambda: explode(self, tree.copy()))
        _memory.belongs(parts, known)
        return parts

    def walk(self: FakeSnowflakeCursor, part: exp.Expr, params: object) -> exp.Expr:
        return transform(self, Walked(part.copy()), params).tree

    def transform_once(self: FakeSnowflakeCursor, part: exp.Expr, params: object) -> exp.Expr:
        known = _memory.of(part)
        if not known or not known.is_plain or not _is_plain(part):
            return walk(self, part, params)
        # The part is alive as long as what is known of its text.
        what = "transformed", id(part), self._conn.database, self._conn.schema
        transformed = once(part, what, lambda: walk(self, part, params))
        if _memory.duckdb(transformed) is None:
            _memory.remember_duckdb(transformed, "")
        return transformed

    def generate_once(self: DuckDB, tree: exp.Expr, copy: bool = True, **options: object) -> str:
        known = None if options else _memory.duckdb(tree)
        if known:
            return known
        sql = generate(self, tree, copy=copy, **options)
        if known == "":
            _memory.remember_duckdb(tree, sql)
        return sql

    statuses: dict[str, list] = {}

    def describe_at_once(self: FakeSnowflakeCursor) -> list:
        sql = self._last_sql
        if sql in statuses:
            return statuses[sql]
        if not sql.lstrip(" (").upper().startswith(("SELECT", "WITH")) or ";" in sql:
            return describe(self)
        rows = self._duck_conn.execute(f"DESCRIBE {sql}", self._last_params or []).fetchall()
        if _STATUS.fullmatch(sql):
            statuses[sql] = rows
        return rows

    fakesnow.cursor.parse_one = fakesnow.server.parse_one = read_once
    FakeSnowflakeCursor._transform_explode = explode_once
    FakeSnowflakeCursor._transform = transform_once
    FakeSnowflakeCursor._describe_last_sql = describe_at_once
    DuckDB.generate = generate_once


def _is_plain(part: exp.Expr) -> bool:
    # The columns of `CREATE TABLE … (…) AS` are asked of DuckDB, and a sequence is named by chance.
    if isinstance(part, exp.Create) and isinstance(part.this, exp.Schema) and part.expression:
        return False
    return isinstance(part, _PLAIN) and not part.find(exp.AutoIncrementColumnConstraint)
