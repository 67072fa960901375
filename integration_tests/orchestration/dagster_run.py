"""Materializes the assets of the example, and one that depends on a table; prints what came of it as a line of JSON."""

import json
import sys

import dagster as dg
from dagster_definitions import defs


@dg.asset(deps=[dg.AssetKey(["hubspot", "contacts"])])
def depends_on_contacts() -> None:
    pass


job = dg.Definitions.merge(defs, dg.Definitions(assets=[depends_on_contacts])).resolve_implicit_global_asset_job_def()
with dg.DagsterInstance.ephemeral() as instance:
    result = job.execute_in_process(instance=instance, raise_on_error=False)
    events = result.all_events
    materialized = [event.materialization for event in events if event.is_step_materialization]
    failures = [event.step_failure_data for event in events if event.is_step_failure]
    outcome = {
        "success": result.success,
        "materialized": {
            each.asset_key.path[-1]: {name: value.value for name, value in each.metadata.items()}
            for each in materialized
        },
        "skipped": [event.step_key for event in events if event.is_step_skipped],
        "retries": sum(event.is_step_up_for_retry for event in events),
        "failures": [
            {
                "description": failure.user_failure_data.description,
                "metadata": {name: value.value for name, value in failure.user_failure_data.metadata.items()},
            }
            for failure in failures
        ],
    }
print(json.dumps(outcome), file=sys.stdout)
