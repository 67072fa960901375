"""metadata.yaml by the three definitions that Airbyte has of it."""

import json
import os
from datetime import date
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
import yaml
from airbyte_cdk.models.connector_metadata import MetadataFile
from airbyte_connector_models.metadata.v0.connector_metadata_definition_v0 import ConnectorMetadataDefinitionV0

PATH = Path(os.environ["HUBFLAKE_CONNECTOR"]) / "metadata.yaml"
SCHEMA = json.loads(
    files("airbyte_connector_models.metadata.v0").joinpath("ConnectorMetadataDefinitionV0.json").read_text()
)


def metadata() -> dict:
    return yaml.safe_load(PATH.read_text())


def test_model():
    ConnectorMetadataDefinitionV0.model_validate(metadata())


def test_schema():
    # Not `jsonschema.validate`, which first looks at the schema itself: a type in it is no type.
    validator = jsonschema.Draft7Validator(without_own_ids(SCHEMA))
    mistakes = validator.iter_errors(json.loads(json.dumps(metadata(), default=date.isoformat)))
    assert [error.message for error in mistakes] == []


def without_own_ids(schema):
    """The references in it are of the whole, but its parts have kept the ids that they had before they were put together."""
    if isinstance(schema, list):
        return [without_own_ids(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: without_own_ids(value) for key, value in schema.items() if key != "$id"}


def test_cdk():
    assert MetadataFile.from_file(PATH).data.dockerRepository == "hubflake/source-hubspot"


@pytest.mark.parametrize("change", [{"license": None}, {"unknown": 1}, {"releaseStage": "soon"}])
def test_a_mistake_would_be_noticed(change):
    changed = metadata()
    changed["data"] = {key: value for key, value in {**changed["data"], **change}.items() if value is not None}
    with pytest.raises(ValueError):
        ConnectorMetadataDefinitionV0.model_validate(changed)
