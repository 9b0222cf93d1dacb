"""The walk of docs/pipes.md does what it says."""

import sys
from pathlib import Path

import pytest

from tests.live import ROOT, live
from tests.tools import environ_with_tools
from tests.walks.walk import differs, preparation_of, run, steps_of

README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.real
def test_the_walk_goes_as_it_says(tmp_path: Path) -> None:
    steps = list(steps_of((ROOT / "docs/pipes.md").read_text(encoding="utf-8")))
    (tmp_path / ".venv").symlink_to(sys.prefix)
    with live(tmp_path, "{}") as service:
        # The CLI of the tests is of version 1, which asks another host for SQS unless it is told on the command line.
        endpoint = f"http://localhost:{service.port}"
        prepared = preparation_of(README).replace("http://localhost:4566", endpoint)
        for step in steps:
            commands = step.commands.replace("aws sqs", f"aws --endpoint-url {endpoint} sqs")
            environ = {**environ_with_tools(), "PYTHONUTF8": "1"}
            printed = run(f"{prepared}\n{commands}", folder=tmp_path, environ=environ)

            assert step.prints is not None
            assert differs(printed, step.prints) == ""
