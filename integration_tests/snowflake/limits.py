"""How long what may be."""

import re

from account import Account
from errors import UNDOCUMENTED, SnowflakeError
from sqlglot import exp

# "The definition for a view is limited to 95KB." https://docs.snowflake.com/en/sql-reference/sql/create-view
# Taken for the whole statement: whether the names and the comments of its columns count is not said.
_LONGEST_VIEW = 95 * 1024

# "A string of characters (up to 255 characters in length)." https://docs.snowflake.com/en/sql-reference/identifiers
_LONGEST_IDENTIFIER = 255
# What may hold a longer one: most statements are known by it to have none, without a look at each of their names.
_LONG_NAME = re.compile(r'"(?:[^"]|""){256}|(?<![\w$])[A-Za-z_][\w$]{255}')


def check_limits(sql: str, statement: exp.Expr | None, account: Account) -> None:
    """Raises a SnowflakeError where something is too long."""
    size = len(sql.encode())
    if account.longest_statement is not None and size > account.longest_statement:
        raise _refusal(f"Statement of {size} bytes exceeds the limit of {account.longest_statement} bytes.")
    if statement is None:
        return
    is_view = isinstance(statement, exp.Create) and statement.args.get("kind") == "VIEW"
    if is_view and size > _LONGEST_VIEW:
        raise _refusal(f"View definition of {size} bytes exceeds the limit of {_LONGEST_VIEW} bytes.")
    if _LONG_NAME.search(sql):
        for identifier in statement.find_all(exp.Identifier):
            if len(identifier.name) > _LONGEST_IDENTIFIER:
                limit = f"exceeds maximum length limit of {_LONGEST_IDENTIFIER} characters"
                raise _refusal(f"Object name '{identifier.name}' {limit}")
    if account.longest_comment is not None and isinstance(statement, (exp.Create, exp.Alter, exp.Comment)):
        for text in _comments(statement):
            if len(text) > account.longest_comment:
                raise _refusal(f"Comment of {len(text)} characters exceeds the limit of {account.longest_comment}.")


def _comments(statement: exp.Expr) -> list[str]:
    if isinstance(statement, exp.Comment):
        return [statement.expression.name]
    return [each.this.name for each in statement.find_all(exp.CommentColumnConstraint, exp.SchemaCommentProperty)]


def _refusal(message: str) -> SnowflakeError:
    return SnowflakeError(UNDOCUMENTED, f"SQL compilation error:\n{message}", "42601")
