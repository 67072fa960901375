"""fakesnow in this process: its server, called without a network, and its databases."""

import contextvars
import json
import logging
import shutil
import time
from contextlib import contextmanager
from pathlib import Path

import duckdb
import fakesnow.server as fakesnow
from fakesnow.fakes import FakeSnowflakeConnection
from fakesnow.instance import FakeSnow
from fakesnow.transforms import stage
from merges import mend_merges
from quick import quicken

# So long a statement of a client that is gone may take to notice.
LONGEST_CLOSE_SECONDS = 10

BUCKET = Path(stage.LOCAL_BUCKET_PATH)

# Statements that fakesnow lacks and that may succeed without an effect: fakesnow's own option.
_NOTHING = [
    r"\s*(REMOVE|RM)\s",
    r"\s*DROP\s+(STAGE|FILE\s+FORMAT)\s",
    r"\s*ALTER\s+(SESSION|WAREHOUSE)\s",
    r"\s*COMMENT\s+ON\s+COLUMN\s",
    r"\s*EXECUTE\s+JOB\s+SERVICE\s",
    r"\s*DROP\s+SERVICE\s",
    r"\s*(CREATE|ALTER)\s+(OR\s+REPLACE\s+)?TASK\s",
]

# A macro takes as many arguments as it says: of wider tables fakesnow has no HASH_AGG.
_WIDEST_HASH = 12
_HASHES = [", ".join(f"v{i}" for i in range(count)) for count in range(1, _WIDEST_HASH + 1)]
_FUNCTIONS = [
    "is_object(value) AS json_type(value) = 'OBJECT'",
    "object_delete(value, name) AS json_merge_patch(value, json_object(name::VARCHAR, NULL))",
    "hash_agg" + ", ".join(f"({values}) AS sum(hash({values})::HUGEINT)" for values in _HASHES),
]

_ADD_FUNCTIONS = "; ".join(f"CREATE OR REPLACE TEMP MACRO {macro}" for macro in _FUNCTIONS)

mend_merges()
quicken()

_unhandled: contextvars.ContextVar[BaseException | None] = contextvars.ContextVar("unhandled", default=None)


class _Unhandled(logging.Handler):
    """fakesnow only logs an exception that it has no answer for; this keeps it for the request that met it."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            _unhandled.set(record.exc_info[1])


class Engine:
    """The databases, in memory or in a directory, and the sessions on them."""

    def __init__(self, directory: Path | None):
        self._directory = directory
        log = logging.getLogger("fakesnow.server")
        log.handlers, log.propagate = [_Unhandled()], False
        logging.getLogger("sqlglot").setLevel(logging.ERROR)
        self._open()

    def _open(self) -> None:
        # As in Snowflake, to name a database at login does not create it.
        self._fake = FakeSnow(
            create_database_on_connect=False,
            create_schema_on_connect=False,
            db_path=self._directory,
            nop_regexes=_NOTHING,
        )
        fakesnow.shared_fs = self._fake
        # Statements over many columns nest deeper than DuckDB expects.
        self._fake.duck_conn.execute("SET GLOBAL max_expression_depth = 10000")
        for file in sorted(self._directory.glob("*.db")) if self._directory else []:
            # Databases of an earlier process. Only a login with leave to create attaches a file.
            FakeSnowflakeConnection(
                self._fake.duck_conn.cursor(), {}, file.stem, create_schema=False, db_path=self._directory
            ).close()

    def close(self) -> None:
        """Ends the sessions, rolls back what they left open, and lets go of the files."""
        for token in list(fakesnow.sessions):
            self.end_session(token)
        self._fake.duck_conn.close()

    def reset(self) -> None:
        """Begins anew, with no database, no stage and no session."""
        self.close()
        for file in self._directory.glob("*.db*") if self._directory else []:
            file.unlink()
        for folder in BUCKET.iterdir():
            shutil.rmtree(folder)
        self._open()

    def has_database(self, name: str) -> bool:
        sql = "SELECT 1 FROM duckdb_databases() WHERE database_name = ? AND NOT internal"
        with self._fake.duck_conn.cursor() as cursor:
            return cursor.execute(sql, [name]).fetchone() is not None

    def has_schema(self, database: str, name: str) -> bool:
        sql = "SELECT 1 FROM duckdb_schemas() WHERE database_name = ? AND schema_name = ?"
        with self._fake.duck_conn.cursor() as cursor:
            return cursor.execute(sql, [database, name]).fetchone() is not None

    def connection(self, token: str) -> FakeSnowflakeConnection:
        """fakesnow's connection of a session."""
        return fakesnow.sessions[token]

    def complete(self, token: str) -> None:
        """Gives a session the functions of Snowflake's that fakesnow lacks."""
        _add_functions(self.connection(token))

    def aside(self, connection: FakeSnowflakeConnection) -> FakeSnowflakeConnection:
        """A connection beside another one, in the same place: it sees what is committed."""
        place = {"database": connection.database, "schema": connection.schema}
        other = FakeSnowflakeConnection(
            self._fake.duck_conn.cursor(), {}, **place, create_database=False, create_schema=False
        )
        _add_functions(other)
        return other

    def end_session(self, token: str) -> None:
        connection = fakesnow.sessions.pop(token, None)
        if connection is None:
            return
        # A statement that still runs in a thread, of a client that is gone, is broken off.
        deadline = time.monotonic() + LONGEST_CLOSE_SECONDS
        while True:
            connection._duck_conn.interrupt()
            try:
                return connection.close()
            except duckdb.Error:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    async def send(self, scope: dict, body: bytes) -> tuple[int, dict]:
        """One request to fakesnow's server: HTTP status and answer. `unhandled()` then says what it failed of."""
        headers = [header for header in scope["headers"] if header[0] not in (b"content-length", b"content-encoding")]
        scope = {**scope, "headers": [*headers, (b"content-length", str(len(body)).encode())]}
        status, answer = 500, b""

        async def receive() -> dict:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict) -> None:
            nonlocal status, answer
            status = message.get("status", status)
            answer += message.get("body", b"")

        _unhandled.set(None)
        try:
            await fakesnow.app(scope, receive, send)
        except Exception as error:  # Starlette raises it anew, after an answer of HTML.
            _unhandled.set(error)
            return 500, {}
        return status, json.loads(answer) if answer else {}

    def unhandled(self) -> BaseException | None:
        return _unhandled.get()


def _add_functions(connection: FakeSnowflakeConnection) -> None:
    connection._duck_conn.execute(_ADD_FUNCTIONS)


def query(connection: FakeSnowflakeConnection, sql: str, parameters: list | None = None) -> list[tuple]:
    """
    DuckDB's own SQL on a session's connection, for what the stand-in itself wants to know. Empty where the session's
    transaction has failed and nothing more can be asked.
    """
    try:
        return connection._duck_conn.execute(sql, parameters or []).fetchall()
    except duckdb.Error:
        return []


@contextmanager
def placed(connection: FakeSnowflakeConnection, database: str, schema: str):
    """
    For a statement that names its tables in full: fakesnow fails where the session is in no schema, which Snowflake
    does not mind, and keeps a COPY's record in the database that the session is in, whichever the statement names.
    """
    duck = connection._duck_conn
    names = ("database", "_schema", "database_set", "schema_set")
    before = {name: getattr(connection, name) for name in names}
    try:
        ((path,),) = duck.execute("SELECT current_setting('search_path')").fetchall()
        duck.execute(f"SET schema = '{database}.{schema}'")
    except duckdb.Error:
        # There is no such schema, which is for the statement to find out.
        yield
        return
    connection.database, connection._schema = database, schema
    connection.database_set = connection.schema_set = True
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(connection, name, value)
        duck.execute(f"SET search_path = '{path or 'memory.main'}'")


def staged_files() -> list[str]:
    """The files on all stages, as DATABASE/SCHEMA/STAGE/path."""
    return sorted(str(path.relative_to(BUCKET)) for path in BUCKET.rglob("*") if path.is_file())
