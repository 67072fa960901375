"""Reads Airbyte messages from stdin, a line each, and judges them by Airbyte's own models.

For each line it answers one: "ok", or what is wrong with it. Numbers of records and states are checked by the tests.
"""

import json
import sys

from airbyte_protocol.models import AirbyteMessage
from pydantic import ValidationError

BODY = {
    "RECORD": "record",
    "STATE": "state",
    "LOG": "log",
    "SPEC": "spec",
    "CONNECTION_STATUS": "connectionStatus",
    "CATALOG": "catalog",
    "TRACE": "trace",
    "CONTROL": "control",
}


def judge(line: str) -> str:
    try:
        message = AirbyteMessage.model_validate_json(line)
    except ValidationError as error:
        return json.dumps(str(error))
    body = BODY.get(message.type.value)
    if body is None or getattr(message, body) is None:
        return json.dumps(f"no body for {message.type.value}")
    return "ok"


for line in sys.stdin:
    print(judge(line), flush=True)
