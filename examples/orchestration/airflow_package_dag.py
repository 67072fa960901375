"""Airflow 3, hubflake installed beside the workers: a sync every half hour, and a verification on Sundays."""

from __future__ import annotations

import logging
import os
import shlex
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import Asset, dag, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from hubflake_sync import AnotherRunError, SyncError, run_sync

if TYPE_CHECKING:
    from airflow.sdk.execution_time.context import OutletEventAccessors

COMMAND = os.getenv("HUBFLAKE_COMMAND", "hubflake")
PIPELINE = os.getenv("HUBFLAKE_PIPELINE", "/opt/hubflake/pipeline.json")
# DAGs scheduled on this asset run after each sync.
TABLES = Asset("hubspot_tables")


@dag(schedule="*/30 * * * *", start_date=datetime(2026, 1, 1), catchup=False, max_active_runs=1, tags=["hubspot"])
def hubflake_sync_package() -> None:
    @task(outlets=[TABLES], retries=2, retry_delay=timedelta(minutes=5), retry_exponential_backoff=True)
    def sync(*, outlet_events: OutletEventAccessors) -> dict[str, dict[str, int]]:
        try:
            result = run_sync(shlex.split(COMMAND), PIPELINE, logging.getLogger(__name__).info)
            if failure := result.error():
                raise failure
        except AnotherRunError as another:
            raise AirflowSkipException(str(another)) from another
        except SyncError as error:
            if error.is_transient:
                raise
            # Only a person can mend it: no retries.
            raise AirflowFailException(str(error)) from error
        counts = {table.table: table.counts() for table in result.tables}
        outlet_events[TABLES].extra = {"tables": counts}
        return counts

    sync()


@dag(schedule="0 5 * * 0", start_date=datetime(2026, 1, 1), catchup=False, max_active_runs=1, tags=["hubspot"])
def hubflake_verify_package() -> None:
    # Exit code 3, differences remain, fails the task; 4, a sync is going on, skips it.
    BashOperator(
        task_id="verify",
        bash_command=f"{COMMAND} verify --config {shlex.quote(PIPELINE)}",
        skip_on_exit_code=4,
        append_env=True,
    )


hubflake_sync_package()
hubflake_verify_package()
