"""
EXECUTE JOB SERVICE. Its options stand before FROM ("specify compute pool, followed by other properties, and finally the
service specification": usage notes of https://docs.snowflake.com/en/sql-reference/sql/execute-job-service; the page's
own syntax box shows another order, see the review of 29 Nov 2026, A1). A name stays taken when the job has ended, for 30
days (https://docs.snowflake.com/en/release-notes/bcr-bundles/2025_06/bcr-2093). Nothing is run here.
"""

import re

from errors import SnowflakeError
from fakesnow.fakes import FakeSnowflakeConnection
from sql import FullName, fold_parts

_JOB = re.compile(r"\bEXECUTE\s+JOB\s+SERVICE\b(.*)", re.IGNORECASE | re.DOTALL)
_TASK = re.compile(r"\s*(CREATE|ALTER)\s+(OR\s+REPLACE\s+)?TASK\b", re.IGNORECASE)
_DROP = re.compile(r"\s*DROP\s+SERVICE\s+(?:IF\s+EXISTS\s+)?([\w.$]+)", re.IGNORECASE)
_TEXT = re.compile(r"'(?:[^'\\]|''|\\.)*'|\$\$.*?\$\$|--[^\n]*", re.DOTALL)
_POOL = re.compile(r"\s*IN\s+COMPUTE\s+POOL\s+[\w$]+\s", re.IGNORECASE)
_NAME = re.compile(r"\bNAME\s*=\s*(\S+)", re.IGNORECASE)
_FROM = re.compile(r"\bFROM\b", re.IGNORECASE)
_OPTION = re.compile(
    r"\b(NAME|ASYNC|REPLICAS|QUERY_WAREHOUSE|COMMENT|EXTERNAL_ACCESS_INTEGRATIONS|TAG)\b\s*[=(]", re.IGNORECASE
)


class Jobs:
    """The names of all jobs that there were."""

    def __init__(self) -> None:
        self._names: set[FullName] = set()

    def run(self, sql: str, connection: FakeSnowflakeConnection) -> None:
        """Raises a SnowflakeError where the job, or the job in the definition of a task, is refused."""
        if dropped := _DROP.match(sql):
            self._names.discard(_full(dropped[1], connection))
        # Most statements are none, and some are long.
        found = _JOB.search(sql) if sql.lstrip()[:7].upper() in ("EXECUTE", "CREATE ", "CREATE\n") else None
        is_task = bool(_TASK.match(sql))
        if not found or not (is_task or sql.lstrip()[:7].upper() == "EXECUTE"):
            return
        # What is in texts is no option; a text remains.
        job = _TEXT.sub("''", found[1])
        options, *specification = _FROM.split(job, maxsplit=1)
        if not _POOL.match(f"{options} ") or not specification:
            raise _syntax_error("IN COMPUTE POOL … FROM expected")
        if misplaced := _OPTION.search(specification[0]):
            raise _syntax_error(f"unexpected '{misplaced[1]}' behind FROM")
        named = _NAME.search(options)
        if not named:
            return
        if '"' in named[1]:
            raise _syntax_error(f"unexpected '{named[1]}': names in quotes are not supported")
        name = _full(named[1], connection)
        if name in self._names:
            raise SnowflakeError("002002", f"SQL compilation error:\nObject '{'.'.join(name)}' already exists.", "42710")
        if not is_task:
            self._names.add(name)


def _full(name: str, connection: FakeSnowflakeConnection) -> FullName:
    parts = (connection.database or "", connection.schema or "", *fold_parts(name))
    return parts[-3], parts[-2], parts[-1]


def _syntax_error(what: str) -> SnowflakeError:
    return SnowflakeError("001003", f"SQL compilation error:\nsyntax error: {what}.", "42000")
