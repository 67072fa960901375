"""Reads the contacts with dlt's generic REST source, its own one for HubSpot being no package: `extract` writes them into files as they
came, `normalize` then makes rows of columns of them, in files for Snowflake. Prints a line for each row."""

import os
import sys
import tempfile

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
import dlt
from dlt.sources.helpers import requests
from dlt.sources.rest_api import rest_api_source

HUBSPOT = "https://api.hubapi.com/crm/v3/"

names = [each["name"] for each in requests.get(f"{HUBSPOT}properties/contacts").json()["results"]]
contacts = {
    "name": "contacts",
    "primary_key": "id",
    "write_disposition": "merge",
    "endpoint": {
        "path": "objects/contacts",
        "params": {"limit": 100, "properties": ",".join(names)},
        "data_selector": "results",
    },
}
paginator = {"type": "cursor", "cursor_path": "paging.next.after", "cursor_param": "after"}
source = rest_api_source({"client": {"base_url": HUBSPOT, "paginator": paginator}, "resources": [contacts]})

with tempfile.TemporaryDirectory() as folder:
    pipeline = dlt.pipeline("bench", destination="snowflake", dataset_name="bench", pipelines_dir=folder)
    extracted = pipeline.extract(source)
    if "normalize" in sys.argv:
        rows = pipeline.normalize().row_counts["contacts"]
    else:
        tables = [step["table_metrics"] for steps in extracted.metrics.values() for step in steps]
        rows = sum(table["contacts"].items_count for table in tables if "contacts" in table)
    print("row\n" * rows)
