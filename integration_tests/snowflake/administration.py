"""
What an admin does before a loader can work: roles, users with their keys, warehouses, grants. fakesnow knows none of
them; here they are taken, and a user's key is what its logins are checked by from then on.
"""

import re

from control import Control

_NAME = r'(?P<name>"[^"]+"|[\w$]+)'
_PLAIN = re.compile(r"\s*(CREATE\s+(ROLE|WAREHOUSE)|GRANT)\s", re.IGNORECASE)
_USER = re.compile(rf"\s*(?P<verb>CREATE|ALTER)\s+USER\s+(IF\s+NOT\s+EXISTS\s+)?{_NAME}(?P<rest>.*)", re.I | re.S)
_KEY = re.compile(r"\bRSA_PUBLIC_KEY\s*=\s*'(?P<key>[^']*)'", re.IGNORECASE)

_DONE = "SELECT 'Statement executed successfully.' AS \"status\""


def administered(sql: str, control: Control) -> str:
    """What is to be run in the place of a statement; the statement itself where it is none of an admin's."""
    user = _USER.fullmatch(sql)
    if user:
        name = user["name"].strip('"') if user["name"].startswith('"') else user["name"].upper()
        key = _KEY.search(user["rest"])
        # IF NOT EXISTS changes nothing of a user that is there.
        if key and (user["verb"].upper() == "ALTER" or name not in control.users):
            control.users[name] = f"-----BEGIN PUBLIC KEY-----\n{key['key']}\n-----END PUBLIC KEY-----\n"
        return _DONE
    return _DONE if _PLAIN.match(sql) else sql
