"""Runs a sync as an orchestrator's task does; prints how it ended, and what was logged, as one line of JSON."""

import json
import os
import shlex
import signal
from dataclasses import asdict

from hubflake_sync import AnotherRunError, SyncError, run_sync


# As an orchestrator's handler that tells the task nothing.
signal.signal(signal.SIGTERM, lambda _signal, _frame: None)
outcome: dict[str, object]
log: list[str] = []
try:
    command = shlex.split(os.environ["HUBFLAKE_COMMAND"])
    result = run_sync(command, os.environ["HUBFLAKE_PIPELINE"], log.append)
    failure = result.error()
    outcome = {
        "tables": [asdict(table) for table in result.tables],
        "error": failure and {"message": str(failure), "transient": failure.is_transient},
    }
except AnotherRunError as another:
    outcome = {"another": str(another)}
except SyncError as error:
    outcome = {"failed": str(error), "transient": error.is_transient}
except KeyboardInterrupt:
    outcome = {"interrupted": True}
print(json.dumps({**outcome, "log": log}))
