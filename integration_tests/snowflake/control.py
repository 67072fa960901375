"""What tests tell the stand-in and ask of it: rules for faults, accounts, and records of all that clients sent."""

import json
import os
import time
from dataclasses import dataclass, field

from account import Account
from endings import Ending
from faults import BadRequest, Rule
from sessions import Session
from sql import fold

_NAMES = ("warehouses", "roles", "databases")


@dataclass
class Control:
    """Everything that a reset forgets."""

    statements: list[dict] = field(default_factory=list)
    logins: list[dict] = field(default_factory=list)
    uploads: list[dict] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    # Public keys, PEM, by user. While empty, no key is checked.
    users: dict[str, str] = field(default_factory=dict)
    # By user: password, pat, oauth, expiredOauth, client {id, secret}. While empty, none is checked.
    passwords: dict[str, dict] = field(default_factory=dict)
    # Names of what does not exist, as Snowflake folds them.
    unknown: dict[str, set[str]] = field(default_factory=lambda: {kind: set() for kind in _NAMES})
    account: Account = field(default_factory=Account)
    endings: list[Ending] = field(default_factory=list)
    # How far this server's clock is ahead of the machine's.
    clock_seconds: float = 0

    def keep(self, statement: dict) -> None:
        """Notes a statement, for grammar/check.py also beyond a reset, where it is asked for."""
        self.statements.append(statement)
        if path := os.environ.get("HUBFLAKE_STATEMENTS"):
            with open(path, "a", encoding="utf-8") as file:
                file.write(f"{json.dumps(statement['sql'])}\n")

    def fault(self, on: str, text: str) -> dict:
        """
        What is to happen to this attempt; empty where no rule says. Rules are asked in their order, and those after the
        one that takes the attempt do not see it: several without numbers happen one after the other.
        """
        return next((rule.fault for rule in self.rules if rule.on == on and rule.meets(text)), {})

    def ending(self, session: Session) -> str | None:
        """The code with which the session ends before the statement that has come; None where it goes on."""
        return next((ending.code for ending in self.endings if ending.meets(session)), None)

    def now(self) -> float:
        return time.time() + self.clock_seconds

    def tell(self, what: str, given: dict | list) -> None:
        """Sets the rules, users, passwords, unknown names, the account, the ends of sessions or the clock."""
        if what == "rules":
            for rule in self.rules:
                rule.over.set()
            self.rules = [Rule.parse(rule) for rule in given]
        elif what == "users":
            self.users = {user.upper(): key for user, key in given.items()}
        elif what == "passwords":
            self.passwords = {
                user.upper(): secrets if isinstance(secrets, dict) else {"password": secrets}
                for user, secrets in given.items()
            }
        elif what == "account":
            self.account = Account.parse(given)
        elif what == "endings":
            self.endings = [Ending.parse(ending) for ending in given]
        elif what == "clock":
            self.clock_seconds = given["seconds"]
        elif what == "unknown" and not set(given) - set(_NAMES):
            self.unknown = {kind: {fold(name) for name in given.get(kind, [])} for kind in _NAMES}
        else:
            raise BadRequest(f"nothing to tell: {what} {given}")
