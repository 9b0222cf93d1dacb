"""Queues and functions of this world as targets."""

from dataclasses import dataclass

from app.core.access.gates import Gate, PolicyGate
from app.core.awslambda.async_events import AsyncEvents
from app.core.awslambda.async_invoke import Event
from app.core.awslambda.functions import Functions, parse_function_name
from app.core.chain import Chains
from app.core.commands import Asker, SendMessage
from app.core.delivery.targets import Parcel, Settled
from app.core.errors import Refused, ResourceNotFound
from app.core.ids import Ids
from app.core.names import Arn, Scope
from app.core.sqs.queue_access import QueueAccess
from app.core.sqs.queues import Queues
from app.core.sqs.sending import Sending
from app.core.time import Instant

_SEND = "SQS:SendMessage"


@dataclass(slots=True)
class QueueTarget:
    """A queue gets the parcel as a message."""

    queues: Queues
    sending: Sending
    chains: Chains
    gate: PolicyGate
    access: QueueAccess

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
            principal = parcel.principal
            if principal is not None:
                refusal = self.access.refusal_of_service(queue, principal, parcel.source_arn, now)
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
            self.sending.send(send, now, cause=parcel.cause)
        except Refused as refusal:
            settled(refusal, now)
        else:
            settled(None, now)


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
