"""API keys, throttles and quotas on the clock."""

import pytest

from app.core.gateway.rest.api import MethodThrottle
from app.core.gateway.rest.gateway_responses import GatewayError
from app.core.gateway.rest.usage import ApiKey, Quota, Usage, UsagePlan
from app.core.time import DAY_MS, SECOND_MS
from tests.core.stage import NOON

STAGE = ("api", "dev")


def usage(**plan: object) -> Usage:
    given = UsagePlan("basic", stages=frozenset({STAGE}), keys=("k",), **plan)  # type: ignore[arg-type]
    keys = {"k": ApiKey("k", "secret"), "off": ApiKey("off", "disabled", is_enabled=False), "x": ApiKey("x", "other")}
    return Usage(keys, (given,))


def ask(of: Usage, value: str | None = "secret", at: int = NOON, method: str = "/pets/GET") -> str:
    try:
        return of.admit(*STAGE, method, value, at).id
    except GatewayError as error:
        return error.type


@pytest.mark.parametrize("value", [None, "", "wrong", "disabled", "other"])
def test_who_has_no_good_key_is_forbidden(value: str | None) -> None:
    assert ask(usage(), value) == "INVALID_API_KEY"


def test_a_key_is_good_for_the_stages_of_its_plans_only() -> None:
    with pytest.raises(GatewayError, match="no usage plan of stage prod"):
        usage().admit("api", "prod", "/pets/GET", "secret", NOON)


def test_a_throttle_lets_a_burst_through_and_fills_up_again() -> None:
    of = usage(throttle=MethodThrottle(2, 3))

    burst = [ask(of) for _ in range(4)]
    later = [ask(of, at=NOON + SECOND_MS) for _ in range(3)]

    assert burst == ["k", "k", "k", "THROTTLED"]
    assert later == ["k", "k", "THROTTLED"]


def test_a_method_may_have_a_throttle_of_its_own() -> None:
    of = usage(throttle=MethodThrottle(1, 1), method_throttles={STAGE: {"/pets/GET": MethodThrottle(5, 5)}})

    assert [ask(of) for _ in range(6)].count("k") == 5
    assert [ask(of, method="/dogs/GET") for _ in range(2)] == ["k", "THROTTLED"]


@pytest.mark.parametrize(("period", "days"), [("DAY", 1), ("WEEK", 7), ("MONTH", 31)])
def test_a_quota_begins_anew_with_its_period(period: str, days: int) -> None:
    of = usage(quota=Quota(2, period))

    first = [ask(of) for _ in range(3)]
    later = ask(of, at=NOON + days * DAY_MS)

    assert first == ["k", "k", "QUOTA_EXCEEDED"]
    assert later == "k"
    assert of.used("basic", "k") == 1


def test_a_throttled_request_uses_nothing_of_the_quota() -> None:
    of = usage(throttle=MethodThrottle(1, 1), quota=Quota(5))

    assert [ask(of), ask(of)] == ["k", "THROTTLED"]
    assert of.used("basic", "k") == 1
