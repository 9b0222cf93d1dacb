"""The journal over HTTP, read and followed."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from typing import Any

from tests.serving import Serving


@contextmanager
def followed(service: Serving, query: str = "", **headers: str) -> Iterator[HTTPResponse]:
    connection = HTTPConnection("127.0.0.1", service.port, timeout=20)
    connection.request("GET", f"/_triggerfish/api/journal/stream{query}", headers=headers)
    try:
        yield connection.getresponse()
    finally:
        connection.close()


def next_event(stream: HTTPResponse) -> dict[str, Any]:
    """The next event's fields; its data read as JSON."""
    fields: dict[str, Any] = {}
    while line := stream.readline().decode().rstrip("\n"):
        name, _, value = line.partition(": ")
        fields[name] = value
    return {**fields, "data": json.loads(fields["data"])}


def test_entries_are_numbered_facts(service: Serving) -> None:
    first = service.get("journal?limit=1")[0]

    assert (first["number"], first["fact"]) == (1, "Configured")


def test_entries_are_chosen_by_what_they_concern(service: Serving) -> None:
    sent = service.post("queues/spare/messages", {"body": "one"})
    service.post("queues/orders/messages", {"body": "two"})

    by_message = service.get(f"journal?message={sent['message_id']}")
    by_queue_and_kind = service.get("journal?queue=orders&kinds=MessageSent,MessageReceived")

    assert [entry["fact"] for entry in by_message] == ["MessageSent"]
    assert [entry["fact"] for entry in by_queue_and_kind] == ["MessageSent", "MessageReceived"]


def test_the_newest_are_given_in_order(service: Serving) -> None:
    newest = service.get("journal?newest=true&limit=2")

    last = service.get("status")["journal_entries"]
    assert [entry["number"] for entry in newest] == [last - 1, last]


def test_the_stream_tells_what_happens_from_now_on(service: Serving) -> None:
    with followed(service) as stream:
        sent = service.post("queues/spare/messages", {"body": "one"})
        event = next_event(stream)

    assert event["event"] == "MessageSent"
    assert event["data"]["message"] == sent["message_id"]
    assert event["id"] == str(event["data"]["number"])


def test_a_stream_that_is_resumed_misses_nothing(service: Serving) -> None:
    before = service.get("status")["journal_entries"]
    service.post("queues/spare/messages", {"body": "one"})

    with followed(service, **{"Last-Event-ID": str(before)}) as stream:
        service.post("queues/spare/messages", {"body": "two"})
        events = [next_event(stream), next_event(stream)]

    assert [event["id"] for event in events] == [str(before + 1), str(before + 2)]


def test_a_stream_resumed_with_a_number_of_an_earlier_life_begins_anew(service: Serving) -> None:
    with followed(service, **{"Last-Event-ID": "1000000"}) as stream:
        event = next_event(stream)

    assert event["id"] == "1"


def test_a_stream_can_be_narrowed(service: Serving) -> None:
    with followed(service, "?queue=spare&after=0") as stream:
        created = next_event(stream)
        service.post("queues/orders/messages", {"body": "elsewhere"})
        service.post("queues/spare/messages", {"body": "here"})
        sent = next_event(stream)

    assert (created["event"], sent["event"]) == ("Configured", "MessageSent")
    assert sent["data"]["queue"] == "spare"


def test_there_are_no_warnings_at_first(service: Serving) -> None:
    assert service.get("warnings") == []
