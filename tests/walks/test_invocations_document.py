"""docs/invocations.md does what it says: its commands against the example, and its settings."""

import re
from pathlib import Path

import pytest

from app.settings import loads
from tests.live import ROOT, live
from tests.tools import environ_with_tools
from tests.walks.walk import preparation_of, run, steps_of

DOCUMENT = (ROOT / "docs" / "invocations.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.real
def test_its_commands_do_what_they_say(tmp_path: Path) -> None:
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    printed = []
    with live(tmp_path, config=Path("examples/triggerfish.yaml")) as service:
        for step in steps_of(DOCUMENT):
            commands = f"{preparation_of(README)}\nexport TRIGGERFISH_ENDPOINT=http://localhost:4566\n{step.commands}"
            commands = commands.replace("localhost:4566", f"localhost:{service.port}")
            printed.append(run(commands, folder=tmp_path, environ=environ_with_tools()))

    events, provisioned, refusals, metrics = printed
    # The example's handler wants records of a queue: as an event it fails, three times.
    assert re.search(r"^Errors +3 +3 ", events, re.MULTILINE)
    assert re.search(r"^AsyncEventsDropped +1 +1 ", events, re.MULTILINE)
    assert '"RequestedProvisionedConcurrentExecutions": 2' in provisioned
    assert refusals.splitlines() == [
        "orders refuses the next 3 invocations with KMSDisabledException",
        "orders refuses every invocation with CallerRateLimitExceeded",
        "orders is invoked again",
    ]
    assert re.search(r"^orders +3 +3 ", metrics, re.MULTILINE)
    assert '"Sum": 1.0' in metrics


def test_its_settings_are_read() -> None:
    (settings,) = re.findall(r"```yaml\n(.*?)```", DOCUMENT, re.DOTALL)

    (function,) = loads(settings, {}, folder=ROOT).functions

    assert function.on_failure is not None
    assert (function.on_failure.to, function.on_failure.target) == ("bucket", "failures")
