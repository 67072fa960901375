"""
Results as rows of texts in JSON, the only form that snowflake-sdk reads. fakesnow answers in Arrow, and there makes the
first second of 1970 of a moment that is NULL.
"""

import base64
import datetime
import decimal
from collections.abc import Callable

import pyarrow

_EPOCH = datetime.date(1970, 1, 1)
_NANO = decimal.Decimal("1e-9")


def to_json_rows(data: dict) -> None:
    """Puts `rowset` and its counts in the place of fakesnow's Arrow, in the answer itself."""
    if data.get("queryResultFormat") == "arrow":
        data["rowset"] = _rows(data.pop("rowsetBase64", ""), data["rowtype"])
    data["queryResultFormat"] = "json"
    data["returned"] = len(data["rowset"])
    data["total"] = data.get("total") or data["returned"]
    data["version"] = 1


def _rows(arrow: str, rowtype: list[dict]) -> list[list[str | None]]:
    if not arrow:
        return []
    table = pyarrow.ipc.open_stream(base64.b64decode(arrow)).read_all()
    for info, name in zip(rowtype, table.column_names, strict=True):
        # DuckDB 2.0.0 describes `"A" AS "a"` as A, and fakesnow believes it.
        info["name"] = name
    columns = [
        [None if value is None else write(value) for value in column.to_pylist()]
        for write, column in zip((_writer(info["type"]) for info in rowtype), table.columns, strict=True)
    ]
    return [list(row) for row in zip(*columns, strict=True)]


def _writer(kind: str) -> Callable[[object], str | None]:
    if kind.startswith("timestamp"):
        return _timestamp_tz if kind == "timestamp_tz" else _timestamp
    return _WRITERS.get(kind, str)


def _fixed(value: object) -> str:
    return format(value, "f") if isinstance(value, decimal.Decimal) else str(value)


def _time(value: int) -> str:
    """Of nanoseconds since midnight."""
    return f"{value // 10**9}.{value % 10**9:09d}"


def _timestamp(value: dict) -> str | None:
    """Seconds since 1970 with nine decimals. Arrow holds a NULL as a struct of NULLs, which no `is None` finds."""
    if value["epoch"] is None:
        return None
    seconds = decimal.Decimal(value["epoch"]) + decimal.Decimal(value["fraction"]) * _NANO
    return format(seconds.quantize(_NANO), "f")


def _timestamp_tz(value: dict) -> str | None:
    """The same and the offset in minutes, which is never below zero: 1440 is UTC."""
    seconds = _timestamp(value)
    return None if seconds is None else f"{seconds} {value['timezone']}"


_WRITERS: dict[str, Callable] = {
    "boolean": lambda value: "1" if value else "0",
    "date": lambda value: str((value - _EPOCH).days),
    "time": _time,
    "binary": lambda value: value.hex().upper(),
    "real": repr,
    "fixed": _fixed,
}
