"""API keys and usage plans: who may ask, how fast, and how often in a day, a week or a month."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from app.core.gateway.rest.api import MethodThrottle
from app.core.gateway.rest.gateway_responses import GatewayError
from app.core.rate import Allowance
from app.core.time import SECOND_MS, Instant, to_datetime

_MOST_DAYS = 90
"""GetUsage tells of 90 days at most (API Gateway guide, api-gateway-create-usage-plans)."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    id: str
    value: str
    name: str = ""
    is_enabled: bool = True


@dataclass(frozen=True, slots=True)
class Quota:
    """`period` is DAY, WEEK or MONTH; `offset` is how many requests the first period begins with as used."""

    limit: int
    period: str = "DAY"
    offset: int = 0


@dataclass(frozen=True, slots=True)
class UsagePlan:
    """`stages` are (API id, stage); `method_throttles` are by API id and stage, then `path/METHOD`."""

    id: str
    name: str = ""
    stages: frozenset[tuple[str, str]] = frozenset()
    keys: tuple[str, ...] = ()
    throttle: MethodThrottle | None = None
    quota: Quota | None = None
    method_throttles: Mapping[tuple[str, str], Mapping[str, MethodThrottle]] = field(default_factory=dict)


@dataclass(slots=True)
class Usage:
    """Keys, plans, and what was used of them. Token buckets and periods go by the service's clock, in UTC."""

    keys: Mapping[str, ApiKey] = field(default_factory=dict)
    plans: tuple[UsagePlan, ...] = ()
    _buckets: dict[tuple[str, ...], Allowance] = field(default_factory=dict)
    _used: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)
    _days: dict[tuple[str, str], dict[str, tuple[int, int | None]]] = field(default_factory=dict)
    """By plan and key, then by day, how often it was used and what was left of the quota at the day's end."""

    def admit(self, api: str, stage: str, method: str, key_value: str | None, now: Instant) -> ApiKey:
        """The key of a request to a method that needs one; counts it. Raises GatewayError.

        A key is good for a stage that one of its usage plans has.
        """
        key = next((key for key in self.keys.values() if key.value == key_value), None) if key_value else None
        if key is None or not key.is_enabled:
            reason = "the request brings no API key" if not key_value else "there is no such API key, or it is disabled"
            raise GatewayError("INVALID_API_KEY", reason)
        plan = next((p for p in self.plans if (api, stage) in p.stages and key.id in p.keys), None)
        if plan is None:
            raise GatewayError(
                "INVALID_API_KEY", f"no usage plan of stage {stage} has the API key {key.name or key.id}"
            )
        # The throttle of the method goes before the plan's own (API Gateway guide, request throttling).
        for_method = plan.method_throttles.get((api, stage), {}).get(method)
        throttle = for_method or plan.throttle
        name = (plan.id, key.id, api, stage, method) if for_method is not None else (plan.id, key.id)
        if throttle is not None and not self.take(name, throttle, now):
            raise GatewayError("THROTTLED", f"usage plan {plan.name or plan.id}: the throttle of this key was reached")
        if plan.quota is not None:
            self._count(plan, plan.quota, key, now)
        self._remember(plan, key, now)
        return key

    def take(self, name: tuple[str, ...], throttle: MethodThrottle, now: Instant) -> bool:
        """Whether the token bucket of this name lets one more request through; that one is counted."""
        bucket = self._buckets.get(name)
        if bucket is None:
            every_ms = round(throttle.burst / throttle.rate * SECOND_MS) if throttle.rate > 0 else 2**53
            bucket = self._buckets[name] = Allowance(throttle.burst, max(1, every_ms))
        if not bucket.has_one(now):
            return False
        bucket.take_one(now)
        return True

    def change(self, keys: Mapping[str, ApiKey], plans: tuple[UsagePlan, ...]) -> None:
        """Other keys and plans; what was used of those that stay stays used, but a throttle begins anew."""
        self.keys, self.plans = keys, plans
        self._buckets.clear()

    def used(self, plan: str, key: str) -> int:
        """How many requests the key has used of the plan's period."""
        return self._used.get((plan, key), ("", 0))[1]

    def grant(self, plan: str, key: str, used: int, period: str, now: Instant) -> None:
        """Say how much the key has used of the present period."""
        self._used[plan, key] = (_period(period, now), used)

    def days(self, plan: str, key: str, first: str, last: str, limit: int | None) -> list[list[int]]:
        """By day from `first` to `last` (`2026-11-27`) what was used, and what was left at its end; an empty list
        where the key was never used. A day that was not used has left what the day before it had."""
        used = self._days.get((plan, key))
        if not used:
            return []
        told, left = [], limit
        for day in _days_between(first, last):
            count, left_then = used.get(day, (0, left))
            left = left_then
            told.append([count, left if left is not None else 0])
        return told

    def _remember(self, plan: UsagePlan, key: ApiKey, now: Instant) -> None:
        day = str(to_datetime(now).date())
        left = None if plan.quota is None else plan.quota.limit - self.used(plan.id, key.id)
        days = self._days.setdefault((plan.id, key.id), {})
        days[day] = (days.get(day, (0, None))[0] + 1, left)
        if len(days) > _MOST_DAYS:
            del days[next(iter(days))]

    def _count(self, plan: UsagePlan, quota: Quota, key: ApiKey, now: Instant) -> None:
        period = _period(quota.period, now)
        before, used = self._used.get((plan.id, key.id), (period, quota.offset))
        if before != period:
            used = 0
        if used >= quota.limit:
            told = f"usage plan {plan.name or plan.id}: {quota.limit} a {quota.period.lower()}"
            raise GatewayError("QUOTA_EXCEEDED", told)
        self._used[plan.id, key.id] = (period, used + 1)


def _days_between(first: str, last: str) -> list[str]:
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    return [str(begin + timedelta(days=day)) for day in range(min((end - begin).days + 1, _MOST_DAYS))]


def _period(kind: str, now: Instant) -> str:
    """A name for the day, week (from Monday, UNCONFIRMED) or month of the instant."""
    day = to_datetime(now).date()
    if kind == "MONTH":
        return f"{day:%Y-%m}"
    return str(day - timedelta(days=day.weekday())) if kind == "WEEK" else str(day)
