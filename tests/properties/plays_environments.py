"""Plays of environments: they start, start again and end, at endpoints that are not there."""

from collections.abc import Callable
from typing import Protocol

from app.core.commands import Command, ReportEnvironmentEnded, ReportEnvironmentStarted
from tests.core.stage import SCOPE

_FUNCTIONS = ("real", "quick", "nothing")


class _Play(Protocol):
    """Nothing of it is needed."""


def _started(_: _Play, a: int, b: int) -> Command:
    function = SCOPE.function_arn(_FUNCTIONS[a % 3])
    return ReportEnvironmentStarted(function, a % 2, f"stream-{b % 5}", float(b), b % 2 == 0)


def _ended(_: _Play, a: int, b: int) -> Command:
    return ReportEnvironmentEnded(SCOPE.function_arn(_FUNCTIONS[a % 3]), a % 2, f"stream-{b % 5}", "exited")


VERBS: dict[str, Callable[[_Play, int, int], Command | None]] = {
    "environment started": _started,
    "environment ended": _ended,
}
