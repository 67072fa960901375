"""One statement on its way: what Snowflake would refuse, what it would wait for, and its answer in Snowflake's form."""

import asyncio
import json
import logging
import re
from contextlib import nullcontext
from os.path import dirname
from urllib.parse import unquote, urlsplit

from account import Account
from administration import administered
from comments import ColumnComments, show_comments
from control import Control
from created import CreatedTables
from engine import Engine, placed
from errors import SnowflakeError, from_exception, recode
from fakesnow.fakes import FakeSnowflakeConnection
from jobs import Jobs
from limits import check_limits
from locks import TableLocks
from merges import check_merge
from names import check_names
from owners import Owners
from parameters import change, is_on, read_changes, seconds
from rowset import to_json_rows
from sessions import Session
from sql import folded, locked_table, parse, place
from sqlglot import exp
from stages import check_stage, with_full_stage
from timeouts import StatementTimeout

# What Snowflake says of the form of texts, which the driver needs when it fetches moments as texts.
PARAMETERS = {
    "BINARY_OUTPUT_FORMAT": "HEX",
    "DATE_OUTPUT_FORMAT": "YYYY-MM-DD",
    "TIME_OUTPUT_FORMAT": "HH24:MI:SS",
    "TIMEZONE": "Etc/UTC",
    "TIMESTAMP_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF3 TZHTZM",
    "TIMESTAMP_LTZ_OUTPUT_FORMAT": "",
    "TIMESTAMP_NTZ_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF3",
    "TIMESTAMP_TZ_OUTPUT_FORMAT": "",
}

_NEED_WAREHOUSE = (exp.Query, exp.DML, exp.Merge, exp.Copy)
_DDL = (exp.Create, exp.Alter, exp.Drop, exp.Comment)
_CHANGES_ROWS = (exp.DML, exp.Merge, exp.Copy, exp.TruncateTable)


class Statements:
    """Runs statements, those of one session one after the other."""

    def __init__(self, engine: Engine, control: Control):
        self._engine = engine
        self._control = control
        # What tables there are is changed by one statement at a time: fakesnow's own list of columns knows no conflicts.
        self._definitions = asyncio.Lock()
        self._created = CreatedTables()
        self._owners = Owners()
        self._jobs = Jobs()
        self._locks = TableLocks(lambda session: self._end_transaction(session, "ROLLBACK"))

    async def run(self, session: Session, scope: dict, body: bytes, request: dict) -> dict:
        """The answer. Raises a SnowflakeError where the statement fails."""
        async with session.turn:
            session.running += 1
            try:
                longest = seconds(session, request, "STATEMENT_TIMEOUT_IN_SECONDS")
                with StatementTimeout(longest, lambda: self.interrupt(session)) as timeout:
                    return await self._run(session, scope, body, request, timeout)
            except SnowflakeError:
                raise
            except Exception as error:
                logging.exception("the stand-in failed at %s", request.get("sqlText"))
                raise from_exception(error, "") from error
            finally:
                session.touch()

    def end(self, session: Session) -> None:
        """The session ends, and its transaction with it."""
        self._engine.end_session(session.token)
        self._locks.release(session)

    def interrupt(self, session: Session) -> None:
        """Stops what the session runs."""
        if session.running and not session.ended:
            self._engine.connection(session.token)._duck_conn.interrupt()

    async def _run(
        self, session: Session, scope: dict, body: bytes, request: dict, timeout: StatementTimeout
    ) -> dict:
        sql = administered(request.get("sqlText") or "", self._control)
        if sql != request.get("sqlText"):
            body = json.dumps({**request, "sqlText": sql}).encode()
        connection = self._engine.connection(session.token)
        account = Account() if session.aside else self._control.account
        statement = await asyncio.to_thread(parse, sql)
        check_limits(sql, statement, account)
        check_stage(statement)
        self._refuse_unknown(session, statement, connection)
        self._jobs.run(sql, connection)
        await asyncio.to_thread(check_names, statement, connection)
        self._owners.check(session, statement, connection)
        changes = read_changes(sql)
        await self._begin_or_commit(session, statement, changes, connection)
        # What fakesnow is to run, in the place of what was sent.
        seen = account.policies.applied(statement, connection)
        text = with_full_stage(sql, statement, connection) if seen is None else seen.sql("snowflake")
        if session.in_transaction and isinstance(statement, exp.Transaction):
            # In a transaction BEGIN is ignored: https://docs.snowflake.com/en/sql-reference/transactions
            text = "SELECT 'Statement executed successfully.' AS \"status\""
        if text != sql:
            body = json.dumps({**request, "sqlText": text}).encode()
        wait = seconds(session, request, "LOCK_TIMEOUT")
        async with self._locks.held(session, locked_table(statement, connection), wait, lambda: timeout.is_over):
            await self._begin_late(session, statement, connection)
            if isinstance(statement, exp.Merge):
                # By a connection of its own where one is open: a question that fails would end the transaction.
                asker = self._engine.aside(connection) if session.in_transaction else connection
                await asyncio.to_thread(check_merge, seen or statement, request, asker)
            new_table = self._owners.new_table(session, statement, connection, account)
            comments = ColumnComments(statement, connection)
            where = None if connection.schema_set and not isinstance(statement, exp.Copy) else place(statement)
            turn = self._definitions if isinstance(statement, _DDL) else nullcontext()
            with placed(connection, *where) if where else nullcontext():
                async with turn:
                    status, answer = await self._engine.send(scope, body)
            if isinstance(statement, (exp.Commit, exp.Rollback)):
                session.in_transaction = False
            if status != 200:
                raise from_exception(self._engine.unhandled(), str(answer.get("message")))
            if not answer["success"]:
                raise recode(answer)
            if isinstance(statement, exp.Transaction) and not session.in_transaction:
                session.in_transaction = session.is_fresh = True
            comments.keep()
            self._created.note(statement, connection)
            self._owners.note(statement, new_table, connection, account)
        change(session, changes)
        self._note_use(session, statement)
        self._finish(session, scope, request, answer["data"])
        show_comments(statement, answer["data"], connection)
        self._created.show(statement, answer["data"])
        account.policies.show(statement, answer["data"], connection)
        return answer

    async def _begin_or_commit(
        self, session: Session, statement: exp.Expr | None, changes: dict, connection: FakeSnowflakeConnection
    ) -> None:
        """What a statement does of itself to the transaction: https://docs.snowflake.com/en/sql-reference/transactions"""
        defines = isinstance(statement, _DDL) and statement.args.get("kind") != "SESSION"
        if session.in_transaction and (defines or "AUTOCOMMIT" in changes):
            await self._end_transaction(session, "COMMIT")
        default = session.aside or self._control.account.autocommit
        is_automatic = is_on(session.parameters.get("AUTOCOMMIT", default))
        if not session.in_transaction and not is_automatic and isinstance(statement, _CHANGES_ROWS):
            await asyncio.to_thread(connection._duck_conn.execute, "BEGIN")
            session.in_transaction = session.is_fresh = True

    async def _begin_late(
        self, session: Session, statement: exp.Expr | None, connection: FakeSnowflakeConnection
    ) -> None:
        """
        A statement sees what was committed before it, also in a transaction (Snowflake: READ COMMITTED). DuckDB's see
        what was there when the transaction began, so that it begins only now, when the lock is had.
        """
        if session.is_fresh and not isinstance(statement, (exp.Commit, exp.Rollback)):
            for sql in ("ROLLBACK", "BEGIN"):
                await asyncio.to_thread(connection._duck_conn.execute, sql)
        session.is_fresh = False

    def _refuse_unknown(
        self, session: Session, statement: exp.Expr | None, connection: FakeSnowflakeConnection
    ) -> None:
        """Refuses what does not exist, also where it only is what tests declared not to exist."""
        unknown = self._control.unknown
        if statement is None:
            return
        kind, name = _used(statement)
        hidden = kind == "SCHEMA" and folded(statement.this.args.get("db")) in unknown["databases"]
        if hidden or name in unknown.get(f"{kind.lower()}s", ()) or self._shows_nothing(statement, connection):
            message = "SQL compilation error:\nObject does not exist, or operation cannot be performed."
            raise SnowflakeError("002043", message, "02000")
        for table in statement.find_all(exp.Table):
            database = folded(table.args.get("catalog"))
            if database in unknown["databases"]:
                message = f"SQL compilation error:\nDatabase '{database}' does not exist or not authorized."
                raise SnowflakeError("002003", message, "02000")
        if session.without_warehouse and isinstance(statement, _NEED_WAREHOUSE) and statement.find(exp.Table):
            raise SnowflakeError(
                "000606",
                "No active warehouse selected in the current session.  "
                "Select an active warehouse with the 'use warehouse' command.",
                "57P03",
            )

    def _shows_nothing(self, statement: exp.Expr, connection: FakeSnowflakeConnection) -> bool:
        """Whether it is a SHOW … IN a database or a schema that is not there; fakesnow would answer without rows."""
        kind, scope = statement.args.get("scope_kind"), statement.args.get("scope")
        if not isinstance(statement, exp.Show) or not isinstance(scope, exp.Table):
            return False
        name = folded(scope.this)
        if kind not in ("DATABASE", "SCHEMA") or name == "INFORMATION_SCHEMA":
            return False
        database = name if kind == "DATABASE" else folded(scope.args.get("db")) or connection.database
        hidden = self._control.unknown["databases"]
        if not database or database in hidden or not self._engine.has_database(database):
            return True
        return kind == "SCHEMA" and not self._engine.has_schema(database, name)

    def _note_use(self, session: Session, statement: exp.Expr | None) -> None:
        kind, name = _used(statement)
        if kind == "WAREHOUSE":
            session.warehouse, session.without_warehouse = name, False
        elif kind == "ROLE":
            session.role = name

    async def _end_transaction(self, session: Session, how: str) -> None:
        connection = self._engine.connection(session.token)
        await asyncio.to_thread(connection.cursor().execute, how)
        session.in_transaction = False
        self._locks.release(session)

    def _finish(self, session: Session, scope: dict, request: dict, data: dict) -> None:
        """Makes Snowflake's answer of fakesnow's."""
        if data.get("command") == "UPLOAD":
            _finish_upload(data, scope, request["sqlText"])
            return
        to_json_rows(data)
        connection = self._engine.connection(session.token)
        given = {**PARAMETERS, **session.parameters, **(request.get("parameters") or {})}
        data["parameters"] = [{"name": name, "value": given[name]} for name in PARAMETERS]
        data["finalDatabaseName"], data["finalSchemaName"] = connection.database, connection.schema
        data["finalWarehouseName"] = session.warehouse
        data["finalRoleName"] = session.role


def _used(statement: exp.Expr | None) -> tuple[str, str | None]:
    """Of USE WAREHOUSE "W": WAREHOUSE and W."""
    if not isinstance(statement, exp.Use) or not statement.args.get("kind") or not statement.this:
        return "", None
    return statement.args["kind"].name.upper(), folded(statement.this.this)


def _finish_upload(data: dict, scope: dict, sql: str) -> None:
    """
    Tells the driver to upload over HTTP to this server, as to a bucket of Google's with a token for the whole stage:
    its only way that needs neither TLS nor another request for each file. fakesnow names a signed address instead.
    """
    info = data["stageInfo"]
    if info["locationType"] == "GCS":
        host = dict(scope["headers"])[b"host"].decode()
        path = dirname(unquote(urlsplit(info.pop("presignedUrl")).path)).removeprefix("/fs_bucket/")
        info["location"] = f"{path}/"
        info["endPoint"] = f"http://{host}/fs_bucket"
        info["creds"] = {"GCS_ACCESS_TOKEN": "stand-in"}
        info["region"] = "us-central1"
    data["overwrite"] = bool(re.search(r"\bOVERWRITE\s*=\s*TRUE\b", sql, re.IGNORECASE))
