"""Steps of plays about buckets beyond notifications: restores, lifecycle rules, and what the store says it did."""

from collections.abc import Callable
from typing import Any

from app.core.commands import ChangeObject, Command, PutBucketLifecycle, SettleOutsideCall
from app.core.delivery.outside_calls import BucketSwept, NoAnswer
from app.core.s3.lifecycle import LifecycleRule, Swept
from app.core.s3.object_event import Details
from app.core.time import HOUR_MS, MINUTE_MS
from tests.core.stage import SCOPE

_VERSIONS = (None, "v1", "v2")


def _put_lifecycle(play: Any, a: int, b: int) -> Command:
    rules = tuple(LifecycleRule("", is_enabled=True, expire_days=n) for n in range(b % 4))
    return PutBucketLifecycle("photos", rules)


def _restore(play: Any, a: int, b: int) -> Command:
    restored_at = play.now + (a % 3) * MINUTE_MS + 1 if b % 4 else None
    details = Details("GLACIER", None, restored_at, play.now + (1 + b % 3) * HOUR_MS)
    return ChangeObject(SCOPE, "photos", "ObjectRestore:Post", f"in/{a % 2}", 3, "e", _VERSIONS[b % 3], details=details)


def _end_version(play: Any, a: int, b: int) -> Command:
    name = ("ObjectCreated:Put", "ObjectRemoved:Delete", "ObjectTagging:Put")[b % 3]
    return ChangeObject(SCOPE, "photos", name, f"in/{a % 2}", 3, "e", _VERSIONS[a % 3])


def _settle_sweep(play: Any, a: int, b: int) -> Command:
    number = play.outside.pop(0).number if play.outside else a
    swept = Swept(SCOPE, "LifecycleExpiration:Delete", f"in/{a % 2}", None, None, _VERSIONS[b % 3], Details(by_s3=True))
    return SettleOutsideCall(number, BucketSwept((swept,) * (b % 3)) if b % 4 else NoAnswer("no store"))


VERBS: dict[str, Callable[[Any, int, int], Command | None]] = {
    "put lifecycle": _put_lifecycle,
    "restore object": _restore,
    "end object version": _end_version,
    "settle sweep": _settle_sweep,
}
