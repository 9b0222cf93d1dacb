"""Lifecycle rules on the clock: which midnights the store is asked at, and who is told of what it did."""

from app.core.commands import DeclareBucket, ForgetBucket, PutBucketLifecycle, PutBucketNotification
from app.core.delivery.outside_calls import BucketSwept, NoAnswer, SweepBucket
from app.core.facts import ObjectChanged
from app.core.s3.lifecycle import LifecycleRule, NoSuchLifecycleConfiguration, Swept
from app.core.s3.notification import NotificationConfiguration, NotificationRule
from app.core.s3.object_event import Details
from app.core.time import format_instant
from tests.core.stage import SCOPE, Stage

RULES = (LifecycleRule("old", is_enabled=True, expire_days=1),)
EXPIRED = Swept(SCOPE, "LifecycleExpiration:Delete", "a", None, None, None, Details(by_s3=True))


def scene() -> Stage:
    stage = Stage()
    for bucket in ("photos", "archive", "plain"):
        stage.submit(DeclareBucket(SCOPE, bucket))
    for bucket in ("photos", "archive"):
        stage.submit(PutBucketLifecycle(bucket, RULES))
    return stage


def asked(stage: Stage) -> list[tuple[str, str]]:
    """Which buckets were swept, each with its midnight."""
    calls = [wish.call for wish in stage.outside]
    return [(call.bucket, format_instant(call.at)[:16]) for call in calls if isinstance(call, SweepBucket)]


def test_every_bucket_with_rules_is_swept_at_every_midnight() -> None:
    stage = scene()

    stage.advance("36h")

    assert asked(stage) == [
        ("archive", "2026-11-22T00:00"),
        ("photos", "2026-11-22T00:00"),
        ("archive", "2026-11-23T00:00"),
        ("photos", "2026-11-23T00:00"),
    ]


def test_what_was_done_is_told_on_the_buckets_own_routes() -> None:
    stage = scene()
    told = stage.queue("told")
    rules = (NotificationRule("r", told, ("s3:LifecycleExpiration:*",)),)
    stage.submit(PutBucketNotification("archive", NotificationConfiguration(rules)))
    stage.advance("13h")
    stage.story()

    stage.settle_outside(BucketSwept((EXPIRED,)))
    stage.settle_outside(BucketSwept((EXPIRED,)))

    assert stage.story() == [
        "archive/a LifecycleExpiration:Delete",
        "archive/a notified told",
        "told got m2",
        "photos/a LifecycleExpiration:Delete",
    ]


def test_a_store_that_does_not_answer_is_asked_again_the_next_day() -> None:
    stage = scene()
    stage.advance("13h")

    while stage.outside:
        stage.settle_outside(NoAnswer("nobody there"))
    stage.advance("1d")

    assert [bucket for bucket, _ in asked(stage)] == ["archive", "photos"]
    assert stage.of(ObjectChanged) == []


def test_a_bucket_that_is_gone_tells_nothing_and_is_swept_no_more() -> None:
    stage = scene()
    stage.advance("13h")

    for bucket in ("photos", "archive"):
        stage.submit(ForgetBucket(bucket))
    while stage.outside:
        stage.settle_outside(BucketSwept((EXPIRED,)))

    assert stage.of(ObjectChanged) == []
    assert stage.world.next_wakeup() is None


def test_without_rules_nothing_wakes() -> None:
    stage = scene()

    for bucket in ("photos", "archive"):
        stage.submit(PutBucketLifecycle(bucket, ()))

    assert stage.world.next_wakeup() is None


def test_midnight_is_nowhere_to_go_to() -> None:
    assert scene().world.next_event() is None


def test_a_bucket_without_rules_has_no_configuration() -> None:
    try:
        scene().world.buckets.lifecycle_of("plain")
    except NoSuchLifecycleConfiguration as refused:
        told = refused.message
    else:
        told = ""

    assert told == "The lifecycle configuration does not exist"
