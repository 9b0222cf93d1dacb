"""The real programs that some tests run. Where one is missing its tests skip; with CI=true they fail instead."""

import os
import shutil
from typing import NoReturn

import pytest

from tests.live import ROOT, clean_environ


def without(reason: str) -> NoReturn:
    """The test cannot run, for this reason."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def environ_with_tools() -> dict[str, str]:
    """A clean environment in which `aws` is the AWS CLI that `make tools` fetched."""
    if not (ROOT / ".venv-awscli/bin/aws").exists():
        without("no AWS CLI: run make tools")
    path = os.pathsep.join([str(ROOT / "scripts"), os.environ.get("PATH", os.defpath)])
    return {**clean_environ(), "PATH": path}


def need_node() -> None:
    """For tests with handlers in JavaScript."""
    if shutil.which("node") is None:
        without("Node is not installed")
