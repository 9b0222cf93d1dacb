"""Topics over the control API: seen, made, published to, confirmed, deleted."""

from tests.serving import Serving

NEWS = "arn:aws:sns:us-east-1:000000000000:news"
ENTRY = {
    "name": "news",
    "subscriptions": [
        {"queue": "spare", "FilterPolicy": {"kind": ["order"]}},
        {"function": "thumbnail"},
        {"email": "ann@example.com"},
    ],
}


def test_a_topic_is_made_from_an_entry_and_seen(service: Serving) -> None:
    made = service.post("topics", ENTRY)

    assert (made["name"], made["arn"]) == ("news", NEWS)
    assert [each["name"] for each in made["subscriptions"]] == ["spare", "thumbnail", "email ann@example.com"]
    assert [each["pending"] for each in made["subscriptions"]] == [False, False, True]
    assert service.get("topics") == [made] == [service.get("topics/news")]
    assert service.get("status")["triggers"][1:4] == [
        "topic news → spare", "topic news → thumbnail", "topic news → email ann@example.com",
    ]  # fmt: skip


def test_publish_tells_what_each_subscription_did(service: Serving) -> None:
    service.post("topics", ENTRY)

    published = service.post("publish", {"topic": "news", "message": "hello"})

    assert [(route["name"], route["taken"], route["reason"]) for route in published["routes"]] == [
        ("spare", False, "kind: wanted 'order'; was absent"),
        ("thumbnail", True, None),
        ("email ann@example.com", False, "it waits to be confirmed"),
    ]
    facts = [entry["fact"] for entry in service.get(f"chains/{published['chain']}")["entries"]]
    assert facts[0] == "MessagePublished"


def test_attributes_and_subject_go_along(service: Serving) -> None:
    service.post("topics", ENTRY)
    attributes = {"kind": {"data_type": "String", "value": "order"}}

    service.post("publish", {"topic": NEWS, "message": "hello", "subject": "Greeting", "attributes": attributes})

    (message,) = service.get("queues/spare/messages")
    assert '"Subject" : "Greeting"' in message["body"]


def test_a_message_has_a_story(service: Serving) -> None:
    service.post("topics", ENTRY)
    message_id = service.post("publish", {"topic": "news", "message": "hello"})["message_id"]

    facts = [entry["fact"] for entry in service.get(f"journal?message={message_id}")]

    assert facts == ["MessagePublished", "NotificationFiltered", "NotificationDelivered", "NotificationFiltered"]


def test_a_subscription_is_confirmed_by_the_token_that_the_journal_tells(service: Serving) -> None:
    service.post("topics", ENTRY)
    (asked,) = service.get("journal?kinds=ConfirmationAsked")

    confirmed = service.post("topics/news/confirm", {"token": asked["token"]})

    assert confirmed == {"subscription": asked["subscription"]}
    assert service.post("publish", {"topic": "news", "message": "hello"})["routes"][2]["taken"]


def test_what_is_wrong_is_refused_in_words(service: Serving) -> None:
    assert service.ask("POST", "publish", {"topic": "nothing", "message": "x"}).error == (
        404, "TopicDoesNotExist", "Topic does not exist",
    )  # fmt: skip
    service.post("topics", ENTRY)
    assert service.ask("POST", "publish", {"topic": "news", "message": ""}).error == (
        400, "InvalidParameter", "Invalid parameter: Empty message",
    )  # fmt: skip
    status, code, message = service.ask("POST", "topics", {"name": "more", "subscriptions": [{"fax": "12"}]}).error
    assert (status, code) == (400, "BadRequest")
    assert "subscriptions[0]" in message
    assert service.ask("GET", "topics/more").status == 404


def test_subscriptions_and_topics_are_ended(service: Serving) -> None:
    made = service.post("topics", ENTRY)

    assert service.ask("DELETE", f"subscriptions/{made['subscriptions'][0]['arn']}").status == 204
    assert len(service.get("topics/news")["subscriptions"]) == 2
    assert service.ask("DELETE", "topics/news").status == 204
    assert service.ask("DELETE", "topics/news").status == 404
    assert service.get("topics") == []
