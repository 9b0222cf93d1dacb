"""Buckets: what an object's change leads to."""

import json

import pytest

from app.core.awslambda.function import FailAfter
from app.core.commands import (
    ChangeObject,
    DeclareBucket,
    DeleteFunction,
    DeleteQueue,
    ForgetBucket,
    PutBucketNotification,
)
from app.core.delivery.targets import Parcel, Settled
from app.core.errors import AccessDenied, InvalidArgument, NoSuchBucket, Refused, ResourceNotFound
from app.core.facts import NotificationFailed, NotificationSent, ObjectChanged
from app.core.names import Arn
from app.core.s3.notification import NotificationConfiguration, NotificationRule, RouteRefused, RouteTaken
from app.core.time import Instant
from tests.core.stage import SCOPE, Stage

CREATED = ("s3:ObjectCreated:*",)


def rule(target: Arn, name: str = "r", prefix: str = "", suffix: str = "") -> NotificationRule:
    return NotificationRule(name, target, CREATED, prefix, suffix)


def notify(stage: Stage, *rules: NotificationRule, unchecked: bool = False) -> None:
    stage.submit(PutBucketNotification("photos", NotificationConfiguration(rules), unchecked))


def scene() -> Stage:
    stage = Stage()
    stage.submit(DeclareBucket(SCOPE, "photos"))
    return stage


def test_an_object_goes_to_function_and_queue_in_one_chain() -> None:
    stage = scene()
    thumbnail, uploads = stage.function("thumbnail"), stage.queue("uploads")
    notify(stage, rule(thumbnail, "a", prefix="in/"), rule(uploads, "b", prefix="out/"))
    stage.receive(uploads, 10)
    stage.story()

    one = stage.put_object("photos", "in/cat.jpg")
    other = stage.put_object("photos", "out/cat.jpg")

    assert stage.story() == [
        "photos/in/cat.jpg ObjectCreated:Put",
        "photos/in/cat.jpg notified thumbnail",
        "thumbnail accepted an event from bucket photos",
        "thumbnail called by bucket photos",
        "photos/out/cat.jpg ObjectCreated:Put",
        "photos/out/cat.jpg notified uploads",
        "uploads got m2",
    ]
    assert [type(way) for way in one.routes] == [RouteTaken, RouteRefused]
    assert one.chain_id != other.chain_id
    chains = {fact.chain for fact in (*stage.of(ObjectChanged)[:1], *stage.of(NotificationSent)[:1])}
    assert chains == {one.chain_id}


def test_function_and_queue_get_the_event_as_s3_writes_it() -> None:
    stage = scene()
    thumbnail, uploads = stage.function("thumbnail"), stage.queue("uploads")
    notify(stage, rule(thumbnail, "a", suffix=".jpg"), rule(uploads, "b", suffix=".png"))
    stage.receive(uploads)

    for key in ("a b.jpg", "c.png"):
        stage.put_object("photos", key)
    (delivery,) = stage.receive(uploads)

    for text, key, name in ((stage.calls[0].payload, "a+b.jpg", "a"), (delivery.content.body, "c.png", "b")):
        (record,) = json.loads(text)["Records"]
        assert (record["s3"]["object"]["key"], record["s3"]["configurationId"]) == (key, name)
        assert record["eventTime"] == "2026-11-21T12:00:00.000Z"


def test_a_queue_that_is_named_gets_the_test_event() -> None:
    stage = scene()
    uploads = stage.queue("uploads")

    notify(stage, rule(uploads))
    (delivery,) = stage.receive(uploads)

    assert json.loads(delivery.content.body)["Event"] == "s3:TestEvent"


def test_sequencers_rise() -> None:
    stage = scene()
    notify(stage, rule(stage.function("thumbnail", environments=3)))

    for _ in range(3):
        stage.put_object("photos", "cat.jpg")

    sequencers = [json.loads(call.payload)["Records"][0]["s3"]["object"]["sequencer"] for call in stage.calls]
    assert sequencers == sorted(set(sequencers))


def test_a_failing_function_gets_the_event_after_one_and_two_minutes_again() -> None:
    stage = scene()
    notify(stage, rule(stage.function("thumbnail", FailAfter(100))))

    stage.put_object("photos", "cat.jpg")
    stage.advance("5m")

    assert [line for line in stage.timed_story() if "called" in line] == [
        "12:00:00 thumbnail called by bucket photos",
        "12:01:00.100 thumbnail called by bucket photos, attempt 2",
        "12:03:00.200 thumbnail called by bucket photos, attempt 3",
    ]


def test_an_object_nobody_asked_for_is_told_and_goes_nowhere() -> None:
    stage = scene()

    routed = stage.put_object("photos", "cat.jpg")

    assert routed.routes == ()
    assert stage.story() == ["photos/cat.jpg ObjectCreated:Put"]


def test_a_target_that_is_gone_is_told_and_the_others_are_notified() -> None:
    stage = scene()
    thumbnail, uploads, other = stage.function("thumbnail"), stage.queue("uploads"), stage.queue("other")
    notify(stage, rule(thumbnail, "a", prefix="a"), rule(uploads, "b", prefix="b"), rule(other, "c", prefix="c"))
    stage.submit(DeleteFunction(thumbnail))
    stage.submit(DeleteQueue(uploads))

    for key in ("a", "b", "c"):
        stage.put_object("photos", key)

    assert stage.story(NotificationSent, NotificationFailed) == [
        "photos/a could not notify thumbnail",
        "photos/b could not notify uploads",
        "photos/c notified other",
    ]


def test_a_direct_put_goes_to_its_function_whatever_the_rules_say() -> None:
    stage = scene()
    thumbnail = stage.function("thumbnail")

    routed = stage.submit(ChangeObject(SCOPE, "no-such-bucket", "ObjectCreated:Put", "k", function="thumbnail"))

    assert routed.routes == (RouteTaken(thumbnail, "direct"),)
    assert json.loads(stage.calls[0].payload)["Records"][0]["s3"]["bucket"]["name"] == "no-such-bucket"


def test_a_direct_put_to_no_function_is_refused() -> None:
    stage = scene()

    with pytest.raises(ResourceNotFound, match="there is no function named 'nothing'"):
        stage.submit(ChangeObject(SCOPE, "photos", "ObjectCreated:Put", "k", function="nothing"))


def test_an_unknown_bucket_is_refused() -> None:
    stage = Stage()

    with pytest.raises(NoSuchBucket):
        stage.put_object("photos", "k")
    with pytest.raises(NoSuchBucket):
        stage.submit(ForgetBucket("photos"))
    with pytest.raises(NoSuchBucket):
        stage.world.buckets["photos"]


def test_a_configuration_is_replaced_as_a_whole() -> None:
    stage = scene()
    one, two = stage.function("one"), stage.function("two")
    notify(stage, rule(one))

    notify(stage, rule(two))
    stage.put_object("photos", "k")

    assert [call.function_name for call in stage.calls] == ["two"]
    assert [kept.target for kept in stage.world.buckets["photos"].configuration.rules] == [two]


def test_a_refused_configuration_leaves_the_old_one() -> None:
    stage = scene()
    notify(stage, rule(stage.function("one")))

    with pytest.raises(InvalidArgument, match="Unable to validate the following destination configurations"):
        notify(stage, rule(SCOPE.queue_arn("nothing")))

    assert len(stage.world.buckets["photos"].configuration.rules) == 1


def test_unchecked_destinations_may_come_later() -> None:
    stage = scene()

    notify(stage, rule(SCOPE.queue_arn("later")), unchecked=True)
    stage.put_object("photos", "k")
    later = stage.queue("later")
    stage.put_object("photos", "k")

    assert stage.story(NotificationSent, NotificationFailed) == [
        "photos/k could not notify later",
        "photos/k notified later",
    ]
    assert len(stage.at(later)) == 1


def test_a_forgotten_bucket_is_gone_and_declaring_twice_changes_nothing() -> None:
    stage = scene()
    notify(stage, rule(stage.function("one")))
    stage.submit(DeclareBucket(SCOPE, "photos"))
    kept = len(stage.world.buckets["photos"].configuration.rules)

    stage.submit(ForgetBucket("photos"))

    assert kept == 1
    assert stage.world.buckets.all == {}


class Listener:
    """A kind of target that takes everything, or refuses it in the end."""

    def __init__(self, refusal: Refused | None = None) -> None:
        self.got: list[Parcel] = []
        self._refusal = refusal

    def exists(self, arn: Arn) -> bool:
        return True

    def deliver(self, parcel: Parcel, now: Instant, settled: Settled) -> None:
        self.got.append(parcel)
        settled(self._refusal, now)


def test_a_topic_gets_the_event_as_text_under_s3s_subject_and_the_test_event_first() -> None:
    stage, topics = scene(), Listener()
    stage.world.targets.register("sns", topics)
    topic = "arn:aws:sns:us-east-1:000000000000:uploads"
    notify(stage, rule(topic))

    stage.put_object("photos", "a b.jpg")

    test_event, parcel = topics.got
    assert json.loads(test_event.body)["Event"] == "s3:TestEvent"
    assert json.loads(parcel.body)["Records"][0]["s3"]["object"]["key"] == "a+b.jpg"
    assert {(got.target, got.subject) for got in topics.got} == {(topic, "Amazon S3 Notification")}
    assert (parcel.principal, parcel.source_arn) == ("s3.amazonaws.com", "arn:aws:s3:::photos")


def test_the_default_bus_is_told_whatever_the_rules_say() -> None:
    stage, buses = scene(), Listener()
    stage.world.targets.register("events", buses)
    stage.submit(PutBucketNotification("photos", NotificationConfiguration((), event_bridge=True)))

    routed = stage.put_object("photos", "a b.jpg")

    (parcel,) = buses.got
    event = json.loads(parcel.body)
    assert routed.routes == (RouteTaken("arn:aws:events:us-east-1:000000000000:event-bus/default", "EventBridge"),)
    assert (event["detail-type"], event["detail"]["object"]["key"]) == ("Object Created", "a b.jpg")


def test_what_a_target_refuses_is_told_with_its_reason() -> None:
    stage = scene()
    stage.world.targets.register("sns", Listener(AccessDenied("not from this bucket")))
    notify(stage, rule("arn:aws:sns:us-east-1:000000000000:uploads"))
    stage.story()

    routed = stage.put_object("photos", "a.jpg")

    (way,) = routed.routes
    assert isinstance(way, RouteRefused)
    assert way.reason == "not from this bucket"
    assert stage.story() == ["photos/a.jpg ObjectCreated:Put", "photos/a.jpg could not notify uploads"]


def test_an_event_tells_the_ids_of_its_request_where_there_was_one() -> None:
    stage = scene()
    notify(stage, rule(stage.function("thumbnail")))

    stage.submit(ChangeObject(SCOPE, "photos", "ObjectCreated:Put", "a", request_id="REQUEST", host_id="host"))

    (record,) = json.loads(stage.calls[0].payload)["Records"]
    assert record["responseElements"] == {"x-amz-request-id": "REQUEST", "x-amz-id-2": "host"}


def test_where_permissions_are_enforced_a_target_has_to_let_the_bucket_in() -> None:
    stage = Stage(enforces_permissions=True)
    stage.submit(DeclareBucket(SCOPE, "photos"))
    uploads = stage.queue("uploads")

    with pytest.raises(InvalidArgument) as refused:
        notify(stage, rule(uploads))

    assert refused.value.message == "Unable to validate the following destination configurations"
    assert refused.value.arguments == {
        "ArgumentName1": uploads,
        "ArgumentValue1": "Permissions on the destination queue do not allow S3 to publish notifications from this "
        "bucket",
    }
    assert stage.world.buckets["photos"].configuration.rules == ()


def test_a_policy_that_names_the_bucket_lets_it_in() -> None:
    stage = Stage(enforces_permissions=True)
    stage.submit(DeclareBucket(SCOPE, "photos"))
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": "*",
        "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::photos"}},
    }
    uploads = stage.queue("uploads", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))

    notify(stage, rule(uploads))
    stage.put_object("photos", "a.jpg")

    assert len(stage.bodies(uploads)) == 2


def test_a_notification_that_is_refused_later_is_told_when_it_happens() -> None:
    stage = scene()
    uploads = stage.queue("uploads")
    notify(stage, rule(uploads))
    stage.submit(DeleteQueue(uploads))
    stage.story()

    (way,) = stage.put_object("photos", "a.jpg").routes

    assert isinstance(way, RouteRefused)
    assert stage.story()[1:] == ["photos/a.jpg could not notify uploads"]
