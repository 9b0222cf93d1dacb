"""`topics` and `publish`, of a real service."""

import json

import pytest

from tests.cli.conftest import Run
from tests.serving import Serving


@pytest.fixture(autouse=True)
def news(service: Serving) -> None:
    subscriptions = [{"queue": "spare", "FilterPolicy": {"kind": ["order"]}}, {"function": "thumbnail"}]
    service.post("topics", {"name": "news", "subscriptions": subscriptions})
    service.post("topics", {"name": "line.fifo", "ContentBasedDeduplication": True})


def test_topics_are_listed_with_whom_they_tell(run: Run) -> None:
    lines = [line.split() for line in run("topics").stdout.splitlines()]

    assert lines == [
        ["TOPIC", "TELLS", "PROTOCOL", "FILTER", "STATE"],
        ["line.fifo", "nobody"],
        ["news", "spare", "sqs", '{"kind":["order"]}', "confirmed"],
        ["news", "thumbnail", "lambda", "confirmed"],
    ]
    assert [topic["name"] for topic in json.loads(run("topics", "--json").stdout)] == ["line.fifo", "news"]


def test_publish_shows_who_took_it_and_why_not(run: Run) -> None:
    lines = run("publish", "news", "hello", "--subject", "Greeting").stdout.splitlines()

    assert lines[1:3] == ["✗ spare: kind: wanted 'order'; was absent", "→ thumbnail"]
    assert lines[3].startswith("chain 1-")


def test_attributes_are_given_by_name_and_type(run: Run, service: Serving) -> None:
    result = run("publish", "news", "-", "--attribute", "kind=order", "--attribute", "n:Number=7", input="from a pipe")

    assert "→ spare" in result.stdout
    (message,) = service.get("queues/spare/messages")
    assert '"n" : {"Type":"Number","Value":"7"}' in message["body"]
    assert run("publish", "news", "x", "--attribute", "kind").exit_code == 2


def test_a_group_and_a_duplicate(run: Run) -> None:
    first = run("publish", "line.fifo", "one", "--group", "g")
    again = run("publish", "line.fifo", "one", "--group", "g")

    assert "nobody is subscribed to this topic" in first.stdout
    assert again.stdout.splitlines()[1].startswith("a duplicate")


def test_a_message_has_a_story(run: Run) -> None:
    message_id = run("publish", "news", "hello").stdout.splitlines()[0]

    first, *story = run("story", message_id).stdout.splitlines()

    assert first == f"{message_id}  published to news"
    assert story[1].endswith(f"news did not deliver {message_id} to spare: kind: wanted 'order'; was absent")
    assert story[2].endswith(f"news delivered {message_id} to thumbnail")


def test_a_refusal_is_one_line(run: Run) -> None:
    result = run("publish", "line.fifo", "one")

    assert result.exit_code == 1
    assert result.stderr == "Error: Invalid parameter: The MessageGroupId parameter is required for FIFO topics\n"


def test_what_would_become_of_a_message_is_explained(run: Run) -> None:
    taken = run("explain", "--topic", "news", "hello", "--attribute", "kind=order")
    alone = run("explain", "--topic", "line.fifo", "hello", "--group", "g")

    assert taken.stdout.splitlines()[-1] == "would fire: topic news → thumbnail, now"
    assert alone.exit_code == 3
    assert run("explain", "--topic", "news").exit_code == 2
