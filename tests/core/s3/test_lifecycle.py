"""What lifecycle rules want done to the versions of one key at a midnight."""

from typing import Any

import pytest

from app.core.s3.lifecycle import (
    SMALL_MAY_BE_ARCHIVED,
    Action,
    Expire,
    KeyFilter,
    LifecycleRule,
    Move,
    NoncurrentTransition,
    Remove,
    StoredVersion,
    Transition,
    due_actions,
    is_upload_due,
)
from app.core.time import DAY_MS, HOUR_MS, Instant, parse_instant

MIDNIGHT = parse_instant("2026-11-22T00:00:00Z")
BIG = 200_000


def rule(prefix: str = "", **more: Any) -> LifecycleRule:
    return LifecycleRule("r", is_enabled=more.pop("is_enabled", True), filter=KeyFilter(prefix), **more)


def stored(age_ms: int, **more: Any) -> StoredVersion:
    """A version that was made so long before midnight."""
    return StoredVersion("logs/a", more.pop("version_id", None), MIDNIGHT - age_ms, size=more.pop("size", BIG), **more)


def due(*rules: LifecycleRule, versions: list[StoredVersion], at: Instant = MIDNIGHT) -> list[Action]:
    return list(due_actions(rules, versions, at))


class TestCurrentVersions:
    @pytest.mark.parametrize(
        ("age_ms", "is_due"),
        [
            (DAY_MS, True),
            (DAY_MS + 1, True),
            (DAY_MS - 1, False),  # a day after it was made is a millisecond past midnight: the next one is meant
        ],
    )
    def test_days_are_counted_from_its_making_and_rounded_up_to_midnight(self, age_ms: int, is_due: bool) -> None:
        version = stored(age_ms)

        assert due(rule(expire_days=1), versions=[version]) == ([Expire(version)] if is_due else [])

    def test_a_date_is_for_everything_from_then_on(self) -> None:
        version = stored(0)

        assert due(rule(expire_date=MIDNIGHT), versions=[version]) == [Expire(version)]
        assert due(rule(expire_date=MIDNIGHT + DAY_MS), versions=[version]) == []

    def test_a_rule_is_for_the_keys_tags_and_sizes_of_its_filter(self) -> None:
        version = stored(DAY_MS, tags={"keep": "no"}, size=10)
        filters = (
            KeyFilter("logs/"),
            KeyFilter("tmp/"),
            KeyFilter(tags=(("keep", "no"),)),
            KeyFilter(tags=(("keep", "yes"),)),
            KeyFilter(larger_than=9),
            KeyFilter(larger_than=10),
            KeyFilter(smaller_than=11),
            KeyFilter(smaller_than=10),
        )

        hit = [
            bool(due(LifecycleRule("r", is_enabled=True, filter=wanted, expire_days=1), versions=[version]))
            for wanted in filters
        ]

        assert hit == [True, False, True, False, True, False, True, False]

    def test_a_disabled_rule_does_nothing(self) -> None:
        assert due(rule(expire_days=1, is_enabled=False), versions=[stored(9 * DAY_MS)]) == []


class TestMarkers:
    def test_a_marker_with_nothing_under_it_goes_where_that_is_asked_for(self) -> None:
        marker = stored(HOUR_MS, is_marker=True)

        assert due(rule(expires_markers=True), versions=[marker]) == [Remove(marker)]
        assert due(rule(expires_markers=True), versions=[marker, stored(DAY_MS)]) == []

    def test_it_goes_with_age_as_well(self) -> None:
        old, young = stored(DAY_MS, is_marker=True), stored(HOUR_MS, is_marker=True)

        assert due(rule(expire_days=1), versions=[old]) == [Remove(old)]
        assert due(rule(expire_days=1), versions=[young]) == []

    def test_a_rule_that_speaks_of_tags_is_not_for_markers(self) -> None:
        tagged = LifecycleRule("r", is_enabled=True, filter=KeyFilter(tags=(("a", "b"),)), expire_days=1)

        assert due(tagged, versions=[stored(9 * DAY_MS, is_marker=True)]) == []


class TestNoncurrentVersions:
    def test_days_are_counted_from_when_another_took_its_place(self) -> None:
        young, old = stored(HOUR_MS), stored(9 * DAY_MS)
        older = stored(20 * DAY_MS)

        assert due(rule(noncurrent_days=2), versions=[young, old, older]) == [Remove(older)]

    def test_some_of_them_may_be_kept(self) -> None:
        versions = [stored(age * DAY_MS) for age in (1, 10, 20, 30)]

        assert due(rule(noncurrent_days=1, newer=2), versions=versions) == [Remove(versions[3])]

    def test_a_marker_that_is_not_current_goes_like_any_version(self) -> None:
        marker = stored(9 * DAY_MS, is_marker=True)

        assert due(rule(noncurrent_days=1), versions=[stored(5 * DAY_MS), marker]) == [Remove(marker)]

    def test_they_go_down_by_rules_of_their_own(self) -> None:
        moves = rule(noncurrent_transitions=(NoncurrentTransition("GLACIER", 1),))
        current, other = stored(5 * DAY_MS), stored(9 * DAY_MS)

        assert due(moves, versions=[current, other]) == [Move(other, "GLACIER")]


class TestTransitions:
    def test_of_several_that_are_due_the_lowest_class_is_taken(self) -> None:
        moves = rule(
            transitions=(Transition("STANDARD_IA", 30), Transition("GLACIER", 60), Transition("DEEP_ARCHIVE", 90))
        )
        version = stored(70 * DAY_MS)

        assert due(moves, versions=[version]) == [Move(version, "GLACIER")]

    def test_nothing_goes_up_or_stays_twice(self) -> None:
        moves = rule(transitions=(Transition("GLACIER", 1),))

        assert due(moves, versions=[stored(9 * DAY_MS, storage_class="GLACIER")]) == []
        assert due(moves, versions=[stored(9 * DAY_MS, storage_class="DEEP_ARCHIVE")]) == []

    def test_small_objects_stay_unless_the_rule_speaks_of_sizes(self) -> None:
        small = stored(9 * DAY_MS, size=131_071)
        enough = stored(9 * DAY_MS, size=131_072)
        moves = (Transition("GLACIER", 1),)
        sized = LifecycleRule("r", is_enabled=True, filter=KeyFilter(larger_than=1), transitions=moves)

        assert due(rule(transitions=moves), versions=[small]) == []
        assert due(rule(transitions=moves), versions=[enough]) == [Move(enough, "GLACIER")]
        assert due(sized, versions=[small]) == [Move(small, "GLACIER")]

    def test_small_objects_may_go_to_the_archives_where_the_configuration_says_so(self) -> None:
        small = stored(40 * DAY_MS, size=10)
        archived = rule(transitions=(Transition("GLACIER", 1),))
        infrequent = rule(transitions=(Transition("STANDARD_IA", 30),))

        assert list(due_actions([archived], [small], MIDNIGHT, SMALL_MAY_BE_ARCHIVED)) == [Move(small, "GLACIER")]
        assert list(due_actions([infrequent], [small], MIDNIGHT, SMALL_MAY_BE_ARCHIVED)) == []

    def test_to_expire_comes_before_to_move(self) -> None:
        version = stored(9 * DAY_MS)
        both = (rule(transitions=(Transition("GLACIER", 1),)), rule(expire_days=2))

        assert due(*both, versions=[version]) == [Expire(version)]


def test_an_unfinished_upload_is_given_up_days_after_it_was_begun() -> None:
    rules = (rule("logs/", abort_days=1),)

    assert is_upload_due(rules, "logs/a", MIDNIGHT - DAY_MS, MIDNIGHT)
    assert not is_upload_due(rules, "logs/a", MIDNIGHT - DAY_MS + 1, MIDNIGHT)
    assert not is_upload_due(rules, "tmp/a", MIDNIGHT - DAY_MS, MIDNIGHT)
