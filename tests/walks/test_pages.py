"""Pages of docs/ whose commands say nothing of what they print: every command in them works.

The commands are run as they stand, one page after another against a service of its own. Those that stay for what comes
are ended after a moment.
"""

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
      thumbnail: {CodeUri: ./code, Handler: app.same, Timeout: 10}
      alerts: {script: {succeed_after: 1s}}
      signup: {CodeUri: ./code, Handler: app.same, Timeout: 10}
      enrich: {CodeUri: ./code, Handler: app.enrich, Timeout: 10}
    queues: {orders: {}}
    mappings: [{queue: orders, function: alerts}]
    topics: {news: {subscriptions: [{function: alerts}]}, line.fifo: {}}
    buckets:
      photos:
        notifications: [{Events: ["s3:ObjectCreated:*"], prefix: in/, function: thumbnail}]
    """
CODE = """
    def same(event, context):
        print("the same")
        return event

    def enrich(event, context):
        return {"records": [{"recordId": r["recordId"], "result": "Ok", "data": r["data"]} for r in event["records"]]}
    """
PAGES = {
    "environments.md": ("starts: 1 cold, 0 warm", "thumbnail succeeded", "\nthe same\n", '"message": "the same'),
    "events.md": ('"FailedEntryCount": 0', "detail.total: wanted a number > 100; was 99", "would fire: ", "RULE"),
    "fire.md": ("→",),
    "permissions.md": (
        "arn:aws:iam::111111111111:root may not sqs:SendMessage invoices: no resource-based policy allows it",
        "is disabled.",
        "orders refuses every ReceiveMessage with InternalFailure",
        "orders refuses with InternalFailure, until it is told otherwise of ReceiveMessage",
    ),
    "s3.md": ("→ thumbnail",),
    "schedules.md": ("Europe/Berlin", "nightly", "wake-ups: "),
    "topics.md": ("news", "→ alerts", '"MessageId"'),
}
"""By page, what is printed somewhere."""
_STAYS = re.compile(r"^triggerfish (?:tail (?!.*--no-follow)|logs .*--follow)[^#\n]*", re.MULTILINE)
_ANY_REQUEST = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"


@pytest.mark.real
@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_works(page: str, tmp_path: Path) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    commands = "\n".join(re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE))
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
        request_id = service.post("functions/thumbnail/invoke", {"n": 1})["request_id"]
        commands = _STAYS.sub(lambda found: f"timeout 1 {found[0]} || [ $? = 124 ] ", commands)
        printed = run(commands.replace(_ANY_REQUEST, request_id), folder=tmp_path, environ=environ)

    assert [expected for expected in PAGES[page] if expected not in printed] == [], printed
