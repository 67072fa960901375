"""
Whose a table is, where an administrator has granted the ownership of future tables: it is that role's at once, and to
its maker remain the privileges that were granted beside (here: all but ownership).
https://docs.snowflake.com/en/sql-reference/sql/grant-ownership (ON FUTURE …) and the review of 29 Nov 2026, A8.
OWNERSHIP is needed for a table's stage (https://docs.snowflake.com/en/user-guide/data-load-local-file-system-create-stage),
for DROP, ALTER and CREATE OR REPLACE (https://docs.snowflake.com/en/user-guide/security-access-control-privileges).
"""

from account import Account
from engine import query
from errors import SnowflakeError
from fakesnow.fakes import FakeSnowflakeConnection
from sessions import Session
from sql import FullName, dropped_tables, full_name, target
from sqlglot import exp
from stages import table_of_stage


class Owners:
    """The roles that future grants gave tables to, by the tables' full names."""

    def __init__(self) -> None:
        self._roles: dict[FullName, str] = {}

    def check(self, session: Session, statement: exp.Expr | None, connection: FakeSnowflakeConnection) -> None:
        """Raises a SnowflakeError where the statement needs the ownership of a table that is another role's."""
        if session.aside or not self._roles:
            return
        for name in _needed(statement, connection):
            if self._roles.get(name, session.role) != session.role:
                message = f"SQL access control error:\nInsufficient privileges to operate on table '{name[2]}'"
                raise SnowflakeError("003001", message, "42501")

    def new_table(
        self, session: Session, statement: exp.Expr | None, connection: FakeSnowflakeConnection, account: Account
    ) -> FullName | None:
        """The table that the statement will make and that another role will have. To be asked before it runs."""
        if session.aside or not account.future_owners or not _makes_table(statement):
            return None
        name = full_name(target(statement), connection)
        if not name or name[:2] not in account.future_owners or statement.find(exp.TemporaryProperty):
            return None
        sql = "SELECT 1 FROM duckdb_tables() WHERE database_name = $1 AND schema_name = $2 AND table_name = $3"
        is_there = query(connection, sql, list(name))
        return name if statement.args.get("replace") or not is_there else None

    def note(
        self,
        statement: exp.Expr | None,
        new_table: FullName | None,
        connection: FakeSnowflakeConnection,
        account: Account,
    ) -> None:
        """After a statement has succeeded."""
        for name in dropped_tables(statement, connection):
            self._roles.pop(name, None)
        if new_table:
            self._roles[new_table] = account.future_owners[new_table[:2]]


def _needed(statement: exp.Expr | None, connection: FakeSnowflakeConnection) -> list[FullName]:
    """The tables that the statement needs to own, if they are there."""
    if isinstance(statement, exp.Put):
        name = table_of_stage(statement, connection)
        return [name] if name else []
    is_altered = isinstance(statement, exp.Alter) and statement.args.get("kind") == "TABLE"
    if is_altered or (_makes_table(statement) and statement.args.get("replace")):
        name = full_name(target(statement), connection)
        return [name] if name else []
    return dropped_tables(statement, connection)


def _makes_table(statement: exp.Expr | None) -> bool:
    return isinstance(statement, exp.Create) and statement.args.get("kind") == "TABLE" and target(statement) is not None
