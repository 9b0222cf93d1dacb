"""The benchmark works: every measurement, at its smallest, gives figures; none of them is judged here."""

from pathlib import Path

import pytest

from tests.bench.__main__ import MEASUREMENTS
from tests.bench.figures import Figure, at_most, figure_of, ratio_at_least, table
from tests.bench.mapping_profile import Case, Row, Share, table_of
from tests.bench.runtimes import Runtime
from tests.bench.sizes import LEAST

NAMES = list(MEASUREMENTS)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
async def test_every_measurement_gives_figures(name: str, tmp_path: Path) -> None:
    figures = await MEASUREMENTS[name](LEAST, tmp_path)

    assert figures
    assert all(figure.ours > 0 for figure in figures)
    assert all(figure.is_met is not None or figure.target is None for figure in figures)


def test_a_ratio_is_the_median_of_the_rounds_ratios() -> None:
    figure = figure_of("sends", "messages/s", [50.0, 10.0, 60.0], [100.0, 20.0, 80.0], ratio_at_least(0.5))

    assert (figure.ours, figure.floor, figure.ratio) == (50.0, 80.0, 0.5)
    assert figure.is_met


def test_a_round_in_which_the_floor_shows_nothing_has_no_ratio() -> None:
    assert figure_of("cost", "µs", [50.0, 10.0], [0.0, 20.0]).ratio == 0.5
    assert figure_of("cost", "µs", [50.0], [0.0]).ratio is None


def test_a_table_says_what_is_not_met() -> None:
    shown = table([Figure("memory", "MB", 91.0, target=at_most(90)), Figure("memory after S3", "MB", 120.0)])

    _, memory, after = shown.splitlines()
    assert memory.split() == ["memory", "MB", "91.00", "≤", "90", "NO"]
    assert after.split() == ["memory", "after", "S3", "MB", "120"]


def test_a_profile_tells_who_works_for_how_long_and_who_waits() -> None:
    runtime = Runtime("our Python", "python3.11", (), is_ours=True)
    case = Case(runtime, "small", 2)
    bare = Row(case, 8_000.0, Share(50, 0), Share(90, 0))
    row = Row(case, 4_000.0, service=Share(works=80, ready=5), functions=Share(works=20, ready=10), bare=bare)

    assert (row.messages_per_s, row.service_us, row.function_us, row.gap_us) == pytest.approx((40_000, 200, 100, 350))
    assert row.busy == 30
    _, line, *_ = table_of([row]).splitlines()
    assert line.split()[:6] == ["our", "Python", "small", "2", "40,000", "0.50"]
    assert "350 µs" in line
