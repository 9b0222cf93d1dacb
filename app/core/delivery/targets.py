"""Where events can be delivered: one way to hand something on, whatever kind of target an ARN names."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, runtime_checkable

from app.core.chain import Cause
from app.core.errors import InvalidParameterValue, Refused
from app.core.facts import Effect
from app.core.names import Arn, parse_arn
from app.core.sqs.message import MessageAttribute
from app.core.time import Instant

Settled: TypeAlias = Callable[[Refused | None, Instant], None]
"""Told once what came of a delivery: None when the target took it, else why it did not."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """What a target is to get.

    `body` is UTF-8: JSON, or text where the source says so. `source` says in words who delivers: `rule nightly`,
    `topic news`. `principal` is the service principal that delivers (`events.amazonaws.com`) and `source_arn` the rule,
    topic or bucket it does so for; a target's resource policy is asked with both. `attributes`, `group_id`,
    `deduplication_id` and `subject` are a message's, `key` is an object's, and nothing to targets without them.
    `trace_header` is what the outside sent, where no invocation is the cause. `through` are the buses that it passed on
    its way to a bus, `http` what an API destination gets besides (`HttpParameters` of a rule's target). A bus takes the
    members that an event has on it as JSON: `source`, `detail-type`, `detail` (an object), maybe `resources`, `time`.
    """

    target: Arn
    body: bytes
    cause: Cause
    source: str
    principal: str | None = None
    source_arn: Arn | None = None
    attributes: Mapping[str, MessageAttribute] = field(default_factory=dict)
    group_id: str | None = None
    deduplication_id: str | None = None
    subject: str | None = None
    key: str | None = None
    trace_header: str | None = None
    through: tuple[Arn, ...] = ()
    http: Mapping[str, Any] | None = None


class Target(Protocol):
    """A kind of target. Registered for the service that its ARNs name."""

    def exists(self, arn: Arn) -> bool: ...

    def deliver(self, parcel: Parcel, now: Instant, settled: Settled) -> None:
        """Take the parcel and tell `settled`, at once or later; a refusal is told, not raised."""
        ...


@runtime_checkable
class GuardedTarget(Target, Protocol):
    """A kind of target whose policies can be asked before anything is sent."""

    def lets_in(self, arn: Arn, principal: str, source_arn: Arn) -> bool:
        """Whether a service may deliver for that source; always, where policies are not enforced."""
        ...


class Targets:
    """The kinds of target by AWS service: `sqs`, `lambda`, `sns`, `events`, …"""

    def __init__(self) -> None:
        self._by_service: dict[str, Target] = {}

    def register(self, service: str, target: Target) -> None:
        self._by_service[service] = target

    def exists(self, arn: Arn) -> bool:
        """Whether the ARN names something that is there; False for a service that is not emulated."""
        target = self._by_service.get(_service_of(arn))
        return target is not None and target.exists(arn)

    def lets_in(self, arn: Arn, principal: str, source_arn: Arn) -> bool:
        """Whether the target's policy lets the service deliver for that source, as far as it can be asked."""
        target = self._by_service.get(_service_of(arn))
        return not isinstance(target, GuardedTarget) or target.lets_in(arn, principal, source_arn)

    def deliver(self, parcel: Parcel, now: Instant, settled: Settled) -> None:
        """Hand the parcel to its target. Never raises: what the target refuses is told to `settled`."""
        target = self._by_service.get(_service_of(parcel.target))
        if target is None:
            settled(InvalidParameterValue(f"{parcel.target} is no target that is emulated"), now)
            return
        target.deliver(parcel, now, settled)


def _service_of(arn: Arn) -> str:
    try:
        return parse_arn(arn).service
    except ValueError:
        return ""


class Teller:
    """Writes down what came of a delivery: before all that it led to, which stands in the outbox by then."""

    def __init__(self, outbox: list[Effect]) -> None:
        self._outbox = outbox
        self._mark = len(outbox)
        self._is_at_once = True

    def tell(self, fact: Effect) -> None:
        if self._is_at_once:
            self._outbox.insert(self._mark, fact)
        else:
            self._outbox.append(fact)

    def goes_on_later(self) -> None:
        """The delivery has been begun; what is told from now on is told at the end."""
        self._is_at_once = False
