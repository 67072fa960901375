"""
Whether statements, one a line as JSON, come out of fakesnow's walks as they come out of ours (skipping.py): `{"compared": …,
"different": […]}`. Of statements that differ in digits only, the first is looked at.
"""

import json
import re
import sys

import sqlglot
from fakesnow.cursor import FakeSnowflakeCursor
from fakesnow.instance import FakeSnow
from skipping import Walked
from sqlglot import exp

# fakesnow writes the time into what it makes of a stage.
_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.+]+")

cursor = FakeSnow().connect(database="D", schema="S").cursor()
walk = FakeSnowflakeCursor._transform


def outcome(tree: exp.Expr, is_ours: bool) -> str:
    try:
        result = walk(cursor, Walked(tree.copy()), None).tree if is_ours else walk(cursor, tree.copy(), None)
    except Exception as error:
        return repr(error)
    return _TIME.sub("", repr(result))


shapes = {re.sub(r"\d+", "0", sql): sql for sql in map(json.loads, reversed(sys.stdin.readlines()))}
compared, different = 0, []
for sql in shapes.values():
    for tree in filter(None, sqlglot.parse(sql, read="snowflake")):
        compared += 1
        if outcome(tree, False) != outcome(tree, True):
            different.append(sql)
print(json.dumps({"compared": compared, "different": different}))
