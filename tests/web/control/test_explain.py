"""Explanations over HTTP."""

from typing import Any

import pytest

from tests.serving import Serving


def conclusion(service: Serving, **question: Any) -> dict[str, Any]:
    told: dict[str, Any] = service.post("explain", question)["conclusion"]
    return told


def test_a_message_that_would_be_sent(service: Serving) -> None:
    told = service.post("explain", {"queue": "orders", "body": "hello"})

    mapping = service.get("mappings")[0]["UUID"]
    assert told["now"] == "2026-11-21T12:00:00.000Z"
    assert told["conclusion"] == {
        "verdict": "yes",
        "about": "environment",
        "text": "would fire: orders → worker, in a batch of 1, now",
        "at": "2026-11-21T12:00:00.000Z",
        "queue": "orders",
        "function": "worker",
        "mapping": mapping,
        "batch": 1,
    }
    assert told["steps"][2] == {
        "verdict": "yes",
        "about": "mapping",
        "text": "mapping orders → worker is Enabled and has 5 pollers",
        "queue": "orders",
        "function": "worker",
        "mapping": mapping,
    }


def test_its_delay_its_attributes_and_its_function_count(service: Serving) -> None:
    named = {"colour": {"data_type": "Colour", "value": "red"}}

    assert conclusion(service, queue="orders", body="a", delay=90)["at"] == "2026-11-21T12:01:30.000Z"
    assert conclusion(service, queue="orders", body="a", attributes=named)["about"] == "message"
    assert conclusion(service, queue="orders", body="a", function="thumbnail")["verdict"] == "no"


def test_an_object_event_and_the_rule_that_says_no(service: Serving) -> None:
    assert conclusion(service, bucket="photos", key="in/a.jpg")["verdict"] == "yes"
    assert conclusion(service, bucket="photos", key="in/a.jpg", event="s3:ObjectRemoved:Delete")["about"] == "rule"
    assert conclusion(service, bucket="photos", key="in/a.jpg", function="worker")["text"] == (
        "would not fire: no rule of bucket 'photos' leads to 'worker'"
    )
    step = service.post("explain", {"bucket": "photos", "key": "out/a.jpg"})["steps"][-1]
    assert (step["verdict"], step["rule"]) == ("no", "incoming")


def test_an_invocation(service: Serving) -> None:
    assert conclusion(service, function="worker", payload={"a": 1})["text"] == "would fire: worker, now"
    assert conclusion(service, function="nothing", type="Event")["verdict"] == "no"


def test_a_message_that_was_sent_and_one_that_is_gone(poisoned: tuple[Serving, str]) -> None:
    service, message_id = poisoned

    there = service.post("explain", {"message": message_id})
    service.post("dead-letter-queues/orders-dlq/purge")
    gone = conclusion(service, message=message_id)

    assert [step["verdict"] for step in there["steps"]] == ["note", "no", "no", "note", "note", "note", "no"]
    assert there["steps"][1]["at"] == "2026-11-21T12:00:00.000Z"
    assert "it is a dead letter of 'orders'" in there["conclusion"]["text"]
    assert "it was moved to 'orders-dlq'" in gone["text"]


def test_asking_changes_nothing(service: Serving) -> None:
    before = service.get("status"), service.get("journal")

    for question in (
        {"queue": "orders", "body": "a"}, {"bucket": "photos", "key": "in/a"}, {"function": "worker"},
    ):  # fmt: skip
        service.post("explain", question)

    assert (service.get("status"), service.get("journal")) == before


@pytest.mark.parametrize(
    ("question", "words"),
    [
        (
            {},
            (
                "say one of queue or topic (with body), bucket (with key), source (with detail_type), message, "
                "pipe, schedule and, alone"
            ),
        ),
        ({"queue": "orders", "body": "a", "bucket": "photos"}, "say one of queue or topic"),
        ({"queue": "orders"}, "queue needs body"),
        ({"bucket": "photos"}, "bucket needs key"),
        ({"message": "m", "delay": 3}, "delay does not go with message"),
        ({"queue": "orders", "body": "a", "payload": {}}, "payload does not go with queue"),
        ({"queue": "orders", "body": "a", "attributes": {"a": {"data_type": "Binary", "value": "ä"}}}, "in base64"),
    ],
)
def test_a_question_that_is_none(service: Serving, question: dict[str, Any], words: str) -> None:
    status, code, message = service.ask("POST", "explain", question).error

    assert (status, code) == (400, "BadRequest")
    assert words in message


def test_a_message_nobody_knows_is_not_found(service: Serving) -> None:
    assert service.ask("POST", "explain", {"message": "m"}).error[:2] == (404, "ResourceNotFound")
