"""Steps of plays about events that are fired by hand."""

from collections.abc import Callable
from typing import Any

from app.core.commands import Command, FireEvent, TellVerdict
from tests.core.stage import SCOPE


def _fire(play: Any, a: int, b: int) -> Command:
    targets = (play.arn(a), SCOPE.function_arn("quick"), SCOPE.function_arn("nothing"), "arn:aws:glacier:::vault")
    return FireEvent(targets[b % 4], b'{"a":1}', "iot rule", "iot.amazonaws.com", origin=play.origin(a))


def _tell(play: Any, a: int, b: int) -> Command:
    return TellVerdict(
        "cloudformation", SCOPE.function_arn("quick"), b % 2 == 0, "CloudFormation would take this answer"
    )


VERBS: dict[str, Callable[[Any, int, int], Command | None]] = {"fire": _fire, "tell verdict": _tell}
