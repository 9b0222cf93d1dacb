"""Dead letters over HTTP: looked at, told about, redriven, exported."""

import json

from tests.serving import Serving


def test_a_dead_letter_queue_tells_whose_it_is(poisoned: tuple[Serving, str]) -> None:
    service, _ = poisoned

    [queue] = service.get("dead-letter-queues")

    assert (queue["name"], queue["sources"], queue["visible"]) == ("orders-dlq", ["orders"], 1)


def test_a_dead_letter_has_its_story_attempt_by_attempt(poisoned: tuple[Serving, str]) -> None:
    service, message_id = poisoned

    [letter] = service.get("dead-letter-queues/orders-dlq/messages")

    first, second = letter["attempts"]
    assert (letter["message_id"], letter["body"], letter["receive_count"]) == (message_id, '{"poison": true}', 2)
    assert [(attempt["number"], attempt["by"], attempt["outcome"]) for attempt in (first, second)] == [
        (1, "worker", "failed"),
        (2, "worker", "failed"),
    ]
    assert letter["story"] == [
        "2026-11-21T12:00:00.000Z sent to orders",
        f"2026-11-21T12:00:00.000Z attempt 1 by worker (request {first['request_id']}): failed, ValueError: poison",
        f"2026-11-21T12:00:30.000Z attempt 2 by worker (request {second['request_id']}): failed, ValueError: poison",
        f"2026-11-21T12:01:00.000Z moved from orders to orders-dlq: {letter['moves'][0]['reason']}",
    ]


def test_looking_at_dead_letters_counts_as_no_receive(poisoned: tuple[Serving, str]) -> None:
    service, _ = poisoned

    first = service.get("dead-letter-queues/orders-dlq/messages")

    assert service.get("dead-letter-queues/orders-dlq/messages") == first


def test_a_redriven_letter_goes_back_to_where_it_came_from(poisoned: tuple[Serving, str]) -> None:
    service, message_id = poisoned

    redriven = service.post("dead-letter-queues/orders-dlq/redrive", {})

    assert redriven == {"message_ids": [message_id]}
    assert service.get("queues/orders-dlq")["visible"] == 0
    assert [message["body"] for message in service.get("queues/orders/messages")] == ['{"poison": true}']


def test_a_letter_can_be_edited_and_sent_elsewhere(poisoned: tuple[Serving, str]) -> None:
    service, message_id = poisoned
    wanted = {"message_ids": [message_id], "bodies": {message_id: "{}"}, "destination": "spare"}

    service.post("dead-letter-queues/orders-dlq/redrive", wanted)

    assert [message["body"] for message in service.get("queues/spare/messages")] == ["{}"]


def test_a_purge_tells_how_many_were_dropped(poisoned: tuple[Serving, str]) -> None:
    service, _ = poisoned

    assert service.post("dead-letter-queues/orders-dlq/purge") == {"queue": "orders-dlq", "messages": 1}


def test_an_export_has_a_line_for_each_letter(poisoned: tuple[Serving, str]) -> None:
    service, _ = poisoned

    answer = service.ask("GET", "dead-letter-queues/orders-dlq/export")

    assert answer.headers["content-type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in answer.content.splitlines()]
    assert lines == service.get("dead-letter-queues/orders-dlq/messages")


def test_an_export_of_no_queue_is_a_404(service: Serving) -> None:
    assert service.ask("GET", "dead-letter-queues/nothing/export").status == 404
