"""Queues and functions of this world as targets."""

from dataclasses import dataclass

from app.core.async_events import AsyncEvents
from app.core.async_invoke import Event
from app.core.chain import Chains
from app.core.commands import SendMessage
from app.core.errors import Refused
from app.core.functions import Functions, parse_function_name
from app.core.ids import Ids
from app.core.names import Arn, Scope
from app.core.queues import Queues
from app.core.targets import Parcel, Settled
from app.core.time import Instant


@dataclass(slots=True)
class QueueTarget:
    """A queue gets the parcel as a message."""

    queues: Queues
    chains: Chains

    def exists(self, arn: Arn) -> bool:
        return arn in self.queues

    def deliver(self, parcel: Parcel, now: Instant, settled: Settled) -> None:
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
class FunctionTarget:
    """A function gets the parcel as an asynchronous event; what becomes of it then is the function's business."""

    functions: Functions
    events: AsyncEvents
    ids: Ids

    def exists(self, arn: Arn) -> bool:
        name = parse_function_name(arn, Scope())
        return name is not None and self.functions.get(name.arn) is not None

    def deliver(self, parcel: Parcel, now: Instant, settled: Settled) -> None:
        name = parse_function_name(parcel.target, Scope())
        assert name is not None, "an ARN that was registered as Lambda's parses"
        try:
            function = self.functions[name.arn]
        except Refused as refusal:
            settled(refusal, now)
            return
        event = Event(self.ids.uuid(), name.arn, name.as_invoked, parcel.body, parcel.source, parcel.cause, now)
        self.events.accept(function, event, now)
        settled(None, now)
