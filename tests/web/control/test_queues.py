"""Queues, messages and mappings over HTTP."""

from tests.serving import NOON, Serving

RED = {"colour": {"data_type": "String", "value": "red"}, "icon": {"data_type": "Binary.png", "value": "iVBORw=="}}


def test_they_are_listed_with_counts_and_awss_attributes(service: Serving) -> None:
    service.post("queues/spare/messages", {"body": "one"})
    service.post("queues/spare/messages", {"body": "two", "delay_s": 60})

    spare = next(queue for queue in service.get("queues") if queue["name"] == "spare")

    assert (spare["visible"], spare["delayed"], spare["in_flight"]) == (1, 1, 0)
    assert spare["attributes"]["ApproximateNumberOfMessagesDelayed"] == "1"


def test_one_is_created_as_the_settings_file_would_have_it(service: Serving) -> None:
    created = service.ask("POST", "queues", {"name": "mails", "VisibilityTimeout": 99, "Tags": {"team": "blue"}})

    assert created.status == 201
    assert (created.json["attributes"]["VisibilityTimeout"], created.json["tags"]) == ("99", {"team": "blue"})


def test_looking_at_messages_receives_none(service: Serving) -> None:
    service.post("queues/spare/messages", {"body": "one", "attributes": RED})

    first = service.get("queues/spare/messages")
    second = service.get("queues/spare/messages")

    assert first == second
    assert (first[0]["body"], first[0]["attributes"], first[0]["receive_count"]) == ("one", RED, 0)


def test_messages_are_read_page_by_page(service: Serving) -> None:
    ids = [service.post("queues/spare/messages", {"body": str(number)})["message_id"] for number in range(3)]

    page = service.get("queues/spare/messages?limit=2")
    rest = service.get(f"queues/spare/messages?limit=2&after={page[-1]['message_id']}")

    assert [message["message_id"] for message in page + rest] == ids


def test_a_page_behind_an_unknown_message_is_a_400(service: Serving) -> None:
    assert service.ask("GET", "queues/spare/messages?after=x").error == (
        400,
        "BadRequest",
        "there is no message 'x' in 'spare'",
    )


def test_a_binary_attribute_must_be_base64(service: Serving) -> None:
    wrong = {"body": "one", "attributes": {"icon": {"data_type": "Binary", "value": "ä"}}}

    assert service.ask("POST", "queues/spare/messages", wrong).error == (
        400,
        "BadRequest",
        "attributes.icon.value: the value of a Binary attribute is written in base64",
    )


def test_a_purged_queue_is_empty(service: Serving) -> None:
    service.post("queues/spare/messages", {"body": "one"})

    assert service.post("queues/spare/purge") == {"queue": "spare", "messages": 1}
    assert service.get("queues/spare/messages") == []


def test_a_deleted_queue_is_gone(service: Serving) -> None:
    assert service.ask("DELETE", "queues/spare").status == 204
    assert service.ask("GET", "queues/spare").error == (
        404,
        "QueueDoesNotExist",
        "The specified queue does not exist.",
    )


def test_a_message_is_found_wherever_it_is(service: Serving) -> None:
    sent = service.post("queues/spare/messages", {"body": "one"})

    found = service.get(f"messages/{sent['message_id']}")

    assert (found["queue"], found["state"]) == ("spare", "visible")
    assert found["story"] == [f"{NOON} sent to spare"]


def test_a_message_that_is_gone_still_has_its_story(service: Serving) -> None:
    sent = service.post("queues/spare/messages", {"body": "one"})
    service.post("queues/spare/purge")

    found = service.get(f"messages/{sent['message_id']}")

    assert (found["queue"], found["state"], found["message"]) == (None, "gone", None)
    assert found["story"] == [f"{NOON} spare got {sent['message_id']} (3 bytes)"]


def test_a_message_nobody_knows_is_a_404(service: Serving) -> None:
    assert service.ask("GET", "messages/x").status == 404


def test_a_mapping_lives_in_awss_shape(service: Serving) -> None:
    created = service.ask("POST", "mappings", {"queue": "spare", "function": "thumbnail", "BatchSize": 3})
    uuid = created.json["UUID"]
    service.post("clock/advance", {"duration": "1m"})
    changed = service.ask("PATCH", f"mappings/{uuid}", {"BatchSize": 4})
    service.post("clock/advance", {"duration": "1m"})
    listed = {mapping["UUID"]: mapping for mapping in service.get("mappings")}
    deleted = service.ask("DELETE", f"mappings/{uuid}")

    assert (created.status, created.json["BatchSize"]) == (201, 3)
    assert changed.json["BatchSize"] == listed[uuid]["BatchSize"] == 4
    assert deleted.json["State"] == "Deleting"


def test_a_mapping_shows_its_tags_and_what_it_has_done(service: Serving) -> None:
    entry = {
        "queue": "spare",
        "function": "thumbnail",
        "Tags": {"team": "a"},
        "ProvisionedPollerConfig": {"MinimumPollers": 3},
    }
    uuid = service.ask("POST", "mappings", entry).json["UUID"]
    for body in ("one", "two"):
        service.post("queues/spare/messages", {"body": body})

    service.post("clock/advance", {"duration": "1m"})

    (shown,) = [mapping for mapping in service.get("mappings") if mapping["UUID"] == uuid]
    assert shown["Tags"] == {"team": "a"}
    assert shown["Metrics"] == {
        "PolledEventCount": 2,
        "FilteredOutEventCount": 0,
        "InvokedEventCount": 2,
        "FailedInvokeEventCount": 0,
        "DeletedEventCount": 2,
        "ProvisionedPollers": 3,
    }
    assert shown["Scale"] == {"Pollers": 3, "BatchesInFlight": 0, "BatchesAtMost": 30}


def test_a_mapping_that_does_not_exist_is_a_404(service: Serving) -> None:
    assert service.ask("PATCH", "mappings/nothing", {"BatchSize": 4}).error == (
        404,
        "ResourceNotFound",
        "The resource you requested does not exist.",
    )
