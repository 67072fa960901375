"""Runs the example's flow against a server of its own; prints what came of it as one line of JSON."""

import json

from prefect.client.orchestration import get_client
from prefect.testing.utilities import prefect_test_harness

with prefect_test_harness(server_startup_timeout=120):
    from prefect_flow import hubspot

    state = hubspot(return_state=True)
    with get_client(sync_client=True) as client:
        artifacts = client.read_artifacts()
        task_runs = client.read_task_runs()
    outcome = {
        "name": state.name,
        "type": state.type.value,
        "message": state.message,
        "runs": [run.run_count for run in task_runs],
        "tables": [json.loads(artifact.data) for artifact in artifacts if artifact.key == "hubspot-tables"],
    }
print(json.dumps(outcome))
