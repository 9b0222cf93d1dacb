"""A mapping's states, and what it gathers; what it does with messages is in test_polling."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.commands import (
    DeleteEventSourceMapping,
    DeleteFunction,
    UpdateEventSourceMapping,
)
from app.core.errors import (
    ResourceInUse,
    ResourceNotFound,
)
from app.core.limits import DEFAULT_LIMITS, Limits
from app.core.mappings.batch import Item
from app.core.mappings.mapping import Mapping
from app.core.mappings.mapping_parameters import MappingParameters
from app.core.mappings.mapping_state import MOVES, MappingState
from app.core.sqs.message import Attempt, Content, Delivery, Message
from app.core.time import Instant
from tests.core.stage import NOON, SCOPE, Stage

SLOW = Limits(mapping_transition_ms=5_000)


def scene(limits: Limits = SLOW, **parameters: Any) -> tuple[Stage, str]:
    stage = Stage(limits=limits)
    return stage, stage.mapping(stage.queue("orders"), stage.function("worker"), **parameters)


def update(stage: Stage, uuid: str, **parameters: Any) -> str:
    """The state that the update answers."""
    state: str = stage.submit(UpdateEventSourceMapping(SCOPE, uuid, parameters))["State"]
    return state


def test_only_the_states_a_mapping_rests_in_allow_anything() -> None:
    rests = {MappingState.ENABLED, MappingState.DISABLED}

    assert set(MOVES) == rests
    assert {move.to for row in MOVES.values() for move in row.values()} == {*rests, None}
    assert rests.isdisjoint(move.through for row in MOVES.values() for move in row.values())


def test_a_mapping_is_creating_then_enabled() -> None:
    stage, uuid = scene()
    states = [stage.the_mapping(uuid).state]

    stage.advance("5s")

    assert [*states, stage.the_mapping(uuid).state] == [MappingState.CREATING, MappingState.ENABLED]


def test_one_created_disabled_is_disabled_at_once_and_receives_nothing() -> None:
    stage, uuid = scene(Enabled=False)
    stage.send(SCOPE.queue_arn("orders"))
    stage.advance("1h")

    assert stage.the_mapping(uuid).state is MappingState.DISABLED
    assert stage.calls == []


def test_nothing_is_received_before_it_is_enabled() -> None:
    stage, _ = scene()
    stage.send(SCOPE.queue_arn("orders"))
    before = len(stage.calls)

    stage.advance("5s")

    assert (before, len(stage.calls)) == (0, 1)


@pytest.mark.parametrize(
    ("parameters", "state", "then"),
    [
        ({"Enabled": False}, "Disabling", MappingState.DISABLED),
        ({"Enabled": True}, "Updating", MappingState.ENABLED),
        ({"BatchSize": 5}, "Updating", MappingState.ENABLED),
    ],
)
def test_an_enabled_mapping_passes_through_a_transition(
    parameters: dict[str, Any], state: str, then: MappingState
) -> None:
    stage, uuid = scene()
    stage.advance("5s")

    answered = update(stage, uuid, **parameters)
    stage.advance("5s")

    assert (answered, stage.the_mapping(uuid).state) == (state, then)


@pytest.mark.parametrize(
    ("parameters", "state", "then"),
    [
        ({"Enabled": True}, "Enabling", MappingState.ENABLED),
        ({"Enabled": False}, "Updating", MappingState.DISABLED),
        ({"BatchSize": 5}, "Updating", MappingState.DISABLED),
    ],
)
def test_a_disabled_mapping_stays_so_unless_it_is_enabled(
    parameters: dict[str, Any], state: str, then: MappingState
) -> None:
    stage, uuid = scene(Enabled=False)

    answered = update(stage, uuid, **parameters)
    stage.advance("5s")

    assert (answered, stage.the_mapping(uuid).state) == (state, then)


def test_a_deleted_mapping_is_deleting_and_then_gone() -> None:
    stage, uuid = scene()
    stage.advance("5s")

    view = stage.submit(DeleteEventSourceMapping(SCOPE, uuid))
    still_there = stage.the_mapping(uuid).state
    stage.advance("5s")

    assert (view["State"], still_there) == ("Deleting", MappingState.DELETING)
    with pytest.raises(ResourceNotFound, match=r"The resource you requested does not exist\."):
        stage.the_mapping(uuid)


def test_in_a_transition_it_is_in_use() -> None:
    stage, uuid = scene()

    with pytest.raises(ResourceInUse) as update_refused:
        update(stage, uuid, BatchSize=5)
    with pytest.raises(ResourceInUse) as delete_refused:
        stage.submit(DeleteEventSourceMapping(SCOPE, uuid))

    assert update_refused.value.message == "Cannot update the event source mapping because it is in use."
    assert delete_refused.value.message == "Cannot delete the event source mapping because it is in use."


def test_by_default_transitions_are_over_in_a_moment() -> None:
    stage, uuid = scene(Limits())

    assert stage.the_mapping(uuid).state is MappingState.ENABLED


def test_a_deleted_function_leaves_its_mapping_enabled() -> None:
    stage, uuid = scene(Limits())

    stage.submit(DeleteFunction(SCOPE.function_arn("worker")))
    stage.send(SCOPE.queue_arn("orders"))
    stage.advance("1h")

    assert stage.the_mapping(uuid).state is MappingState.ENABLED
    assert stage.at(SCOPE.queue_arn("orders")).visible_count == 1


def test_it_may_be_updated_and_deleted_without_its_function() -> None:
    stage, uuid = scene(Limits())
    stage.submit(DeleteFunction(SCOPE.function_arn("worker")))

    update(stage, uuid, BatchSize=5)
    stage.submit(DeleteEventSourceMapping(SCOPE, uuid))

    assert stage.world.mappings.all() == []


def item(record: bytes, available_at: Instant) -> Item:
    content = Content("m-1", "", "", NOON, "sender")
    message = Message(content, 1, available_at, NOON)
    return Item(message, Delivery(content, "handle", 1, NOON), Attempt(1, NOON, "worker"), record)


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 9)), max_size=6), st.booleans())
def test_what_one_receive_brought_is_gathered_as_one_by_one(brought: list[tuple[int, int]], is_open: bool) -> None:
    limits = replace(DEFAULT_LIMITS, batch_payload_bytes=len(b'{"Records":[]}') + 100)
    at_once, singly = (
        Mapping(
            "u", queue="arn:aws:sqs:us-east-1:1:orders", function="f", function_arn="f",
            parameters=MappingParameters(), is_enabled=True, tags={}, limits=limits, now=NOON,
        )
        for _ in range(2)
    )  # fmt: skip
    items = [item(b"x" * size, NOON + place) for size, place in brought]
    if is_open:
        at_once.gather(item(b"first", NOON), now=NOON)
        singly.gather(item(b"first", NOON), now=NOON)
    closed = [one for one in items if singly.gather(one, now=NOON) is not None]

    was_gathered = at_once.gather_all(items, now=NOON)

    assert was_gathered is (bool(items) and not is_open and not closed)
    if was_gathered:
        assert at_once.gathering == singly.gathering
