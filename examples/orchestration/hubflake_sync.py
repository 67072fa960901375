"""Runs ``hubflake sync --json`` and says how it ended: what the examples beside this file share. Needs Python alone."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from types import FrameType
from typing import Any, NoReturn

# The exit codes of ``hubflake sync``: all done, something failed, another run of the pipeline is going on.
DONE, FAILED, ANOTHER_RUN = 0, 1, 4

# Where a whole sync fails there is no JSON, but a line on stderr that ends in a code. Waiting mends these.
TRANSIENT_CODES = frozenset(
    {
        "HF-UNAVAILABLE",
        "HF-DAILY-LIMIT",
        "HF-WAREHOUSE-UNAVAILABLE",
        "HF-WAREHOUSE-BUSY",
        "HF-LEASE-LOST",
        "HF-SOURCE-INCOMPLETE",
        "HF-STOPPED",
    }
)
ERROR_LINE = re.compile(r"^ERROR (?P<message>.*) \[(?P<code>HF-[A-Z-]+)\]$")


class AnotherRunError(Exception):
    """Another run of the pipeline is going on: this one has done nothing, and need not alarm anybody."""


class SyncError(Exception):
    """The sync, or some of its streams, failed. ``is_transient`` says whether running it again may help."""

    def __init__(self, message: str, *, is_transient: bool) -> None:
        super().__init__(message)
        self.is_transient = is_transient


@dataclass(frozen=True)
class Table:
    """What a sync did to a table: records read from HubSpot, and what became of them."""

    stream: str
    table: str
    complete: bool
    records: int
    inserted: int
    updated: int
    marked: int
    removed: int

    def counts(self) -> dict[str, int]:
        names = ("records", "inserted", "updated", "marked", "removed")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class StreamError:
    """Why a stream failed; ``kind`` is config_error, transient_error or system_error."""

    stream: str
    code: str
    kind: str
    message: str


@dataclass(frozen=True)
class SyncResult:
    """The result of a sync, in which some streams may have failed."""

    tables: list[Table]
    errors: list[StreamError]
    calls: int
    seconds: float

    @classmethod
    def from_json(cls, result: dict[str, Any]) -> SyncResult:
        return cls(
            tables=[Table(**_known(Table, each)) for each in result["streams"]],
            errors=[StreamError(**_known(StreamError, each)) for each in result["errors"]],
            calls=result["calls"]["total"],
            seconds=result["seconds"],
        )

    def error(self) -> SyncError | None:
        """All failures of streams as one error; it is transient where every one of them is."""
        if not self.errors:
            return None
        lines = [f"{each.stream}: {each.message} [{each.code}]" for each in self.errors]
        transient = all(each.kind == "transient_error" for each in self.errors)
        return SyncError("\n".join(lines), is_transient=transient)


def _known(kind: type[Table | StreamError], members: dict[str, Any]) -> dict[str, Any]:
    """The members that a class has: later versions of hubflake may add some."""
    return {field.name: members[field.name] for field in fields(kind)}


@contextmanager
def raising_at_sigterm() -> Iterator[None]:
    """Makes SIGTERM an exception: some orchestrators end a task by a handler of their own, which a plain function does not hear of."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def run_sync(command: Sequence[str], pipeline: str, log: Callable[[str], None]) -> SyncResult:
    """Runs one sync.

    :param command: how hubflake is called, for example ``["hubflake"]`` or ``["docker", "run", …, "hubflake/…"]``
    :param pipeline: the path of the pipeline; its ``${NAME}`` are taken from the environment
    :param log: is handed every line of hubflake's log
    :raises AnotherRunError: where another run of the pipeline is going on
    :raises SyncError: where the whole sync failed; failures of single streams are in the result
    """
    arguments = [*command, "sync", "--config", pipeline, "--json"]
    last_error = None
    # The result goes to a file, since hubflake would wait for us to read a full pipe while we read its log.
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        with subprocess.Popen(
            arguments, stdout=output, stderr=subprocess.PIPE, encoding="utf-8", errors="replace"
        ) as process:
            assert process.stderr is not None
            try:
                with raising_at_sigterm():
                    for line in process.stderr:
                        log(line.rstrip())
                        last_error = ERROR_LINE.match(line.rstrip()) or last_error
            except BaseException:
                # The orchestrator ends the task. hubflake finishes the step it is at, and keeps its state.
                process.terminate()
                process.communicate()
                log(f"hubflake was stopped, and ended with exit code {process.returncode}")
                raise
        output.seek(0)
        printed = output.read().strip()
    code = process.returncode
    message = last_error["message"] if last_error else f"hubflake ended with exit code {code}; see its log."
    if code == ANOTHER_RUN:
        raise AnotherRunError(message)
    if code not in (DONE, FAILED):
        # A signal, for example for want of memory. The next run goes on where this one was.
        raise SyncError(message, is_transient=True)
    if printed == "":
        raise SyncError(message, is_transient=last_error is not None and last_error["code"] in TRANSIENT_CODES)
    return SyncResult.from_json(json.loads(printed))
