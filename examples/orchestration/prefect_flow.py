"""Prefect 3: a flow that runs ``hubflake sync``, with a table of what it did as artifact.

python prefect_flow.py, or prefect deploy prefect_flow.py:hubspot --name half-hourly --cron '*/30 * * * *'
"""

from __future__ import annotations

import os
import shlex
from typing import Any

from hubflake_sync import AnotherRunError, SyncError, SyncResult, run_sync
from prefect import Task, flow, get_run_logger, task
from prefect.artifacts import create_table_artifact
from prefect.client.schemas.objects import State, TaskRun
from prefect.states import Completed


def may_help(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Whether running the sync again may help."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, SyncError) and error.is_transient


@task(retries=2, retry_delay_seconds=[60, 300], retry_condition_fn=may_help)
def sync(command: list[str], pipeline: str) -> SyncResult | None:
    """The result, or None where another run of the pipeline is going on."""
    try:
        result = run_sync(command, pipeline, get_run_logger().info)
    except AnotherRunError as another:
        get_run_logger().warning("%s", another)
        return None
    # Written also where some streams failed: the others' tables are up to date.
    create_table_artifact(
        key="hubspot-tables",
        table=[{"table": table.table, **table.counts(), "complete": table.complete} for table in result.tables],
        description=f"{result.calls} calls to HubSpot in {result.seconds:.1f} s",
    )
    if failure := result.error():
        raise failure
    return result


@flow(name="hubspot")
def hubspot(pipeline: str = os.getenv("HUBFLAKE_PIPELINE", "pipeline.json")) -> State[Any]:
    result = sync(shlex.split(os.getenv("HUBFLAKE_COMMAND", "hubflake")), pipeline)
    if result is None:
        return Completed(name="Skipped", message="Another run of this pipeline is going on.")
    return Completed(message=f"{sum(table.records for table in result.tables)} records")


if __name__ == "__main__":
    hubspot()
