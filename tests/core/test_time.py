"""Instants and durations in whole milliseconds."""

import pytest

from app.core.time import format_duration, format_instant, parse_duration_ms, parse_instant, to_datetime


@pytest.mark.parametrize(
    ("text", "ms"),
    [("45", 45_000), ("10m", 600_000), ("1h30m", 5_400_000), ("250ms", 250), ("1.5s", 1_500), ("0", 0),
     ("2d", 172_800_000), ("1w", 604_800_000), (" 1h 5s ", 3_605_000)],
)  # fmt: skip
def test_a_duration_is_read_as_people_write_it(text: str, ms: int) -> None:
    assert parse_duration_ms(text) == ms


@pytest.mark.parametrize("text", ["", "soon", "-5s", "5x", "m", "1h-2m", "5 s m"])
def test_another_text_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        parse_duration_ms(text)


@pytest.mark.parametrize(
    ("ms", "text"),
    [(0, "0ms"), (250, "250ms"), (1_000, "1s"), (1_500, "1.5s"), (60_000, "1m"), (5_400_000, "1h30m"),
     (90_061_000, "1d1h1m1s")],
)  # fmt: skip
def test_a_duration_is_written_short(ms: int, text: str) -> None:
    assert format_duration(ms) == text


@pytest.mark.parametrize(
    "text", ["2026-11-21T12:00:00Z", "2026-11-21T12:00:00.000Z", "2026-11-21T13:00:00+01:00", "2026-11-21 12:00"]
)
def test_an_instant_is_read_in_any_iso_form_and_is_utc_without_a_zone(text: str) -> None:
    assert format_instant(parse_instant(text)) == "2026-11-21T12:00:00.000Z"


@pytest.mark.parametrize("text", ["", "noon", "2026-13-01", "1795262400"])
def test_another_text_is_no_instant(text: str) -> None:
    with pytest.raises(ValueError, match="is not an instant"):
        parse_instant(text)


def test_milliseconds_survive() -> None:
    instant = parse_instant("2026-11-21T12:00:00.007Z")

    assert format_instant(instant) == "2026-11-21T12:00:00.007Z"
    assert to_datetime(instant).microsecond == 7_000
