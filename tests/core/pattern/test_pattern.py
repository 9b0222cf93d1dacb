"""What a compiled pattern offers besides its verdict: reasons, leaves to index, limits, and depth without end."""

import json
from datetime import date
from typing import Any

import pytest

from app.core.limits import Limits
from app.core.pattern import MAPPING_FILTER, InvalidEventPattern, WrittenNumber, compile_pattern, parse_written
from app.core.pattern.wildcard import read_wildcard


def reason(pattern: dict[str, Any], event: Any) -> str | None:
    mismatch = compile_pattern(pattern).explain(event)
    return mismatch.text if mismatch is not None else None


def refusal(source: str | dict[str, Any], **more: Any) -> str:
    with pytest.raises(InvalidEventPattern) as refused:
        compile_pattern(source, **more)
    return refused.value.message


# Reasons --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "event", "text"),
    [
        ({"a": ["x", {"prefix": "b"}]}, {"a": "c"}, "a: wanted one of 'x', prefix 'b'; was 'c'"),
        ({"a": {"b": [{"numeric": [">", 0, "<=", 2]}]}}, {"a": {"b": 3}}, "a.b: wanted a number > 0 and <= 2; was 3"),
        ({"a": ["x"]}, {}, "a: wanted 'x'; was absent"),
        ({"a": [{"exists": True}]}, {"a": {"b": 1}}, "a: wanted any value; was an object"),
        ({"a": [{"exists": True}]}, {"a": []}, "a: wanted any value; was an empty array"),
        ({"a": [{"exists": False}]}, {"a": None}, "a: wanted no such key; was null"),
        ({"a": [{"anything-but": ["x", "y"]}]}, {"a": "y"}, "a: wanted anything but 'x' or 'y'; was 'y'"),
        ({"a": [{"anything-but": {"suffix": "x"}}]}, {"a": "x"}, "a: wanted anything but suffix 'x'; was 'x'"),
        (
            {"a": [{"suffix": {"equals-ignore-case": "X"}}]},
            {"a": True},
            "a: wanted suffix equals-ignore-case 'X'; was true",
        ),
        ({"a": [{"wildcard": "x*"}]}, {"a": 1.5}, "a: wanted wildcard 'x*'; was 1.5"),
        ({"a": [{"cidr": "10.0.0.0/8"}]}, {"a": "::1"}, "a: wanted an address in 10.0.0.0/8; was '::1'"),
        ({"a": ["z"]}, {"a": ["x", "y"]}, "a: wanted 'z'; was 'x', 'y'"),
        ({"a": ["z"]}, {"a": list("bcdefgh")}, "a: wanted 'z'; was 'b', 'c', 'd', 'e', 'f' and 2 more"),
        ({"a": ["x"], "b": [1]}, {"a": "x", "b": 2}, "b: wanted 1; was 2"),
        (
            {"a": {"b": ["x"], "c": ["y"]}},
            {"a": [{"b": "x"}, {"c": "y"}]},
            "a.b: wanted one array element that has a.b 'x' with a.c 'y'; was spread over several elements",
        ),
    ],
)
def test_a_mismatch_names_the_key_what_was_wanted_and_what_was_there(
    pattern: dict[str, Any], event: Any, text: str
) -> None:
    assert reason(pattern, event) == text


def test_of_several_branches_the_nearest_is_told() -> None:
    pattern = {"$or": [{"a": ["x"], "b": ["x"]}, {"c": ["x"], "d": ["x"]}]}

    assert reason(pattern, {"c": "x", "d": "y"}) == "d: wanted 'x'; was 'y'"


def test_a_long_value_is_told_in_short() -> None:
    told = reason({"a": ["x"]}, {"a": "y" * 100_000})

    assert told is not None
    assert len(told) < 200


def test_a_match_has_no_reason() -> None:
    assert reason({"a": ["x"]}, {"a": "x"}) is None


# For an index ---------------------------------------------------------------------------------------


def test_the_leaves_show_the_strings_they_require() -> None:
    pattern = compile_pattern({"source": ["aws.s3", "aws.ec2"], "detail": {"n": [1], "kind": ["a", {"prefix": "b"}]}})

    (branch,) = pattern.branches
    assert {leaf.path: leaf.required_strings for leaf in branch.leaves} == {
        "detail.kind": None,
        "detail.n": None,
        "source": {"aws.s3", "aws.ec2"},
    }


def test_the_paths_worth_looking_at_have_all_their_prefixes() -> None:
    assert compile_pattern({"a": {"b.c": ["x"]}, "d": ["y"]}).paths == {"a", "a.b", "a.b.c", "d"}


# Limits ---------------------------------------------------------------------------------------------


def or_of(count: int) -> list[dict[str, list[int]]]:
    return [{"n": [number]} for number in range(count)]


def test_a_thousand_combinations_are_allowed() -> None:
    pattern = compile_pattern({"a": {"$or": or_of(100)}, "b": {"$or": or_of(10)}})

    assert len(pattern.branches) == 1_000


def test_more_combinations_are_refused() -> None:
    told = refusal({"a": {"$or": or_of(100)}, "b": {"$or": or_of(11)}})

    assert told == "Event pattern is not valid. Reason: Rule has more than 1000 $or combinations"


@pytest.mark.parametrize(
    ("wildcard", "complexity"),
    [
        ("plain", 0),
        ("*", 1),
        ("a*bc", 2),
        ("arn:aws:events:us-east-1:*:event-bus/*", 3),
        ("/Users/*/dir/dir/dir/dir/dir/doc.txt", 7),
        ("*:*:*:*:*:event-bus/*", 11),
        ("*aaaa", 5),
        ("*abcabd*xab", 4),
    ],
)
def test_the_complexity_of_a_wildcard_is_what_one_value_can_match_at_once(wildcard: str, complexity: int) -> None:
    assert read_wildcard(wildcard).complexity == complexity


def test_how_complex_a_wildcard_may_be_is_a_limit() -> None:
    text = '{"a": [{"wildcard": "*a*"}]}'

    assert compile_pattern(text, limits=Limits(wildcard_complexity=3)).branches
    assert "too complex" in refusal(text, limits=Limits(wildcard_complexity=2))


def test_a_wildcard_takes_time_in_proportion_to_the_value() -> None:
    pattern = compile_pattern({"a": [{"wildcard": "*x*y*x*y*z"}]})

    # Tried with a backtracking expression, this would not end.
    assert not pattern.matches({"a": "xy" * 500_000})


# Depth ----------------------------------------------------------------------------------------------


def nested(depth: int, inside: Any, name: str = "a") -> Any:
    for _ in range(depth):
        inside = {name: inside}
    return inside


def test_a_pattern_may_be_as_deep_as_the_parser_allows() -> None:
    text = '{"a": ' * 999 + '["x"]' + "}" * 999

    pattern = compile_pattern(text)

    assert pattern.matches(nested(999, "x"))
    assert not pattern.matches(nested(998, "x"))


def test_a_deeper_pattern_is_refused() -> None:
    told = refusal('{"a": ' * 1_000 + '["x"]' + "}" * 1_000)

    assert "Document nesting depth (1001) exceeds the maximum allowed (1000" in told
    assert "[truncated" in told


def test_an_event_may_be_deeper_than_pythons_stack() -> None:
    event = nested(100_000, "x")

    assert not compile_pattern({"a": {"a": ["x"]}}).matches(event)


def test_arrays_of_many_elements_are_matched_without_trying_every_combination() -> None:
    elements = [{"k": "x"} for _ in range(300)]
    names = [f"n{number}" for number in range(6)]
    pattern = compile_pattern({**{name: {"k": ["x"]} for name in names}, "z": ["no"]})
    in_one_element = compile_pattern({name: {"k": ["x"], "l": ["y"]} for name in names})

    # Chosen blindly, that would be 300 to the sixth.
    assert not pattern.matches({**dict.fromkeys(names, elements), "z": "yes"})
    assert not in_one_element.matches({name: [*elements, {"l": "y"}] for name in names})


@pytest.mark.parametrize("depth", [1, 2])
def test_a_long_array_takes_time_in_proportion_to_its_length(depth: int) -> None:
    elements: Any = [{"k": "x", "l": "x", "m": number} for number in range(20_000)]
    for _ in range(depth - 1):
        elements = [{"p": elements}]
    pattern = compile_pattern(nested(depth, {"k": ["x"], "l": ["x"], "m": [19_999], "n": [{"exists": False}]}, "p"))
    never = compile_pattern(nested(depth, {"k": ["x"], "l": ["x"], "n": ["x"]}, "p"))

    # Every element compared with every other would be hundreds of millions.
    assert pattern.matches({"p": elements})
    assert not never.matches({"p": elements})


# Sources and dialects -------------------------------------------------------------------------------


def test_a_pattern_may_be_given_as_what_it_says() -> None:
    given = {"a": ["x"]}

    assert compile_pattern(given).text == json.dumps(given)


def test_what_json_cannot_say_is_refused() -> None:
    assert refusal({"day": [date(2026, 11, 21)]}).startswith(
        "Event pattern is not valid. Reason: The pattern is no JSON"
    )


@pytest.mark.parametrize("operator", ["wildcard", "cidr", "exactly"])
def test_a_mapping_filter_takes_the_operators_of_the_lambda_guide_only(operator: str) -> None:
    alone, excluded = {"a": [{operator: "10.0.0.0/8"}]}, {"a": [{"anything-but": {operator: "x"}}]}

    assert f"Unrecognized match type {operator}" in refusal(alone, dialect=MAPPING_FILTER)
    assert f"Unsupported anything-but pattern: {operator}" in refusal(excluded, dialect=MAPPING_FILTER)


@pytest.mark.parametrize(
    ("written", "matches"), [("300", True), ("300.0", False), ("3.0e2", False), ("3e2", False), ('"300"', False)]
)
def test_a_mapping_filter_compares_numbers_as_they_are_written(written: str, matches: bool) -> None:
    pattern = compile_pattern({"a": [300]}, dialect=MAPPING_FILTER)

    assert pattern.compares_written_numbers
    assert pattern.matches(parse_written(f'{{"a": {written}}}')) is matches


def test_written_numbers_are_numbers() -> None:
    read = parse_written('{"a": [1, 2.50, -3e2]}')

    assert read == {"a": [1, 2.5, -300]}
    assert [number.text for number in read["a"]] == ["1", "2.50", "-3e2"]
    assert isinstance(read["a"][0], WrittenNumber)


@pytest.mark.parametrize("text", ["", "{", "[1] 2", "{} {}", "tru", '{"a" 1}', "[" * 2_000])
def test_only_one_whole_json_value_is_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_written(text)
