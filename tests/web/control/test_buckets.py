"""Buckets, their notifications and fake object events over HTTP."""

import json

from tests.serving import Serving

THUMBNAIL = "arn:aws:lambda:us-east-1:000000000000:function:thumbnail"


def test_a_fake_put_tells_the_routes_it_took(service: Serving) -> None:
    routed = service.post("put", {"bucket": "photos", "key": "in/cat.jpg", "size": 48213})

    assert routed["routes"] == [
        {"target": THUMBNAIL, "name": "thumbnail", "rule_id": "incoming", "taken": True, "reason": None}
    ]
    assert routed["chain"]


def test_a_fake_put_tells_why_a_route_was_not_taken(service: Serving) -> None:
    [route] = service.post("put", {"bucket": "photos", "key": "out/cat.jpg"})["routes"]

    assert (route["taken"], route["reason"]) == (False, "prefix 'in/' does not begin 'out/cat.jpg'")


def test_a_fake_put_may_go_straight_to_a_function(service: Serving) -> None:
    [route] = service.post("put", {"bucket": "photos", "key": "out/cat.jpg", "function": "worker"})["routes"]

    assert (route["name"], route["taken"]) == ("worker", True)


def test_a_fake_delete_is_another_event(service: Serving) -> None:
    [route] = service.post("delete", {"bucket": "photos", "key": "in/cat.jpg"})["routes"]

    assert route["taken"] is False


def test_a_bucket_that_does_not_exist_is_a_404(service: Serving) -> None:
    assert service.ask("POST", "put", {"bucket": "nothing", "key": "a"}).error == (
        404,
        "NoSuchBucket",
        "The specified bucket does not exist",
    )


def test_a_chain_has_everything_the_event_caused(service: Serving) -> None:
    chain = service.post("put", {"bucket": "photos", "key": "in/cat.jpg"})["chain"]
    service.post("clock/advance", {"duration": "5s"})

    facts = [entry["fact"] for entry in service.get(f"chains/{chain}")["entries"]]

    assert facts[0] == "ObjectChanged"
    assert facts[-1] == "InvocationEnded"


def test_a_chain_nobody_knows_is_a_404(service: Serving) -> None:
    assert service.ask("GET", "chains/nothing").status == 404


def test_notifications_are_replaced(service: Serving) -> None:
    wanted = [{"Id": "all", "Events": ["s3:ObjectRemoved:*"], "suffix": ".jpg", "queue": "spare"}]

    answer = service.ask("PUT", "buckets/photos/notifications", wanted)

    assert answer.status == 200
    assert service.get("buckets/photos/notifications") == answer.json
    assert [(rule["Id"], rule["queue"], rule["suffix"]) for rule in answer.json] == [("all", "spare", ".jpg")]


def test_a_notification_has_one_target(service: Serving) -> None:
    wanted = [{"Events": ["s3:ObjectRemoved:*"]}]

    assert service.ask("PUT", "buckets/photos/notifications", wanted).error == (
        400,
        "BadRequest",
        "0: a notification has either a function, a queue or a topic",
    )


def test_a_bucket_is_created_as_the_settings_file_would_have_it(service: Serving) -> None:
    notification = {"Events": ["s3:ObjectCreated:*"], "function": "worker"}

    created = service.ask("POST", "buckets", {"name": "papers", "notifications": [notification]})

    assert created.status == 201
    assert [bucket["name"] for bucket in service.get("buckets")] == ["papers", "photos"]
    assert service.get("buckets/papers/notifications")[0]["function"] == "worker"


def test_an_event_that_s3_does_not_send_is_refused_with_what_may_have_been_meant(service: Serving) -> None:
    wanted = {"bucket": "photos", "key": "a", "event": "ObjectTagging:Putt"}

    assert service.ask("POST", "put", wanted).error == (
        400,
        "BadRequest",
        "S3 sends no event 'ObjectTagging:Putt'; did you mean 'ObjectTagging:Put'?",
    )


def test_any_event_of_a_version_may_be_believed(service: Serving) -> None:
    service.ask("PUT", "buckets/photos/notifications", [{"Events": ["s3:ObjectRemoved:*"], "queue": "spare"}])
    service.client("sqs").purge_queue(QueueUrl=f"{service.url}/000000000000/spare")

    service.post(
        "delete", {"bucket": "photos", "key": "a", "event": "ObjectRemoved:DeleteMarkerCreated", "version_id": "v1"}
    )

    (message,) = service.get("queues/spare/messages")
    (record,) = json.loads(message["body"])["Records"]
    assert (record["eventName"], record["s3"]["object"]["versionId"]) == ("ObjectRemoved:DeleteMarkerCreated", "v1")


def test_a_bucket_is_made_with_everything_that_the_settings_file_takes(service: Serving) -> None:
    service.post("topics", {"name": "news"})

    made = service.post(
        "buckets",
        {
            "name": "archive",
            "event_bridge": True,
            "versioning": True,
            "notifications": [{"Events": ["s3:ObjectCreated:*"], "topic": "news"}],
            "lifecycle": [{"Expiration": {"Days": 1}}],
        },
    )

    assert (made["event_bridge"], made["lifecycle_rules"]) == (True, 1)
    assert [(rule["topic"], rule["queue"]) for rule in made["notifications"]] == [("news", None)]
    assert service.client("s3").get_bucket_versioning(Bucket="archive")["Status"] == "Enabled"


def test_a_lifecycle_rule_that_s3_would_not_take_is_refused_in_its_words(service: Serving) -> None:
    wanted = {"name": "archive", "lifecycle": [{"Expiration": {"Days": 0}}]}

    assert service.ask("POST", "buckets", wanted).error == (
        400,
        "InvalidArgument",
        "'Days' for Expiration action must be a positive integer",
    )
