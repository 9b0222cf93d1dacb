"""Many patterns at once: the index gives what asking each would give, and asks few."""

import json
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.core.pattern import MAPPING_FILTER, PatternIndex, compile_pattern
from tests.core.pattern.reference import reference_matches
from tests.core.pattern.test_properties import ANY_JSON, EVENTS, PATTERNS, has_one_path_twice

KEYS = st.integers(0, 5)


@given(st.lists(st.tuples(KEYS, st.one_of(PATTERNS, st.none())), min_size=1, max_size=12), EVENTS)
@settings(max_examples=100, deadline=None)
@example([(0, {"a": [{"prefix": {"equals-ignore-case": "ß"}}]})], {"a": "SSx"})
@example([(0, {"a": [1, True, None, "1"]})], {"a": [True, "1"]})
@example([(0, {"a": ["x"]}), (0, {"a": ["y"]}), (0, None)], {"a": "y"})
def test_the_index_agrees_with_asking_every_pattern(
    changes: list[tuple[int, dict[str, Any] | None]], event: dict[str, Any]
) -> None:
    """A change puts a pattern under a key, or takes away what is there."""
    index: PatternIndex[int] = PatternIndex()
    kept: dict[int, dict[str, Any]] = {}
    for key, pattern in changes:
        kept.pop(key, None)
        if pattern is None or has_one_path_twice(pattern):
            index.remove(key)
        else:
            index.add(key, compile_pattern(pattern))
            kept[key] = pattern

    assert index.matching(event) == [key for key, pattern in kept.items() if reference_matches(pattern, event)]
    assert len(index) == len(kept)


@given(st.lists(PATTERNS, max_size=4), ANY_JSON)
@settings(max_examples=25, deadline=None)
def test_asking_takes_any_json(patterns: list[dict[str, Any]], event: Any) -> None:
    index: PatternIndex[int] = PatternIndex()
    compiled = [compile_pattern(pattern) for pattern in patterns]
    for key, pattern in enumerate(compiled):
        index.add(key, pattern)

    assert index.matching(event) == [key for key, pattern in enumerate(compiled) if pattern.matches(event)]


@given(st.lists(st.tuples(KEYS, PATTERNS), max_size=8))
@settings(max_examples=25, deadline=None)
def test_what_was_taken_away_leaves_nothing_behind(changes: list[tuple[int, dict[str, Any]]]) -> None:
    index: PatternIndex[int] = PatternIndex()
    for key, pattern in changes:
        index.add(key, compile_pattern(pattern))
    for key, _ in changes:
        index.remove(key)

    assert index == PatternIndex(_count=len(changes))


def of(*patterns: dict[str, Any]) -> PatternIndex[int]:
    index: PatternIndex[int] = PatternIndex()
    for key, pattern in enumerate(patterns):
        index.add(key, compile_pattern(pattern))
    return index


def test_patterns_that_share_most_keys_are_told_apart_by_the_others() -> None:
    index = of(*({"source": ["shop"], "detail": {"tenant": [f"t{number}"]}} for number in range(1_000)))
    event = {"source": "shop", "detail": {"tenant": "t7"}}

    assert index.matching(event) == [7]
    assert index.candidates(event) <= 3


def test_beginnings_ends_numbers_and_cases_are_looked_up_too() -> None:
    index = of(
        *({"a": [{"prefix": f"{number}-"}]} for number in range(100)),
        *({"a": [{"suffix": f"-{number}"}]} for number in range(100)),
        *({"a": [{"wildcard": f"w{number}-*"}]} for number in range(100)),
        *({"a": [{"equals-ignore-case": f"Name{number}"}]} for number in range(100)),
        *({"a": [number, {"numeric": ["=", 1_000 + number]}]} for number in range(100)),
    )

    assert index.matching({"a": "7-8"}) == [7, 108]
    assert index.matching({"a": "w9-x"}) == [209]
    assert index.matching({"a": "NAME3"}) == [303]
    assert index.matching({"a": 4}) == [404]
    assert index.matching({"a": 1_004.0}) == [404]
    assert [index.candidates({"a": value}) for value in ("7-8", "w9-x", "NAME3", 4, True)] == [2, 1, 1, 1, 0]


def test_what_can_only_be_tested_is_tested() -> None:
    index = of({"a": [{"anything-but": "x"}]}, {"a": [{"exists": False}]}, {"a": [{"numeric": [">", 3]}]})

    assert index.matching({"a": 5}) == [0, 2]
    assert index.matching({"b": 5}) == [1]
    assert index.candidates({"b": 5}) == 1


def test_numbers_compared_as_they_are_written_are_still_found() -> None:
    index: PatternIndex[str] = PatternIndex()
    index.add("one", compile_pattern({"a": [300]}, dialect=MAPPING_FILTER))

    assert index.matching(json.loads('{"a": 300}')) == ["one"]
    assert index.matching(json.loads('{"a": 300.0}')) == []
