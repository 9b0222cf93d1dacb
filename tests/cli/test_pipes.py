"""`triggerfish pipes` and `explain --pipe`, of a real service."""

import json

from tests.cli.conftest import Run
from tests.serving import Serving

ENTRY = {
    "name": "ship", "source": "orders-dlq", "queue": "spare",
    "SourceParameters": {"FilterCriteria": {"Filters": [{"Pattern": {"body": {"total": [{"numeric": [">", 100]}]}}}]}},
    "TargetParameters": {"InputTemplate": "order <$.body.id>"},
}  # fmt: skip


def test_a_pipe_is_made_by_the_control_api_shown_and_works(run: Run, service: Serving) -> None:
    nothing = run("pipes").stdout
    service.post("pipes", ENTRY)
    run("clock", "advance", "1s")
    table = run("pipes").stdout.splitlines()

    run("send", "orders-dlq", '{"id": 7, "total": 120}')
    run("send", "orders-dlq", '{"id": 8, "total": 20}')
    run("clock", "advance", "1s")

    assert nothing == "there are no pipes\n"
    assert table[1].split() == ["ship", "orders-dlq", '{"body":{"total":[{"numeric":[">",100]}]}}', "spare", "RUNNING"]
    assert json.loads(run("pipes", "--json").stdout)[0]["target"] == "spare"
    assert [message["body"] for message in service.get("queues/spare/messages")] == ["order 7"]
    assert "pipe ship: orders-dlq → spare" in run("status").stdout


def test_why_a_message_does_not_go_through_is_explained(run: Run, service: Serving) -> None:
    service.post("pipes", ENTRY)
    run("clock", "advance", "1s")

    goes = run("explain", "--pipe", "ship", '{"total": 120}')
    stays = run("explain", "--pipe", "ship", '{"total": 20}')
    whole = run("explain", "--pipe", "ship")

    assert (goes.exit_code, stays.exit_code, whole.exit_code) == (0, 3, 0)
    assert goes.stdout.splitlines()[-1] == "would go through: orders-dlq → pipe/ship → spare, now"
    assert "body.total" in stays.stdout.splitlines()[-1]
    assert whole.stdout.splitlines()[-1] == "takes what comes to 'orders-dlq': orders-dlq → spare"
    assert run("explain", "--pipe", "ship", "a", "b").exit_code == 2
    assert run("explain", "--pipe", "none").stderr == "Error: Pipe none does not exist.\n"


def test_a_wrong_entry_is_told(service: Serving) -> None:
    answer = service.ask("POST", "pipes", {"name": "ship", "source": "orders"})

    assert answer.status == 400
    assert "must lead to one of" in json.dumps(answer.json)
