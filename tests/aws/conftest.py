"""What every test with the AWS CLI takes."""

from pathlib import Path

import pytest

from tests.aws.cli import Aws
from tests.live import Live


@pytest.fixture
def aws(service: Live, tmp_path: Path) -> Aws:
    """The AWS CLI against the module's `service`."""
    return Aws(service, tmp_path)
