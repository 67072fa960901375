"""Dagster: an asset a table, materialized by ``hubflake sync``, with what the sync did as metadata.

dagster dev -f dagster_definitions.py
"""

import os
import shlex
from collections.abc import Iterator

import dagster as dg
from hubflake_sync import AnotherRunError, SyncError, SyncResult, run_sync

# The streams of the pipeline that other assets depend on.
STREAMS = ("contacts", "companies", "deals")


class Hubflake(dg.ConfigurableResource):
    """How hubflake is called, and the path of the pipeline."""

    command: str
    pipeline: str

    def sync(self, context: dg.AssetExecutionContext) -> SyncResult:
        return run_sync(shlex.split(self.command), self.pipeline, context.log.info)


def key(stream: str) -> dg.AssetKey:
    return dg.AssetKey(["hubspot", stream])


@dg.multi_asset(
    # A table whose stream failed is not materialized, and what depends on it is skipped.
    specs=[dg.AssetSpec(key(stream), skippable=True, group_name="hubspot", kinds={"hubspot"}) for stream in STREAMS],
    retry_policy=dg.RetryPolicy(max_retries=2, delay=60, backoff=dg.Backoff.EXPONENTIAL),
)
def hubspot_tables(context: dg.AssetExecutionContext, hubflake: Hubflake) -> Iterator[dg.MaterializeResult]:
    try:
        result = hubflake.sync(context)
    except AnotherRunError as another:
        context.log.warning(f"Skipped: {another}")
        return
    except SyncError as error:
        raise dg.Failure(str(error), allow_retries=error.is_transient) from error
    for table in result.tables:
        if table.complete and table.stream in STREAMS:
            yield dg.MaterializeResult(asset_key=key(table.stream), metadata={"table": table.table, **table.counts()})
    if failure := result.error():
        failed = {each.stream: each.message for each in result.errors}
        raise dg.Failure(str(failure), metadata=failed, allow_retries=failure.is_transient)


defs = dg.Definitions(
    assets=[hubspot_tables],
    schedules=[
        dg.ScheduleDefinition(name="hubspot_half_hourly", target=[hubspot_tables], cron_schedule="*/30 * * * *")
    ],
    resources={
        "hubflake": Hubflake(
            command=os.getenv("HUBFLAKE_COMMAND", "hubflake"), pipeline=os.getenv("HUBFLAKE_PIPELINE", "pipeline.json")
        )
    },
)
