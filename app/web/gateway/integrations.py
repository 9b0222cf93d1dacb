"""Integrations that are no function: another HTTP server, and operations of AWS services."""

from dataclasses import replace
from typing import Any

import orjson

from app.core.delivery.outside_calls import AwsAnswered, AwsCall, AwsRefused, HttpAnswered, HttpCall
from app.core.gateway.http_api import HttpApi, Integration
from app.core.gateway.parameter_rules import SUBTYPES
from app.core.gateway.parameters import BadExpression, Sources, changed_answer, mapped_parameters, url_of
from app.core.gateway.request import GatewayAnswer, GatewayRequest
from app.core.names import Scope
from app.engine.ports import OutsideWorld
from app.web.gateway.outcome import Result
from app.wire.gateway import http_api as answers
from app.wire.gateway.headers import BadHeader, answer_headers, forwarding, lowered
from app.wire.gateway.occasion import Occasion

_NUMBERS = ("DelaySeconds", "MaxNumberOfMessages", "VisibilityTimeout", "WaitTimeSeconds")
_JSON = ("MessageAttributes", "MessageSystemAttributes", "Resources", "AttributeNames", "MessageAttributeNames")


def sources_of(request: GatewayRequest, occasion: Occasion) -> Sources:
    """What the expressions of a route's mappings select from."""
    return Sources(occasion.as_context(request), occasion.stage_variables, request, occasion.variables)


async def integrate_http(
    outside: OutsideWorld, integration: Integration, request: GatewayRequest, occasion: Occasion, route: str
) -> Result:
    """HTTP_PROXY: the request goes on, as the parameter mapping changes it, and the answer comes back. Raises
    BadExpression."""
    sent = mapped_parameters(integration.parameters, sources_of(request, occasion))
    url = url_of(integration.uri or "", request, occasion.variables, sent)
    changed = replace(request, headers=sent.headers(request.headers))
    cookies = "; ".join(changed.all_of("cookie"))
    headers = {
        **lowered(changed, ", "),
        **dict(forwarding(request, occasion.trace_header)),
        **({"cookie": cookies} if cookies else {}),
    }
    headers.pop("content-length", None)
    if not any(at == "header" and name.lower() == "host" for _, at, name, _ in sent.changes):
        headers.pop("host", None)
    method = request.method if integration.method in (None, "ANY") else str(integration.method)
    call = HttpCall(method, url, tuple(headers.items()), request.body, integration.timeout_ms)
    answer = await outside.make(call)
    if not isinstance(answer, HttpAnswered):
        text = getattr(answer, "message", "no answer")
        return Result(answers.TIMED_OUT, route, problem=text)
    pairs = [(name, value) for name, value in answer.headers.items() if name not in ("content-encoding", "set-cookie")]
    pairs += [("set-cookie", value) for value in answer.cookies]
    try:
        kept = answer_headers(pairs)
    except BadHeader as bad:
        return Result(answers.INTERNAL_ERROR, route, problem=str(bad))
    return Result(GatewayAnswer(answer.status, tuple(kept), answer.body), route)


async def integrate_aws(
    outside: OutsideWorld, api: HttpApi, integration: Integration, request: GatewayRequest, occasion: Occasion,
    route: str,
) -> Result:  # fmt: skip
    """An operation of a service, its parameters made of the request. Raises BadExpression."""
    subtype = SUBTYPES.get(integration.subtype or "")
    if subtype is None or not subtype.is_emulated:
        return Result(answers.INTERNAL_ERROR, route, problem=f"{integration.subtype} is not emulated")
    given = mapped_parameters(integration.parameters, sources_of(request, occasion)).plain
    missing = [name for name in subtype.required if name not in given]
    if missing:
        # AWS's words, as they are reported for a member that the request does not have.
        words = f"Unable to resolve property {missing[0]} from source {integration.parameters.get(missing[0], '')}"
        return Result(answers.refusal(400, words), route, problem=words)
    try:
        members = _operation_members(subtype.operation, given)
    except ValueError as error:
        return Result(answers.refusal(400, str(error)), route, problem=str(error))
    scope = Scope(api.scope.account, given.get("Region", api.scope.region))
    answer = await outside.make(AwsCall(subtype.service, subtype.operation, members, scope, occasion.trace_header))
    match answer:
        case AwsAnswered(result=result):
            body = orjson.dumps(result, default=str)
            return Result(GatewayAnswer(200, (("content-type", "application/json"),), body), route)
        case AwsRefused(message=message):
            return Result(answers.refusal(400, message), route, problem=f"{subtype.operation}: {message}")
        case _:
            problem = f"{subtype.operation}: {getattr(answer, 'message', '')}"
            return Result(answers.INTERNAL_ERROR, route, problem=problem)


def with_response_mapping(
    result: Result, integration: Integration, request: GatewayRequest, occasion: Occasion
) -> Result:
    """The result as the mapping of the integration's answers leaves it."""
    if not integration.response_parameters or not isinstance(result.answer, GatewayAnswer):
        return result
    sources = Sources(occasion.as_context(request), occasion.stage_variables)
    try:
        return replace(result, answer=changed_answer(result.answer, integration.response_parameters, sources))
    except BadExpression as bad:
        return Result(answers.INTERNAL_ERROR, result.route, problem=str(bad))


def _operation_members(operation: str, given: dict[str, str]) -> dict[str, Any]:
    """The operation's members: PutEvents has one entry, and JSON or a number stands where the model wants that. Raises
    ValueError for a text that is neither."""
    members: dict[str, Any] = {name: value for name, value in given.items() if name != "Region"}
    for name in _NUMBERS:
        if name in members:
            members[name] = int(members[name])
    for name in _JSON:
        if name in members:
            members[name] = _json_or_names(members[name])
    return {"Entries": [members]} if operation == "PutEvents" else members


def _json_or_names(text: str) -> Any:
    """JSON, or names with commas between them."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return [part.strip() for part in text.split(",")]
