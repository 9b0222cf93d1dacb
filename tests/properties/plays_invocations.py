"""Steps of what endpoints say of their environments: they come, go, are lost and found."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from app.core.awslambda.environment_state import EnvironmentState
from app.core.awslambda.invocation import Unreachable
from app.core.commands import (
    Command,
    DescribeEnvironments,
    DescribeKeys,
    KeyState,
    RefuseInvocations,
    SettleInvocation,
    SettleWarming,
)
from tests.core.stage import SCOPE

if TYPE_CHECKING:
    from tests.properties.plays import Play

_MOST = 3


def _describe(_play: Play, a: int, b: int) -> Command:
    """Some of one to three environments of `real` are in."""
    states = tuple(
        EnvironmentState(f"http://10.0.0.{slot}", None if b >> slot & 1 else "refused", "KEY" if b % 5 == 0 else None)
        for slot in range(1 + a % _MOST)
    )
    return DescribeEnvironments(SCOPE.function_arn("real" if a % 7 else "nobody"), states)


def _reach_nobody(play: Play, a: int, b: int) -> Command | None:
    if not play.calls:
        return None
    call = play.calls.pop(a % len(play.calls))
    play.requests.append(call.request_id)
    return SettleInvocation(call.request_id, Unreachable("refused", reached_nobody=True))


def _warm(play: Play, a: int, b: int) -> Command:
    """The answer to a wish, or to one that nobody had."""
    failure = "FUNCTION_ERROR_INIT_FAILURE" if b % 3 == 0 else None
    if not play.warmings:
        return SettleWarming(SCOPE.function_arn("real"), a, b, failure)
    wish = play.warmings.pop(a % len(play.warmings))
    return SettleWarming(wish.function, wish.count, 0 if failure else wish.count, failure)


def _refuse(_play: Play, a: int, b: int) -> Command:
    """Sometimes by a name that Invoke does not have, sometimes no more."""
    codes = ("KMSDisabledException", "CallerRateLimitExceeded", "SnapStartTimeoutException", "NoSuchException")
    function = SCOPE.function_arn(("real", "quick", "nobody")[a % 3])
    return RefuseInvocations(function, codes[b % 4], (0, 1, 2, 5)[a % 4], None if b % 2 else "because")


def _describe_keys(_play: Play, a: int, b: int) -> Command:
    """A key that is there or not, in one state or another."""
    arn = f"arn:aws:kms:us-east-1:000000000000:key/{a % 2}"
    state = KeyState(("Enabled", "Disabled", "PendingDeletion")[b % 3], None if b % 2 else b * 1_000)
    return DescribeKeys(SCOPE, {arn: state} if a % 5 else {})


VERBS: dict[str, Callable[[Play, int, int], Command | None]] = {
    "describe environments": _describe,
    "reach nobody": _reach_nobody,
    "settle warming": _warm,
    "refuse invocations": _refuse,
    "describe keys": _describe_keys,
}
