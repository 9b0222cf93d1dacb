"""`put-event`, `rules` and `explain --put-event` at the command line."""

from tests.cli.conftest import Run
from tests.serving import Serving

RULE = {
    "name": "orders",
    "EventPattern": {"source": ["shop"], "detail": {"total": [{"numeric": [">", 100]}]}},
    "targets": [{"queue": "spare"}, {"queue": "gone", "Id": "lost"}],
}


def test_an_event_is_put_and_each_rule_says_what_it_did(service: Serving, run: Run) -> None:
    service.post("rules", RULE)
    service.post("rules", {"name": "refunds", "EventPattern": {"detail-type": ["refund"]}})
    service.post("rules", {"name": "watch", "EventPattern": {"source": ["shop"]}})

    told = run("put-event", "shop", "order", '{"total": 120}', "--resource", "arn:aws:s3:::photos")

    lines = told.stdout.splitlines()
    assert lines[1:-1] == [
        "→ default/orders → spare",
        "✗ default/orders → gone: The specified queue does not exist.",
        "→ default/watch, which has no targets",
        "✗ default/refunds: detail-type: wanted 'refund'; was 'order'",
    ]
    assert lines[-1].startswith("chain 1-")
    assert '"resources":["arn:aws:s3:::photos"]' in service.get("queues/spare/messages")[0]["body"]


def test_a_bus_that_is_not_there_is_told(run: Run) -> None:
    told = run("put-event", "shop", "order", "--bus", "nothing")

    assert "there is no event bus 'nothing': AWS takes the event, and drops it" in told.stdout


def test_rules_are_listed(service: Serving, run: Run) -> None:
    assert run("rules").stdout == "there are no rules\n"
    service.post("rules", RULE)

    header, first, second = run("rules").stdout.splitlines()

    assert header.split() == ["BUS", "RULE", "STATE", "SCHEDULE", "TELLS"]
    assert first.split() == ["default", "orders", "ENABLED", "spare"]
    assert second.split() == ["default", "orders", "ENABLED", "gone"]


def test_an_event_is_explained(service: Serving, run: Run) -> None:
    service.post("rules", {**RULE, "targets": [{"function": "worker"}]})

    fires = run("explain", "--put-event", "shop", "order", '{"total": 120}')
    does_not = run("explain", "--put-event", "shop", "order", "{}")

    assert "rule 'default/orders' takes it" in fires.stdout
    assert (fires.exit_code, does_not.exit_code) == (0, 3)
    assert "detail.total: wanted a number > 100; was absent" in does_not.stdout
