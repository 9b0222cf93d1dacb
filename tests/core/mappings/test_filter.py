"""A mapping's filters: which messages they take, and how the others are told to have been dropped."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.core.awslambda.function import SucceedAfter
from app.core.commands import UpdateEventSourceMapping
from app.core.errors import InvalidParameterValue, Refused, ValidationFailed
from app.core.facts import BatchFormed, MessageDeleted, MessageMoved, MessageReceived, MessagesFiltered
from app.core.mappings.filter import Filter, FilterCriteria
from tests.core.stage import SCOPE, Stage

FOLDER = Path(__file__).parents[2] / "conformance" / "filter"
CASES = sorted(FOLDER.glob("*.json"))


def criteria(*patterns: Any) -> dict[str, Any]:
    """FilterCriteria as AWS takes it."""
    return {"Filters": [{"Pattern": p if isinstance(p, str) else json.dumps(p)} for p in patterns]}


def bodies_of(payload: bytes) -> list[str]:
    return [record["body"] for record in json.loads(payload)["Records"]]


# Which messages -------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_message_passes_or_is_dropped_as_the_guide_says(path: Path) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    stage = Stage()
    orders = stage.queue("orders")
    stage.mapping(orders, stage.function("worker"), FilterCriteria=criteria(*case["patterns"]))

    stage.send(orders, case["body"])

    assert [bodies_of(call.payload) for call in stage.calls] == ([[case["body"]]] if case["passes"] else [])
    assert len(stage.of(MessagesFiltered)) == (0 if case["passes"] else 1)
    assert stage.bodies(orders) == ([case["body"]] if case["passes"] else [])


def test_what_the_record_says_besides_the_body_can_be_asked() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    given = criteria({"messageId": [{"exists": True}], "attributes": {"ApproximateReceiveCount": ["1"]}, "body": ["a"]})
    stage.mapping(orders, stage.function("worker"), FilterCriteria=given)

    stage.send(orders, "a")

    assert len(stage.calls) == 1


# What becomes of them -------------------------------------------------------------------------------


def test_a_dropped_message_is_deleted_and_goes_to_no_dead_letter_queue() -> None:
    stage = Stage()
    orders, _ = stage.queue_with_dlq("orders", after=1)
    stage.mapping(orders, stage.function("worker"), FilterCriteria=criteria({"body": {"kind": ["a"]}}))

    stage.send(orders, '{"kind": "b"}')
    stage.advance("10m")

    assert stage.story(MessageReceived, MessageDeleted, MessageMoved) == ["worker received m1 (1)", "m1 deleted"]
    assert stage.bodies(orders) == []


def test_the_reason_is_told() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    worker = stage.function("worker")
    stage.mapping(orders, worker, FilterCriteria=criteria({"body": {"kind": ["a", {"prefix": "b"}]}}))

    message_id = stage.send(orders, '{"kind": "c"}')

    why = "body.kind: wanted one of 'a', prefix 'b'; was 'c'"
    assert stage.of(MessagesFiltered) == [MessagesFiltered(orders, worker, (message_id,), (why,))]
    assert stage.of(MessagesFiltered)[0].text == f"orders: the filter for worker dropped {message_id} ({why})"


def test_the_attempt_says_that_it_was_filtered() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    uuid = stage.mapping(orders, stage.function("worker"), Enabled=False, FilterCriteria=criteria({"body": ["a"]}))
    stage.send(orders, "b")
    (message,) = stage.at(orders)

    stage.submit(UpdateEventSourceMapping(SCOPE, uuid, {"Enabled": True}))

    (attempt,) = message.attempts
    assert (attempt.by, attempt.outcome, attempt.error_message) == ("worker", "filtered", "body: wanted 'a'; was 'b'")


@pytest.mark.parametrize(
    ("patterns", "body", "why"),
    [
        ([{"body": {"k": ["a"]}}], "hello", "body: the filter wants JSON; was plain text: 'hello'"),
        ([{"body": ["a"]}], '{"k": 1}', "body: the filter wants plain text; was JSON: '{\"k\": 1}'"),
        ([{"body": ["a"]}], f"[{'1,' * 99}1]", f"body: the filter wants plain text; was JSON: '[{'1,' * 39}1…'"),
        (
            [{"body": {"k": ["a"]}}, {"body": {"k": ["b"]}}],
            '{"k": "c"}',
            "filter 1: body.k: wanted 'a'; was 'c'; filter 2: body.k: wanted 'b'; was 'c'",
        ),
    ],
)  # fmt: skip
def test_every_filter_says_why_not(patterns: list[Any], body: str, why: str) -> None:
    filters = FilterCriteria(tuple(Filter.of(pattern) for pattern in patterns))

    assert filters.reason_to_drop(body, b"{}") == why


def test_filters_come_before_batching() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    worker = stage.function("worker")
    given = {
        "BatchSize": 3,
        "MaximumBatchingWindowInSeconds": 60,
        "FilterCriteria": criteria({"body": [{"prefix": "a"}]}),
    }
    stage.mapping(orders, worker, **given)  # fmt: skip

    for body in ("a1", "b1", "a2", "b2", "a3"):
        stage.send(orders, body)

    assert stage.story(BatchFormed) == ["worker batch of 3: batch size"]
    assert bodies_of(stage.calls[0].payload) == ["a1", "a2", "a3"]


def test_without_a_window_a_batch_is_what_the_filters_left_of_one_receive() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    uuid = stage.mapping(
        orders, stage.function("worker"), Enabled=False, FilterCriteria=criteria({"body": [{"prefix": "a"}]})
    )
    for number in range(10):
        stage.send(orders, f"{'ab'[number % 2]}{number}")

    stage.submit(UpdateEventSourceMapping(SCOPE, uuid, {"Enabled": True}))

    assert [bodies_of(call.payload) for call in stage.calls] == [["a0", "a2", "a4", "a6", "a8"]]


def test_a_receive_of_which_nothing_is_left_is_followed_by_the_next() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    uuid = stage.mapping(
        orders, stage.function("worker", SucceedAfter(0)), Enabled=False, FilterCriteria=criteria({"body": ["last"]})
    )
    for _ in range(25):
        stage.send(orders, "no")
    stage.send(orders, "last")

    stage.submit(UpdateEventSourceMapping(SCOPE, uuid, {"Enabled": True}))
    stage.advance("1s")

    assert stage.bodies(orders) == []
    assert stage.story(BatchFormed) == ["worker batch of 1: one receive"]


# Setting them ---------------------------------------------------------------------------------------


def test_the_view_shows_the_patterns_as_given() -> None:
    stage = Stage()
    text = '{ "body": {"kind" : ["a"]} }'

    uuid = stage.mapping(stage.queue("orders"), stage.function("worker"), FilterCriteria=criteria(text))

    assert stage.the_mapping(uuid).view(SCOPE)["FilterCriteria"] == {"Filters": [{"Pattern": text}]}


def test_five_filters_are_taken() -> None:
    stage = Stage()
    texts = [f'{{"body": ["{number}"]}}' for number in range(5)]

    uuid = stage.mapping(stage.queue("orders"), stage.function("worker"), FilterCriteria=criteria(*texts))

    shown = stage.the_mapping(uuid).view(SCOPE)["FilterCriteria"]
    assert [one["Pattern"] for one in shown["Filters"]] == texts


@pytest.mark.parametrize("empty", [{}, {"Filters": []}, {"Filters": None}, None])
def test_no_filters_are_accepted_and_left_out_of_the_view(empty: object) -> None:
    stage = Stage()

    uuid = stage.mapping(stage.queue("orders"), stage.function("worker"), FilterCriteria=empty)

    assert "FilterCriteria" not in stage.the_mapping(uuid).view(SCOPE)


def test_an_update_replaces_them_keeps_them_or_clears_them() -> None:
    stage = Stage()
    uuid = stage.mapping(stage.queue("orders"), stage.function("worker"), FilterCriteria=criteria('{"body": ["a"]}'))
    other = criteria('{"body": ["b"]}')

    stage.submit(UpdateEventSourceMapping(SCOPE, uuid, {"BatchSize": 5}))
    kept = stage.the_mapping(uuid).view(SCOPE)
    stage.submit(UpdateEventSourceMapping(SCOPE, uuid, {"FilterCriteria": other}))
    replaced = stage.the_mapping(uuid).view(SCOPE)
    stage.submit(UpdateEventSourceMapping(SCOPE, uuid, {"FilterCriteria": {}}))
    cleared = stage.the_mapping(uuid).view(SCOPE)

    assert kept["FilterCriteria"] == criteria('{"body": ["a"]}')
    assert replaced["FilterCriteria"] == other
    assert "FilterCriteria" not in cleared


def test_messages_are_not_filtered_once_the_filters_are_cleared() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    uuid = stage.mapping(orders, stage.function("worker"), FilterCriteria=criteria({"body": ["a"]}))

    stage.submit(UpdateEventSourceMapping(SCOPE, uuid, {"FilterCriteria": {}}))
    stage.send(orders, "b")

    assert [bodies_of(call.payload) for call in stage.calls] == [["b"]]


def test_in_settings_a_pattern_may_be_what_it_says() -> None:
    stage = Stage()
    given = {"Filters": [{"Pattern": {"body": {"kind": ["a"]}}}]}

    uuid = stage.mapping(stage.queue("orders"), stage.function("worker"), FilterCriteria=given)

    assert stage.the_mapping(uuid).view(SCOPE)["FilterCriteria"] == criteria({"body": {"kind": ["a"]}})


@pytest.mark.parametrize(
    "pattern",
    [
        "null",
        '"simple string"',
        '{"eventSource": "aws:sqs"}',
        '{"eventSource": []}',
        "",
        "{",
        '{"a": [{"cidr": "::/0"}]}',
    ],
)
def test_a_bad_pattern_is_refused_in_one_sentence(pattern: str) -> None:
    stage = Stage()
    orders, worker = stage.queue("orders"), stage.function("worker")

    with pytest.raises(InvalidParameterValue) as refused:
        stage.mapping(orders, worker, FilterCriteria=criteria(pattern))

    assert refused.value.message == "Invalid filter pattern definition."


@pytest.mark.parametrize(
    ("given", "kind", "message"),
    [
        (criteria(*['{"body": ["a"]}'] * 6), InvalidParameterValue, "You can define up to 5 filters; 6 were given."),
        ({"Filters": [{}]}, InvalidParameterValue, "Invalid filter pattern definition."),
        ({"Filters": ["x"]}, InvalidParameterValue, "Invalid filter pattern definition."),
        ({"Filters": "x"}, ValidationFailed, "Filters must be a list, not 'x'"),
        ("x", ValidationFailed, "FilterCriteria must be an object, not 'x'"),
    ],
)
def test_criteria_of_another_shape_are_refused(given: object, kind: type[Refused], message: str) -> None:
    stage = Stage()
    orders, worker = stage.queue("orders"), stage.function("worker")

    with pytest.raises(kind) as refused:
        stage.mapping(orders, worker, FilterCriteria=given)

    assert refused.value.message == message


def test_a_pattern_has_at_most_4096_characters() -> None:
    stage = Stage()
    orders, worker = stage.queue("orders"), stage.function("worker")
    fitting = '{"body": ["' + "x" * (4_096 - 14) + '"]}'

    with pytest.raises(ValidationFailed) as refused:
        stage.mapping(orders, worker, FilterCriteria=criteria('{"a": ["b"]}', fitting + " "))
    stage.mapping(orders, worker, FilterCriteria=criteria(fitting))

    assert "at 'filterCriteria.filters.2.member.pattern' failed to satisfy constraint: " in refused.value.message
    assert refused.value.message.endswith("Member must have length less than or equal to 4096")


def test_a_refused_update_changes_nothing() -> None:
    stage = Stage()
    uuid = stage.mapping(stage.queue("orders"), stage.function("worker"), FilterCriteria=criteria('{"body": ["a"]}'))
    before = stage.the_mapping(uuid).view(SCOPE)

    with pytest.raises(InvalidParameterValue):
        stage.submit(UpdateEventSourceMapping(SCOPE, uuid, {"BatchSize": 5, "FilterCriteria": criteria("null")}))

    assert stage.the_mapping(uuid).view(SCOPE) == before
