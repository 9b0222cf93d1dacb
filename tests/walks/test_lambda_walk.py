"""The walk of docs/lambda.md does what it says."""

from pathlib import Path

import pytest

from tests.live import ROOT, live
from tests.tools import environ_with_tools
from tests.walks.walk import differs, preparation_of, run, steps_of

README = (ROOT / "README.md").read_text(encoding="utf-8")
STEPS = [step for step in steps_of((ROOT / "docs/lambda.md").read_text(encoding="utf-8")) if step.prints is not None]
"""What Terraform is told has a test of its own, where there is one."""


@pytest.mark.real
def test_the_walk_goes_as_it_says(tmp_path: Path) -> None:
    assert len(STEPS) == 2
    with live(tmp_path, "{}") as service:
        for step in STEPS:
            # The CLI of the tests is of version 1, which takes a payload as it is.
            commands = step.commands.replace(" --cli-binary-format raw-in-base64-out", "")
            prepared = preparation_of(README).replace("localhost:4566", f"localhost:{service.port}")
            printed = run(f"{prepared}\n{commands}", folder=tmp_path, environ=environ_with_tools())

            assert step.prints is not None
            assert differs(printed, step.prints) == ""
