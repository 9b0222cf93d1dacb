"""Integrations that are no function: another HTTP server, and operations of AWS services."""

from typing import Any

import orjson

from app.core.gateway.http_api import HttpApi, Integration
from app.core.gateway.parameters import BadExpression, mapped_parameters, url_of
from app.core.gateway.request import GatewayAnswer, GatewayRequest
from app.core.outside_calls import AwsAnswered, AwsCall, AwsRefused, HttpAnswered, HttpCall
from app.engine.ports import OutsideWorld
from app.web.gateway.outcome import Result
from app.wire.gateway import http_api as answers
from app.wire.gateway.headers import HOP_BY_HOP, BadHeader, answer_headers, forwarding
from app.wire.gateway.occasion import Occasion

_SERVICES: dict[str, tuple[str, str]] = {
    "SQS-SendMessage": ("sqs", "SendMessage"),
    "SQS-DeleteMessage": ("sqs", "DeleteMessage"),
    "SQS-PurgeQueue": ("sqs", "PurgeQueue"),
    "EventBridge-PutEvents": ("events", "PutEvents"),
    "Kinesis-PutRecord": ("kinesis", "PutRecord"),
    "StepFunctions-StartExecution": ("stepfunctions", "StartExecution"),
}
"""Subtypes (HTTP API guide, http-api-develop-integrations-aws-services-reference) and what they call."""


async def integrate_http(
    outside: OutsideWorld, integration: Integration, request: GatewayRequest, occasion: Occasion, route: str
) -> Result:
    """HTTP_PROXY: the request goes on, as the parameter mapping changes it, and the answer comes back."""
    sent = mapped_parameters(integration.parameters, request, occasion.as_context(), occasion.variables,
                             occasion.stage_variables)  # fmt: skip
    url = url_of(integration.uri or "", request, occasion.variables, sent)
    headers = {
        name.lower(): value
        for name, value in (*request.headers, *forwarding(request, occasion.trace_header))
        if name.lower() not in HOP_BY_HOP and name.lower() not in ("host", "content-length")
    }
    headers = sent.headers(headers)
    method = request.method if integration.method in (None, "ANY") else str(integration.method)
    call = HttpCall(method, url, tuple(headers.items()), request.body, integration.timeout_ms)
    answer = await outside.make(call)
    if not isinstance(answer, HttpAnswered):
        text = getattr(answer, "message", "no answer")
        return Result(answers.TIMED_OUT, route, problem=text)
    try:
        kept = answer_headers([(n, v) for n, v in answer.headers.items() if n != "content-encoding"])
    except BadHeader as bad:
        return Result(answers.INTERNAL_ERROR, route, problem=str(bad))
    return Result(GatewayAnswer(answer.status, tuple(kept), answer.body), route)


async def integrate_aws(
    outside: OutsideWorld, api: HttpApi, integration: Integration, request: GatewayRequest, occasion: Occasion,
    route: str,
) -> Result:  # fmt: skip
    """An operation of a service, its parameters made of the request."""
    service, operation = _SERVICES.get(integration.subtype or "", ("", ""))
    if not service:
        return Result(answers.INTERNAL_ERROR, route, problem=f"{integration.subtype} is not emulated")
    try:
        given = mapped_parameters(
            integration.parameters, request, occasion.as_context(), occasion.variables, occasion.stage_variables
        ).plain
    except BadExpression as bad:
        return Result(answers.INTERNAL_ERROR, route, problem=str(bad))
    call = AwsCall(service, operation, _operation_parameters(operation, given), api.scope, occasion.trace_header)
    answer = await outside.make(call)
    match answer:
        case AwsAnswered(result=result):
            return Result(GatewayAnswer(200, (("content-type", "application/json"),), orjson.dumps(result)), route)
        case AwsRefused(message=message):
            return Result(answers.refusal(400, message), route, problem=f"{operation}: {message}")
        case _:
            return Result(answers.INTERNAL_ERROR, route, problem=f"{operation}: {getattr(answer, 'message', '')}")


def _operation_parameters(operation: str, given: dict[str, str]) -> dict[str, Any]:
    """The operation's members: PutEvents has one entry, and JSON stands where the model wants more than text."""
    members: dict[str, Any] = {name: value for name, value in given.items() if name != "Region"}
    if operation == "PutEvents":
        if "Resources" in members:
            members["Resources"] = orjson.loads(members["Resources"])
        members.pop("TraceHeader", None)
        return {"Entries": [members]}
    if "MessageAttributes" in members:
        members["MessageAttributes"] = orjson.loads(members["MessageAttributes"])
    if "DelaySeconds" in members:
        members["DelaySeconds"] = int(members["DelaySeconds"])
    if operation == "StartExecution":
        members = {name[:1].lower() + name[1:]: value for name, value in members.items()}
    return members
