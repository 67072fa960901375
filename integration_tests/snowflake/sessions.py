"""What Snowflake keeps of a session, and the locks that a transaction holds on tables until its end."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from errors import SnowflakeError

# Snowflake rolls back a transaction that others wait for once its session has been idle for five minutes. Here sooner.
_IDLE_SECONDS = 3
_WAIT_SECONDS = 30

# Of how many statements a session remembers the answers.
_REMEMBERED = 16


@dataclass(eq=False)
class Sent:
    """A statement that a client sent, once or several times under the same request id."""

    # What tests are told of it.
    record: dict
    aborted: asyncio.Event = field(default_factory=asyncio.Event)
    # Its answer, once it has been given to the engine.
    answer: asyncio.Task | None = None


@dataclass(eq=False)
class Session:
    """One login."""

    # From 1; 0 is the test itself.
    number: int
    token: str
    parameters: dict
    role: str | None
    warehouse: str | None
    # The login or a USE named a warehouse that does not exist: whatever needs one fails.
    without_warehouse: bool = False
    in_transaction: bool = False
    # Of a transaction in which nothing was done yet.
    is_fresh: bool = False
    running: int = 0
    last_active: float = field(default_factory=time.monotonic)
    # One statement at a time: DuckDB's connection takes no more, where Snowflake's session does.
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    # By request id: Snowflake runs a request once, however often a client sends it.
    sent: dict[str, Sent] = field(default_factory=dict)

    @property
    def aside(self) -> bool:
        """A connection of the test itself: not recorded, and no rule concerns it."""
        return self.number == 0

    def touch(self) -> None:
        """A statement has ended."""
        self.running -= 1
        self.last_active = time.monotonic()

    def remember(self, request_id: str, sent: Sent) -> None:
        """Clients repeat a request soon or never; answers can be large."""
        self.sent[request_id] = sent
        while len(self.sent) > _REMEMBERED:
            self.sent.pop(next(iter(self.sent)))


class TableLocks:
    """
    UPDATE, DELETE and MERGE of a table wait for one another, across sessions and until the end of the transaction, as
    in Snowflake. DuckDB would let the second fail with a conflict.
    """

    def __init__(self, roll_back: Callable[[Session], Awaitable[None]]):
        self._roll_back = roll_back
        self._holders: dict[tuple, Session] = {}
        self._changed = asyncio.Event()

    @asynccontextmanager
    async def held(self, session: Session, table: tuple | None):
        """For the time of a statement; a transaction keeps what it has."""
        if table:
            await self._take(session, table)
        try:
            yield
        finally:
            if not session.in_transaction:
                self.release(session)

    async def _take(self, session: Session, table: tuple) -> None:
        deadline = time.monotonic() + _WAIT_SECONDS
        while (holder := self._holders.get(table)) not in (None, session):
            if not holder.running and time.monotonic() - holder.last_active > _IDLE_SECONDS:
                await self._roll_back(holder)
                self.release(holder)
            elif time.monotonic() > deadline:
                message = f"Statement waited too long for a lock on table {'.'.join(table)}."
                raise SnowflakeError("000625", message, "57014")
            else:
                self._changed.clear()
                try:
                    await asyncio.wait_for(self._changed.wait(), 0.25)
                except TimeoutError:
                    continue
        self._holders[table] = session

    def release(self, session: Session) -> None:
        self._holders = {table: holder for table, holder in self._holders.items() if holder is not session}
        self._changed.set()
