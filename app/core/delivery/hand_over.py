"""Hands a fired event to any target."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.core.chain import Cause
from app.core.commands import FireEvent, HandedOver, Origin, TellVerdict
from app.core.delivery.targets import Parcel, Targets, Teller
from app.core.errors import Refused
from app.core.facts import AnswerJudged, Effect, EventFired
from app.core.time import Instant


@dataclass(slots=True)
class HandOver:
    """The one way out of here that is no invocation."""

    outbox: list[Effect]
    targets: Targets
    cause_of: Callable[[Origin, str | None, Instant], Cause]

    def verbs(self) -> dict[type[Any], Callable[[Any, Instant], Any]]:
        return {FireEvent: self.fire, TellVerdict: self.tell}

    def tell(self, command: TellVerdict, now: Instant) -> None:
        self.outbox.append(AnswerJudged(command.source, command.function, command.would_accept, command.text))

    def fire(self, command: FireEvent, now: Instant) -> HandedOver:
        cause = self.cause_of(command.origin, command.origin.trace_header, now)
        teller = Teller(self.outbox)
        refused: list[str] = []

        def settled(refusal: Refused | None, _: Instant) -> None:
            reason = None if refusal is None else refusal.message
            if reason is not None:
                refused.append(reason)
            teller.tell(EventFired(command.source, command.target, cause.chain, reason))

        parcel = Parcel(
            command.target, command.body, cause, command.source, command.principal, command.source_arn,
            attributes=command.attributes, group_id=command.group_id, deduplication_id=command.deduplication_id,
            subject=command.subject, trace_header=command.origin.trace_header,
        )  # fmt: skip
        self.targets.deliver(parcel, now, settled)
        teller.goes_on_later()
        return HandedOver(cause.chain, refused[0] if refused else None)
