"""Buckets, their notifications and fake object events over HTTP."""

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
