"""What tests say of the account: parameters, limits, grants and policies. Of itself it is as Snowflake makes one."""

from dataclasses import dataclass, field

from faults import BadRequest
from policies import Policies
from sql import fold, fold_parts


@dataclass
class Account:
    """Everything here concerns clients only, never a test's own connections."""

    # The default of users, or what an administrator made of it.
    # https://docs.snowflake.com/en/sql-reference/parameters#autocommit
    autocommit: bool = True
    # Bytes. Snowflake recommends 1 MB and runs longer statements, too, so that none is set of itself.
    # https://docs.snowflake.com/en/user-guide/query-size-limits
    longest_statement: int | None = None
    # Characters. Snowflake's documentation names no limit (sql/comment, sql/create-table): none is set of itself.
    longest_comment: int | None = None
    # GRANT OWNERSHIP ON FUTURE TABLES IN SCHEMA … TO ROLE …: the role, by database and schema.
    future_owners: dict[tuple[str, str], str] = field(default_factory=dict)
    policies: Policies = field(default_factory=Policies)

    @classmethod
    def parse(cls, given: dict) -> "Account":
        known = {"autocommit", "longestStatement", "longestComment", "futureOwners", "policies"}
        if set(given) - known:
            raise BadRequest(f"no account: {given}")
        owners = given.get("futureOwners", {})
        return cls(
            autocommit=given.get("autocommit", True),
            longest_statement=given.get("longestStatement"),
            longest_comment=given.get("longestComment"),
            future_owners={fold_parts(schema): fold(role) for schema, role in owners.items()},
            policies=Policies.parse(given.get("policies", [])),
        )
