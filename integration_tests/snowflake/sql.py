"""Statements as sqlglot reads them, and the names in them as Snowflake understands them."""

import re

import quick
from errors import SnowflakeError
from fakesnow.fakes import FakeSnowflakeConnection
from sqlglot import exp
from sqlglot.errors import SqlglotError

# Database, schema, name.
FullName = tuple[str, str, str]

_PART = re.compile(r'"(?:[^"]|"")*"|[^".]+')

# What reads, writes, makes or changes tables.
TABLE_STATEMENTS = (exp.Query, exp.DML, exp.Merge, exp.Copy, exp.Create, exp.Alter, exp.Drop, exp.TruncateTable)


def parse(sql: str) -> exp.Expr | None:
    """The statement; None where sqlglot cannot read it, which is then for fakesnow to say."""
    try:
        statements = quick.parse(sql)
    except SqlglotError:
        return None
    statements = [statement for statement in statements if statement and not isinstance(statement, exp.Semicolon)]
    if len(statements) > 1:
        # fakesnow would run the first and forget the others.
        count = len(statements)
        message = f"Actual statement count {count} did not match the desired statement count 1."
        raise SnowflakeError("000008", message, "0A000")
    return statements[0] if statements else None


def folded(identifier: exp.Expr | None) -> str | None:
    """The name that an identifier means: upper case unless quoted. None of what is no identifier."""
    if not isinstance(identifier, exp.Identifier):
        return None
    return identifier.name if identifier.quoted else identifier.name.upper()


def fold(name: str) -> str:
    """A written identifier as Snowflake keeps it: upper case unless quoted."""
    return name[1:-1].replace('""', '"') if name.startswith('"') and name.endswith('"') else name.upper()


def fold_parts(name: str) -> tuple[str, ...]:
    """The parts of a written name, between its dots."""
    return tuple(fold(part) for part in _PART.findall(name))


def full_name(table: exp.Table, connection: FakeSnowflakeConnection) -> FullName | None:
    """A table's name with what it leaves out; None of what is no table, as a stage or a function."""
    name = folded(table.this)
    database = folded(table.args.get("catalog")) or connection.database
    schema = folded(table.args.get("db")) or connection.schema
    return (database, schema, name) if name and database and schema else None


def target(statement: exp.Expr | None) -> exp.Table | None:
    """The table that a statement writes, makes or changes."""
    if not isinstance(statement, (exp.DML, exp.Merge, exp.Copy, exp.Create, exp.Alter)):
        return None
    table = statement.this.this if isinstance(statement.this, exp.Schema) else statement.this
    return table if isinstance(table, exp.Table) else None


def dropped_tables(statement: exp.Expr | None, connection: FakeSnowflakeConnection) -> list[FullName]:
    """The tables of a DROP TABLE."""
    if not isinstance(statement, exp.Drop) or statement.args.get("kind") != "TABLE":
        return []
    tables = statement.args.get("tables") or [statement.this]
    names = [full_name(table, connection) for table in tables if isinstance(table, exp.Table)]
    return [name for name in names if name]


def place(statement: exp.Expr | None) -> tuple[str, str] | None:
    """Database and schema of a statement's first table, where it names all of its tables in full."""
    if not isinstance(statement, (*TABLE_STATEMENTS, exp.Describe)):
        return None
    if isinstance(statement, (exp.Create, exp.Drop)) and statement.args.get("kind") not in ("TABLE", "VIEW"):
        return None
    places = [
        (folded(table.args.get("catalog")), folded(table.args.get("db"))) for table in mentioned_tables(statement)
    ]
    return places[0] if places and all(database and schema for database, schema in places) else None


def mentioned_tables(statement: exp.Expr) -> list[exp.Table]:
    """The tables and views that a statement names, without stages, functions and what it names in WITH itself."""
    ctes = {folded(cte.args["alias"].this) for cte in statement.find_all(exp.CTE)}
    return [
        table
        for table in statement.find_all(exp.Table)
        if (name := folded(table.this)) and (table.args.get("db") or name not in ctes)
    ]


def locked_table(statement: exp.Expr | None, connection: FakeSnowflakeConnection) -> FullName | None:
    """The table that Snowflake locks for a statement until the end of its transaction. INSERT and COPY lock none."""
    locks = isinstance(statement, (exp.Update, exp.Delete, exp.Merge))
    locks = locks or (isinstance(statement, exp.Insert) and statement.args.get("overwrite"))
    table = target(statement) if locks else None
    return full_name(table, connection) if table is not None else None
