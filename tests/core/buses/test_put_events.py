"""PutEvents: which entries are taken, and which rules take what."""

import json
from typing import Any

import pytest

from app.core.awslambda.function import SucceedAfter
from app.core.commands import CreateEventBus, EventEntry, EventPut, PutBusPermission, PutEvents, PutRule, PutTargets
from app.core.errors import ValidationFailed
from app.core.facts import EventArrived, EventDelivered, EventDeliveryFailed, EventLost, LoopWarned
from app.core.limits import Limits
from app.core.names import Arn, Scope
from tests.core.buses.scenes import bus, event, put, received, rule
from tests.core.stage import SCOPE, Stage

ELSEWHERE = Scope("111122223333", "eu-west-1")


def test_an_event_reaches_the_targets_of_the_rules_that_match() -> None:
    stage = Stage()
    orders, others = stage.queue("orders"), stage.queue("others")
    rule(stage, "orders", {"detail-type": ["order"]}, orders)
    rule(stage, "others", {"detail-type": [{"anything-but": "order"}]}, others)

    answer = put(stage, detail={"id": 7})

    assert json.loads(received(stage, orders)) == {
        "version": "0",
        "id": answer.event_id,
        "detail-type": "order",
        "source": "shop",
        "account": "000000000000",
        "time": "2026-11-21T12:00:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail": {"id": 7},
    }
    assert stage.bodies(others) == []


def test_the_members_of_an_event_stand_in_aws_order() -> None:
    stage = Stage()
    queue = stage.queue("orders")
    rule(stage, "orders", {"source": ["shop"]}, queue)

    put(stage, resources=("arn:aws:s3:::photos",))

    names = ["version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"]
    assert list(json.loads(received(stage, queue))) == names


def test_a_function_gets_the_event_itself_and_is_called_asynchronously() -> None:
    stage = Stage()
    function = stage.function("worker")
    rule(stage, "work", {"source": ["shop"]}, function)

    answer = put(stage)

    assert json.loads(stage.calls[0].payload)["id"] == answer.event_id
    assert stage.story(EventArrived, EventDelivered) == [
        "default got 'order' from shop: matched by work",
        "rule work delivered to worker",
    ]


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("2022-01-01", "2022-01-01T00:00:00Z"),
        ("2022-01-01T10:20:30.987Z", "2022-01-01T10:20:30Z"),
        ("2022-01-01T10:20:30+02:00", "2022-01-01T08:20:30Z"),
        (1_640_995_200, "2022-01-01T00:00:00Z"),
        (1_640_995_200.75, "2022-01-01T00:00:00Z"),
    ],
)
def test_times_are_told_to_the_second(given: float | str, text: str) -> None:
    stage = Stage()
    queue = stage.queue("orders")
    rule(stage, "orders", {"source": ["shop"]}, queue)

    put(stage, time=given)

    assert json.loads(received(stage, queue))["time"] == text


@pytest.mark.parametrize(
    ("wrong", "code", "message"),
    [
        ({"source": None}, "InvalidArgument", "Parameter Source is not valid. Reason: Source is a required argument."),
        ({"source": ""}, "InvalidArgument", "Parameter Source is not valid. Reason: Source is a required argument."),
        (
            {"detail_type": None},
            "InvalidArgument",
            "Parameter DetailType is not valid. Reason: DetailType is a required argument.",
        ),
        ({"detail": None}, "InvalidArgument", "Parameter Detail is not valid. Reason: Detail is a required argument."),
        ({"detail": "[]"}, "MalformedDetail", "Detail is malformed."),
        ({"detail": '"text"'}, "MalformedDetail", "Detail is malformed."),
        ({"detail": "{'a': 1}"}, "MalformedDetail", "Detail is malformed."),
        ({"detail": '{"a": NaN}'}, "MalformedDetail", "Detail is malformed."),
        ({"detail": '{"a":' * 2_000 + "1" + "}" * 2_000}, "MalformedDetail", "Detail is malformed."),
        ({"source": "aws.s3"}, "NotAuthorizedForSourceException", "Not authorized for the source."),
        ({"time": "yesterday"}, "InvalidArgument", "Parameter Time is not valid."),
        ({"time": 1e300}, "InvalidArgument", "Parameter Time is not valid."),
    ],
)
def test_an_entry_that_is_wrong_fails_alone(wrong: dict[str, Any], code: str, message: str) -> None:
    stage = Stage()
    good: dict[str, Any] = {"source": "shop", "detail_type": "order", "detail": "{}"}

    bad, well = stage.submit(PutEvents(SCOPE, (EventEntry(**{**good, **wrong}), EventEntry(**good))))

    assert bad == EventPut(None, code, message)
    assert well.event_id is not None
    assert len(stage.of(EventArrived)) == 1


def test_a_request_that_is_too_large_fails_as_a_whole() -> None:
    stage = Stage(limits=Limits(event_bytes=100))
    fits = EventEntry("a", "b", json.dumps({"x": "y" * 89}))  # 1 + 1 + 98 bytes

    stage.submit(PutEvents(SCOPE, (fits,)))
    with pytest.raises(ValidationFailed, match="Total size of the entries in the request is over the limit"):
        stage.submit(PutEvents(SCOPE, (fits, EventEntry("a", "b", "{}"))))
    with pytest.raises(ValidationFailed, match="over the limit"):
        # A time counts fourteen bytes, however it is written.
        stage.submit(PutEvents(SCOPE, (EventEntry("a", "b", json.dumps({"x": "y" * 76}), time=0),)))

    assert len(stage.of(EventArrived)) == 1


def test_an_event_for_a_bus_that_is_not_there_is_dropped_without_a_word_but_ours() -> None:
    stage = Stage()

    answer = put(stage, bus="nothing")

    assert answer.event_id is not None
    assert answer.told == ()
    assert [fact.text for fact in stage.of(EventLost)] == [
        f"event {answer.event_id} was dropped: there is no bus 'nothing'"
    ]


def test_a_bus_has_its_own_rules_by_name_and_by_arn() -> None:
    stage = Stage()
    queue = stage.queue("orders")
    arn = bus(stage, "shop")
    rule(stage, "orders", {"source": ["shop"]}, queue, bus="shop")

    put(stage)
    put(stage, bus="shop")
    put(stage, bus=arn)

    assert len(stage.bodies(queue)) == 2


def test_deep_details_go_through_whole() -> None:
    stage = Stage()
    queue = stage.queue("orders")
    rule(stage, "orders", {"source": ["shop"]}, queue)
    detail = '{"a":' * 900 + "[1,[true,null],{}]" + "}" * 900

    stage.submit(PutEvents(SCOPE, (EventEntry("shop", "order", detail),)))

    assert received(stage, queue).endswith(f'"detail":{detail}}}')


def test_another_account_must_be_let_in_by_the_policy_of_the_bus() -> None:
    stage = Stage()
    arn = SCOPE.bus_arn("default")
    entry = EventEntry("shop", "order", "{}", bus=arn)

    (refused,) = stage.submit(PutEvents(ELSEWHERE, (entry,)))
    stage.submit(
        PutBusPermission(SCOPE, {"Action": "events:PutEvents", "Principal": ELSEWHERE.account, "StatementId": "a"})
    )
    (taken,) = stage.submit(PutEvents(ELSEWHERE, (entry,)))

    assert refused.error_code == "AccessDeniedException"
    assert "no resource-based policy allows the events:PutEvents action" in str(refused.error_message)
    assert taken.event_id is not None


def test_an_event_goes_from_bus_to_bus_as_it_is() -> None:
    stage = Stage()
    queue = stage.queue("orders")
    own = bus(stage, "shop")
    rule(stage, "relay", {"source": ["shop"]}, own)
    rule(stage, "orders", {"source": ["shop"]}, queue, bus="shop")

    answer = put(stage, time="2022-01-01")

    told = json.loads(received(stage, queue))
    assert (told["id"], told["time"]) == (answer.event_id, "2022-01-01T00:00:00Z")


def test_an_event_from_another_bus_goes_no_further_and_never_in_a_circle() -> None:
    stage = Stage()
    queue = stage.queue("orders")
    one, two, three = bus(stage, "one"), bus(stage, "two"), bus(stage, "three")
    rule(stage, "there", {"source": ["shop"]}, two, queue, bus="one")
    rule(stage, "back", {"source": ["shop"]}, one, bus="two")
    rule(stage, "itself", {"source": ["shop"]}, two, bus="two")
    rule(stage, "further", {"source": ["shop"]}, three, bus="two")

    put(stage, bus="one")

    assert len(stage.bodies(queue)) == 1
    assert [fact.bus for fact in stage.of(EventArrived)] == [one, two]
    assert [fact.code for fact in stage.of(EventDeliveryFailed)] == [
        "LOOP_DETECTED", "LOOP_DETECTED", "THIRD_ACCOUNT_HOP_DETECTED",
    ]  # fmt: skip


def test_another_account_gets_what_a_rule_sends_if_its_bus_lets_it_in() -> None:
    stage = Stage()
    there = {"Arn": ELSEWHERE.bus_arn("default"), "RoleArn": "arn:aws:iam::000000000000:role/events"}
    rule(stage, "relay", {"source": ["shop"]}, there)

    put(stage)
    stage.submit(
        PutBusPermission(ELSEWHERE, {"Action": "events:PutEvents", "Principal": "000000000000", "StatementId": "a"})
    )
    put(stage)

    assert [fact.code for fact in stage.of(EventDeliveryFailed)] == ["NO_PERMISSIONS"]
    assert [fact.bus for fact in stage.of(EventArrived)][1:] == [SCOPE.bus_arn("default"), ELSEWHERE.bus_arn("default")]


def test_a_loop_through_a_rule_is_warned_of_and_runs_on_as_on_aws() -> None:
    stage = Stage()
    function = stage.function("again")
    rule(stage, "back", {"source": ["shop"]}, function)
    put(stage)

    for _ in range(18):
        header = stage.calls[0].trace_header
        stage.submit(PutEvents(SCOPE, (EventEntry("shop", "order", "{}", trace_header=header),)))
        stage.settle()

    warned = [line for line in stage.story() if "loop" in line]
    assert warned == ["again loop early, 2 times", "again loop unseen, 17 times"]
    assert stage.of(LoopWarned)[0].round == ("bus default/rule back", "again", "bus default/rule back", "again")


def test_one_request_is_one_stimulus() -> None:
    stage = Stage()

    answers = stage.submit(PutEvents(SCOPE, (event(), event())))

    assert len({answer.chain_id for answer in answers}) == 1


def test_all_ends_well_with_a_scripted_function() -> None:
    stage = Stage()
    function = stage.function("quick", SucceedAfter(100))
    rule(stage, "work", {"source": ["shop"]}, function)

    put(stage)
    stage.advance("1s")

    assert "quick succeeded" in stage.story()


def test_a_scene_of_two_accounts_has_two_default_buses() -> None:
    stage = Stage()

    def default_bus(scope: Scope) -> Arn:
        stage.submit(PutRule(scope, {"Name": "all", "EventPattern": '{"source":["shop"]}'}))
        return scope.bus_arn("default")

    here, there = default_bus(SCOPE), default_bus(ELSEWHERE)
    stage.submit(PutEvents(ELSEWHERE, (event(),)))

    assert [(fact.bus, fact.rules) for fact in stage.of(EventArrived)] == [(there, ("all",))]
    assert here != there


def test_targets_are_told_with_the_answer() -> None:
    stage = Stage()
    queue = stage.queue("orders")
    rule(stage, "orders", {"source": ["shop"]}, queue, SCOPE.function_arn("gone"))

    answer = put(stage)

    assert [(told.target, told.refusal) for told in answer.told] == [
        (queue, None),
        (SCOPE.function_arn("gone"), f"Function not found: {SCOPE.function_arn('gone')}"),
    ]


def test_a_bus_and_a_target_may_be_made_in_one_breath() -> None:
    stage = Stage()
    queue = stage.queue("orders")

    stage.submit(CreateEventBus(SCOPE, {"Name": "shop"}))
    stage.submit(PutRule(SCOPE, {"Name": "r", "EventBusName": "shop", "EventPattern": '{"account":["000000000000"]}'}))
    stage.submit(PutTargets(SCOPE, "r", ({"Id": "1", "Arn": queue},), "shop"))
    put(stage, bus="shop")

    assert len(stage.bodies(queue)) == 1
