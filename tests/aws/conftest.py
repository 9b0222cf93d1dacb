"""What every test with the AWS CLI takes."""

from pathlib import Path

import pytest

from tests.aws.cli import Aws
from tests.live import Live
from tests.tools import aws_version_2


@pytest.fixture
def aws(service: Live, tmp_path: Path) -> Aws:
    """The AWS CLI against the module's `service`."""
    return Aws(service, tmp_path)


@pytest.fixture(params=[1, 2], ids=["version 1", "version 2"])
def any_aws(request: pytest.FixtureRequest, service: Live, tmp_path: Path) -> Aws:
    """The same of both versions, one after the other."""
    program = "aws" if request.param == 1 else str(aws_version_2())
    return Aws(service, tmp_path, program)


@pytest.fixture
def aws_2(service: Live, tmp_path: Path) -> Aws:
    return Aws(service, tmp_path, str(aws_version_2()))
