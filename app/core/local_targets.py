"""Queues and functions of this world as targets."""

from dataclasses import dataclass, field

from app.core.async_events import AsyncEvents
from app.core.async_invoke import Event
from app.core.chain import Chains
from app.core.commands import Asker, SendMessage
from app.core.errors import AccessDenied, Refused, ResourceNotFound
from app.core.facts import AccessMissing, Effect, PermissionMissing
from app.core.families import Families
from app.core.functions import Functions, parse_function_name
from app.core.ids import Ids
from app.core.names import Arn, Scope, parse_arn
from app.core.permissions import allows, read_policy
from app.core.queues import Queues
from app.core.targets import Parcel, Settled
from app.core.time import Instant

_SEND = "SQS:SendMessage"


@dataclass(slots=True)
class QueueTarget:
    """A queue gets the parcel as a message."""

    queues: Queues
    chains: Chains
    gate: "PolicyGate"

    def exists(self, arn: Arn) -> bool:
        return arn in self.queues

    def lets_in(self, arn: Arn, principal: str, source_arn: Arn) -> bool:
        queue = self.queues.get(arn)
        if not self.gate.is_enforced or queue is None or self.queues.permits_all(arn):
            return True
        return self.gate.permits(arn, queue.settings.texts.get("Policy"), _SEND, principal, source_arn)

    def deliver(self, parcel: Parcel, now: Instant, settled: Settled) -> None:
        queue = self.queues.get(parcel.target)
        if queue is not None and not self.queues.permits_all(queue.arn):
            refusal = self.gate.refusal(parcel, queue.settings.texts.get("Policy"), _SEND)
            if refusal is not None:
                settled(refusal, now)
                return
        hop = parcel.cause.hop
        send = SendMessage(
            parcel.target, parcel.body.decode(), attributes=parcel.attributes,
            trace_header=self.chains.header_of(hop) if hop else parcel.trace_header,
            group_id=parcel.group_id, deduplication_id=parcel.deduplication_id,
        )  # fmt: skip
        try:
            self.queues.send(send, now, cause=parcel.cause)
        except Refused as refusal:
            settled(refusal, now)
        else:
            settled(None, now)


@dataclass(slots=True)
class PolicyGate:
    """Asks the policy of a queue or a topic whether a service may send to it.

    Where permissions are not enforced, only a policy that there is can say no, which is told once for each target,
    principal and source, and blocks nothing.
    """

    outbox: list[Effect]
    is_enforced: bool
    _told: set[tuple[Arn, str, Arn | None]] = field(default_factory=set)

    def refusal(self, parcel: Parcel, policy: str | None, action: str) -> Refused | None:
        """Why the parcel may not be delivered. One without a principal comes from a role, which needs no policy."""
        principal, source = parcel.principal, parcel.source_arn
        if principal is None or (not policy and not self.is_enforced):
            return None
        if self.permits(parcel.target, policy, action, principal, source):
            return None
        if self.is_enforced or (parcel.target, principal, source) not in self._told:
            self._told.add((parcel.target, principal, source))
            self.outbox.append(AccessMissing(parcel.target, action, principal, source, self.is_enforced))
        if not self.is_enforced:
            return None
        return AccessDenied(
            f"User: {principal} is not authorized to perform: {action.lower()} on resource: {parcel.target} because "
            f"no resource-based policy allows the {action.lower()} action"
        )

    def permits(self, target: Arn, policy: str | None, action: str, principal: str, source: Arn | None) -> bool:
        """Whether the policy of the target says so; nothing is told."""
        # A bucket's ARN has no account in it: its owner's is that of whoever may set notifications.
        account = (parse_arn(source).account if source else "") or parse_arn(target).account
        return allows(read_policy(policy), principal, action, source, account)


@dataclass(slots=True)
class Gate:
    """Asks a function's resource policy whether a service may invoke it.

    Where permissions are not enforced, what AWS would have blocked goes through, and is told once for each function,
    principal and source.
    """

    families: Families
    outbox: list[Effect]
    is_enforced: bool
    _told: set[tuple[Arn, str, Arn | None, str]] = field(default_factory=set)

    def refusal(self, parcel: Parcel) -> Refused | None:
        """Why the parcel may not be delivered. One without a principal comes from a role, which needs no permission."""
        if parcel.principal is None:
            return None
        return self.judge(parcel.target, Asker(parcel.principal, parcel.source_arn))

    def judge(self, function: Arn, asker: Asker) -> Refused | None:
        """Why the function, as it is named, may not be invoked in that name."""
        principal, source = asker.principal, asker.source
        if self.permits(function, asker):
            return None
        told = (function, principal, source, asker.action)
        if self.is_enforced or told not in self._told:
            self._told.add(told)
            self.outbox.append(PermissionMissing(function, principal, source, self.is_enforced, asker.action))
        if not self.is_enforced:
            return None
        who = f"User: {principal}" if principal.startswith("arn:") else principal
        return AccessDenied(
            f"{who} is not authorized to perform: {asker.action} on resource: {function} because no "
            f"resource-based policy allows the {asker.action} action"
        )

    def permits(self, function: Arn, asker: Asker) -> bool:
        """What the function's policy says, be it enforced or not."""
        principal, source = asker.principal, asker.source
        # A bucket's ARN has no account in it: S3 tells its owner's, which is that of whoever may set notifications.
        account = (parse_arn(source).account if source else "") or parse_arn(function).account
        return self.families.permits(function, principal, source, account, asker.action, dict(asker.context))


@dataclass(slots=True)
class FunctionTarget:
    """A function gets the parcel as an asynchronous event; what becomes of it then is the function's business."""

    functions: Functions
    events: AsyncEvents
    ids: Ids
    gate: Gate

    def exists(self, arn: Arn) -> bool:
        name = parse_function_name(arn, Scope())
        return name is not None and self.functions.get(name.as_invoked) is not None

    def lets_in(self, arn: Arn, principal: str, source_arn: Arn) -> bool:
        return not self.gate.is_enforced or self.gate.permits(arn, Asker(principal, source_arn))

    def deliver(self, parcel: Parcel, now: Instant, settled: Settled) -> None:
        name = parse_function_name(parcel.target, Scope())
        chosen = self.functions.choose(name.as_invoked) if name is not None else None
        if name is None or chosen is None:
            # An ARN of Lambda's need not be a function's: whoever delivers takes any.
            settled(ResourceNotFound(f"Function not found: {name.as_invoked if name else parcel.target}"), now)
            return
        if (refusal := self.gate.refusal(parcel)) is not None:
            settled(refusal, now)
            return
        event = Event(self.ids.uuid(), name.arn, name.as_invoked, parcel.body, parcel.source, parcel.cause, now)
        self.events.accept(chosen.function, event, now, chosen.version)
        settled(None, now)
