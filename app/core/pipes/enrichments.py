"""What enriches a pipe's events and is no function: API destinations, APIs of API Gateway, Express state machines."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from app.core.buses.api_destination import ApiDestinations
from app.core.chain import Chains
from app.core.delivery.api_target import ApiTarget
from app.core.delivery.outside import Outside
from app.core.delivery.outside_calls import AwsAnswered, AwsCall, HttpAnswered, OutsideAnswer
from app.core.delivery.outside_targets import refusal_in
from app.core.delivery.targets import Parcel
from app.core.errors import DeliveryFailed, Refused
from app.core.names import parse_arn
from app.core.time import Instant

Enriched: TypeAlias = Callable[[bytes | Refused, Instant], None]
"""Told once what the enrichment answered, or why it did not."""


@dataclass(frozen=True, slots=True)
class Enrichments:
    """The kinds of them by the service of the ARN; each is asked for an answer and waited for."""

    destinations: ApiDestinations
    apis: ApiTarget
    outside: Outside
    chains: Chains

    def ask(self, parcel: Parcel, now: Instant, enriched: Enriched) -> None:
        """Send the events and tell the answer."""

        def replied(reply: HttpAnswered | DeliveryFailed, at: Instant) -> None:
            enriched(reply.body if isinstance(reply, HttpAnswered) else reply, at)

        match parse_arn(parcel.target).service:
            case "execute-api":
                self.apis.ask(parcel, now, replied)
            case "states":
                self._run(parcel, enriched)
            case _:
                self.destinations.ask(parcel, now, replied)

    def _run(self, parcel: Parcel, enriched: Enriched) -> None:
        """Run an Express workflow and wait for its end, as far as whoever keeps state machines can run any."""
        hop = parcel.cause.hop
        call = AwsCall(
            "stepfunctions", "StartSyncExecution",
            {"stateMachineArn": parcel.target, "input": parcel.body.decode()}, parse_arn(parcel.target).scope,
            self.chains.header_of(hop) if hop else parcel.trace_header,
        )  # fmt: skip

        def then(answer: OutsideAnswer, at: Instant) -> None:
            enriched(_output_in(answer), at)

        self.outside.call(call, then)


def _output_in(answer: OutsideAnswer) -> bytes | Refused:
    refusal = refusal_in(answer)
    if refusal is not None:
        return refusal
    assert isinstance(answer, AwsAnswered), "what is no refusal is an answer"
    result = answer.result
    if result.get("status") != "SUCCEEDED":
        words = f"the execution ended {result.get('status')}: {result.get('error')}, {result.get('cause')}"
        return DeliveryFailed(words, "ERROR_FROM_TARGET", is_retried=True)
    return str(result.get("output") or "").encode()
