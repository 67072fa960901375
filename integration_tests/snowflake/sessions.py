"""What Snowflake keeps of a session."""

import asyncio
import time
from dataclasses import dataclass, field

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
    # By their names in capitals.
    parameters: dict[str, object]
    role: str | None
    warehouse: str | None
    # The login or a USE named a warehouse that does not exist: whatever needs one fails.
    without_warehouse: bool = False
    in_transaction: bool = False
    # Of a transaction in which nothing was done yet.
    is_fresh: bool = False
    running: int = 0
    # How many statements were asked of it.
    statements: int = 0
    # The code that all gets that is asked with its token, once it was ended.
    ended: str | None = None
    began: float = field(default_factory=time.monotonic)
    # The last statement's beginning or end, or the last heartbeat.
    last_heard: float = field(default_factory=time.monotonic)
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
        self.last_active = self.last_heard = time.monotonic()

    def remember(self, request_id: str, sent: Sent) -> None:
        """Clients repeat a request soon or never; answers can be large."""
        self.sent[request_id] = sent
        while len(self.sent) > _REMEMBERED:
            self.sent.pop(next(iter(self.sent)))
