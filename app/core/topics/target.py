"""Topics as targets: what another service hands to one is published there."""

from dataclasses import dataclass, replace

from app.core.access.gates import PolicyGate
from app.core.commands.origin import Origin
from app.core.commands.sns import Publish
from app.core.delivery.targets import Parcel, Settled
from app.core.errors import Refused
from app.core.names import Arn
from app.core.time import Instant
from app.core.topics.topics import Topics


@dataclass(slots=True)
class TopicTarget:
    """A topic gets the parcel as a message, with its subject and attributes."""

    topics: Topics
    gate: PolicyGate

    def exists(self, arn: Arn) -> bool:
        return arn in self.topics

    def lets_in(self, arn: Arn, principal: str, source_arn: Arn) -> bool:
        topic = self.topics.get(arn)
        if not self.gate.is_enforced or topic is None or topic.permits_all:
            return True
        return self.gate.permits(arn, topic.policy, "SNS:Publish", principal, source_arn)

    def deliver(self, parcel: Parcel, now: Instant, settled: Settled) -> None:
        wanted = Publish(
            parcel.target, parcel.body.decode(), parcel.subject, attributes=parcel.attributes,
            group_id=parcel.group_id, deduplication_id=parcel.deduplication_id,
            origin=Origin(trace_header=parcel.trace_header),
        )  # fmt: skip
        if not parcel.target.endswith(".fifo"):
            wanted = replace(wanted, deduplication_id=None)
        topic = self.topics.get(parcel.target)
        if topic is not None and not topic.permits_all:
            # The policy that a topic is made with is no statement about services: it counts where AWS's rules do.
            policy = topic.policy if self.gate.is_enforced else topic.attributes.get("Policy")
            refusal = self.gate.refusal(parcel, policy, "SNS:Publish")
            if refusal is not None:
                settled(refusal, now)
                return
        try:
            self.topics.publish(wanted, now, cause=parcel.cause)
        except Refused as refusal:
            settled(refusal, now)
        else:
            settled(None, now)
