"""Loops through somebody's HTTP endpoint, which brings no trace header back."""

import json

from app.core.commands import Origin
from app.core.delivery.outside_calls import HttpAnswered, HttpCall
from app.core.facts import LoopSuspected
from app.core.names import Arn
from tests.core.buses.scenes import put, rule
from tests.core.pipes.scenes import destination
from tests.core.stage import Stage

OK = HttpAnswered(200, {}, b"")
ROLE = "arn:aws:iam::000000000000:role/events"


def with_destination() -> tuple[Stage, Arn]:
    stage = Stage()
    arn = destination(stage)
    rule(stage, "out", {"source": ["shop"]}, {"Arn": arn, "RoleArn": ROLE})
    return stage, arn


def with_topic() -> tuple[Stage, Arn]:
    """A topic with an HTTP endpoint that has confirmed."""
    stage = Stage()
    topic = stage.topic("news")
    stage.subscribe(topic, "http://localhost:9/hook")
    call = stage.settle_outside(OK)
    assert isinstance(call, HttpCall)
    stage.confirm(topic, json.loads(call.body)["Token"])
    return stage, topic


def suspected(stage: Stage) -> list[LoopSuspected]:
    return stage.of(LoopSuspected)


def test_an_endpoint_that_puts_events_while_it_is_told_is_suspected_at_the_third_round() -> None:
    stage, arn = with_destination()

    put(stage, {"round": 0})
    for number in range(1, 4):
        put(stage, {"round": number})
        stage.settle_outside(OK)

    (warned,) = suspected(stage)
    assert (warned.target, warned.times) == (arn, 3)
    assert warned.text == (
        "loop suspected: API destination d is told of what it seems to cause itself, 3 times round: "
        "bus default/rule out → API destination d → bus default/rule out → API destination d → …; it was called while "
        "the endpoint was being told. AWS would not see this loop"
    )


def test_one_that_answers_first_is_known_by_the_id_that_it_brings_back() -> None:
    stage, _ = with_destination()

    put(stage)
    for _ in range(5):
        call = stage.settle_outside(OK)
        assert isinstance(call, HttpCall)
        put(stage, {"because": json.loads(call.body)["id"]})

    (warned,) = suspected(stage)
    assert warned.times == 3
    assert warned.why == "what it led to carries the id that the endpoint was told"


def test_a_subscriber_that_publishes_again_is_suspected_too() -> None:
    stage, topic = with_topic()

    stage.publish(topic)
    for _ in range(4):
        call = stage.outside[0].call
        assert isinstance(call, HttpCall)
        stage.publish(topic, "again: " + json.loads(call.body)["MessageId"])
        stage.settle_outside(OK)

    (warned,) = suspected(stage)
    assert warned.path[:3] == ("topic news", "endpoint http://localhost:9/hook", "topic news")


def test_a_function_on_the_way_is_in_the_path() -> None:
    """The endpoint puts an event whose rule leads to a function, which puts the event that the endpoint is told of."""
    stage, arn = with_destination()
    rule(stage, "in", {"source": ["back"]}, stage.function("relay"))
    put(stage, {"round": 0})
    for number in range(3):
        put(stage, {"round": number}, source="back")
        relay = stage.calls[0]
        stage.settle_outside(OK)
        put(stage, {"round": number}, trace_header=relay.trace_header)
        stage.settle()

    (warned,) = suspected(stage)
    assert warned.path[:6] == (
        "bus default/rule out", "API destination d", "bus default/rule in", "relay", "bus default/rule out",
        "API destination d",
    )  # fmt: skip
    assert warned.target == arn


def test_many_events_of_one_client_are_no_loop() -> None:
    stage, _ = with_destination()

    for number in range(20):
        put(stage, {"round": number})
        stage.settle_outside(OK)

    assert suspected(stage) == []


def test_a_delivery_that_is_tried_again_is_no_loop() -> None:
    stage, _ = with_destination()

    put(stage)
    for _ in range(6):
        stage.settle_outside(HttpAnswered(500, {}, b""))
        stage.advance("1m")

    assert suspected(stage) == []


def test_while_several_endpoints_are_told_nobody_can_tell_which_it_was() -> None:
    stage, topic = with_topic()
    arn = destination(stage)
    rule(stage, "out", {"source": ["shop"]}, {"Arn": arn, "RoleArn": ROLE})

    stage.publish(topic)
    put(stage)
    for number in range(5):
        put(stage, {"round": number})

    assert suspected(stage) == []


def test_what_brings_its_trace_header_is_known_and_not_suspected() -> None:
    stage, topic = with_topic()
    stage.function("worker")
    stage.invoke("worker")
    header = stage.calls[0].trace_header

    for _ in range(5):
        stage.publish(topic, origin=Origin(header))
        stage.settle_outside(OK)

    assert suspected(stage) == []
