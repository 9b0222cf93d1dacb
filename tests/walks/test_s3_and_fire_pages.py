"""docs/s3.md and docs/fire.md: every command in them works."""

import re
import sys
from pathlib import Path

import pytest

from tests.live import ROOT, live
from tests.machine import write
from tests.tools import environ_with_tools
from tests.walks.walk import run

SETTINGS = """
    clock: {frozen: 2026-11-21T12:00:00Z}
    functions:
      thumbnail: {script: {succeed_after: 1s}}
      alerts: {script: {succeed_after: 1s}}
      signup: {CodeUri: ./code, Handler: app.same, Timeout: 10}
      enrich: {CodeUri: ./code, Handler: app.enrich, Timeout: 10}
    queues: {orders: {}}
    topics: {news: {}}
    buckets:
      photos:
        notifications: [{Events: ["s3:ObjectCreated:*"], prefix: in/, function: thumbnail}]
    """
CODE = """
    def same(event, context):
        return event

    def enrich(event, context):
        return {"records": [{"recordId": r["recordId"], "result": "Ok", "data": r["data"]} for r in event["records"]]}
    """


@pytest.mark.real
@pytest.mark.parametrize("page", ["s3.md", "fire.md"])
def test_every_command_of_a_page_works(page: str, tmp_path: Path) -> None:
    blocks = re.findall(
        r"^```sh\n(.*?)^```", (ROOT / "docs" / page).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    write(tmp_path, "code/app.py", CODE)
    account = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}

    with live(tmp_path, SETTINGS) as service:
        tools = environ_with_tools()
        environ = {
            **tools,
            **account,
            "PATH": f"{Path(sys.prefix) / 'bin'}:{tools['PATH']}",
            "AWS_ENDPOINT_URL": service.url,
            "TRIGGERFISH_ENDPOINT": service.url,
            "AWS_PAGER": "",
        }
        done = run("\n".join(blocks), folder=tmp_path, environ=environ)

    assert blocks
    assert "→" in done
