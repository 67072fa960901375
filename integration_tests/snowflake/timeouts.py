"""
STATEMENT_TIMEOUT_IN_SECONDS: a statement that takes longer, its waiting for locks included, is canceled.
https://docs.snowflake.com/en/sql-reference/parameters#statement-timeout-in-seconds
"""

import asyncio
from collections.abc import Callable

from errors import SnowflakeError


class StatementTimeout:
    """To be entered while a statement runs."""

    def __init__(self, seconds: float | None, interrupt: Callable[[], None]):
        # 0 stands for the longest time that Snowflake has, a week.
        self._seconds = seconds or None
        self._interrupt = interrupt
        self._timer: asyncio.TimerHandle | None = None
        self.is_over = False

    def __enter__(self) -> "StatementTimeout":
        if self._seconds:
            self._timer = asyncio.get_running_loop().call_later(self._seconds, self._ring)
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, _trace: object) -> None:
        if self._timer:
            self._timer.cancel()
        if self.is_over and isinstance(error, Exception):
            raise timed_out(self._seconds) from error

    def _ring(self) -> None:
        self.is_over = True
        self._interrupt()
        # One MERGE is several of DuckDB's statements, and between two of them nothing can be interrupted.
        self._timer = asyncio.get_running_loop().call_later(0.05, self._ring)


def timed_out(seconds: float | None) -> SnowflakeError:
    message = f"Statement reached its statement or warehouse timeout of {seconds or 0:g} second(s) and was canceled."
    return SnowflakeError("000630", message, "57014")
