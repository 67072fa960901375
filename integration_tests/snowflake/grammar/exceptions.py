"""
What Snowflake documents and a reader does not know: it is given another form, which says the same to a reader. Each with
its reason, and each only for the reader that needs it.
"""

import re

_TEXT = re.compile(r"'(?:[^'\\]|''|\\.)*'|\"(?:[^\"]|\"\")*\"", re.DOTALL)
_PUT = re.compile(r"PUT (file://[\w./:-]+) (.*)", re.DOTALL)
_TABLE_STAGE = re.compile(r'@%"(?:[^"]|"")*"')
_ALTER_SESSION = re.compile(r"(ALTER SESSION SET) (.*)", re.DOTALL)
_ASSIGNMENT = re.compile(r"\w+\s*=\s*(?:'(?:[^']|'')*'|[^\s,]+)")


def for_sqlfluff(sql: str) -> list[str]:
    """The statement or statements to read in its place."""
    return [_without_binds(_with_quoted_path(each)) for each in _one_parameter_each(sql)]


def for_sqlglot(sql: str) -> list[str]:
    return _one_parameter_each(sql)


def _without_binds(sql: str) -> str:
    """
    sqlfluff knows no `?`. Drivers bind values to it: https://docs.snowflake.com/en/developer-guide/node-js/nodejs-driver-execute
    ("Binding statement parameters").
    """
    texts = []

    def put_aside(found: re.Match) -> str:
        texts.append(found[0])
        return "\0"

    without_texts = _TEXT.sub(put_aside, sql).replace("?", "'bound'")
    return re.sub("\0", lambda _: texts.pop(0), without_texts)


def _with_quoted_path(sql: str) -> str:
    """
    sqlfluff reads the path of a PUT in single quotes only, which are needed for "special characters or spaces" alone, and a
    table's stage without them only where its name needs none: https://docs.snowflake.com/en/sql-reference/sql/put
    """
    return _PUT.sub(lambda put: f"PUT '{put[1]}' " + _TABLE_STAGE.sub(r"'\g<0>'", put[2]), sql)


def _one_parameter_each(sql: str) -> list[str]:
    """
    Both readers take one parameter only: "ALTER SESSION SET sessionParams", and of those "To set more than one parameter,
    separate them with spaces": https://docs.snowflake.com/en/sql-reference/sql/alter-session
    """
    found = _ALTER_SESSION.fullmatch(sql)
    if not found:
        return [sql]
    rest = _ASSIGNMENT.sub("", found[2]).replace(",", "").strip()
    # What is no assignment is for the reader to find.
    return [sql] if rest else [f"{found[1]} {assignment}" for assignment in _ASSIGNMENT.findall(found[2])]
