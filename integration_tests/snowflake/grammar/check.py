"""
Whether statements are Snowflake's SQL, judged by sqlglot and sqlfluff: `check.py < statements`, a JSON text a line. Says with one
line of JSON how many were read, and which are none: `{"statements": 900, "read": 80, "complaints": [{"sql", "reader", "says"}]}`.

Both know the grammar and no names: what is well-formed can still be refused. What they do not know and Snowflake documents
stands in exceptions.py.
"""

import json
import logging
import sys

sys.dont_write_bytecode = True

import sqlglot  # noqa: E402
from exceptions import for_sqlfluff, for_sqlglot  # noqa: E402
from shapes import worth_reading  # noqa: E402
from sqlfluff.core import FluffConfig, Linter  # noqa: E402
from sqlglot import exp  # noqa: E402
from sqlglot.errors import SqlglotError  # noqa: E402

# sqlglot calls Command what it reads no further than the first word.
logging.getLogger("sqlglot").setLevel(logging.ERROR)


def complaint_of_sqlglot(sql: str) -> str | None:
    try:
        statements = sqlglot.parse(sql, read="snowflake")
    except SqlglotError as error:
        return str(error)
    if len(statements) != 1 or not statements[0]:
        return f"{len(statements)} statements"
    return "not understood" if isinstance(statements[0], exp.Command) else None


def complaint_of_sqlfluff(sql: str, linter: Linter) -> str | None:
    violations = linter.parse_string(sql).violations
    return violations[0].desc() if violations else None


def main() -> None:
    statements = [json.loads(line) for line in sys.stdin if line.strip()]
    linter = Linter(config=FluffConfig(overrides={"dialect": "snowflake", "large_file_skip_byte_limit": 0}))
    chosen = worth_reading(statements)
    complaints = []
    for sql in chosen:
        read = [("sqlglot", complaint_of_sqlglot(each)) for each in for_sqlglot(sql)]
        read += [("sqlfluff", complaint_of_sqlfluff(each, linter)) for each in for_sqlfluff(sql)]
        complaints += [{"sql": sql, "reader": reader, "says": says} for reader, says in read if says]
    print(json.dumps({"statements": len(statements), "read": len(chosen), "complaints": complaints}))


main()
