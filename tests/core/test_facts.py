"""Facts in words, as the journal tells them."""

import pytest

from app.core.facts import (
    BatchAbandoned,
    BatchFormed,
    EventDropped,
    EventRetried,
    Fact,
    InvocationEnded,
    InvocationStarted,
    InvocationThrottled,
    MessageMoved,
    MessageReceived,
    MessageReturned,
    MessageSent,
    MessagesFiltered,
    NotificationFailed,
    ObjectChanged,
)
from tests.core.stage import NOON, SCOPE

ORDERS, DLQ, WORK = SCOPE.queue_arn("orders"), SCOPE.queue_arn("orders-dlq"), SCOPE.function_arn("work")


@pytest.mark.parametrize(
    ("fact", "text"),
    [
        (MessageSent(ORDERS, "m1", "c", 5), "orders got m1 (5 bytes)"),
        (MessageSent(ORDERS, "m1", "c", 5, 9), "orders got m1 (5 bytes, delayed 9s)"),
        (
            MessageReceived(ORDERS, "m1", "c", 2, "work", NOON),
            "orders handed m1 to work (receive 2), hidden until 2026-11-21T12:00:00.000Z",
        ),
        (MessageReturned(ORDERS, "m1", "c", "in flight"), "orders shows m1 again"),
        (MessageReturned(ORDERS, "m1", "c", "delayed"), "orders shows m1 after its delay"),
        (MessageMoved(ORDERS, "m1", "c", DLQ, "because"), "orders moved m1 to orders-dlq: because"),
        (
            MessagesFiltered(ORDERS, WORK, ("m1", "m2"), ("no", "neither")),
            "orders: the filter for work dropped m1 (no), m2 (neither)",
        ),
        (
            BatchFormed(ORDERS, WORK, "u", "r", ("m1",), "one receive", "c"),
            "orders → work: batch of 1 message (one receive)",
        ),
        (BatchFormed(ORDERS, WORK, "u", "r", ("m1", "m2"), "full", "c"), "orders → work: batch of 2 messages (full)"),
        (BatchAbandoned(ORDERS, WORK, "r", ("m1", "m2")), "work stayed throttled; orders gets 2 messages back"),
        (InvocationStarted(WORK, "r", "c", 1, "queue orders", 0, 5), "work invoked by queue orders [r]"),
        (InvocationStarted(WORK, "r", "c", 3, "Invoke", 0, 5), "work invoked by Invoke, attempt 3 [r]"),
        (InvocationEnded(WORK, "r", "c", "succeeded", None, None, 12.34, ""), "work succeeded after 12.3 ms [r]"),
        (
            InvocationEnded(WORK, "r", "c", "failed", "KeyError", "'id'", 1.0, ""),
            "work failed after 1.0 ms: KeyError: 'id' [r]",
        ),
        (InvocationThrottled(WORK, "r", "c", "Limit", None), "work throttled (Limit) [r]"),
        (
            InvocationThrottled(WORK, "r", "c", "Limit", NOON),
            "work throttled (Limit), again at 2026-11-21T12:00:00.000Z [r]",
        ),
        (
            EventRetried(WORK, "r", "c", 2, NOON, 60_000),
            "work will get the event again at 2026-11-21T12:00:00.000Z (attempt 2, in 1m) [r]",
        ),
        (
            EventDropped(WORK, "r", "c", "RetriesExhausted", 3),
            "work lost an event after 3 attempts: RetriesExhausted [r]",
        ),
        (ObjectChanged("photos", "in/a", "ObjectCreated:Put", "c"), "s3://photos/in/a ObjectCreated:Put"),
        (NotificationFailed("photos", "a", WORK, "gone", "c"), "s3://photos/a could not notify work: gone"),
    ],
)
def test_a_fact_reads_as_a_sentence(fact: Fact, text: str) -> None:
    assert fact.text == text
