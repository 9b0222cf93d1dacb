"""Figures beside their floors, and how they are shown."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from statistics import median, quantiles
from typing import Any


@dataclass(frozen=True, slots=True)
class Target:
    """A bound on the ratio to the floor, or on the figure itself: at least, or at most, so much."""

    bound: float
    is_least: bool
    of_ratio: bool

    def is_met(self, ours: float, ratio: float | None) -> bool:
        value = ratio if self.of_ratio else ours
        assert value is not None, "a bound on a ratio needs a floor"
        return value >= self.bound if self.is_least else value <= self.bound

    def __str__(self) -> str:
        sign = "≥" if self.is_least else "≤"
        return f"{sign} {self.bound:g}{'×' if self.of_ratio else ''}"


def at_least(bound: float) -> Target:
    return Target(bound, is_least=True, of_ratio=False)


def at_most(bound: float) -> Target:
    return Target(bound, is_least=False, of_ratio=False)


def ratio_at_least(bound: float) -> Target:
    return Target(bound, is_least=True, of_ratio=True)


def ratio_at_most(bound: float) -> Target:
    return Target(bound, is_least=False, of_ratio=True)


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. `floor` is what `ratio` relates to; both are None where there is none.

    `cpu_ratio` is the same ratio in the servers' processor time, which tells more than the clock on a busy machine.
    """

    name: str
    unit: str
    ours: float
    floor: float | None = None
    ratio: float | None = None
    target: Target | None = None
    cpu_ratio: float | None = None

    @property
    def is_met(self) -> bool | None:
        return None if self.target is None else self.target.is_met(self.ours, self.ratio)

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"target": str(self.target) if self.target else None, "met": self.is_met}


def figure_of(
    name: str, unit: str, ours: Sequence[float], floor: Sequence[float], target: Target | None = None
) -> Figure:
    """From rounds measured by turns: medians, and the median of the rounds' ratios.

    Whatever else the machine does in a round slows both halves of it, so their ratio stays.
    """
    return Figure(name, unit, median(ours), median(floor), _median_ratio(ours, floor), target)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one server took for one round: seconds on the clock, and of its processor."""

    wall_s: float
    cpu_s: float


def rate_of(
    name: str, messages: int, ours: Sequence[Cost], floor: Sequence[Cost], target: Target | None = None
) -> Figure:
    """Messages a second, from rounds of so many messages measured by turns."""
    rates = [[messages / cost.wall_s for cost in costs] for costs in (ours, floor)]
    cpu_ratio = _median_ratio([cost.cpu_s for cost in floor], [cost.cpu_s for cost in ours])
    return replace(figure_of(name, "messages/s", rates[0], rates[1], target), cpu_ratio=cpu_ratio)


def _median_ratio(ours: Sequence[float], floor: Sequence[float]) -> float | None:
    """Without rounds in which the floor shows nothing: a process's time stands still between two ticks."""
    ratios = [mine / its for mine, its in zip(ours, floor, strict=True) if its]
    return median(ratios) if ratios else None


def percentile(values: Sequence[float], percent: int) -> float:
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def table(figures: Sequence[Figure]) -> str:
    """The figures as text, one a line."""
    rows = [("", "", "Triggerfish", "floor", "ratio", "in CPU", "target", "met"), *map(_row, figures)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place < 2 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _row(figure: Figure) -> tuple[str, ...]:
    return (
        figure.name,
        figure.unit,
        _number(figure.ours),
        _number(figure.floor),
        "" if figure.ratio is None else f"{figure.ratio:.2f}",
        "" if figure.cpu_ratio is None else f"{figure.cpu_ratio:.2f}",
        "" if figure.target is None else str(figure.target),
        {None: "", True: "yes", False: "NO"}[figure.is_met],
    )


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
