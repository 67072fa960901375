"""The HTTP server between the official drivers and fakesnow, and the door for tests under /__test/."""

import asyncio
import json
import time
import uuid
from email.utils import formatdate

from control import Control
from credentials import grant_token
from endings import refuse_ended
from engine import BUCKET, Engine, staged_files
from errors import SnowflakeError
from faults import BadRequest, Dropped, HttpFault, noting_the_end, suffer, suffer_afterwards
from http_request import Request
from logins import Logins
from parameters import seconds
from sessions import Sent, Session
from statements import Statements
from timeouts import timed_out


class Gateway:
    """An ASGI application."""

    def __init__(self, engine: Engine):
        self._engine = engine
        self._begin()

    def _begin(self) -> None:
        self._control = Control()
        self._logins = Logins(self._engine, self._control)
        self._statements = Statements(self._engine, self._control)

    async def __call__(self, scope: dict, receive, send) -> None:
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message["body"]
            if not message["more_body"]:
                break
        try:
            status, answer = await self._route(Request(scope, body))
        except SnowflakeError as error:
            status, answer = 200, error.answer()
        except HttpFault as fault:
            status, answer = fault.status, {}
        except BadRequest as error:
            status, answer = 400, {"error": str(error)}
        except Dropped:
            # ASGI knows no such thing. In uvicorn `receive` is a method of what holds the connection.
            receive.__self__.transport.abort()
            await receive()
            return
        content = json.dumps(answer).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(content)).encode()),
            (b"date", formatdate(self._control.now(), usegmt=True).encode()),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    async def _route(self, request: Request) -> tuple[int, object]:
        """HTTP status and answer."""
        path = request.path
        if path.startswith("/__test/"):
            return 200, self._test_door(path.removeprefix("/__test/"), request)
        if path.startswith("/fs_bucket/"):
            return await self._file(request)
        if path == "/session/v1/login-request":
            return 200, await self._logins.login(request)
        if path == "/oauth/token-request":
            return grant_token(request.form(), self._control)
        if path == "/telemetry/send":
            return 200, {"success": True, "data": "Log Received"}
        session = self._logins.sessions.get(request.token)
        if not session:
            return 401, SnowflakeError("390104", "User must login again to access the service.").answer()
        return await self._session_request(session, request)

    async def _session_request(self, session: Session, request: Request) -> tuple[int, object]:
        path = request.path
        refuse_ended(session)
        if path == "/queries/v1/query-request":
            return 200, await self._statement(session, request)
        if path == "/queries/v1/abort-request":
            return 200, self._abort(session, request.json().get("requestId"))
        if path == "/session/token-request":
            tokens = {"sessionToken": session.token, "masterToken": session.token}
            validity = {"validityInSecondsST": 3600, "validityInSecondsMT": 14400}
            return 200, {"success": True, "data": {**tokens, **validity}}
        if path == "/session/heartbeat":
            session.last_heard = time.monotonic()
            await suffer({} if session.aside else self._control.fault("heartbeat", ""))
        if path == "/session" and request.query.get("delete"):
            self._statements.end(self._logins.sessions.pop(session.token))
            return 200, {"success": True}
        return await self._engine.send(request.scope, request.body)

    def _test_door(self, what: str, request: Request) -> object:
        if request.method == "GET" and what in ("statements", "logins", "uploads"):
            return getattr(self._control, what)
        if request.method == "GET" and what == "stages":
            return staged_files()
        if request.method == "POST" and what == "reset":
            self._engine.reset()
            self._begin()
        else:
            self._control.tell(what, request.json())
        return {}

    async def _statement(self, session: Session, request: Request) -> dict:
        asked = request.json()
        request_id = request.query.get("requestId") or str(uuid.uuid4())
        sent = session.sent.get(request_id)
        if not sent:
            sent = Sent(_record(session, asked))
            session.remember(request_id, sent)
            if not session.aside:
                self._control.keep(sent.record)
                self._end_where_due(session)
        sent.record["attempts"] += 1
        fault = {} if session.aside else self._control.fault("statement", asked.get("sqlText") or "")
        with noting_the_end(sent.record):
            refuse_ended(session)
            await self._delayed(session, asked, fault, sent.aborted)
            if not sent.answer:
                sent.record["ran"] = True
                run = self._statements.run(session, request.scope, request.body, asked)
                sent.answer = asyncio.create_task(run)
            # What was begun is done, also when this client leaves.
            answer = await asyncio.shield(sent.answer)
            suffer_afterwards(fault)
        return answer

    def _end_where_due(self, session: Session) -> None:
        session.statements += 1
        session.ended = session.ended or self._control.ending(session)
        if session.ended:
            self._statements.end(session)
        session.last_heard = time.monotonic()

    async def _delayed(self, session: Session, asked: dict, fault: dict, aborted: asyncio.Event) -> None:
        """What a fault does before the statement runs. A delay is time that the statement takes."""
        longest = seconds(session, asked, "STATEMENT_TIMEOUT_IN_SECONDS")
        if not longest or fault.get("delayMs", 0) <= longest * 1000:
            return await suffer(fault, aborted)
        await suffer({"delayMs": longest * 1000}, aborted)
        raise timed_out(longest)

    def _abort(self, session: Session, request_id: str | None) -> dict:
        sent = session.sent.get(request_id or "")
        if sent:
            sent.aborted.set()
            if sent.answer and not sent.answer.done():
                self._statements.interrupt(session)
        return {"success": True}

    async def _file(self, request: Request) -> tuple[int, dict]:
        """A file for a stage, or the question whether it is there."""
        path = request.path.removeprefix("/fs_bucket/")
        if request.method != "PUT":
            return (200 if (BUCKET / path).is_file() else 404), {}
        record = {"path": path, "bytes": len(request.body), "ended": "running"}
        self._control.uploads.append(record)
        fault = self._control.fault("upload", path)
        with noting_the_end(record):
            await suffer(fault)
            status, answer = await self._engine.send(request.scope, request.body)
            suffer_afterwards(fault)
        return status, answer


def _record(session: Session, asked: dict) -> dict:
    """A statement as tests are told of it."""
    binds = asked.get("bindings") or {}
    return {
        "sql": asked.get("sqlText"),
        "parameters": asked.get("parameters") or {},
        "binds": [bind.get("value") for bind in binds.values()],
        "session": session.number,
        "attempts": 0,
        "ran": False,
        "ended": "running",
    }
