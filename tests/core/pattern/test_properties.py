"""Over random patterns and events: the compiled matcher says what the reference says, and never fails."""

import json
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.core.pattern import (
    EVENTBRIDGE,
    MAPPING_FILTER,
    Dialect,
    InvalidEventPattern,
    compile_pattern,
    flatten,
    parse_written,
)
from tests.core.pattern.reference import reference_matches

# Few names, words and numbers, so that patterns and events meet; matchers are drawn from a list, which is quick.
NAMES = st.sampled_from(["a", "b", "c", "a.b"])
WORDS = ["", "x", "X", "xy", "xyx", "yx", "10.0.0.1", "10.0.1.7"]
NUMBERS = [-1, 0, 1, 1.0, 2.5, 10]
SCALAR_LIST: list[Any] = [*WORDS, *NUMBERS, True, False, None]
SCALARS = st.sampled_from(SCALAR_LIST)
RANGES = [
    *([sign, number] for sign in ("=", "<", "<=", ">", ">=") for number in (0, 1.0)),
    *([bottom, 0, top, 2.5] for bottom in (">", ">=") for top in ("<", "<=")),
]
EXCLUDED: list[Any] = [
    *WORDS, *NUMBERS, ["x", "yx"], [0, 2.5],
    *({name: value} for name in ("prefix", "suffix") for value in ("x", ["xy", "X"], [])),
    *({"equals-ignore-case": value} for value in ("x", ["", "XY"])),
    *({"wildcard": value} for value in ("", "*x", ["x*", "*y*"])),
]  # fmt: skip
MATCHER_LIST: list[Any] = [
    *WORDS, *NUMBERS, True, False, None, {"exists": True}, {"exists": False},
    *({name: text} for name in ("prefix", "suffix", "equals-ignore-case", "exactly") for text in WORDS),
    *({name: {"equals-ignore-case": text}} for name in ("prefix", "suffix") for text in WORDS),
    *({"wildcard": text} for text in ("", "*", "x*", "*x", "x*x", "*y*", "\\*", "*x*x")),
    *({"anything-but": excluded} for excluded in EXCLUDED),
    *({"numeric": bounds} for bounds in RANGES),
    *({"cidr": network} for network in ("10.0.0.0/24", "10.0.0.0/16", "::/0")),
]  # fmt: skip
MATCHERS = st.sampled_from(MATCHER_LIST)
LEAVES = st.lists(MATCHERS, min_size=1, max_size=2)


def objects(inside: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    fields = st.dictionaries(NAMES, inside, min_size=1, max_size=3)
    either = st.lists(fields, min_size=2, max_size=2)
    return st.one_of(fields, either.map(lambda both: {"$or": both}), st.tuples(fields, either).map(with_or))


def with_or(parts: tuple[dict[str, Any], list[dict[str, Any]]]) -> dict[str, Any]:
    return {**parts[0], "$or": parts[1]}


PATTERNS = objects(st.recursive(LEAVES, objects, max_leaves=6))
EVENTS = st.dictionaries(
    NAMES,
    st.recursive(
        SCALARS,
        lambda inside: st.one_of(st.lists(inside, max_size=3), st.dictionaries(NAMES, inside, max_size=3)),
        max_leaves=12,
    ),
)
ANY_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
    lambda inside: st.one_of(st.lists(inside), st.dictionaries(st.text(), inside)),
    max_leaves=20,
)


def has_one_path_twice(pattern: dict[str, Any]) -> bool:
    """`a: {b: …}` and `a.b: …`: the last wins, and with a `$or` between them "last" is a matter of reading order."""
    paths: list[str] = []
    waiting: list[tuple[str | None, Any]] = [(None, pattern)]
    while waiting:
        path, value = waiting.pop()
        for name, below in value.items():
            at = name if path is None else f"{path}.{name}"
            if name == "$or":
                waiting += [(path, each) for each in below]
            elif isinstance(below, dict):
                waiting.append((at, below))
            else:
                paths.append(at)
    return len(set(paths)) < len(paths)


@given(PATTERNS, EVENTS)
@settings(max_examples=250, deadline=None)
# Absence is judged after the keys before it in the alphabet: here nothing is chosen yet.
@example({"a": {"a": [{"exists": False}], "b": ["x"]}}, {"a": [{"a": 1}, {"b": "x"}]})
# An array that both keys lie in, and one that only the second does.
@example({"a": {"b": ["x"], "c": {"a": ["x"]}}}, {"a": [{"b": "x", "c": [{"a": 1}]}, {"b": 1, "c": [{"a": "x"}]}]})
def test_the_compiled_matcher_agrees_with_the_reference(pattern: dict[str, Any], event: dict[str, Any]) -> None:
    if has_one_path_twice(pattern):
        return
    compiled = compile_pattern(pattern)

    expected = reference_matches(pattern, event)
    assert compiled.matches(event) is expected
    assert (compiled.explain(event) is None) is expected


@given(PATTERNS, ANY_JSON)
@settings(max_examples=60, deadline=None)
def test_matching_takes_any_json(pattern: dict[str, Any], event: Any) -> None:
    compiled = compile_pattern(pattern)

    matches = compiled.matches(event)

    assert (compiled.explain(event) is None) is matches


@given(st.one_of(st.text(), ANY_JSON.map(json.dumps), PATTERNS.map(json.dumps)), st.integers(0, 30))
@settings(max_examples=80, deadline=None)
def test_a_text_is_compiled_or_refused_in_words(text: str, cut: int) -> None:
    for dialect in (EVENTBRIDGE, MAPPING_FILTER):
        for source in (text, text[:cut], text[cut:]):
            assert what_comes_of(source, dialect).startswith(("compiled", "Event pattern is not valid. Reason: "))


def what_comes_of(source: str, dialect: Dialect) -> str:
    try:
        return f"compiled, {len(compile_pattern(source, dialect=dialect).branches)} branches"
    except InvalidEventPattern as refusal:
        return refusal.message


@given(ANY_JSON)
@settings(max_examples=60, deadline=None)
def test_reading_with_written_numbers_gives_the_same_value(value: Any) -> None:
    read = parse_written(json.dumps(value))

    assert read == json.loads(json.dumps(value), parse_int=float)


@given(PATTERNS, EVENTS)
@settings(max_examples=60, deadline=None)
def test_looking_only_where_the_pattern_looks_sees_the_same_leaves(
    pattern: dict[str, Any], event: dict[str, Any]
) -> None:
    compiled = compile_pattern(pattern)

    whole, part = flatten(event), flatten(event, within=compiled.paths)

    for branch in compiled.branches:
        for leaf in branch.leaves:
            values = [value for value, _ in part.leaves.get(leaf.path, [])]
            assert values == [value for value, _ in whole.leaves.get(leaf.path, [])]
