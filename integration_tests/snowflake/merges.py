"""
A MERGE in which several source rows meet one target row: Snowflake refuses it where one of them would update the row,
since which one is left to chance. fakesnow takes any. https://docs.snowflake.com/en/sql-reference/sql/merge

And a source row whose key is NULL and that meets none: fakesnow takes it for matched, since NULL equals what is not there.
"""

from importlib import import_module

import duckdb
from errors import SnowflakeError
from fakesnow import info_schema
from fakesnow.converter import from_binding
from fakesnow.fakes import FakeSnowflakeConnection
from quick import once
from snowflake.connector.errors import Error
from sqlglot import exp


# Of a statement over a thousand columns the question alone would take ten seconds.
_LONGEST = 100_000


def check_merge(merge: exp.Merge, request: dict, connection: FakeSnowflakeConnection) -> None:
    """Asks for such rows before the MERGE is run. Where that cannot be asked, nothing is said."""
    if len(request["sqlText"]) >= _LONGEST:
        return
    bindings = request.get("bindings")
    sql = _question(merge, bindings) if bindings else once(merge, "question", lambda: _question(merge, None))
    if sql is None:
        return
    try:
        rows = connection.cursor().execute(sql, server=True).fetchall()
    except (Error, duckdb.Error):
        return
    if rows:
        raise SnowflakeError("100090", "Duplicate row detected during DML action\nRow Values: []", "42P18")


def mend_merges() -> None:
    """
    Makes fakesnow ask of matched clauses whether there is a target row at all; and keep no notes of the temporary table
    that it makes for a MERGE: they are in another database, and DuckDB writes to one only in a transaction.
    """
    for name in ("insert_table_comment_sql", "insert_text_lengths_sql"):
        _leave_out_candidates(name)
    module = import_module("fakesnow.transforms.merge")
    create = module._create_merge_candidates

    def create_candidates(merge: exp.Merge) -> exp.Expr:
        merge = merge.copy()
        there = exp.column("ROWID", table=merge.this.args["alias"].this if merge.this.alias else merge.this.this)
        for when in merge.args["whens"].expressions:
            if when.args.get("matched"):
                condition = when.args.get("condition") or exp.true()
                when.set("condition", exp.and_(condition, there.is_(exp.null()).not_()))
        return create(merge)

    module._create_merge_candidates = create_candidates


def _leave_out_candidates(name: str) -> None:
    note = getattr(info_schema, name)

    def note_others(catalog: str, schema: str, table: str, *noted) -> str:
        return "SELECT 1" if table == "MERGE_CANDIDATES" else note(catalog, schema, table, *noted)

    setattr(info_schema, name, note_others)


def _question(merge: exp.Merge, bindings: dict | None) -> str | None:
    """The query for target rows that are matched twice or more, and once at least by an UPDATE."""
    merge = merge.copy()
    if not _put_in_values(merge, bindings or {}):
        return None
    conditions, is_update = [], exp.Case()
    for when in merge.args["whens"].expressions:
        if not when.args.get("matched"):
            continue
        condition = when.args.get("condition") or exp.true()
        conditions.append(exp.paren(condition.copy()))
        # The first clause that holds is the one that counts.
        is_update = is_update.when(condition.copy(), exp.Literal.number(int(isinstance(when.args["then"], exp.Update))))
    row = exp.column("ROWID", table=merge.this.args["alias"].this if merge.this.alias else merge.this.this)
    if not conditions or not any(case.args["true"].name == "1" for case in is_update.args["ifs"]):
        return None
    question = (
        exp.select("1")
        .from_(merge.this)
        .join(merge.args["using"], on=merge.args["on"])
        .where(exp.or_(*conditions))
        .group_by(row)
        .having(exp.and_(exp.GT(this=exp.Count(this=exp.Star()), expression=exp.Literal.number(1)), _any(is_update)))
        .limit(1)
    )
    return question.sql("snowflake")


def _any(condition: exp.Case) -> exp.Expr:
    return exp.EQ(this=exp.Max(this=condition), expression=exp.Literal.number(1))


def _put_in_values(merge: exp.Merge, bindings: dict) -> bool:
    """Puts literals in the places of `?`. False where that cannot be done for sure."""
    places = list(merge.find_all(exp.Placeholder, bfs=False))
    if not places:
        return True
    if any(place.this for place in places) or len(places) != len(bindings):
        return False
    # sqlglot need not find them in the order of the text: marks tell.
    for number, place in enumerate(places):
        place.set("this", f"P{number:06d}")
    text = merge.sql("snowflake")
    positions = [text.find(f"P{number:06d}") for number in range(len(places))]
    if positions != sorted(positions) or -1 in positions:
        return False
    for number, place in enumerate(places):
        bound = bindings[str(number + 1)]
        value = None if bound["value"] is None else from_binding(bound)
        place.replace(exp.convert(value))
    return True
