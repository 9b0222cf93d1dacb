"""What a method's integration answers: a function, another HTTP server, an AWS service, or nobody (MOCK)."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson

from app.core.awslambda.invocation import InvocationType, error_payload
from app.core.awslambda.outcomes import error_of
from app.core.commands import Asker, Invoke, Opened
from app.core.delivery.outside_calls import HttpAnswered, HttpCall
from app.core.errors import Refused, TooManyRequests
from app.core.gateway.request import GatewayAnswer, GatewayRequest, Headers
from app.core.gateway.rest.api import (
    RestApi,
    RestIntegration,
    RestStage,
    Taken,
    function_of,
    with_stage_variables,
)
from app.core.gateway.rest.gateway_responses import GatewayError
from app.core.gateway.rest.mapping import (
    Answered,
    chosen_response,
    request_body,
    request_parameters,
    response_body,
    response_headers,
    with_path_parameters,
)
from app.core.gateway.rest.templates import Rendered, TemplateInput
from app.core.names import Arn
from app.engine.driver import Engine
from app.engine.ports import OutsideWorld
from app.web.gateway.invoking import ByHand, Failed, Rejected, Returned, TookTooLong, invoke
from app.web.gateway.outcome import Streamed
from app.web.gateway.rest_authorizing import PRINCIPAL
from app.web.gateway.rest_streaming import RestStream
from app.wire.gateway.headers import BadHeader, answer_headers
from app.wire.gateway.rest_api import (
    RestOccasion,
    answer_of_result,
    parameters_of,
    passed_headers,
    proxy_event,
    request_context,
)
from app.wire.gateway.results import BadResult

_TARGETS = {
    "dynamodb": "DynamoDB_20120810",
    "events": "AWSEvents",
    "kinesis": "Kinesis_20131202",
    "logs": "Logs_20140328",
    "sqs": "AmazonSQS",
    "ssm": "AmazonSSM",
    "states": "AWSStepFunctions",
}
"""What stands before the operation in `X-Amz-Target`, for integrations with an action."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A request on its way through a method."""

    api: RestApi
    stage: RestStage
    taken: Taken
    request: GatewayRequest
    occasion: RestOccasion
    opened: Opened
    ours: Headers = ()
    """The headers that every answer of the API has."""

    @property
    def asker(self) -> Asker:
        """In whose name a function is invoked for the method."""
        method, resource = self.taken.method.http_method, self.taken.resource.path
        return Asker(PRINCIPAL, self.api.method_source_arn(self.occasion.stage, method, resource))

    @property
    def station(self) -> str:
        """The place on a loop's path."""
        return f"{self.request.method} {self.occasion.path} of {self.api.name}"

    @property
    def binary_types(self) -> tuple[str, ...]:
        return self.stage.deployment.binary_types

    def names(self) -> dict[str, Any]:
        """What mapping expressions select from."""
        asked = {**parameters_of(self.request, self.occasion), "body": self.request.body.decode(errors="replace")}
        return {
            "method": {"request": asked},
            "context": request_context(self.request, self.occasion),
            "stageVariables": self.occasion.stage_variables,
        }


class RestIntegrations:
    """Carries requests to integrations. `url` is the service's own, where AWS services are asked."""

    def __init__(self, engine: Engine | ByHand, outside: OutsideWorld, url: str) -> None:
        self._engine = engine
        self._outside = outside
        self._url = url

    async def answer(self, passage: Passage, integration: RestIntegration) -> GatewayAnswer | Streamed:
        """Raises GatewayError for whatever the gateway itself has to answer."""
        match integration.kind:
            case "AWS_PROXY" if integration.streams:
                return await self._streamed(passage, integration)
            case "AWS_PROXY":
                return await self._proxy(passage, integration)
            case "HTTP_PROXY":
                return await self._http_proxy(passage, integration)
            case "AWS" | "HTTP" | "MOCK":
                return await self._mapped(passage, integration)
            case _:
                raise GatewayError("API_CONFIGURATION_ERROR", f"{integration.kind} is no kind of integration")

    # Functions, as they are -----------------------------------------------------------------------------

    async def _proxy(self, passage: Passage, integration: RestIntegration) -> GatewayAnswer:
        function = self._function(passage, integration)
        event = proxy_event(passage.request, passage.occasion, passage.binary_types)
        ending = await invoke(
            self._engine, function, event, passage.api.scope, passage.opened.origin, passage.station,
            integration.timeout_ms, asker=None if integration.has_role else passage.asker,
        )  # fmt: skip
        match ending:
            case Returned(payload=payload):
                try:
                    answer = answer_of_result(payload, passage.request, passage.binary_types)
                except BadResult as bad:
                    raise GatewayError("MALFORMED_RESPONSE", str(bad)) from None
                trace = ("X-Amzn-Trace-Id", passage.occasion.trace_header)
                return GatewayAnswer(answer.status, (*answer.headers, trace), answer.body)
            case Failed():
                raise GatewayError("MALFORMED_RESPONSE", ending.text)
            case Rejected(refusal=refusal):
                raise GatewayError("INTEGRATION_FAILURE", refusal.message)
            case TookTooLong():
                raise GatewayError("INTEGRATION_TIMEOUT", ending.text)

    async def _streamed(self, passage: Passage, integration: RestIntegration) -> Streamed:
        function = self._function(passage, integration)
        event = proxy_event(passage.request, passage.occasion, passage.binary_types)
        trace = ("X-Amzn-Trace-Id", passage.occasion.trace_header)
        stream = RestStream(
            passage.request, (trace, *passage.ours), idle_ms=passage.api.stream_idle_ms
        )  # fmt: skip
        running = asyncio.create_task(
            invoke(
                self._engine, function, event, passage.api.scope, passage.opened.origin, passage.station,
                integration.timeout_ms, stream, asker=None if integration.has_role else passage.asker,
            )
        )  # fmt: skip
        return await stream.answer(running)

    def _function(self, passage: Passage, integration: RestIntegration) -> Arn:
        function = function_of(with_stage_variables(integration.uri, passage.stage.variables))
        if function is None:
            raise GatewayError("API_CONFIGURATION_ERROR", f"{integration.uri} is no function's URI")
        if integration.method.upper() != "POST":
            # Recorded: the invocation is a POST, and what asks for it otherwise fails.
            raise GatewayError("INTEGRATION_FAILURE", f"a function is invoked by POST, not by {integration.method}")
        return function

    # HTTP servers, as they are --------------------------------------------------------------------------

    async def _http_proxy(self, passage: Passage, integration: RestIntegration) -> GatewayAnswer:
        request = passage.request
        placed = request_parameters(integration, passage.names())
        headers = {name: ",".join(values) for name, values in
                   passed_headers(request, passage.occasion.trace_header).items() if name != "Host"}  # fmt: skip
        query = f"?{request.query}" if request.query and not placed["querystring"] else ""
        answered = await self._send(passage, integration, placed, headers, request.body, query)
        try:
            pairs = [(n, v) for n, v in answered.headers.items() if n not in ("content-encoding", "set-cookie")]
            kept = answer_headers([*pairs, *(("set-cookie", cookie) for cookie in answered.cookies)])
        except BadHeader as bad:
            raise GatewayError("INTEGRATION_FAILURE", str(bad)) from None
        return GatewayAnswer(answered.status, tuple(kept), answered.body)

    async def _send(
        self, passage: Passage, integration: RestIntegration, placed: Mapping[str, Mapping[str, str]],
        headers: Mapping[str, str], body: bytes, query: str = "",
    ) -> HttpAnswered:  # fmt: skip
        uri = with_path_parameters(with_stage_variables(integration.uri, passage.stage.variables),
                                   {**passage.occasion.variables, **placed["path"]})  # fmt: skip
        query = query or (f"?{urlencode(placed['querystring'])}" if placed["querystring"] else "")
        method = passage.request.method if integration.method in ("", "ANY") else integration.method
        sent = {**headers, **placed["header"]}
        call = HttpCall(method, f"{uri}{query}", tuple(sent.items()), body, integration.timeout_ms)
        return self._answered(await self._outside.make(call))

    def _answered(self, answer: Any) -> HttpAnswered:
        if isinstance(answer, HttpAnswered):
            return answer
        message = getattr(answer, "message", "nobody answered")
        if "no answer within" in message:
            raise GatewayError("INTEGRATION_TIMEOUT", message)
        # As users quote live answers; of functions the same type is a 500.
        words = "Network error communicating with endpoint"
        raise GatewayError("INTEGRATION_FAILURE", message, words, status=504)

    # With mapping templates -----------------------------------------------------------------------------

    async def _mapped(self, passage: Passage, integration: RestIntegration) -> GatewayAnswer:
        names = passage.names()
        asked = parameters_of(passage.request, passage.occasion)
        # Templates see header names as the client wrote them.
        asked["header"] = dict(passage.request.headers)
        given = TemplateInput(
            passage.request.body.decode(errors="replace"), asked, names["context"], passage.occasion.stage_variables
        )
        placed = request_parameters(integration, names)
        content_type = passage.request.header("content-type")
        rendered = request_body(integration, given.body, content_type, given)
        for place, changed in (("header", rendered.headers), ("querystring", rendered.querystring),
                               ("path", rendered.path)):  # fmt: skip
            placed[place].update(changed)
        match integration.kind:
            case "MOCK":
                answered = _mocked(rendered)
            case "HTTP":
                answered = await self._http(passage, integration, placed, rendered)
            case _:
                answered = await self._aws(passage, integration, placed, rendered)
        return _mapped_answer(integration, answered, given, names)

    async def _http(
        self, passage: Passage, integration: RestIntegration, placed: Mapping[str, Mapping[str, str]],
        rendered: Rendered,
    ) -> Answered:  # fmt: skip
        headers = {"Content-Type": passage.request.header("content-type") or "application/json"}
        answer = await self._send(passage, integration, placed, headers, rendered.text.encode())
        return Answered(answer.body, answer.headers, str(answer.status))

    async def _aws(
        self, passage: Passage, integration: RestIntegration, placed: Mapping[str, Mapping[str, str]],
        rendered: Rendered,
    ) -> Answered:  # fmt: skip
        uri = with_stage_variables(integration.uri, passage.stage.variables)
        if function_of(uri) is None:
            return await self._service(passage, integration, uri, placed, rendered)
        function = self._function(passage, integration)
        payload = (rendered.text or "{}").encode()
        if placed["header"].get("X-Amz-Invocation-Type") == "Event":
            return self._fire(passage, function, payload)
        ending = await invoke(
            self._engine, function, payload, passage.api.scope, passage.opened.origin, passage.station,
            integration.timeout_ms, asker=None if integration.has_role else passage.asker,
        )  # fmt: skip
        match ending:
            case Returned(payload=returned):
                return Answered(returned)
            case Failed(outcome=outcome, request_id=request_id):
                # A function's error is an answer like any other: patterns decide by its message.
                return Answered(error_payload(outcome, request_id), selector=error_of(outcome)[1] or "")  # type: ignore[arg-type] # a failure is a function error here
            case Rejected(refusal=refusal):
                raise GatewayError("INTEGRATION_FAILURE", refusal.message)
            case TookTooLong():
                raise GatewayError("INTEGRATION_TIMEOUT", ending.text)

    def _fire(self, passage: Passage, function: Arn, payload: bytes) -> Answered:
        """Asynchronously: whoever asked has its answer at once."""
        command = Invoke(
            passage.api.scope, function, payload, InvocationType.EVENT, origin=passage.opened.origin,
            station=passage.station, asker=passage.asker,
        )  # fmt: skip
        try:
            self._engine.submit(command)
        except (Refused, TooManyRequests) as refusal:
            raise GatewayError("INTEGRATION_FAILURE", str(refusal)) from None
        return Answered(b"")

    async def _service(
        self, passage: Passage, integration: RestIntegration, uri: str, placed: Mapping[str, Mapping[str, str]],
        rendered: Rendered,
    ) -> Answered:  # fmt: skip
        """An operation of an AWS service, asked here: `arn:aws:apigateway:REGION:SERVICE:action/Op` or `:path/…`."""
        headers = {
            "Content-Type": passage.request.header("content-type") or "application/json",
            **{name: value.strip("'") for name, value in placed["header"].items()},
        }
        call = service_call(
            self._url, uri, passage.api.scope.account, passage.occasion.trace_header, integration.method, headers,
            rendered.text.encode(), integration.timeout_ms, placed,
        )  # fmt: skip
        answer = self._answered(await self._outside.make(call))
        return Answered(answer.body, answer.headers, str(answer.status))


def service_call(
    url: str, uri: str, account: str, trace_header: str, method: str, headers: Mapping[str, str], body: bytes,
    timeout_ms: int, placed: Mapping[str, Mapping[str, str]],
) -> HttpCall:  # fmt: skip
    """The request for an integration with an AWS service, to the service at `url`. Raises GatewayError for a URI that
    names none."""
    parts = uri.split(":", 5)
    if len(parts) != 6 or parts[2] != "apigateway":
        raise GatewayError("API_CONFIGURATION_ERROR", f"{uri} is no integration's URI")
    region, service, kind = parts[3], parts[4].rpartition(".")[2], parts[5]
    sent = {
        "Authorization": f"AWS4-HMAC-SHA256 Credential={account}/20260101/{region}/{service}/aws4_request, "
        "SignedHeaders=host, Signature=none",
        "X-Amzn-Trace-Id": trace_header,
        **headers,
    }
    query = dict(placed["querystring"])
    path = "/"
    if kind.startswith("action/"):
        operation = kind.removeprefix("action/")
        if service in _TARGETS:
            sent |= {"X-Amz-Target": f"{_TARGETS[service]}.{operation}"}
            sent["Content-Type"] = "application/x-amz-json-1.0"
        else:
            query["Action"] = operation
    else:
        path = "/" + with_path_parameters(kind.removeprefix("path/").lstrip("/"), placed["path"])
    target = f"{url}{path}" + (f"?{urlencode(query)}" if query else "")
    return HttpCall(method, target, tuple(sent.items()), body, timeout_ms)


def _mocked(rendered: Rendered) -> Answered:
    """Nobody is asked: the request template says the status. Raises GatewayError for one that does not."""
    try:
        told = orjson.loads(rendered.text or "null")
    except orjson.JSONDecodeError:
        told = None
    status = told.get("statusCode") if isinstance(told, dict) else None
    if isinstance(status, str) and status.isdecimal():
        status = int(status)
    if isinstance(status, bool) or not isinstance(status, int):
        raise GatewayError("API_CONFIGURATION_ERROR", "the request template of a MOCK gives no statusCode")
    return Answered(b"", selector=str(status))


def _mapped_answer(
    integration: RestIntegration, answered: Answered, given: TemplateInput, names: Mapping[str, Any]
) -> GatewayAnswer:
    response = chosen_response(integration.responses, answered.selector)
    seen = TemplateInput(answered.body.decode(errors="replace"), given.parameters, given.context, given.stage_variables)
    rendered, kind = response_body(response, answered, seen)
    headers = {**response_headers(response, answered, names), **rendered.headers}
    if not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = kind
    try:
        kept = answer_headers(list(headers.items()))
    except BadHeader as bad:
        raise GatewayError("API_CONFIGURATION_ERROR", str(bad)) from None
    return GatewayAnswer(rendered.status or response.status, tuple(kept), rendered.text.encode(errors="replace"))
