"""Runs a DAG of the examples, named by the first argument; prints the states of its tasks as one line of JSON."""

import json
import sys

from airflow.dag_processing.dagbag import DagBag
from airflow.models.asset import AssetEvent
from airflow.settings import Session
from sqlalchemy import select

dag = DagBag(bundle_path=None).get_dag(sys.argv[1])
run = dag.test()
with Session() as session:
    extras = session.scalars(select(AssetEvent.extra).where(AssetEvent.source_run_id == run.run_id)).all()
outcome = {
    "state": run.state,
    "tasks": {task.task_id: {"state": task.state, "tries": task.try_number} for task in run.get_task_instances()},
    "extras": extras,
}
print(json.dumps(outcome))
