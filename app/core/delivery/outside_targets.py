"""Streams, log groups, delivery streams and state machines as targets: what is delivered is put there through their own
API, like anybody's."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from app.core.chain import Chains
from app.core.delivery.outside import Outside
from app.core.delivery.outside_calls import AwsAnswered, AwsCall, AwsRefused, OutsideAnswer
from app.core.delivery.targets import Parcel, Settled
from app.core.errors import DeliveryFailed, InvalidParameterValue, Refused
from app.core.ids import Ids
from app.core.names import ParsedArn, Scope, parse_arn
from app.core.time import Instant

_THROTTLED = frozenset({
    "LimitExceededException", "ProvisionedThroughputExceededException", "ServiceUnavailableException",
    "ThrottlingException", "ExecutionLimitExceeded",
})  # fmt: skip
_GONE = frozenset({"ResourceNotFoundException", "StateMachineDoesNotExist"})
_EXISTS = "ResourceAlreadyExistsException"


@dataclass(slots=True)
class OutsideTarget:
    """One for all of them; `SERVICES` says how each is called."""

    outside: Outside
    chains: Chains
    ids: Ids

    def exists(self, arn: str) -> bool:
        """Whoever keeps them knows; a target that is not there refuses what it is sent."""
        return True

    def deliver(self, parcel: Parcel, now: Instant, settled: Settled) -> None:
        arn = parse_arn(parcel.target)
        calls = SERVICES[arn.service](arn, parcel, self.ids, now)
        if calls is None:
            settled(InvalidParameterValue(f"{parcel.target} is no target that {arn.service} has"), now)
            return
        self._make(calls, 0, parcel, arn.scope, settled)

    def _make(
        self, calls: list[tuple[str, dict[str, Any]]], place: int, parcel: Parcel, scope: Scope, settled: Settled
    ) -> None:
        """Make the calls one after another; the first that is refused is told."""
        operation, parameters = calls[place]
        hop = parcel.cause.hop
        service = parse_arn(parcel.target).service
        call = AwsCall(
            _CLIENTS.get(service, service), operation, parameters, scope,
            self.chains.header_of(hop) if hop else parcel.trace_header,
        )  # fmt: skip

        def then(answer: OutsideAnswer, at: Instant) -> None:
            refusal = refusal_in(answer)
            if refusal is None and place + 1 < len(calls):
                self._make(calls, place + 1, parcel, scope, settled)
            else:
                settled(refusal, at)

        self.outside.call(call, then)


def refusal_in(answer: OutsideAnswer) -> Refused | None:
    """Why a storage service did not take what it was sent, in the words of a rule's dead letters."""
    match answer:
        case AwsAnswered():
            return None
        case AwsRefused(code=code, message=message) if code in _GONE:
            return DeliveryFailed(message or code, "NO_RESOURCE", is_retried=False)
        case AwsRefused(code=code, message=message) if code.startswith("AccessDenied"):
            return DeliveryFailed(message or code, "NO_PERMISSIONS", is_retried=False)
        case AwsRefused(code=code, message=message) if code in _THROTTLED:
            return DeliveryFailed(message or code, "THROTTLING", is_retried=True)
        case AwsRefused(code=code, message=message) if code == _EXISTS:
            return DeliveryFailed(message or code, "RESOURCE_ALREADY_EXISTS", is_retried=False)
        case AwsRefused(code=code, message=message):
            return DeliveryFailed(f"{code}: {message}", "SDK_CLIENT_ERROR", is_retried=False)
        case _:
            return DeliveryFailed(getattr(answer, "message", "no answer"), "CONNECTION_FAILURE", is_retried=True)


_Calls = list[tuple[str, dict[str, Any]]]
_Plan = Callable[[ParsedArn, Parcel, Ids, Instant], _Calls | None]


def _to_stream(arn: ParsedArn, parcel: Parcel, ids: Ids, _now: Instant) -> _Calls | None:
    """The parcel's group is the partition key; without one each record has its own."""
    kind, _, name = arn.resource.partition("/")
    if kind != "stream":
        return None
    key = (parcel.group_id or ids.uuid())[:256]
    return [("PutRecord", {"StreamName": name, "Data": parcel.body, "PartitionKey": key})]


def _to_delivery_stream(arn: ParsedArn, parcel: Parcel, _ids: Ids, _now: Instant) -> _Calls | None:
    kind, _, name = arn.resource.partition("/")
    if kind != "deliverystream":
        return None
    return [("PutRecord", {"DeliveryStreamName": name, "Record": {"Data": parcel.body}})]


def _to_log_group(arn: ParsedArn, parcel: Parcel, ids: Ids, now: Instant) -> _Calls | None:
    """Each delivery makes a log stream of its own, as EventBridge's do."""
    kind, _, name = arn.resource.partition(":")
    if kind != "log-group":
        return None
    group, stream = name.removesuffix(":*"), ids.uuid()
    return [
        ("CreateLogStream", {"logGroupName": group, "logStreamName": stream}),
        ("PutLogEvents", {"logGroupName": group, "logStreamName": stream, "logEvents": [_log_event(parcel, now)]}),
    ]


def _log_event(parcel: Parcel, now: Instant) -> dict[str, Any]:
    """A template for a log group gives `timestamp` and `message` (PutTargets, API reference); all else is the text."""
    try:
        given = orjson.loads(parcel.body)
    except orjson.JSONDecodeError:
        given = None
    if isinstance(given, dict) and set(given) == {"timestamp", "message"} and isinstance(given["timestamp"], int):
        message = given["message"]
        text = message if isinstance(message, str) else orjson.dumps(message).decode()
        return {"timestamp": given["timestamp"], "message": text}
    return {"timestamp": now, "message": parcel.body.decode()}


def _to_state_machine(arn: ParsedArn, parcel: Parcel, _ids: Ids, _now: Instant) -> _Calls | None:
    if not arn.resource.startswith("stateMachine:"):
        return None
    return [("StartExecution", {"stateMachineArn": parcel.target, "input": parcel.body.decode()})]


SERVICES: Mapping[str, _Plan] = {
    "firehose": _to_delivery_stream,
    "kinesis": _to_stream,
    "logs": _to_log_group,
    "states": _to_state_machine,
}
"""The calls that a delivery is, by the service word of the target's ARN; None for an ARN that is of something else."""

_CLIENTS: Mapping[str, str] = {"states": "stepfunctions"}
"""botocore's name of a client where it is not the ARN's word."""
