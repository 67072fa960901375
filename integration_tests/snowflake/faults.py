"""Faults that tests ask for, and how a request ends by them."""

import asyncio
import re
from contextlib import contextmanager
from dataclasses import dataclass

from errors import SnowflakeError

_KINDS = ("statement", "login", "upload", "heartbeat")
_KEYS = {"on", "match", "nth", "times", "fault"}
_EFFECTS = {"error", "dropBefore", "dropAfter", "delayMs", "hold", "silence", "status"}


class BadRequest(Exception):
    """A test asked for what there is not."""


class Dropped(Exception):
    """The connection is to be closed without an answer."""


class HttpFault(Exception):
    """The answer is a bare HTTP status."""

    def __init__(self, status: int):
        super().__init__(f"HTTP {status}")
        self.status = status


@dataclass
class Rule:
    """
    A fault. It looks at what clients send, each attempt by itself: the text of a statement, the name at a login, the
    path of an upload, nothing at a heartbeat. The `nth` that matches and `times - 1` more after it (of `times` none:
    all) meet the fault.
    """

    on: str
    pattern: re.Pattern
    nth: int
    times: int | None
    fault: dict
    # Set when tests tell other rules: what this one holds goes on then.
    over: asyncio.Event
    seen: int = 0

    @classmethod
    def parse(cls, given: dict) -> "Rule":
        on, fault = given.get("on", "statement"), given.get("fault") or {}
        # An upload is not Snowflake's to answer but its bucket's, which knows no such errors.
        effects = _EFFECTS - {"error"} if on == "upload" else _EFFECTS
        if set(given) - _KEYS or set(fault) - effects or on not in _KINDS or not fault:
            raise BadRequest(f"no rule: {given}")
        pattern = re.compile(given.get("match", ""), re.IGNORECASE)
        over = asyncio.Event()
        return cls(on, pattern, given.get("nth", 1), given.get("times", 1), {**fault, "over": over}, over)

    def meets(self, text: str) -> bool:
        if not self.pattern.search(text):
            return False
        self.seen += 1
        return self.seen >= self.nth and (self.times is None or self.seen < self.nth + self.times)


async def suffer(fault: dict, aborted: asyncio.Event | None = None) -> None:
    """What a fault does before anything has run."""
    wait = None if fault.get("silence") or fault.get("hold") else fault.get("delayMs", 0) / 1000
    if wait != 0:
        aborted = aborted or asyncio.Event()
        ends = [aborted, fault["over"]] if fault.get("hold") else [aborted]
        waiting = [asyncio.create_task(end.wait()) for end in ends]
        await asyncio.wait(waiting, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
        for each in waiting:
            each.cancel()
        if aborted.is_set():
            raise SnowflakeError("000604", "SQL execution canceled", "57014")
    if fault.get("dropBefore"):
        raise Dropped
    if fault.get("status"):
        raise HttpFault(fault["status"])
    if fault.get("error"):
        error = fault["error"]
        raise SnowflakeError(error["code"], error["message"], error.get("sqlState"))


def suffer_afterwards(fault: dict) -> None:
    """What it does after all has run."""
    if fault.get("dropAfter"):
        raise Dropped


@contextmanager
def noting_the_end(record: dict):
    """Writes into what tests are told of a request how it ended."""
    try:
        yield
        record["ended"] = "ok"
    except SnowflakeError as error:
        record["ended"] = error.code
        raise
    except HttpFault as fault:
        record["ended"] = str(fault)
        raise
    except Dropped:
        record["ended"] = "lost"
        raise
