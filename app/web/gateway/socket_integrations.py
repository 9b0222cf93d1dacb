"""Integrations of WebSocket routes that are no proxy to a function: templates around functions, AWS services, HTTP
servers, and MOCK."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from app.core.awslambda.invocation import error_payload
from app.core.awslambda.outcomes import error_of
from app.core.commands import Asker, Origin
from app.core.delivery.outside_calls import HttpAnswered, HttpCall
from app.core.gateway.rest.api import function_of, with_stage_variables
from app.core.gateway.rest.gateway_responses import GatewayError
from app.core.gateway.rest.mapping import Answered, evaluated
from app.core.gateway.rest.templates import Rendered, TemplateFailed, TemplateInput, render
from app.core.gateway.websocket.api import SocketIntegration, SocketResponse, SocketRoute, selected
from app.core.names import Scope
from app.engine.driver import Engine
from app.engine.ports import OutsideWorld
from app.web.gateway.invoking import Failed, Rejected, Returned, TookTooLong, invoke
from app.web.gateway.rest_integrations import service_call

_DEFAULT = "$default"


@dataclass(frozen=True, slots=True)
class Sent:
    """What is sent through a route: a message, or the handshake (no text). `context` is the event's own."""

    text: str
    context: Mapping[str, Any]
    stage_variables: Mapping[str, str]
    scope: Scope
    origin: Origin
    station: str
    trace_header: str
    asker: Asker | None


class SocketIntegrations:
    """Carries messages to integrations. `url` is the service's own, where AWS services are asked."""

    def __init__(self, engine: Engine, outside: OutsideWorld, url: str) -> None:
        self._engine = engine
        self._outside = outside
        self._url = url

    async def answer(self, route: SocketRoute, integration: SocketIntegration, sent: Sent) -> tuple[str, str | None]:
        """What would go to the client, and the status that the integration answered, if any. Raises GatewayError."""
        given = TemplateInput(sent.text, {}, sent.context, sent.stage_variables)
        rendered = _request(integration, given)
        match integration.kind:
            case "MOCK":
                answered = Answered(b"", selector=_status_of(rendered.text))
            case "HTTP" | "HTTP_PROXY":
                answered = await self._http(route, integration, rendered, sent)
            case "AWS":
                answered = await self._aws(route, integration, rendered, sent)
            case _:
                raise GatewayError("API_CONFIGURATION_ERROR", f"{integration.kind} is no kind of integration")
        if integration.kind == "HTTP_PROXY":
            return answered.body.decode(errors="replace"), answered.selector
        return _response(integration, answered, given), answered.selector

    async def _http(
        self, route: SocketRoute, integration: SocketIntegration, rendered: Rendered, sent: Sent
    ) -> Answered:
        uri = with_stage_variables(integration.uri, sent.stage_variables)
        headers = {"Content-Type": "application/json", **_headers(integration, sent)}
        call = HttpCall(
            integration.method, uri, tuple(headers.items()), rendered.text.encode(), route.timeout_ms
        )  # fmt: skip
        return self._told(await self._outside.make(call))

    async def _aws(
        self, route: SocketRoute, integration: SocketIntegration, rendered: Rendered, sent: Sent
    ) -> Answered:
        uri = with_stage_variables(integration.uri, sent.stage_variables)
        function = function_of(uri)
        if function is None:
            headers = {"Content-Type": "application/json", **_headers(integration, sent)}
            placed: dict[str, dict[str, str]] = {"querystring": {}, "path": {}, "header": {}}
            call = service_call(
                self._url, uri, sent.scope.account, sent.trace_header, integration.method, headers,
                rendered.text.encode(), route.timeout_ms, placed,
            )  # fmt: skip
            return self._told(await self._outside.make(call))
        ending = await invoke(
            self._engine, function, (rendered.text or "{}").encode(), sent.scope, sent.origin, sent.station,
            route.timeout_ms, asker=sent.asker,
        )  # fmt: skip
        match ending:
            case Returned(payload=payload):
                return Answered(payload)
            case Failed(outcome=outcome, request_id=request_id):
                return Answered(error_payload(outcome, request_id), selector=error_of(outcome)[1] or "")  # type: ignore[arg-type] # a failure is a function error here
            case Rejected() | TookTooLong():
                raise GatewayError("INTEGRATION_FAILURE", ending.text)

    def _told(self, answer: Any) -> Answered:
        if isinstance(answer, HttpAnswered):
            return Answered(answer.body, answer.headers, str(answer.status))
        raise GatewayError("INTEGRATION_FAILURE", getattr(answer, "message", "nobody answered"))


def _headers(integration: SocketIntegration, sent: Sent) -> dict[str, str]:
    """`integration.request.header.…` of the request parameters."""
    names = {"context": sent.context, "stageVariables": sent.stage_variables, "route": {"request": {"body": sent.text}}}
    headers = {}
    for target, source in integration.parameters.items():
        value = evaluated(source, names)
        if target.startswith("integration.request.header.") and value is not None:
            headers[target.removeprefix("integration.request.header.")] = value
    return headers


def _request(integration: SocketIntegration, given: TemplateInput) -> Rendered:
    """By the template that the selection names, else `$default`, else as it came. Raises GatewayError."""
    template = _chosen(integration.templates, integration.selection, given.body)
    if template is not None:
        return _rendered(template, given, is_request=True)
    passes = integration.passthrough == "WHEN_NO_MATCH" or (
        integration.passthrough == "WHEN_NO_TEMPLATES" and not integration.templates
    )
    if not passes:
        raise GatewayError("UNSUPPORTED_MEDIA_TYPE", "there is no template for the message, and nothing passes without")
    return Rendered(given.body)


def _response(integration: SocketIntegration, answered: Answered, given: TemplateInput) -> str:
    """By the response whose pattern fits the status or error, else `$default`, else as it came."""
    text = answered.body.decode(errors="replace")
    response = _response_for(integration.responses, answered.selector)
    template = _chosen(response.templates, response.selection, text) if response is not None else None
    if template is None:
        return text
    seen = TemplateInput(text, {}, given.context, given.stage_variables)
    return _rendered(template, seen, is_request=False).text


def _response_for(responses: tuple[SocketResponse, ...], selector: str | None) -> SocketResponse | None:
    for response in responses:
        pattern = response.key[1:-1] if response.key.startswith("/") and response.key.endswith("/") else None
        if pattern is not None and selector is not None and _fits(pattern, selector):
            return response
    return next((response for response in responses if response.key == _DEFAULT), None)


def _chosen(templates: Mapping[str, str], selection: str | None, text: str) -> str | None:
    key = _DEFAULT
    if selection is not None:
        try:
            key = selected(selection, orjson.loads(text))
        except orjson.JSONDecodeError:
            key = selection[1:] if selection.startswith("\\$") else _DEFAULT
    return templates.get(key, templates.get(_DEFAULT))


def _rendered(template: str, given: TemplateInput, *, is_request: bool) -> Rendered:
    try:
        return render(template, given, is_request=is_request)
    except TemplateFailed as failed:
        raise GatewayError("API_CONFIGURATION_ERROR", str(failed)) from None


def _status_of(text: str) -> str:
    """The `statusCode` that a MOCK's template names. Raises GatewayError for one that names none."""
    try:
        told = orjson.loads(text or "null")
    except orjson.JSONDecodeError:
        told = None
    status = told.get("statusCode") if isinstance(told, dict) else None
    if status is None or not str(status).isdecimal():
        raise GatewayError("API_CONFIGURATION_ERROR", "the request template of a MOCK gives no statusCode")
    return str(status)


def _fits(pattern: str, selector: str) -> bool:
    try:
        return re.fullmatch(pattern, selector, re.DOTALL) is not None
    except re.error:
        return False
