"""The lines a message's life is told in."""

from app.core.sqs.message import Attempt, Content, Message, Move
from app.core.time import parse_instant
from app.web.control.story import tell_message

NOON = parse_instant("2026-11-21T12:00:00Z")
ORDERS, DEAD = "arn:aws:sqs:us-east-1:000000000000:orders", "arn:aws:sqs:us-east-1:000000000000:orders-dlq"


def message(*, attempts: tuple[Attempt, ...] = (), moves: tuple[Move, ...] = ()) -> Message:
    content = Content("m1", "{}", "", NOON, "me")
    return Message(content, 1, NOON, NOON, attempts=attempts, moves=moves)


def test_what_an_invocation_printed_stands_below_its_attempt() -> None:
    attempt = Attempt(1, NOON, "worker", "r1", "failed", "KeyError", "id", "START\nhello\n")

    assert tell_message(message(attempts=(attempt,)), ORDERS)[1:] == [
        "2026-11-21T12:00:00.000Z attempt 1 by worker (request r1): failed, KeyError: id",
        "    START",
        "    hello",
    ]


def test_a_clients_receive_has_neither_request_nor_outcome() -> None:
    told = tell_message(message(attempts=(Attempt(1, NOON, "ReceiveMessage"),)), ORDERS)

    assert told[1] == "2026-11-21T12:00:00.000Z attempt 1 by ReceiveMessage"


def test_attempts_after_a_move_are_told_after_it() -> None:
    attempts = (Attempt(1, NOON, "worker"), Attempt(2, NOON + 2_000, "ReceiveMessage"))
    move = Move(NOON + 1_000, ORDERS, DEAD, "received once, maxReceiveCount is 1")

    assert tell_message(message(attempts=attempts, moves=(move,)), DEAD) == [
        "2026-11-21T12:00:00.000Z sent to orders",
        "2026-11-21T12:00:00.000Z attempt 1 by worker",
        "2026-11-21T12:00:01.000Z moved from orders to orders-dlq: received once, maxReceiveCount is 1",
        "2026-11-21T12:00:02.000Z attempt 2 by ReceiveMessage",
    ]
