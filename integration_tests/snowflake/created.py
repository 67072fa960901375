"""When tables were created, which fakesnow does not know: shown by SHOW TABLES. What is replaced is another table."""

import time

from fakesnow.fakes import FakeSnowflakeConnection
from sql import FullName, dropped_tables, full_name, target
from sqlglot import exp


class CreatedTables:
    """Seconds since 1970, by the tables' full names. Those of an earlier process are not known."""

    def __init__(self) -> None:
        self._at: dict[FullName, float] = {}

    def note(self, statement: exp.Expr | None, connection: FakeSnowflakeConnection) -> None:
        """After a statement has succeeded."""
        for name in dropped_tables(statement, connection):
            self._at.pop(name, None)
        if not isinstance(statement, exp.Create) or statement.args.get("kind") != "TABLE":
            return
        table = target(statement)
        name = full_name(table, connection) if table is not None else None
        if name and (statement.args.get("replace") or name not in self._at):
            self._at[name] = time.time()

    def show(self, statement: exp.Expr | None, data: dict) -> None:
        """Puts the times into the rows of a SHOW TABLES."""
        if not isinstance(statement, exp.Show) or statement.name.upper() not in ("TABLES", "TERSE TABLES"):
            return
        columns = [info["name"] for info in data["rowtype"]]
        places = [columns.index(name) for name in ("database_name", "schema_name", "name")]
        for row in data["rowset"]:
            created = self._at.get(tuple(row[place] for place in places))
            if created is not None:
                row[columns.index("created_on")] = f"{created:.9f} 1440"
