"""Objects that come back from an archive, on the clock."""

import json
from typing import Any

from app.core.commands import ChangeObject, DeclareBucket, ForgetBucket, PutBucketNotification
from app.core.facts import ObjectChanged
from app.core.names import Arn
from app.core.s3.notification import NotificationConfiguration, NotificationRule
from app.core.s3.object_event import Details
from app.core.s3.restores import copy_goes_at, next_midnight
from app.core.time import DAY_MS, HOUR_MS, format_instant, parse_instant
from tests.core.stage import NOON, SCOPE, Stage


def scene() -> tuple[Stage, Arn]:
    stage = Stage()
    stage.submit(DeclareBucket(SCOPE, "archive"))
    told = stage.queue("told")
    rules = (NotificationRule("r", told, ("s3:ObjectRestore:*",)),)
    stage.submit(PutBucketNotification("archive", NotificationConfiguration(rules)))
    (test_event,) = stage.receive(told)
    stage.delete(told, test_event)
    stage.story()
    return stage, told


def restore(stage: Stage, *, hours: int | None = 5, days: int = 2, version_id: str | None = None) -> None:
    at = None if hours is None else stage.now + hours * HOUR_MS
    details = Details("GLACIER", None, at, copy_goes_at(at or stage.now, days))
    stage.submit(ChangeObject(SCOPE, "archive", "ObjectRestore:Post", "old", 3, "e", version_id, details=details))


def change(stage: Stage, name: str, version_id: str | None = None) -> None:
    stage.submit(ChangeObject(SCOPE, "archive", name, "old", version_id=version_id))


def records(stage: Stage, queue: Arn) -> list[dict[str, Any]]:
    return [json.loads(delivery.content.body)["Records"][0] for delivery in stage.receive(queue, 10)]


def test_a_restore_is_complete_hours_later_and_its_copy_goes_at_a_midnight() -> None:
    stage, _ = scene()

    restore(stage)
    stage.advance("5d")

    assert stage.timed_story(ObjectChanged) == [
        "12:00:00 archive/old ObjectRestore:Post",
        "17:00:00 archive/old ObjectRestore:Completed",
        "00:00:00 archive/old ObjectRestore:Delete",
    ]
    ended = [at for at, fact in stage.facts if isinstance(fact, ObjectChanged)][-1]
    assert format_instant(ended) == "2026-11-24T00:00:00.000Z"


def test_the_completion_tells_until_when_and_that_s3_did_it() -> None:
    stage, told = scene()
    restore(stage)
    stage.advance("5h")

    initiated, completed = records(stage, told)

    assert "glacierEventData" not in initiated
    assert completed["glacierEventData"] == {
        "restoreEventData": {
            "lifecycleRestorationExpiryTime": "2026-11-24T00:00:00.000Z",
            "lifecycleRestoreStorageClass": "GLACIER",
        }
    }
    assert completed["userIdentity"] == {"principalId": "s3.amazonaws.com"}
    assert completed["s3"]["object"]["size"] == 3


def test_a_copy_that_stays_longer_is_not_completed_again() -> None:
    stage, _ = scene()
    restore(stage)
    stage.advance("6h")
    stage.story()

    restore(stage, hours=None, days=10)
    stage.advance("20d")

    assert stage.story(ObjectChanged) == ["archive/old ObjectRestore:Post", "archive/old ObjectRestore:Delete"]


def test_an_object_that_is_replaced_or_deleted_is_not_restored() -> None:
    for name in ("ObjectCreated:Put", "ObjectRemoved:Delete"):
        stage, _ = scene()
        restore(stage)

        change(stage, name)
        stage.story()
        stage.advance("5d")

        assert stage.story(ObjectChanged) == []


def test_one_version_is_restored_while_others_come_and_go() -> None:
    stage, _ = scene()
    restore(stage, version_id="v1")

    change(stage, "ObjectCreated:Put", "v2")
    change(stage, "ObjectRemoved:DeleteMarkerCreated", "v3")
    stage.story()
    stage.advance("5h")

    assert stage.story(ObjectChanged) == ["archive/old ObjectRestore:Completed"]


def test_with_the_bucket_all_is_over() -> None:
    stage, _ = scene()
    restore(stage)

    stage.submit(ForgetBucket("archive"))
    stage.advance("5d")

    assert stage.world.next_event() is None


def test_a_completion_is_worth_going_to_and_the_end_of_a_copy_is_not() -> None:
    stage, _ = scene()
    restore(stage)

    first = stage.world.next_event()
    stage.advance("5h")

    assert first == NOON + 5 * HOUR_MS
    assert stage.world.next_event() is None


def test_days_end_at_midnight() -> None:
    midnight = parse_instant("2026-11-22T00:00:00Z")

    assert next_midnight(NOON) == midnight
    assert next_midnight(midnight) == midnight
    assert copy_goes_at(NOON, 1) == midnight + DAY_MS
