"""Logins: who comes, and the session that Snowflake would give."""

import json
from urllib.parse import urlencode

from control import Control
from credentials import id_token, verify
from engine import Engine
from errors import SnowflakeError
from faults import noting_the_end, suffer, suffer_afterwards
from http_request import Request
from sessions import Session
from sql import fold
from statements import PARAMETERS

# How a test's own connections call themselves: they are not recorded, and no rule and no password concerns them.
_ASIDE = "stand_in_reader"

_MORE_PARAMETERS = {
    "CLIENT_SESSION_KEEP_ALIVE_HEARTBEAT_FREQUENCY": 3600,
    # With fakesnow's 0 the driver would stage every array of binds.
    "CLIENT_STAGE_ARRAY_BINDING_THRESHOLD": 65280,
}


class Logins:
    """Opens sessions, and knows those that are open."""

    def __init__(self, engine: Engine, control: Control):
        self._engine = engine
        self._control = control
        self._count = 0
        self.sessions: dict[str, Session] = {}

    async def login(self, request: Request) -> dict:
        """The answer to a login. Raises a SnowflakeError where it is refused."""
        login = request.json()["data"]
        record = _record(request, login)
        if record["application"] == _ASIDE:
            answer, _ = await self._open(request, login, 0)
            return answer
        self._control.logins.append(record)
        fault = self._control.fault("login", str(login.get("LOGIN_NAME")))
        with noting_the_end(record):
            await suffer(fault)
            verify(login, self._control)
            answer, session = await self._open(request, login, self._count + 1)
            self._count += 1
            record["session"] = session.number
            suffer_afterwards(fault)
        return answer

    async def _open(self, request: Request, login: dict, number: int) -> tuple[dict, Session]:
        unknown = self._control.unknown
        named = {name: fold(value) for name, value in request.query.items()}
        role, warehouse = named.get("roleName"), named.get("warehouse")
        if role in unknown["roles"]:
            raise SnowflakeError(
                "390189",
                f"Role '{role}' specified in the connect string does not exist or not authorized. "
                "Contact your local system administrator, or attempt to login with another role, e.g. PUBLIC.",
            )
        # A warehouse, a database or a schema that does not exist is left unset, and the login succeeds.
        without_warehouse = warehouse in unknown["warehouses"]
        database, schema = named.get("databaseName"), named.get("schemaName")
        if not database or database in unknown["databases"] or not self._engine.has_database(database):
            database = schema = None
        elif schema and not self._engine.has_schema(database, schema):
            schema = None
        place = {"databaseName": database, "schemaName": schema}
        found = urlencode({name: f'"{value}"' for name, value in place.items() if value})
        parameters = {name.upper(): value for name, value in (login.get("SESSION_PARAMETERS") or {}).items()}
        body = json.dumps({"data": {**login, "SESSION_PARAMETERS": _for_fakesnow(parameters)}}).encode()
        status, answer = await self._engine.send({**request.scope, "query_string": found.encode()}, body)
        if status != 200:
            raise SnowflakeError("390100", f"stand-in: {self._engine.unhandled()!r}")
        data = answer["data"]
        session = Session(
            number=number,
            token=data["token"],
            parameters=parameters,
            role=role,
            warehouse=None if without_warehouse else warehouse,
            without_warehouse=without_warehouse,
        )
        self._engine.complete(session.token)
        self.sessions[session.token] = session
        autocommit = self._control.account.autocommit or session.aside
        given = {**PARAMETERS, **_MORE_PARAMETERS, "AUTOCOMMIT": autocommit, **session.parameters}
        data["parameters"] = [{"name": name, "value": value} for name, value in given.items()]
        data["sessionInfo"] = {**place, "warehouseName": session.warehouse, "roleName": role}
        # A session is renewed with the token that it has.
        data["idToken"] = id_token(login, self._control)
        data.update(masterToken=session.token, sessionId=number, validityInSeconds=3600, masterValidityInSeconds=14400)
        return answer, session


def _for_fakesnow(parameters: dict) -> dict:
    """The stand-in begins transactions by itself; fakesnow would begin them again."""
    return {name: value for name, value in parameters.items() if name != "AUTOCOMMIT"}


def _record(request: Request, login: dict) -> dict:
    """A login as tests are told of it."""
    return {
        "authenticator": login.get("AUTHENTICATOR") or "SNOWFLAKE",
        "loginName": login.get("LOGIN_NAME"),
        "password": login.get("PASSWORD"),
        "token": login.get("TOKEN"),
        "provider": login.get("PROVIDER"),
        "account": login.get("ACCOUNT_NAME"),
        "database": request.query.get("databaseName"),
        "schema": request.query.get("schemaName"),
        "warehouse": request.query.get("warehouse"),
        "role": request.query.get("roleName"),
        "sessionParameters": login.get("SESSION_PARAMETERS") or {},
        "clientAppId": login.get("CLIENT_APP_ID"),
        "application": (login.get("CLIENT_ENVIRONMENT") or {}).get("APPLICATION"),
        "session": None,
        "ended": "running",
    }
