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


WORDS = st.lists(st.sampled_from(["x", "y", "z"]), min_size=1, max_size=2)
BOUNDS = st.tuples(st.sampled_from([">", ">=", "<", "="]), st.integers(0, 5))
CROWDED = st.fixed_dictionaries(
    {"a": WORDS}, optional={"b": WORDS, "c": WORDS, "n": BOUNDS.map(lambda bound: [{"numeric": list(bound)}])}
)
"""Patterns of which many want the same: filed under two keys, and by where their ranges begin."""
VALUES = st.one_of(st.sampled_from(["x", "y", "z", "w", True, None]), st.lists(st.sampled_from("xyz"), max_size=2))


@given(
    st.lists(st.one_of(CROWDED, BOUNDS.map(lambda bound: {"n": [{"numeric": list(bound)}]})), min_size=5, max_size=40),
    st.dictionaries(st.sampled_from("abc"), VALUES),
    st.one_of(st.integers(-1, 6), st.floats(0, 6), st.just("3")),
    st.sets(st.integers(0, 39)),
)
@settings(max_examples=150, deadline=None)
def test_a_crowd_is_told_apart_and_stays_so_when_some_leave(
    patterns: list[dict[str, Any]], texts: dict[str, Any], number: Any, leaving: set[int]
) -> None:
    event = {**texts, "n": number}
    index = of(*patterns)
    matching = [key for key, pattern in enumerate(patterns) if reference_matches(pattern, event)]

    assert index.matching(event) == matching
    for key in leaving:
        index.remove(key)
    assert index.matching(event) == [key for key in matching if key not in leaving]
    for key in range(len(patterns)):
        index.remove(key)
    assert index == PatternIndex(_places=index._places)


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

    assert index == PatternIndex(_places=index._places)


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


def test_many_of_one_source_and_many_of_one_type_are_told_apart_by_both() -> None:
    index = of(*({"source": [f"s{n % 40}"], "detail-type": [f"t{n % 25}"]} for n in range(1_000)))

    assert index.matching({"source": "s7", "detail-type": "t7"}) == [7, 207, 407, 607, 807]
    assert index.candidates({"source": "s7", "detail-type": "t7"}) <= 13


def test_ranges_are_found_by_where_they_begin() -> None:
    index = of(*({"n": [{"numeric": [">=", n]}]} for n in range(100)))

    assert index.matching({"n": 2.5}) == [0, 1, 2]
    assert index.candidates({"n": 2.5}) == 3


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
