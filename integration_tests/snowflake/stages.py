"""
The names of stages in PUT and COPY: "If the stage name or path includes spaces or special characters, enclose it in
single quotes. For example, use '@"my stage"' for a stage named "my stage"."
https://docs.snowflake.com/en/sql-reference/sql/put and the review of 29 Nov 2026, A9.
"""

import re

from errors import SnowflakeError
from fakesnow.fakes import FakeSnowflakeConnection
from sql import FullName, fold_parts
from sqlglot import exp

_QUOTED = re.compile(r'"((?:[^"]|"")*)"')
# Up to the first slash that is in no quotes.
_NAME = re.compile(r'(?:"(?:[^"]|"")*"|[^"/])*')
_PLAIN = re.compile(r"[A-Za-z0-9_$]*")


def check_stage(statement: exp.Expr | None) -> None:
    """Raises a SnowflakeError where a stage has to be in single quotes and is not."""
    stage = _stage(statement)
    if not stage or stage.startswith("'"):
        return
    for name in _QUOTED.findall(stage):
        if not _PLAIN.fullmatch(name):
            message = f"syntax error: unexpected '{name}' in {stage}, which single quotes would allow."
            raise SnowflakeError("001003", f"SQL compilation error:\n{message}", "42000")


def with_full_stage(sql: str, statement: exp.Expr | None, connection: FakeSnowflakeConnection) -> str:
    """
    The statement as fakesnow reads it: it knows no stage in single quotes, nor one whose % stands before quotes, and of the
    current schema it takes the name for upper case.
    """
    stage = _stage(statement)
    name = _full_name(stage, connection) if stage else None
    if not name:
        return sql
    path = _split(stage)[1]
    return sql.replace(stage, "@" + ".".join('"' + part.replace('"', '""') + '"' for part in name) + path, 1)


def table_of_stage(statement: exp.Expr | None, connection: FakeSnowflakeConnection) -> FullName | None:
    """The table whose own stage a PUT goes to; None of another stage."""
    stage = _stage(statement) if isinstance(statement, exp.Put) else None
    name = _full_name(stage, connection) if stage else None
    return (*name[:2], name[2][1:]) if name and name[2].startswith("%") else None


def _full_name(stage: str, connection: FakeSnowflakeConnection) -> FullName | None:
    """Database, schema and name, that of a table's stage with its %; None of a user's stage."""
    name, _ = _split(stage)
    parts = fold_parts(name.replace("%", "", 1))
    if not 1 <= len(parts) <= 3 or name == "~":
        return None
    database, schema, last = (connection.database, connection.schema, *parts)[-3:]
    return (database, schema, f"%{last}" if "%" in name else last) if database and schema else None


def _split(stage: str) -> tuple[str, str]:
    """The name and the path, which begins with a slash or is empty."""
    found = _NAME.match(stage.strip("'").removeprefix("@"))
    return found[0], found.string[found.end() :]


def _stage(statement: exp.Expr | None) -> str | None:
    """The stage as it is written, with its single quotes."""
    if isinstance(statement, exp.Put):
        return statement.args["target"].name
    if not isinstance(statement, exp.Copy) or not statement.args.get("files"):
        return None
    place = statement.args["files"][0]
    place = place.this if isinstance(place, exp.Table) else place.find(exp.Table).this
    text = place.name if isinstance(place, (exp.Var, exp.Literal)) else ""
    if not text.startswith("@"):
        return None
    return f"'{text}'" if isinstance(place, exp.Literal) else text
