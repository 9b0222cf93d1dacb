"""Many patterns at once: the index gives what asking each would give, and asks few."""

import json
import re
import sys
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import app.core.pattern.index as index_module
from app.core.pattern import MAPPING_FILTER, PatternIndex, compile_pattern
from tests.core.pattern.reference import reference_matches
from tests.core.pattern.test_properties import (
    ANY_JSON,
    EVENTS,
    MATCHER_LIST,
    PATTERNS,
    SCALAR_LIST,
    has_one_path_twice,
)

KEYS = st.integers(0, 5)
CHANGES = st.lists(st.tuples(KEYS, st.one_of(PATTERNS, st.none())), min_size=1, max_size=12)


def agrees(index: "PatternIndex[int]", changes: list[tuple[int, dict[str, Any] | None]], event: dict[str, Any]) -> None:
    """A change puts a pattern under a key, or takes away what is there."""
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


@given(CHANGES, EVENTS)
@settings(max_examples=100, deadline=None)
@example([(0, {"a": [{"prefix": {"equals-ignore-case": "ß"}}]})], {"a": "SSx"})
@example([(0, {"a": [1, True, None, "1"]})], {"a": [True, "1"]})
@example([(0, {"a": ["x"]}), (0, {"a": ["y"]}), (0, None)], {"a": "y"})
def test_the_index_agrees_with_asking_every_pattern(
    changes: list[tuple[int, dict[str, Any] | None]], event: dict[str, Any]
) -> None:
    agrees(PatternIndex(), changes, event)


WORDS = st.lists(st.sampled_from(["x", "y", "z"]), min_size=1, max_size=2)
BOUNDS = st.tuples(st.sampled_from([">", ">=", "<", "="]), st.integers(0, 5))
CROWDED = st.fixed_dictionaries(
    {"a": WORDS}, optional={"b": WORDS, "c": WORDS, "n": BOUNDS.map(lambda bound: [{"numeric": list(bound)}])}
)
"""Patterns of which many want the same: filed under two keys, and by where their ranges begin."""
CROWDS = st.lists(
    st.one_of(CROWDED, BOUNDS.map(lambda bound: {"n": [{"numeric": list(bound)}]})), min_size=5, max_size=40
)
VALUES = st.one_of(st.sampled_from(["x", "y", "z", "w", True, None]), st.lists(st.sampled_from("xyz"), max_size=2))
CROWDED_EVENTS = st.builds(
    lambda texts, number: {**texts, "n": number},
    st.dictionaries(st.sampled_from("abc"), VALUES),
    st.one_of(st.integers(-1, 6), st.floats(0, 6), st.just("3")),
)


def agrees_in_a_crowd(
    index: "PatternIndex[int]", patterns: list[dict[str, Any]], event: dict[str, Any], leaving: set[int]
) -> None:
    for key, pattern in enumerate(patterns):
        index.add(key, compile_pattern(pattern))
    matching = [key for key, pattern in enumerate(patterns) if reference_matches(pattern, event)]

    assert index.matching(event) == matching
    for key in leaving:
        index.remove(key)
    assert index.matching(event) == [key for key in matching if key not in leaving]


@given(CROWDS, CROWDED_EVENTS, st.sets(st.integers(0, 39)))
@settings(max_examples=150, deadline=None)
def test_a_crowd_is_told_apart_and_stays_so_when_some_leave(
    patterns: list[dict[str, Any]], event: dict[str, Any], leaving: set[int]
) -> None:
    index: PatternIndex[int] = PatternIndex()
    agrees_in_a_crowd(index, patterns, event, leaving)

    for key in range(len(patterns)):
        index.remove(key)
    assert index == PatternIndex(_places=index._places)


EVERY_MATCHER: list[Any] = [*MATCHER_LIST, {"numeric": [">", 0, "<", 2.5]}]
EVERY_VALUE: list[Any] = [*SCALAR_LIST, 0.1, 9007199254740993, "ß", "SSx"]


def agrees_on_everything(index: "PatternIndex[int]") -> None:
    """Each matcher, alone and beside another, on each value, alone and in an array; then a crowd that shares keys."""
    alone = [{"a": [matcher]} for matcher in EVERY_MATCHER]
    paired = [{"a": [one, two]} for one, two in zip(EVERY_MATCHER, EVERY_MATCHER[7:], strict=False)]
    crowd = [
        {"a": [f"s{number % 7}", f"s{number % 5}"], "b": [f"t{number % 3}"], "n": [{"numeric": [">=", number % 4]}]}
        for number in range(60)
    ]
    patterns: list[dict[str, Any]] = [*alone, *crowd, *paired]
    events: list[dict[str, Any]] = [{}, {"b": 1}, {"a": []}, {"a": {"b": "x"}}]
    events += [{"a": value} for value in EVERY_VALUE]
    events += [{"a": [one, two]} for one, two in zip(EVERY_VALUE, EVERY_VALUE[3:], strict=False)]
    events += [{"a": f"s{n % 7}", "b": ["t9", f"t{n % 3}"], "n": n % 5} for n in range(21)]
    for key, pattern in enumerate(patterns):
        index.add(key, compile_pattern(pattern))

    for event in events:
        wanted = [key for key, pattern in enumerate(patterns) if reference_matches(pattern, event)]
        assert index.matching(event) == wanted, event
    for key in range(0, len(patterns), 2):
        index.remove(key)
    for event in events[::9]:
        wanted = [key for key, pattern in enumerate(patterns) if key % 2 and reference_matches(pattern, event)]
        assert index.matching(event) == wanted, event


def test_every_matcher_is_found_by_every_value() -> None:
    agrees_on_everything(PatternIndex())


# That the comparison would find it out: each is one line of the index, made wrong.
WRONG_LINES = {
    "what is asked always is forgotten": ("yield from self._always", "yield from ()"),
    "a range begins behind its bound": ("bisect_right(ranges, (number, _LAST))", "bisect_left(ranges, (number, 0))"),
    "case is looked at where it is not to be": ("return value.lower() if", "return value if"),
    "an end is looked for at the beginning": ("[-length:]", "[:length]"),
    "only whole numbers are looked up": ("value is None else as_double(value)", "isinstance(value, float) else value"),
    "a matcher that names nothing is forgotten": ("if len(given) == len(terms) else", "if given else"),
    "candidates are not asked": ("and filed.branch.matches(flattened)", ""),
    "texts of two keys are paired one by one": ("in product(one", "in zip(one"),
    "absence is filed under presence": ("if leaf.accepts_absence:", "if False:"),
    "truths and null are not looked up": ("return (value,) if value is None or", "return (value,) if 1 == 2 and"),
    "what is taken away stays": ("            self._unfile(filed)", "            pass"),
    "a wildcard is filed under more than its beginning": ("_beginning(len(first), False)", "_beginning(9, False)"),
    "the order is that of the finding": ("return sorted(matched, key=matched.__getitem__)", "return list(matched)"),
    "one value of an array is looked at": ("for value, _ in values:", "for value, _ in values[:1]:"),
    "one of two keys is looked at": ("texts.setdefault(pair, {})", "texts.setdefault((pair[0], pair[0]), {})"),
}


@pytest.mark.parametrize(("right", "wrong"), WRONG_LINES.values(), ids=WRONG_LINES)
def test_a_wrong_index_is_found_out(right: str, wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Path(index_module.__file__).read_text(encoding="utf-8")
    assert source.count(right) == 1, "the index has this line"
    module = ModuleType("mutant")
    monkeypatch.setitem(sys.modules, "mutant", module)
    exec(compile(source.replace(right, wrong), "mutant", "exec"), module.__dict__)  # noqa: S102 - our own source

    with pytest.raises((AssertionError, KeyError)):
        agrees_on_everything(module.PatternIndex())


ODD_SPELLINGS = ("{0}", "{0}.0", "{0}e0", "{0}E+0", "{0}.0e-0", "{0}.00")


@given(st.lists(PATTERNS, min_size=1, max_size=4), EVENTS, st.lists(st.sampled_from(ODD_SPELLINGS), min_size=1))
@settings(max_examples=60, deadline=None)
def test_numbers_in_odd_notation_are_the_numbers_that_they_are(
    patterns: list[dict[str, Any]], event: dict[str, Any], spellings: list[str]
) -> None:
    patterns = [pattern for pattern in patterns if not has_one_path_twice(pattern)]
    index: PatternIndex[int] = PatternIndex()
    for key, pattern in enumerate(patterns):
        index.add(key, compile_pattern(respelled(pattern, spellings)))

    told = json.loads(respelled(event, spellings[::-1]))

    assert index.matching(told) == [key for key, pattern in enumerate(patterns) if reference_matches(pattern, event)]


def respelled(value: Any, spellings: list[str]) -> str:
    """The value as JSON whose whole numbers are written in these ways by turns."""
    turns = count()

    def written(found: re.Match[str]) -> str:
        return found[0] if found[1] is None else spellings[next(turns) % len(spellings)].format(found[1])

    return re.sub(r'"(?:[^"\\\\]|\\\\.)*"|(-?\d+(?![\d.eE]))(?<!\.\d)', written, json.dumps(value))


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
