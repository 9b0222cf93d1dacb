"""Health checks of Lambda target groups: an invocation now and then, and what it says of the target.

A load balancer sends requests on also where its only target is unhealthy, so nothing but the story depends on it.
"""

import json
from dataclasses import dataclass, field

from app.core.awslambda.call import Call, ForReply
from app.core.awslambda.functions import Functions
from app.core.awslambda.invocation import Outcome, Succeeded
from app.core.awslambda.invocations import Invocations
from app.core.chain import Chains
from app.core.facts import Effect, TargetHealthChanged
from app.core.gateway.gateways import Gateways
from app.core.gateway.load_balancer import LoadBalancer, TargetGroup, groups_of
from app.core.ids import Ids
from app.core.names import Arn
from app.core.time import SECOND_MS, Instant

_LEAST_OK, _MOST_OK = 200, 200
"""Which statuses are healthy where none are named (ELB user guide: the matcher's default)."""


@dataclass(slots=True)
class _Target:
    """What is known of a group's target: `streak` results of one kind in a row."""

    group: TargetGroup
    at: Instant
    is_healthy: bool | None = None
    last_was_good: bool | None = None
    streak: int = 0


@dataclass(slots=True)
class HealthChecks:
    """The target groups that are checked. A quiet machine: nobody moves the clock to a check, but passes it."""

    ids: Ids
    chains: Chains
    outbox: list[Effect]
    gateways: Gateways
    functions: Functions
    invocations: Invocations
    _targets: dict[Arn, _Target] = field(default_factory=dict)
    _next: Instant | None = None

    def __post_init__(self) -> None:
        self.gateways.changed = self._look

    def next_wakeup(self) -> Instant | None:
        return self._next

    def wake(self, now: Instant) -> None:
        """Check every target that is due, and again after its interval."""
        for target in list(self._targets.values()):
            if target.at <= now:
                check = target.group.health_check
                assert check is not None, "only groups with a check are kept"
                target.at = now + check.interval_s * SECOND_MS
                self._check(target, now)
        self._book()

    def healths(self) -> dict[Arn, bool | None]:
        """By the target group's ARN; None before its first check."""
        return {arn: target.is_healthy for arn, target in self._targets.items()}

    def _book(self) -> None:
        self._next = min((target.at for target in self._targets.values()), default=None)

    def _look(self, now: Instant) -> None:
        """Load balancers were made, changed or removed."""
        wanted = {
            group.arn: group
            for front in self.gateways.all()
            if isinstance(front, LoadBalancer)
            for group in groups_of(front.rules)
            if group.health_check is not None and group.function is not None
        }
        for arn in self._targets.keys() - wanted.keys():
            del self._targets[arn]
        for arn, group in wanted.items():
            known = self._targets.get(arn)
            if known is None or known.group != group:
                assert group.health_check is not None, "it was looked for"
                self._targets[arn] = _Target(group, now + group.health_check.interval_s * SECOND_MS)
        self._book()

    def _check(self, target: _Target, now: Instant) -> None:
        group = target.group
        assert group.function is not None, "only groups with a target are checked"
        chosen = self.functions.choose(group.function)
        if chosen is None:
            self._note(target, False, "the function is not there")
            return
        call = Call(
            self.ids.uuid(), chosen.function.arn, group.function, check_event(group),
            f"health check of {group.name}", self.chains.start(None, now=now).via(f"health check of {group.name}"),
            ForReply(lambda outcome, _: self._settle(target, outcome)), version=chosen.version,
        )  # fmt: skip
        stopped = self.invocations.submit(chosen.function, call, now)
        if stopped is not None:
            self._note(target, False, "it was throttled")

    def _settle(self, target: _Target, outcome: Outcome) -> None:
        if not isinstance(outcome, Succeeded):
            self._note(target, False, "the function failed")
            return
        status = _status_of(outcome.payload)
        ranges = target.group.health_check.statuses if target.group.health_check else ((_LEAST_OK, _MOST_OK),)
        is_good = status is not None and any(least <= status <= most for least, most in ranges)
        self._note(target, is_good, f"it answered {status}")

    def _note(self, target: _Target, is_good: bool, reason: str) -> None:
        """Count what is alike in a row, and tell when that changes the target's health."""
        check = target.group.health_check
        assert check is not None and target.group.function is not None, "only checked groups have a state"
        target.streak = target.streak + 1 if is_good is target.last_was_good else 1
        target.last_was_good = is_good
        # The first check decides by itself (ELB user guide: a new target is initial until then).
        needed = 1 if target.is_healthy is None else check.healthy_threshold if is_good else check.unhealthy_threshold
        if target.is_healthy is not is_good and target.streak >= needed:
            target.is_healthy = is_good
            self.outbox.append(TargetHealthChanged(target.group.name, target.group.function, is_good, reason))


def check_event(group: TargetGroup) -> bytes:
    """What a function gets when it is checked (ELB user guide, lambda-functions)."""
    check, agent = group.health_check, "ELB-HealthChecker/2.0"
    event: dict[str, object] = {
        "requestContext": {"elb": {"targetGroupArn": group.arn}},
        "httpMethod": "GET",
        "path": check.path if check is not None else "/",
    }
    if group.multi_value_headers:
        event |= {"multiValueQueryStringParameters": {}, "multiValueHeaders": {"user-agent": [agent]}}
    else:
        event |= {"queryStringParameters": {}, "headers": {"user-agent": agent}}
    return json.dumps({**event, "body": "", "isBase64Encoded": False}, separators=(",", ":")).encode()


def _status_of(payload: bytes) -> int | None:
    try:
        told = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    status = told.get("statusCode") if isinstance(told, dict) else None
    return status if isinstance(status, int) and not isinstance(status, bool) else None
