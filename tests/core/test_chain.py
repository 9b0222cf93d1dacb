"""Chains: what is a loop, what is not, and who sees it."""

import pytest

from app.core.chain import TraceHeader
from app.core.commands import (
    DeclareBucket,
    Origin,
    PutBucketNotification,
    SetQueueAttributes,
)
from app.core.errors import RecursiveInvocation
from app.core.facts import EventDropped, InvocationStarted, LoopWarned, MessageMoved, MessageSent, ObjectChanged
from app.core.limits import Limits
from app.core.s3.notification import NotificationConfiguration, NotificationRule
from tests.core.stage import SCOPE, Stage


def with_photos(stage: Stage, target: str) -> None:
    stage.submit(DeclareBucket(SCOPE, "photos"))
    rule = NotificationRule("in", target, ("s3:ObjectCreated:*",))
    stage.submit(PutBucketNotification("photos", NotificationConfiguration((rule,))))


def last_header(stage: Stage) -> Origin:
    """What an AWS call made by the invocation that runs now carries."""
    return Origin(trace_header=stage.calls[0].trace_header)


def loop_through_bucket(stage: Stage, rounds: int, *, by_key: str | None = None) -> None:
    """The function that is called puts its object into its own bucket again, up to `rounds` times."""
    stage.put_object("photos", "in/cat.jpg")
    for _ in range(rounds):
        if not stage.calls:
            return
        origin = Origin(access_key_id=by_key) if by_key else last_header(stage)
        stage.put_object("photos", "in/cat.jpg", origin=origin)
        stage.settle()


def kinds(stage: Stage) -> list[tuple[str, int]]:
    return [(fact.kind, fact.times) for fact in stage.of(LoopWarned)]


# Loops


def test_the_seventeenth_event_of_a_loop_through_s3_is_dropped() -> None:
    stage = Stage()
    with_photos(stage, stage.function("thumbnail", environments=2))

    loop_through_bucket(stage, 30)

    assert len(stage.of(InvocationStarted)) == 16
    assert kinds(stage) == [("early", 2), ("stopped", 17)]
    (dropped,) = stage.of(EventDropped)
    assert (dropped.condition, len({fact.chain for fact in stage.of(ObjectChanged)})) == ("RecursiveInvocation", 1)


def test_the_warning_tells_the_path() -> None:
    stage = Stage()
    with_photos(stage, stage.function("thumbnail", environments=2))

    loop_through_bucket(stage, 1)

    (warned,) = stage.of(LoopWarned)
    assert warned.path == ("photos/in", "thumbnail", "photos/in", "thumbnail")


def test_the_seventeenth_synchronous_invocation_is_refused_to_the_caller() -> None:
    stage = Stage()
    stage.function("work", environments=20)
    stage.invoke("work")
    for call in range(15):
        stage.invoke("work", origin=Origin(stage.calls[call].trace_header))

    with pytest.raises(RecursiveInvocation):
        stage.invoke("work", origin=Origin(stage.calls[15].trace_header))

    assert kinds(stage) == [("early", 2), ("stopped", 17)]
    assert len(stage.of(InvocationStarted)) == 16


def test_a_refused_message_stays_and_climbs_to_the_dead_letter_queue() -> None:
    stage = Stage()
    orders, dlq = stage.queue_with_dlq("orders", after=2, VisibilityTimeout="5")
    stage.mapping(orders, stage.function("worker", environments=2))
    stage.send(orders)
    for _ in range(16):
        stage.send(orders, origin=last_header(stage))
        stage.settle()
    stage.advance("1m")

    assert len(stage.of(InvocationStarted)) == 16
    assert len(stage.of(MessageMoved)) == 1
    (message,) = stage.at(dlq)
    assert [(attempt.outcome, attempt.error_type) for attempt in message.attempts] == [
        ("refused", "RecursiveInvocationException"),
        ("refused", "RecursiveInvocationException"),
    ]


def test_a_refused_message_on_a_queue_that_hides_nothing_lets_time_go_on() -> None:
    stage = Stage(limits=Limits(chain_invocations=1))
    orders = stage.queue("orders")
    stage.mapping(orders, stage.function("worker"))
    stage.submit(SetQueueAttributes(orders, {"VisibilityTimeout": "0"}))
    stage.send(orders)
    stage.send(orders, origin=last_header(stage))

    stage.settle()
    stage.advance("3s")

    assert len(stage.of(InvocationStarted)) == 1


def test_a_function_that_allows_recursion_runs_on_and_is_warned_of() -> None:
    stage = Stage()
    with_photos(stage, stage.function("thumbnail", environments=2, recursive_loop="Allow"))

    loop_through_bucket(stage, 20)

    assert len(stage.of(InvocationStarted)) == 21
    assert kinds(stage) == [("early", 2), ("allowed", 17)]


def test_a_loop_whose_trace_header_is_lost_runs_on_and_aws_would_not_see_it() -> None:
    stage = Stage()
    with_photos(stage, stage.function("thumbnail", environments=2, access_key_ids=("KEY0", "KEY1")))

    stage.put_object("photos", "in/cat.jpg")
    for _ in range(18):
        key = f"KEY{stage.calls[0].environment}"
        stage.put_object("photos", "in/cat.jpg", origin=Origin(access_key_id=key))
        stage.settle()

    assert kinds(stage) == [("early", 2), ("unseen", 17)]
    assert len({fact.chain for fact in stage.of(ObjectChanged)}) == 1, "the key still ties it together"


def test_where_only_the_endpoint_drops_the_header_the_key_is_as_good() -> None:
    stage = Stage()
    keys = ("KEY0", "KEY1")
    with_photos(stage, stage.function("thumbnail", environments=2, access_key_ids=keys, passes_trace_header=False))

    stage.put_object("photos", "in/cat.jpg")
    while stage.calls:
        key = f"KEY{stage.calls[0].environment}"
        stage.put_object("photos", "in/cat.jpg", origin=Origin(access_key_id=key))
        stage.settle()

    assert kinds(stage) == [("early", 2), ("stopped", 17)]


def test_two_functions_that_call_each_other_are_a_loop_of_each() -> None:
    stage = Stage(limits=Limits(chain_invocations=3))
    names = ("ping", "pong")
    for name in names:
        stage.function(name, environments=9)
    stage.invoke("ping", event=True)
    for turn in range(1, 6):
        stage.invoke(names[turn % 2], event=True, origin=Origin(stage.calls[-1].trace_header))

    stage.invoke("ping", event=True, origin=Origin(stage.calls[-1].trace_header))

    assert len(stage.of(InvocationStarted)) == 6
    stopped = stage.of(LoopWarned)[-1]
    assert (stopped.kind, stopped.times) == ("stopped", 4)
    assert stopped.path == ("ping", "pong", "ping", "pong", "ping", "pong", "ping")


# What is no loop


def test_a_function_that_fans_out_is_no_loop() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.mapping(orders, stage.function("worker", environments=99), BatchSize=1)
    stage.function("split")
    stage.invoke("split")
    origin = last_header(stage)

    for _ in range(60):
        stage.send(orders, origin=origin)
    while len(stage.calls) > 1:
        stage.settle(call=stage.calls[1])

    assert stage.of(LoopWarned) == []
    assert len(stage.of(InvocationStarted)) == 61


def test_messages_from_outside_are_chains_of_their_own() -> None:
    stage = Stage()
    orders = stage.queue("orders")

    for _ in range(3):
        stage.send(orders)

    assert len({fact.chain for fact in stage.of(MessageSent)}) == 3


def test_a_header_from_outside_gives_the_chain_its_root() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    root = "1-5759e988-bd862e3fe1be46a994272793"

    stage.send(orders, origin=Origin(f"Root={root};Parent=53995c3f42cd8ad8;Sampled=1"))

    (sent,) = stage.of(MessageSent)
    assert sent.chain == root
    (message,) = stage.at(orders)
    assert message.content.trace_header == f"Root={root};Parent=53995c3f42cd8ad8;Sampled=1"


def test_an_explicit_trace_header_wins_over_the_requests_own() -> None:
    stage = Stage()
    orders = stage.queue("orders")

    stage.send(orders, trace_header="Root=1-explicit", origin=Origin("Root=1-request"))

    (message,) = stage.at(orders)
    assert (message.content.trace_header, message.content.chain) == ("Root=1-explicit", "1-explicit")


def test_a_forgotten_hop_is_outside() -> None:
    stage = Stage(limits=Limits(chain_hops_kept=1))
    stage.function("work", environments=3)
    stage.invoke("work")
    forgotten = stage.calls[0].trace_header
    stage.invoke("work")

    stage.invoke("work", origin=Origin(forgotten))

    assert stage.of(LoopWarned) == []


def test_an_unknown_key_is_outside() -> None:
    stage = Stage()
    orders = stage.queue("orders")
    stage.function("work", access_key_ids=("KEY0",))

    stage.send(orders, origin=Origin(access_key_id="KEY0"))
    stage.send(orders, origin=Origin(access_key_id="NOBODY"))

    assert len({fact.chain for fact in stage.of(MessageSent)}) == 2, "nothing runs where KEY0 belongs"


# The header


def test_a_trace_header_is_read_and_written_with_what_is_unknown_kept() -> None:
    text = "Root=1-a;Parent=b;Sampled=0;Lineage=1:037bed70:0;Self=x"

    header = TraceHeader.parse(text)

    assert (header.root, header.parent, header.sampled, header.lineage) == ("1-a", "b", "0", "1:037bed70:0")
    assert header.others == (("Self", "x"),)
    assert str(header) == text


@pytest.mark.parametrize("text", ["", ";;", "Root", "=", "a b c", "Root=;Parent="])
def test_a_header_that_is_none_tells_nothing(text: str) -> None:
    stage = Stage()
    orders = stage.queue("orders")

    stage.send(orders, origin=Origin(text))

    assert stage.of(MessageSent)[0].chain.startswith("1-")


def test_lineage_counts_the_rounds_and_keeps_its_hash() -> None:
    stage = Stage()
    stage.function("work", environments=3)
    stage.invoke("work")
    stage.invoke("work", origin=Origin(stage.calls[0].trace_header))

    first, second = (TraceHeader.parse(call.trace_header).lineage for call in stage.calls)

    assert first is not None
    assert second is not None
    assert (first.split(":")[0], second.split(":")[0]) == ("0", "1")
    assert first.split(":")[1] == second.split(":")[1]
