"""docs/gateway.md does what it says: its commands in their order, against a service with all settings that it shows."""

import re
import sys
from pathlib import Path

import pytest
import yaml

from tests.bench.servers import free_port
from tests.live import ROOT, live
from tests.tools import environ_with_tools
from tests.walks.walk import differs, preparation_of, run, steps_of

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGE = (ROOT / "docs/gateway.md").read_text(encoding="utf-8")
BEHIND = {"functions": {"check": {"script": {"succeed_after": "0s"}}}, "buckets": {"photos": {}}}


def settings() -> dict[str, dict[str, object]]:
    """Everything that the page's settings name, as one file would have it."""
    joined: dict[str, dict[str, object]] = {}
    for part in (BEHIND, *(yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))):
        for section, entries in part.items():
            joined.setdefault(section, {}).update(entries)
    return joined


@pytest.mark.real
def test_the_page_goes_as_it_says(tmp_path: Path) -> None:
    writing, *steps = steps_of(PAGE)
    tools = environ_with_tools()
    environ = {**tools, "PYTHONUTF8": "1", "AWS_PAGER": "", "PATH": f"{Path(sys.prefix) / 'bin'}:{tools['PATH']}"}
    run(writing.commands, folder=tmp_path, environ=environ)
    ports = {str(port): str(free_port()) for port in (3000, 3001, 3002)}
    text = yaml.safe_dump(settings())
    for port, free in ports.items():
        text = text.replace(f"port: {port}", f"port: {free}")

    with live(tmp_path, text) as service:
        prepared = f"{preparation_of(README)}\nexport TRIGGERFISH_ENDPOINT=http://localhost:4566\n"
        for step in steps:
            commands = f"{prepared}{step.commands}".replace("localhost:4566", f"localhost:{service.port}")
            commands = commands.replace("localhost:3000", f"localhost:{ports['3000']}")
            printed = run(commands, folder=tmp_path, environ=environ)

            assert differs(printed, step.prints or "…") == ""
