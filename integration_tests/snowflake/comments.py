"""Comments of columns, which fakesnow forgets: kept in DuckDB, and shown by DESCRIBE TABLE."""

from engine import query
from fakesnow.fakes import FakeSnowflakeConnection
from sql import folded, full_name, target
from sqlglot import exp


class ColumnComments:
    """The comments that CREATE, ALTER TABLE … ADD COLUMN and COMMENT ON COLUMN give. To be made before it runs."""

    def __init__(self, statement: exp.Expr | None, connection: FakeSnowflakeConnection):
        self._connection = connection
        self._given: dict[str, str] = {}
        if isinstance(statement, exp.Comment) and statement.args.get("kind") == "COLUMN":
            self._give(statement.this, statement.expression.name)
            return
        table = target(statement) if isinstance(statement, (exp.Create, exp.Alter)) else None
        self._table = full_name(table, connection) if table is not None else None
        if not self._table:
            return
        # What is there already keeps its comment.
        is_new = statement.args.get("replace")
        before = set() if is_new else {name for name, _ in _columns(connection, self._table)}
        for column in statement.find_all(exp.ColumnDef):
            comment = column.find(exp.CommentColumnConstraint)
            name = folded(column.this)
            if comment and name not in before:
                self._given[name] = comment.this.name

    def _give(self, column: exp.Expr, text: str) -> None:
        schema, name = column.args.get("db"), column.this
        table = exp.Table(this=column.args.get("table"), db=schema, catalog=column.args.get("catalog"))
        self._table = full_name(table, self._connection)
        self._given[folded(name)] = text

    def keep(self) -> None:
        """After the statement has succeeded."""
        for name, comment in self._given.items():
            column = ".".join(_quoted(part) for part in (*self._table, name))
            text = comment.replace("'", "''")
            query(self._connection, f"COMMENT ON COLUMN {column} IS '{text}'")


def show_comments(statement: exp.Expr | None, data: dict, connection: FakeSnowflakeConnection) -> None:
    """Puts the comments into the rows of a DESCRIBE TABLE."""
    if not isinstance(statement, exp.Describe) or not isinstance(statement.this, exp.Table):
        return
    table = full_name(statement.this, connection)
    names = [info["name"] for info in data["rowtype"]]
    if not table or "comment" not in names:
        return
    comments = dict(_columns(connection, table))
    for row in data["rowset"]:
        row[names.index("comment")] = comments.get(row[names.index("name")])


def _columns(connection: FakeSnowflakeConnection, table: tuple[str, str, str]) -> list[tuple[str, str | None]]:
    sql = (
        "SELECT column_name, comment FROM duckdb_columns() "
        "WHERE database_name = $1 AND schema_name = $2 AND table_name = $3"
    )
    return query(connection, sql, list(table))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
