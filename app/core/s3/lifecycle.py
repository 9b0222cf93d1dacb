"""Lifecycle rules of a bucket, and what they want done to an object's versions at a midnight."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import TypeAlias

from app.core.errors import Refused
from app.core.names import Scope
from app.core.s3.object_event import Details
from app.core.s3.restores import ARCHIVES, next_midnight
from app.core.time import DAY_MS, Instant
from app.core.value import value

SMALLEST_TRANSITION_BYTES = 128 * 1024
"""Smaller objects stay where they are unless the rule's filter speaks of sizes (lifecycle-transition-general-
considerations)."""

SMALL_STAY, SMALL_MAY_BE_ARCHIVED = "all_storage_classes_128K", "varies_by_storage_class"
"""What a configuration says of small objects (`TransitionDefaultMinimumObjectSize`): that they stay, or that they may
go to the archives, which had no least size before September 2024."""

DEPTHS = {
    "STANDARD": 0,
    "REDUCED_REDUNDANCY": 0,
    "STANDARD_IA": 1,
    "INTELLIGENT_TIERING": 2,
    "ONEZONE_IA": 3,
    "GLACIER_IR": 4,
    "GLACIER": 5,
    "DEEP_ARCHIVE": 6,
}
"""How far down each class is: objects only go down (user guide, lifecycle-transition-general-considerations)."""


class InvalidLifecycleRequest(Refused):
    """A lifecycle rule whose parts do not go together."""


class NoSuchLifecycleConfiguration(Refused):
    message = "The lifecycle configuration does not exist"


@value(frozen=True, slots=True)
class KeyFilter:
    """Which objects a rule is for. Sizes are in bytes, and exclusive, as S3 has them."""

    prefix: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    larger_than: int | None = None
    smaller_than: int | None = None

    @property
    def speaks_of_sizes(self) -> bool:
        return self.larger_than is not None or self.smaller_than is not None


@value(frozen=True, slots=True)
class Transition:
    """To another storage class, so many days after creation, or (`date`) at a midnight."""

    storage_class: str
    days: int | None = None
    date: Instant | None = None


@value(frozen=True, slots=True)
class NoncurrentTransition:
    """The same for a version so many days after another took its place; `newer` noncurrent versions stay."""

    storage_class: str
    days: int
    newer: int | None = None


@value(frozen=True, slots=True)
class LifecycleRule:
    """One rule. `has_old_prefix` is how it was written: a `Prefix` of the rule itself, which S3 took before filters.

    `expire_days` and `expire_date` are for current versions, `expires_markers` for delete markers with nothing under
    them, `noncurrent_days` and `newer` for versions that others took the place of, `abort_days` for unfinished uploads.
    """

    id: str
    is_enabled: bool
    filter: KeyFilter = field(default_factory=KeyFilter)
    has_old_prefix: bool = False
    expire_days: int | None = None
    expire_date: Instant | None = None
    expires_markers: bool | None = None
    transitions: tuple[Transition, ...] = ()
    noncurrent_days: int | None = None
    newer: int | None = None
    noncurrent_transitions: tuple[NoncurrentTransition, ...] = ()
    abort_days: int | None = None

    @property
    def has_expiration(self) -> bool:
        return self.expire_days is not None or self.expire_date is not None or self.expires_markers is not None


@value(frozen=True, slots=True)
class StoredVersion:
    """One version of an object, as the store has it."""

    key: str
    version_id: str | None
    created_at: Instant
    size: int = 0
    storage_class: str = "STANDARD"
    is_marker: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)


@value(frozen=True, slots=True)
class Expire:
    """The current version is deleted as by a request without a version: for good, or under a delete marker."""

    version: StoredVersion


@value(frozen=True, slots=True)
class Remove:
    """This version is deleted for good."""

    version: StoredVersion


@value(frozen=True, slots=True)
class Move:
    """This version goes to another storage class."""

    version: StoredVersion
    storage_class: str


Action: TypeAlias = Expire | Remove | Move


@value(frozen=True, slots=True)
class Swept:
    """What a sweep did to one object, to be told of."""

    scope: Scope
    event_name: str
    key: str
    size: int | None
    etag: str | None
    version_id: str | None
    details: Details


def due_actions(
    rules: Sequence[LifecycleRule], versions: Sequence[StoredVersion], at: Instant, small: str = SMALL_STAY
) -> Iterator[Action]:
    """What the rules want done to the versions of one key, the newest first, at the midnight `at`; one action each.
    `small` is one of SMALL_STAY and SMALL_MAY_BE_ARCHIVED.

    Where several rules apply, to delete for good comes before all else, and the lower storage class before the higher
    (user guide, lifecycle-conflicts).
    """
    enabled = [rule for rule in rules if rule.is_enabled]
    for place, version in enumerate(versions):
        matching = [rule for rule in enabled if _is_for(rule.filter, version)]
        if place == 0:
            action = _due_to_current(matching, version, is_only=len(versions) == 1, at=at, small=small)
        else:
            since = versions[place - 1].created_at
            action = _due_to_noncurrent(matching, version, newer=place - 1, since=since, at=at, small=small)
        if action is not None:
            yield action


def is_upload_due(rules: Sequence[LifecycleRule], key: str, begun_at: Instant, at: Instant) -> bool:
    """Whether an unfinished multipart upload is to be given up."""
    return any(
        rule.is_enabled
        and rule.abort_days is not None
        and key.startswith(rule.filter.prefix)
        and _have_passed(rule.abort_days, begun_at, at)
        for rule in rules
    )


def _is_for(filter: KeyFilter, version: StoredVersion) -> bool:
    if not version.key.startswith(filter.prefix):
        return False
    if version.is_marker:  # it has neither tags nor a size
        return not filter.tags and not filter.speaks_of_sizes
    return (
        all(version.tags.get(name) == text for name, text in filter.tags)
        and (filter.larger_than is None or version.size > filter.larger_than)
        and (filter.smaller_than is None or version.size < filter.smaller_than)
    )


def _due_to_current(
    rules: Sequence[LifecycleRule], version: StoredVersion, *, is_only: bool, at: Instant, small: str
) -> Action | None:
    if version.is_marker:
        return Remove(version) if is_only and any(_clears(rule, version, at) for rule in rules) else None
    if any(_expires(rule, version, at) for rule in rules):
        return Expire(version)
    wanted = [
        transition.storage_class
        for rule in rules
        for transition in rule.transitions
        if _may_move(rule, version, transition.storage_class, small)
        and _is_due(transition.days, transition.date, version.created_at, at)
    ]
    return _down_to(version, wanted)


def _due_to_noncurrent(
    rules: Sequence[LifecycleRule], version: StoredVersion, *, newer: int, since: Instant, at: Instant, small: str
) -> Action | None:
    for rule in rules:
        is_kept = rule.noncurrent_days is None or newer < (rule.newer or 0)
        if rule.noncurrent_days is not None and not is_kept and _have_passed(rule.noncurrent_days, since, at):
            return Remove(version)
    if version.is_marker:
        return None
    wanted = [
        transition.storage_class
        for rule in rules
        for transition in rule.noncurrent_transitions
        if _may_move(rule, version, transition.storage_class, small)
        and newer >= (transition.newer or 0)
        and _have_passed(transition.days, since, at)
    ]
    return _down_to(version, wanted)


def _expires(rule: LifecycleRule, version: StoredVersion, at: Instant) -> bool:
    return _is_due(rule.expire_days, rule.expire_date, version.created_at, at)


def _clears(rule: LifecycleRule, marker: StoredVersion, at: Instant) -> bool:
    """A delete marker with nothing under it goes at once, or as old as objects of the rule get (lifecycle elements)."""
    return bool(rule.expires_markers) or (
        rule.expire_days is not None and _have_passed(rule.expire_days, marker.created_at, at)
    )


def _may_move(rule: LifecycleRule, version: StoredVersion, storage_class: str, small: str) -> bool:
    if rule.filter.speaks_of_sizes or version.size >= SMALLEST_TRANSITION_BYTES:
        return True
    return small == SMALL_MAY_BE_ARCHIVED and storage_class in ARCHIVES


def _down_to(version: StoredVersion, storage_classes: Sequence[str]) -> Move | None:
    lowest = max(storage_classes, key=lambda storage_class: DEPTHS[storage_class], default=version.storage_class)
    return Move(version, lowest) if DEPTHS[lowest] > DEPTHS.get(version.storage_class, 0) else None


def _is_due(days: int | None, date: Instant | None, since: Instant, at: Instant) -> bool:
    if days is not None:
        return _have_passed(days, since, at)
    return date is not None and date <= at


def _have_passed(days: int, since: Instant, at: Instant) -> bool:
    """S3 adds the days and rounds up to the next midnight UTC (user guide, intro-lifecycle-rules)."""
    return next_midnight(since + days * DAY_MS) <= at
