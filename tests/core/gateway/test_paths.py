"""Paths, queries and globs taken apart."""

import fnmatch
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.gateway.paths import decoded, matches_glob, query_items, raw_query_items, segments_of


@pytest.mark.parametrize(
    ("path", "segments"),
    [("/", []), ("/a", ["a"]), ("/a/", ["a", ""]), ("//a", ["", "a"]), ("/a%2Fb/c", ["a%2Fb", "c"]), ("", [])],
)
def test_a_path_is_cut_at_its_slashes_only(path: str, segments: list[str]) -> None:
    assert segments_of(path) == segments


def test_a_query_is_decoded_or_left_as_it_is() -> None:
    query = "a=1&a=%2F&b&c=x+y&=z&&d=1=2"

    assert query_items(query) == [("a", "1"), ("a", "/"), ("b", ""), ("c", "x y"), ("", "z"), ("d", "1=2")]
    assert raw_query_items(query)[1] == ("a", "%2F")
    assert query_items("c=x+y", plus_is_space=False) == [("c", "x+y")]


@pytest.mark.parametrize(("given_text", "text"), [("%zz", "%zz"), ("%ff", "\ufffd"), ("%C3%A9", "é"), ("a+b", "a+b")])
def test_what_cannot_be_decoded_does_no_harm(given_text: str, text: str) -> None:
    assert decoded(given_text) == text


@given(st.text(alphabet="ab*?", max_size=6), st.text(alphabet="ab", max_size=8))
def test_a_glob_matches_as_a_shell_would(pattern: str, text: str) -> None:
    assert matches_glob(pattern, text) == bool(re.fullmatch(fnmatch.translate(pattern), text))


def test_a_hostile_glob_takes_no_longer_than_its_length() -> None:
    assert not matches_glob("*a" * 200 + "b", "a" * 5_000)
