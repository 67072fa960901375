"""Which of many statements are worth a look: those that bring something that none before them had."""

import re

_TOKEN = re.compile(
    r"""file://[^\s']+|'(?:[^'\\]|''|\\.)*'|"(?:[^"]|"")*"|\$\$.*?\$\$|[A-Za-z_][\w$]*|\d[\w.]*|::|=>|<=|>=|<>|!=|\|\||\S""", re.DOTALL
)

# So many tokens in a row make a place. Columns by the hundred are places that were seen at the third.
_ROW = 7


def worth_reading(statements: list[str]) -> list[str]:
    """The shortest statements that together have every place, so that each form is read once."""
    seen: set[tuple[str, ...]] = set()
    chosen = []
    for sql in sorted(set(statements), key=lambda sql: (len(sql), sql)):
        places = _places(sql)
        if not places <= seen:
            seen |= places
            chosen.append(sql)
    return chosen


def _places(sql: str) -> set[tuple[str, ...]]:
    tokens = ["", *(_kind(token) for token in _TOKEN.findall(sql)), ""]
    return {tuple(tokens[start : start + _ROW]) for start in range(max(1, len(tokens) - _ROW + 1))}


def _kind(token: str) -> str:
    """A token without what is only a value or a name."""
    if token.startswith(("'@", "'file:")):
        return token[:2]
    if token.startswith("file:"):
        return "file:"
    if token[0] in "'\"":
        return token[0]
    if token[0].isdigit():
        return "1"
    # Names that are generated have digits; words of the language have none but in few functions.
    return "X" if re.search(r"\d", token) else token.upper()
