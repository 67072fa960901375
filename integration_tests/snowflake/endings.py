"""
Sessions that Snowflake ends, by session policies, or for reasons of its own; its driver renews none of them.
https://docs.snowflake.com/en/user-guide/session-policies and the review of 29 Nov 2026, A3.
"""

import time
from dataclasses import dataclass

from errors import SnowflakeError
from faults import BadRequest
from sessions import Session

_KEYS = {"code", "nth", "session", "idleSeconds", "lifespanSeconds", "times"}

# The codes of the drivers' own lists (snowflake-sdk: lib/constants/gs_errors.js).
_MESSAGES = {
    "390104": "User must login again to access the service.",
    "390111": "Session no longer exists. New login required to access the service.",
    "390114": "Authentication token has expired. The user must authenticate again.",
    "390195": "The token is invalid. The user must authenticate again.",
}


@dataclass
class Ending:
    """
    A session that meets all that is said here is ended, before a statement of it is run; and from then on all that is asked
    with its token is refused. Of `times` none: every such session.
    """

    code: str = "390111"
    # Before its nth statement, from 1, or a later one.
    nth: int | None = None
    # The number of the login.
    session: int | None = None
    # SESSION_IDLE_TIMEOUT_MINS: after so long without a statement or a heartbeat.
    idle_seconds: float | None = None
    # SESSION_MAX_LIFESPAN_MINS: so long after the login, however active it is.
    lifespan_seconds: float | None = None
    times: int | None = None

    @classmethod
    def parse(cls, given: dict) -> "Ending":
        code = given.get("code", "390111")
        if set(given) - _KEYS or code not in _MESSAGES or not set(given) - {"code", "times"}:
            raise BadRequest(f"no ending: {given}")
        idle, lifespan = given.get("idleSeconds"), given.get("lifespanSeconds")
        return cls(code, given.get("nth"), given.get("session"), idle, lifespan, given.get("times"))

    def meets(self, session: Session) -> bool:
        """Before a statement, which is counted already."""
        now = time.monotonic()
        met = (
            self.times != 0
            and (self.nth is None or session.statements >= self.nth)
            and (self.session is None or session.number == self.session)
            and (self.idle_seconds is None or (not session.running and now - session.last_heard > self.idle_seconds))
            and (self.lifespan_seconds is None or now - session.began > self.lifespan_seconds)
        )
        if met and self.times is not None:
            self.times -= 1
        return met


def refuse_ended(session: Session) -> None:
    """Raises where the session has been ended."""
    if session.ended:
        raise SnowflakeError(session.ended, _MESSAGES[session.ended], "08001")
