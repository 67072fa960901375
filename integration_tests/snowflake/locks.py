"""
The locks that a transaction holds on tables until its end: "UPDATE, DELETE, and MERGE statements hold locks that
generally prevent them from running in parallel with other UPDATE, DELETE, and MERGE statements"; INSERT and COPY hold
none that do. https://docs.snowflake.com/en/sql-reference/transactions and the review of 29 Nov 2026, A4. DuckDB would let
the second fail with a conflict. Deadlocks are not detected: one of the two waits in vain.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager

from errors import SnowflakeError
from sessions import Session

# Snowflake rolls back a transaction that others wait for once its session has been idle for five minutes. Here sooner.
_IDLE_SECONDS = 3
# Snowflake's LOCK_TIMEOUT is 12 hours, unless a session says otherwise; here tests shall end.
_WAIT_SECONDS = 30
# The error message says it: "the number of waiters for this lock exceeds the 20 statements limit".
_MOST_WAITERS = 20


class TableLocks:
    """Who holds which table, and how many wait for it."""

    def __init__(self, roll_back: Callable[[Session], Awaitable[None]]):
        self._roll_back = roll_back
        self._holders: dict[tuple, Session] = {}
        self._waiters: Counter[tuple] = Counter()
        self._changed = asyncio.Event()

    @asynccontextmanager
    async def held(self, session: Session, table: tuple | None, wait: float | None, is_over: Callable[[], bool]):
        """
        For the time of a statement; a transaction keeps what it has.

        Args:
            wait: the session's LOCK_TIMEOUT.
            is_over: whether the statement's own time is over, after which it waits no longer.
        """
        if table and self._held_by_other(session, table):
            await self._wait(session, table, _WAIT_SECONDS if wait is None else wait, is_over)
        if table:
            self._holders[table] = session
        try:
            yield
        finally:
            if not session.in_transaction:
                self.release(session)

    def release(self, session: Session) -> None:
        self._holders = {table: holder for table, holder in self._holders.items() if holder is not session}
        self._changed.set()

    def _held_by_other(self, session: Session, table: tuple) -> Session | None:
        holder = self._holders.get(table)
        return None if holder is session else holder

    async def _wait(self, session: Session, table: tuple, wait: float, is_over: Callable[[], bool]) -> None:
        if self._waiters[table] >= _MOST_WAITERS:
            number = f"the number of waiters for this lock exceeds the {_MOST_WAITERS} statements limit"
            raise _aborted(table, number)
        deadline = time.monotonic() + wait
        self._waiters[table] += 1
        try:
            while holder := self._held_by_other(session, table):
                if not holder.running and time.monotonic() - holder.last_active > _IDLE_SECONDS:
                    await self._roll_back(holder)
                    self.release(holder)
                elif time.monotonic() >= deadline or is_over():
                    raise _aborted(table, f"it waited for the lock for {wait:g} seconds (LOCK_TIMEOUT)")
                else:
                    await self._change(min(0.25, deadline - time.monotonic()))
        finally:
            self._waiters[table] -= 1

    async def _change(self, longest: float) -> None:
        self._changed.clear()
        try:
            await asyncio.wait_for(self._changed.wait(), longest)
        except TimeoutError:
            pass


def _aborted(table: tuple, why: str) -> SnowflakeError:
    held = f"Another statement has locked table '{table[-1]}' and this lock has not yet been released."
    return SnowflakeError("000625", f"{held}\nYour statement was aborted because {why}.", "57014")
