"""
Names to the letter: in Snowflake "Id" and "ID" are two columns, in DuckDB one. A statement that names a table or a
column which is there in other letters only is refused, as Snowflake refuses it. What cannot be resolved is let pass.
"""

from collections.abc import Iterable
from typing import TypeVar

from engine import query
from errors import LIMIT, SnowflakeError
from fakesnow.fakes import FakeSnowflakeConnection
from sql import TABLE_STATEMENTS, FullName, folded, full_name, mentioned_tables, target
from sqlglot import exp

# The columns that a name stands for; None: not known.
Columns = set[str] | None

Name = TypeVar("Name", str, tuple)


def check_names(statement: exp.Expr | None, connection: FakeSnowflakeConnection) -> None:
    """Raises a SnowflakeError where a name's letters are wrong."""
    if not isinstance(statement, TABLE_STATEMENTS):
        return
    if isinstance(statement, exp.Create) and statement.args.get("kind") == "SCHEMA":
        _check_new_schema(statement.this, connection)
    if isinstance(statement, exp.Create) and statement.args.get("kind") not in ("TABLE", "VIEW"):
        return
    checked = _Names(statement, connection)
    checked.check_schemas()
    checked.check_tables()
    checked.check_target_columns()
    checked.check_columns()


class _Names:
    def __init__(self, statement: exp.Expr, connection: FakeSnowflakeConnection):
        self._statement = statement
        self._connection = connection
        # By identity: to sqlglot two mentions of a table are equal.
        self._tables: dict[int, tuple[exp.Table, FullName]] = {}
        for table in mentioned_tables(statement):
            if name := full_name(table, connection):
                self._tables[id(table)] = table, name
        self._columns = _read_catalog({name[2] for _, name in self._tables.values()}, connection)
        self._target = target(statement)

    def check_schemas(self) -> None:
        schemas = _read_schemas(self._connection)
        for place in {name[:2] for _, name in self._tables.values()}:
            if place not in schemas and _in_other_letters(place, schemas):
                raise SnowflakeError(
                    "002003",
                    f"SQL compilation error:\nSchema '{'.'.join(place)}' does not exist or not authorized.",
                    "02000",
                )

    def check_tables(self) -> None:
        made = self._target if isinstance(self._statement, exp.Create) else None
        renamed = self._statement.find(exp.AlterRename)
        for table, name in self._tables.values():
            if name in self._columns or ("temp", "main", name[2]) in self._columns:
                continue
            other = _in_other_letters(name, self._columns)
            if other and (table is made or (renamed and table is renamed.this)):
                raise _limit(".".join(name), ".".join(other))
            if other:
                raise SnowflakeError(
                    "002003",
                    f"SQL compilation error:\nObject '{'.'.join(name)}' does not exist or not authorized.",
                    "42S02",
                )

    def check_target_columns(self) -> None:
        """What is inserted, set or added must be a column of the table that is written."""
        columns = self._of_table(self._target) if self._target is not None else None
        if columns is None:
            return
        statement = self._statement
        if isinstance(statement, exp.Alter):
            for action in statement.args.get("actions") or []:
                name = folded(action.this) if isinstance(action, exp.ColumnDef) else None
                if name and name not in columns and (other := _in_other_letters(name, columns)):
                    raise _limit(name, other)
            return
        written: list[exp.Expr] = []
        if isinstance(statement, exp.Insert) and isinstance(statement.this, exp.Schema):
            written += statement.this.expressions
        if isinstance(statement, exp.Update):
            written += [each.this for each in statement.expressions]
        for when in statement.find_all(exp.When) if isinstance(statement, exp.Merge) else []:
            then = when.args["then"]
            if isinstance(then, exp.Update):
                written += [each.this for each in then.expressions]
            elif isinstance(then, exp.Insert) and then.this:
                written += then.this.expressions
        for column in written:
            _check(folded(column.this if isinstance(column, exp.Column) else column), columns)

    def check_columns(self) -> None:
        """What is read must be a column of what it is read from."""
        sources = self._sources()
        named = {folded(alias.args["alias"]) for alias in self._statement.find_all(exp.Alias)} - {None}
        everything: Columns = set(named)
        for columns in sources.values():
            everything = None if columns is None or everything is None else everything | columns
        for column in self._statement.find_all(exp.Column):
            if column.arg_key == "to":  # The new name in RENAME COLUMN.
                continue
            qualifier = folded(column.args.get("table"))
            _check(folded(column.this), sources.get(qualifier) if qualifier else everything)

    def _sources(self) -> dict[str | None, Columns]:
        """By the names that columns may be qualified with, wherever in the statement; the nameless under None."""
        sources: dict[str | None, Columns] = {}

        def add(name: str | None, columns: Columns) -> None:
            before = sources.get(name, set())
            sources[name] = None if columns is None or before is None else before | columns

        ctes = {folded(cte.args["alias"].this): cte for cte in self._statement.find_all(exp.CTE)}
        for table in self._statement.find_all(exp.Table):
            cte = ctes.get(folded(table.this)) if not table.args.get("db") else None
            columns = _renamed(cte, self._outputs(cte.this)) if cte else self._of_table(table)
            add(_alias(table) or folded(table.this), _renamed(table, columns))
        for other in self._statement.find_all(exp.Subquery, exp.Values, exp.Lateral, exp.Unnest, exp.TableFromRows):
            columns = self._outputs(other.this) if isinstance(other, exp.Subquery) else None
            add(_alias(other), _renamed(other, columns))
        return sources

    def _of_table(self, table: exp.Table) -> Columns:
        if isinstance(self._statement, exp.Create) and table is self._target:
            return {folded(column.this) or "" for column in self._statement.find_all(exp.ColumnDef)}
        _, name = self._tables.get(id(table), (None, None))
        if not name:
            return None
        return self._columns.get(("temp", "main", name[2])) or self._columns.get(name)

    def _outputs(self, query: exp.Expr | None) -> Columns:
        """The names of a query's columns. Of an expression without a name none is known, and none is needed."""
        while isinstance(query, (exp.Subquery, exp.SetOperation)):
            query = query.this
        if not isinstance(query, exp.Select):
            return None
        names: set[str] = set()
        for selected in query.expressions:
            if selected.is_star:
                star = selected.this if isinstance(selected, exp.Column) else selected
                columns = None if any(star.args.values()) else self._star(query)
                if columns is None:
                    return None
                names |= columns
            elif isinstance(selected, exp.Alias):
                names.add(folded(selected.args["alias"]) or "")
            elif isinstance(selected, exp.Column):
                names.add(folded(selected.this) or "")
        return names

    def _star(self, query: exp.Select) -> Columns:
        """What * stands for where a query reads from one thing only."""
        source = query.args["from_"].this if query.args.get("from_") else None
        if query.args.get("joins") or query.args.get("laterals"):
            return None
        if isinstance(source, exp.Table):
            return self._of_table(source)
        return self._outputs(source) if isinstance(source, exp.Subquery) else None


def _alias(source: exp.Expr) -> str | None:
    alias = source.args.get("alias")
    return folded(alias.this) if alias else None


def _renamed(source: exp.Expr, columns: Columns) -> Columns:
    """The columns under the names that `AS s (a, b)` gives them."""
    alias = source.args.get("alias")
    names = alias.args.get("columns") if alias else None
    return {folded(name) or "" for name in names} if names else columns


def _check_new_schema(table: exp.Table, connection: FakeSnowflakeConnection) -> None:
    made = folded(table.args.get("catalog")) or connection.database or "", folded(table.args.get("db")) or ""
    schemas = _read_schemas(connection)
    other = None if made in schemas else _in_other_letters(made, schemas)
    if other:
        raise _limit(".".join(made), ".".join(other))


def _read_schemas(connection: FakeSnowflakeConnection) -> set[tuple[str, str]]:
    return set(query(connection, "SELECT database_name, schema_name FROM duckdb_schemas() WHERE NOT internal"))


def _read_catalog(names: Iterable[str], connection: FakeSnowflakeConnection) -> dict[FullName, set[str]]:
    """The columns of all tables and views of these names, whatever their letters and wherever they are."""
    lowered = sorted({name.lower() for name in names})
    rows = query(
        connection,
        "SELECT database_name, schema_name, table_name, list(column_name) FROM duckdb_columns() "
        "WHERE NOT internal AND lower(table_name) IN (SELECT unnest($1)) GROUP BY ALL",
        [lowered],
    )
    return {(database, schema, table): set(columns) for database, schema, table, columns in rows}


def _in_other_letters(name: Name, names: Iterable[Name]) -> Name | None:
    return next((other for other in names if _lower(other) == _lower(name)), None)


def _lower(name: str | tuple) -> str | tuple:
    return name.lower() if isinstance(name, str) else tuple(part.lower() for part in name)


def _check(name: str | None, columns: Columns) -> None:
    if name and columns is not None and name not in columns and _in_other_letters(name, columns):
        shown = name if name == name.upper() else f'"{name}"'
        raise SnowflakeError("000904", f"SQL compilation error:\ninvalid identifier '{shown}'", "42000")


def _limit(name: str, other: str) -> SnowflakeError:
    message = f"stand-in: there is {other} already. Snowflake could have {name} beside it, DuckDB cannot."
    return SnowflakeError(LIMIT, message, "0A000")
