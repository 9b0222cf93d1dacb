"""The real programs that some tests run. Where one is missing its tests skip; with CI=true they fail instead."""

import os
import shutil
from pathlib import Path
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


def node_sdk() -> Path:
    """The folder of installed packages in which AWS's SDK for JavaScript is."""
    packages = ROOT / ".tools/aws-sdk/node_modules"
    if not (packages / "@aws-sdk/client-sqs").exists() or shutil.which("node") is None:
        without("no Node with the AWS SDK for JavaScript: run make tools")
    return packages
