"""Parameters of a session: what ALTER SESSION says. https://docs.snowflake.com/en/sql-reference/sql/alter-session"""

import re

from sessions import Session

_ALTER = re.compile(r"\s*ALTER\s+SESSION\s+(SET|UNSET)\s+(.*)", re.IGNORECASE | re.DOTALL)
_SET = re.compile(r"(\w+)\s*=\s*('(?:[^']|'')*'|[^\s,;]+)")


def read_changes(sql: str) -> dict[str, object]:
    """The parameters that the statement sets, by their names in capitals; None of what it unsets."""
    found = _ALTER.match(sql)
    if not found:
        return {}
    if found[1].upper() == "UNSET":
        return {name.upper(): None for name in re.findall(r"\w+", found[2])}
    return {name.upper(): _value(text) for name, text in _SET.findall(found[2])}


def change(session: Session, changes: dict[str, object]) -> None:
    """After the statement has succeeded."""
    for name, value in changes.items():
        if value is None:
            session.parameters.pop(name, None)
        else:
            session.parameters[name] = value


def is_on(value: object) -> bool:
    """Of a parameter that is TRUE or FALSE."""
    return value if isinstance(value, bool) else str(value).upper() in ("TRUE", "1")


def seconds(session: Session, request: dict, name: str) -> float | None:
    """A parameter that is a number, as it is for one statement; None where neither it nor the session has it."""
    given = {key.upper(): value for key, value in (request.get("parameters") or {}).items()}
    value = given.get(name, session.parameters.get(name))
    return None if value is None else float(str(value))


def _value(text: str) -> object:
    if text.startswith("'"):
        return text[1:-1].replace("''", "'")
    return text.upper() == "TRUE" if text.upper() in ("TRUE", "FALSE") else text
