"""Event buses over the control API: made, seen, and an event put with an answer for each rule."""

import json
from typing import Any

import pytest

from tests.serving import Serving

RULE = {
    "name": "orders",
    "EventPattern": {"source": ["shop"], "detail": {"total": [{"numeric": [">", 100]}]}},
    "targets": [{"queue": "spare"}, {"function": "worker"}],
}
EVENT: dict[str, Any] = {"source": "shop", "detail_type": "order", "detail": {"total": 120}}


def test_a_bus_and_a_rule_are_made_from_entries_and_seen(service: Serving) -> None:
    bus = service.post("buses", {"name": "shop", "Description": "what is sold"})
    rule = service.post("rules", {**RULE, "bus": "shop"})

    assert bus == {"name": "shop", "arn": "arn:aws:events:us-east-1:000000000000:event-bus/shop", "rules": 0}
    assert service.get("buses") == [{**bus, "rules": 1}]
    assert service.get("rules") == [rule]
    assert (rule["bus"], rule["state"], rule["pattern"]) == (
        "shop",
        "ENABLED",
        json.dumps(RULE["EventPattern"], separators=(",", ":")),
    )
    assert [target["name"] for target in rule["targets"]] == ["spare", "worker"]
    assert "rule shop/orders → spare" in service.get("status")["triggers"]


def test_an_event_is_put_and_every_rule_says_what_it_did(service: Serving) -> None:
    service.post("rules", RULE)
    service.post("rules", {"name": "refunds", "EventPattern": {"detail-type": ["refund"]}})
    service.post("rules", {"name": "lost", "EventPattern": {"source": ["shop"]}, "targets": [{"queue": "gone"}]})

    put = service.post("put-event", EVENT)

    told = {rule["rule"]: rule for rule in put["rules"]}
    assert [(name, rule["taken"]) for name, rule in told.items()] == [
        ("default/lost", True), ("default/orders", True), ("default/refunds", False),
    ]  # fmt: skip
    assert told["default/refunds"]["reason"] == "detail-type: wanted 'refund'; was 'order'"
    assert [target["name"] for target in told["default/orders"]["targets"]] == ["spare", "worker"]
    assert all(target["taken"] for target in told["default/orders"]["targets"])
    assert told["default/lost"]["targets"][0]["reason"] == "The specified queue does not exist."
    facts = [entry["fact"] for entry in service.get(f"chains/{put['chain']}")["entries"]]
    assert facts[0] == "EventArrived"
    assert "EventDelivered" in facts
    assert put["rules_that_refuse"] == 1


def test_an_event_for_a_bus_that_is_not_there_says_so(service: Serving) -> None:
    put = service.post("put-event", {**EVENT, "bus": "nothing"})

    assert (put["bus"], put["bus_exists"], put["rules"]) == ("nothing", False, [])


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"source": "aws.s3"}, "NotAuthorizedForSourceException: Not authorized for the source."),
        ({"detail": "[]"}, "MalformedDetail: Detail is malformed."),
    ],
)
def test_what_putevents_refuses_is_refused_here(service: Serving, wrong: dict[str, Any], words: str) -> None:
    answer = service.ask("POST", "/_triggerfish/api/put-event", {**EVENT, **wrong})

    assert answer.error[0] == 400
    assert words in answer.error[2]


def test_an_event_is_explained_without_being_put(service: Serving) -> None:
    service.post("rules", RULE)
    before = service.get("journal")

    would = service.post("explain", EVENT)
    would_not = service.post("explain", {**EVENT, "detail": {"total": 99}})
    nowhere = service.post("explain", {**EVENT, "bus": "nothing"})
    refused = service.post("explain", {**EVENT, "detail": "nonsense"})

    assert would["conclusion"]["verdict"] == "yes"
    assert would["conclusion"]["function"] == "worker"
    assert [step["about"] for step in would["steps"]][:2] == ["bus", "rule"]
    assert would_not["conclusion"]["text"] == (
        "would not fire: rule 'default/orders' says no: detail.total: wanted a number > 100; was 99"
    )
    assert nowhere["conclusion"]["about"] == "bus"
    assert refused["conclusion"]["about"] == "event"
    assert service.get("journal") == before
