"""The real programs that some tests run. Where one is missing its tests skip; with CI=true they fail instead."""

import os
import shutil
import subprocess
from functools import cache
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


@cache
def aws_version_2() -> Path:
    """The AWS CLI of version 2, which no package of PyPI's is: found by its version, wherever it is."""
    for folder in [*os.environ.get("PATH", os.defpath).split(os.pathsep), "/usr/bin", "/usr/local/bin"]:
        program = Path(folder) / "aws"
        if program.is_file() and os.access(program, os.X_OK):
            told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
            if told.stdout.startswith("aws-cli/2."):
                return program
    without("no AWS CLI of version 2 (Debian's package awscli)")


def node_sdk() -> Path:
    """The folder of installed packages in which AWS's SDK for JavaScript is."""
    return node_packages("@aws-sdk/client-lambda", "@aws-sdk/client-sqs")


def node_websockets() -> Path:
    """The folder of installed packages in which npm's `ws` is."""
    return node_packages("ws")


def node_packages(*names: str) -> Path:
    """The folder in which these packages of npm's are installed."""
    packages = ROOT / ".tools/aws-sdk/node_modules"
    if not all((packages / name).exists() for name in names) or shutil.which("node") is None:
        without(f"no Node with {', '.join(names)}: run make tools")
    return packages
