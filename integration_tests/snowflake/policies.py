"""
Masking and row access policies: what a client reads of a column or which rows it sees, "regardless of where in a SQL
expression the column is referenced", also in what it writes
(https://docs.snowflake.com/en/user-guide/security-column-intro, https://docs.snowflake.com/en/user-guide/security-row-intro
and the review of 29 Nov 2026, A5).

Played for the statements that read tables by their names: SELECT, INSERT … SELECT, CREATE TABLE AS, UPDATE, DELETE, MERGE.
Not played: what is read through a view; in a MERGE, columns of its own table that are named without its alias; that a
table made LIKE a protected one or cloned from it is protected, too.
"""

from dataclasses import dataclass, field

import sqlglot
from fakesnow.fakes import FakeSnowflakeConnection
from faults import BadRequest
from sql import FullName, fold_parts, folded, full_name, mentioned_tables, target
from sqlglot import exp

_READERS = (exp.Query, exp.DML, exp.Merge, exp.Create)


@dataclass
class _Protected:
    """What is set on one table."""

    # Expressions by the names of columns.
    masks: dict[str, exp.Expr] = field(default_factory=dict)
    # A condition on the table's columns: the rows that are seen.
    rows: exp.Expr | None = None


@dataclass
class Policies:
    """By the tables' full names."""

    _tables: dict[FullName, _Protected] = field(default_factory=dict)

    @classmethod
    def parse(cls, given: list[dict]) -> "Policies":
        policies = cls()
        for each in given:
            name = fold_parts(each.get("table", ""))
            if set(each) - {"table", "column", "value", "rows"} or len(name) != 3 or ("column" in each) == ("rows" in each):
                raise BadRequest(f"no policy: {each}")
            table = policies._tables.setdefault(name, _Protected())
            if "rows" in each:
                table.rows = sqlglot.parse_one(each["rows"], read="snowflake")
            else:
                table.masks[each["column"]] = sqlglot.parse_one(each.get("value", "'***'"), read="snowflake")
        return policies

    def applied(self, statement: exp.Expr | None, connection: FakeSnowflakeConnection) -> exp.Expr | None:
        """The statement as its reads come out, or None where nothing that it reads is protected."""
        if not self._tables or not isinstance(statement, _READERS):
            return None
        if isinstance(statement, exp.Create) and statement.args.get("kind") != "TABLE":
            return None
        protected = lambda table: self._tables.get(full_name(table, connection) or ("", "", ""))  # noqa: E731
        if not any(protected(table) for table in mentioned_tables(statement)):
            return None
        statement = statement.copy()
        written = target(statement)
        for table in mentioned_tables(statement):
            if table is not written and (policy := protected(table)):
                table.replace(_as_seen(table, policy))
        if written is not None and isinstance(statement, (exp.Update, exp.Delete, exp.Merge)):
            if policy := protected(written):
                _protect_target(statement, written, policy)
        return statement

    def show(self, statement: exp.Expr | None, data: dict, connection: FakeSnowflakeConnection) -> None:
        """Puts the names of masking policies into the rows of a DESCRIBE TABLE."""
        if not isinstance(statement, exp.Describe) or not isinstance(statement.this, exp.Table):
            return
        name = full_name(statement.this, connection)
        columns = [info["name"] for info in data["rowtype"]]
        if name not in self._tables or "policy name" not in columns:
            return
        for row in data["rowset"]:
            column = row[columns.index("name")]
            if column in self._tables[name].masks:
                row[columns.index("policy name")] = f"{name[0]}.{name[1]}.MASK_{column}"


def _as_seen(table: exp.Table, policy: _Protected) -> exp.Subquery:
    """A subquery in a table's place."""
    alias = table.args.get("alias") or exp.TableAlias(this=table.this.copy())
    inner = table.copy()
    inner.set("alias", None)
    joins = inner.args.pop("joins", None)
    masks = [
        exp.alias_(mask.copy(), exp.to_identifier(column, quoted=True)) for column, mask in policy.masks.items()
    ]
    seen = exp.select(exp.Star(replace=masks) if masks else exp.Star()).from_(inner)
    if policy.rows is not None:
        seen = seen.where(policy.rows.copy())
    return exp.Subquery(this=seen, alias=alias.copy(), **({"joins": joins} if joins else {}))


def _protect_target(statement: exp.Expr, table: exp.Table, policy: _Protected) -> None:
    """What an UPDATE, DELETE or MERGE reads of the table that it writes."""
    alias = table.args.get("alias")
    name = alias.this if alias else table.this
    for part in _read_parts(statement):
        for column in list(part.find_all(exp.Column)):
            qualifier = folded(column.args.get("table"))
            if not qualifier and isinstance(statement, exp.Merge):
                continue
            if qualifier in (None, folded(name)) and (mask := policy.masks.get(folded(column.this) or "")) is not None:
                column.replace(mask.copy())
    if policy.rows is None:
        return
    seen = policy.rows.copy()
    for column in seen.find_all(exp.Column):
        column.set("table", name.copy())
    if isinstance(statement, exp.Merge):
        statement.set("on", exp.and_(statement.args["on"], seen))
    else:
        statement.where(seen, copy=False)


def _read_parts(statement: exp.Expr) -> list[exp.Expr]:
    """The expressions in which the table's columns are read, and none in which they are named to be written."""
    parts = [statement.args.get("where"), statement.args.get("on")]
    writes = [statement]
    for when in statement.find_all(exp.When) if isinstance(statement, exp.Merge) else []:
        parts.append(when.args.get("condition"))
        writes.append(when.args.get("then"))
    for write in writes:
        if isinstance(write, exp.Update):
            parts += [each.expression for each in write.expressions]
    return [part for part in parts if part is not None]
