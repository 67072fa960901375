"""PyAirbyte as its users use it. Reads a job from stdin (JSON), does it, and prints what came of it as one JSON line at the end.

Each job is a process of its own, so that nothing but the cache's file goes from one to the next.
"""

import json
import sys
from pathlib import Path

import airbyte as ab
from airbyte.caches import DuckDBCache


def describe(job: dict) -> dict:
    """Everything up to a read: validate, check, discover."""
    source = source_of(job)
    source.validate_config()
    source.check()
    return {"streams": source.get_available_streams(), "spec": source.config_spec["title"]}


def refuse(job: dict) -> dict:
    """What PyAirbyte says of a configuration that is no good."""
    source = source_of(job)
    try:
        getattr(source, job["method"])()
    except Exception as error:
        return {"error": type(error).__name__, "text": str(error)}
    return {"error": None}


def read(job: dict) -> dict:
    """Reads into PyAirbyte's own cache, which keeps the state; and what its tables then hold."""
    source = source_of(job)
    source.select_streams(job["streams"])
    cache = DuckDBCache(db_path=Path(job["cache"]))
    result = source.read(cache=cache)
    return {"records": result.processed_records, "tables": {name: rows_of(cache, name) for name in job["streams"]}}


def write(job: dict) -> dict:
    """Pipes the source into a destination; its states are kept in a cache of their own."""
    destination = ab.get_destination("destination-hubflake", config=job["destination"], local_executable=job["writer"])
    destination.check()
    cache = DuckDBCache(db_path=Path(job["cache"]))
    result = destination.write(source_of(job), streams=job["streams"], cache=False, state_cache=cache)
    return {"records": result.processed_records}


def source_of(job: dict) -> ab.Source:
    return ab.get_source("source-hubflake", config=job["config"], local_executable=job["reader"])


def rows_of(cache: DuckDBCache, name: str) -> list[dict]:
    return json.loads(cache[name].to_pandas().to_json(orient="records", date_format="iso"))


job = json.load(sys.stdin)
print("\n" + json.dumps({"describe": describe, "refuse": refuse, "read": read, "write": write}[job["job"]](job)))
