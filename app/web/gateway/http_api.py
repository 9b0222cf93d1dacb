"""A request through an HTTP API: stage, route, CORS, throttling, authorizer, integration, answer."""

from dataclasses import replace
from typing import assert_never

from app.core.commands import Asker, Invoke, Opened
from app.core.errors import TooManyRequests
from app.core.gateway.cors import answer_headers, is_preflight, preflight_headers, without_cors
from app.core.gateway.http_api import HttpApi, Integration, Route, Selected, Stage, select, why_unrouted
from app.core.gateway.parameters import BadExpression, changed_request, mapped_parameters
from app.core.gateway.paths import decoded
from app.core.gateway.request import GatewayAnswer, GatewayRequest
from app.core.gateway.routes import DEFAULT
from app.engine.driver import Engine
from app.engine.ports import OutsideWorld
from app.web.gateway.address import Address
from app.web.gateway.authorizing import Authorizing, Refusal
from app.web.gateway.integrations import integrate_aws, integrate_http, sources_of, with_response_mapping
from app.web.gateway.invoking import ByHand, Ending, Failed, Rejected, Returned, TookTooLong, ending_of
from app.web.gateway.outcome import RequestLimits, Result
from app.web.gateway.signing import Signatures
from app.wire.gateway import http_api as answers
from app.wire.gateway import payload_v1, payload_v2
from app.wire.gateway.occasion import Occasion
from app.wire.gateway.results import BadResult

_PRINCIPAL = "apigateway.amazonaws.com"


class HttpApiFront:
    """Answers requests to HTTP APIs."""

    # API Gateway quotas: 10 MB of payload; request line and header values together 10,240 bytes. The words of the
    # refusals are UNCONFIRMED.
    limits = RequestLimits(
        10_485_760, 10_240, 10_240, answers.BODY_TOO_LARGE, answers.URI_TOO_LONG, answers.HEADERS_TOO_LARGE
    )

    def __init__(self, engine: Engine | ByHand, outside: OutsideWorld, signatures: Signatures) -> None:
        self._engine = engine
        self._outside = outside
        self._authorizing = Authorizing(engine, outside, signatures)
        self._last_selected: tuple[GatewayRequest | None, Selected | None] = None, None

    async def answer(self, api: HttpApi, request: GatewayRequest, address: Address, opened: Opened) -> Result:
        """The API's answer, with the headers that it adds to each."""
        if api.is_disabled and address.domain is not None and address.base_path is None:
            return Result(answers.NOT_FOUND, unrouted=f"the default endpoint of {api.name} is disabled")
        selected = self._selected(api, request, address)
        if api.cors is not None and is_preflight(request) and not _catches_options(selected):
            headers = (*preflight_headers(api.cors, request), ("apigw-requestid", opened.extended_id))
            return Result(GatewayAnswer(204, headers), route="CORS")
        return _with_ours(api, request, opened, await self._result(api, request, selected, address, opened))

    def waits_only_for_functions(self, api: HttpApi, request: GatewayRequest, address: Address) -> bool:
        """Whether `answer` asks nobody outside: no other server, no service, nobody for keys."""
        selected = self._selected(api, request, address)
        route = selected.route if selected is not None else None
        if route is None or route.integration is None:
            return True
        return route.authorization in ("NONE", "CUSTOM") and _is_function(route.integration)

    def _selected(self, api: HttpApi, request: GatewayRequest, address: Address) -> Selected | None:
        before, selected = self._last_selected
        if before is request:
            # Whether it waits for functions only was asked a moment ago; nothing has changed since.
            return selected
        only = next(iter(api.stages)) if address.by_port and len(api.stages) == 1 else None
        selected = select(api, request.method, request.path, in_stage=only)
        self._last_selected = request, selected
        return selected

    async def _result(
        self, api: HttpApi, request: GatewayRequest, selected: Selected | None, address: Address, opened: Opened
    ) -> Result:
        route = selected.route if selected is not None else None
        if selected is None or route is None:
            reason = why_unrouted(api, request.method, request.path, selected)
            return Result(answers.NOT_FOUND, unrouted=reason)
        throttled = self._throttled(api, selected.stage, route)
        if throttled is not None:
            return throttled
        occasion = self._occasion(api, request, selected, route, address, opened)
        authorized = await self._authorizing.authorize(api, selected.stage, route, request, occasion, opened)
        if isinstance(authorized, Refusal):
            return Result(authorized.answer, route.key.text, problem=authorized.problem)
        occasion = replace(occasion, authorizer=authorized)
        return await self._integrate(api, selected.stage, route, request, occasion, opened)

    def _throttled(self, api: HttpApi, stage: Stage, route: Route) -> Result | None:
        if self._engine.world.gateways.admits(api, stage, route.key.text, self._engine.clock.now()):
            return None
        return Result(answers.THROTTLED, route.key.text, problem="the stage's throttle was reached")

    async def _integrate(
        self, api: HttpApi, stage: Stage, route: Route, request: GatewayRequest, occasion: Occasion, opened: Opened
    ) -> Result:
        integration, key = route.integration, route.key.text
        if integration is None:
            return Result(answers.INTERNAL_ERROR, key, problem="the route has no integration")
        try:
            if integration.subtype is not None:
                result = await integrate_aws(self._outside, api, integration, request, occasion, key)
            elif integration.function is None:
                result = await integrate_http(self._outside, integration, request, occasion, key)
            else:
                command = _invoke_of(api, stage, route, integration, request, occasion, opened)
                ending = await ending_of(self._engine, command, integration.timeout_ms)
                result = _result_of(ending, route, integration)
        except BadExpression as bad:
            return Result(answers.INTERNAL_ERROR, key, problem=str(bad))
        return with_response_mapping(result, integration, request, occasion)

    def _occasion(
        self, api: HttpApi, request: GatewayRequest, selected: Selected, route: Route, address: Address, opened: Opened
    ) -> Occasion:
        trace_header = opened.origin.trace_header
        assert trace_header is not None, "an opened request has one"
        return Occasion(
            api.scope.account,
            api.id,
            selected.stage.name,
            route.key.text,
            selected.path,
            opened.extended_id,
            self._engine.clock.now(),
            trace_header,
            address.domain or f"{api.id}.execute-api.{api.scope.region}.amazonaws.com",
            {name: decoded(text) for name, text in selected.variables.items()},
            selected.stage.variables,
            payload_version=route.integration.payload_version if route.integration is not None else "2.0",
            base_path=address.base_path,
        )


def _catches_options(selected: Selected | None) -> bool:
    """A route for OPTIONS itself goes before the preflight that the API answers; ANY does not. Of `$default` only one
    with an authorizer does (HTTP API guide, http-api-cors)."""
    route = selected.route if selected is not None else None
    if route is None:
        return False
    return route.key.method == "OPTIONS" or (route.key.text == DEFAULT and route.authorization != "NONE")


def _is_function(integration: Integration) -> bool:
    return integration.function is not None and integration.subtype is None


def _invoke_of(
    api: HttpApi, stage: Stage, route: Route, integration: Integration, request: GatewayRequest, occasion: Occasion,
    opened: Opened,
) -> Invoke:  # fmt: skip
    """The function, with the request as the mapping changes it. Raises BadExpression."""
    assert integration.function is not None, "asked only of integrations of a function"
    station = f"{request.method} {request.path} of {api.name}"
    if integration.parameters:
        mapped = mapped_parameters(integration.parameters, sources_of(request, occasion))
        request = changed_request(request, mapped)
        occasion = occasion if mapped.path is None else replace(occasion, path=request.path)
    payload = payload_v1 if integration.payload_version == "1.0" else payload_v2
    return Invoke(
        api.scope, integration.function, payload.http_api_event(request, occasion), origin=opened.origin,
        station=station,
        asker=None if integration.has_role else Asker(_PRINCIPAL, api.arn_of(stage.name, route.key)),
    )  # fmt: skip


def _result_of(ending: Ending, route: Route, integration: Integration) -> Result:
    key = route.key.text
    match ending:
        case Returned(payload=payload):
            try:
                return Result(answers.answer_of_result(payload, integration.payload_version), key)
            except BadResult as bad:
                return Result(answers.INTERNAL_ERROR, key, problem=str(bad))
        case Rejected(refusal=TooManyRequests()):
            # UNCONFIRMED: 500 is reported too.
            return Result(answers.UNAVAILABLE, key, problem=ending.text)
        case Failed() | Rejected():
            return Result(answers.INTERNAL_ERROR, key, problem=ending.text)
        case TookTooLong():
            return Result(answers.TIMED_OUT, key, problem=ending.text)
        case _:
            assert_never(ending)


def _with_ours(api: HttpApi, request: GatewayRequest, opened: Opened, result: Result) -> Result:
    """The result with the headers that an API adds to each answer."""
    answer = result.answer
    assert isinstance(answer, GatewayAnswer), "an HTTP API answers whole"
    headers = answer.headers
    if api.cors is not None:
        headers = (*without_cors(headers), *answer_headers(api.cors, request))
    ours = GatewayAnswer(answer.status, (*headers, ("apigw-requestid", opened.extended_id)), answer.body)
    return Result(ours, result.route, result.unrouted, result.problem)
