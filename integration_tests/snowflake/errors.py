"""Errors as Snowflake answers them, and Snowflake's codes for what DuckDB and fakesnow call otherwise."""

import re

import duckdb

# Of the stand-in itself, none of Snowflake's: what it cannot do, and what went wrong inside of it.
LIMIT = "261002"
INTERNAL = "261000"
# Where Snowflake's documentation says that it refuses something and not with which code.
UNDOCUMENTED = "261003"


class SnowflakeError(Exception):
    """A statement or a login that Snowflake refuses: HTTP 200 and `success: false`."""

    def __init__(self, code: str, message: str, sql_state: str | None = None):
        super().__init__(message)
        self.code = code
        self.message = message
        self.sql_state = sql_state

    def answer(self) -> dict:
        data = {"errorCode": self.code, "sqlState": self.sql_state, "queryId": None}
        return {"success": False, "code": self.code, "message": self.message, "data": data}


# fakesnow's code, what its message says, Snowflake's code and SQL state.
_CODES = [
    ("002043", r"does not have a column|column .* not found|Referenced column", "000904", "42000"),
    ("0020[04]3", r"already exists", "002002", "42710"),
]

# An exception that fakesnow does not translate, what its message says, Snowflake's code and SQL state.
_EXCEPTIONS = [
    (duckdb.ConstraintException, r"NOT NULL", "100072", "22000"),
    (duckdb.InvalidInputException, r"Malformed JSON", "100069", "22P02"),
    (duckdb.InterruptException, r"", "000604", "57014"),
]


def recode(answer: dict) -> SnowflakeError:
    """fakesnow's refusal, with the code that Snowflake would give."""
    code = str(answer.get("code"))
    # It puts the code before the message, too.
    message = re.sub(r"^\d{6} \(\w+\): ", "", str(answer.get("message")))
    sql_state = (answer.get("data") or {}).get("sqlState")
    for theirs, pattern, ours, state in _CODES:
        if re.fullmatch(theirs, code) and re.search(pattern, message):
            code, sql_state = ours, state
            break
    return SnowflakeError(code, message, sql_state)


def from_exception(error: BaseException | None, text: str) -> SnowflakeError:
    """
    What fakesnow answers with HTTP 500. Told as it is, the driver would retry it for hours; Snowflake has codes for it.
    """
    for kind, pattern, code, state in _EXCEPTIONS:
        if isinstance(error, kind) and re.search(pattern, str(error)):
            return SnowflakeError(code, str(error), state)
    message = f"{type(error).__name__}: {error}" if error else text
    return SnowflakeError(INTERNAL, f"stand-in: {message}", "XX000")
