"""A request through a REST API: stage and method, authorizer, API key, throttle, validator, integration, answer."""

from dataclasses import replace

from app.core.commands import Opened
from app.core.gateway.request import GatewayAnswer, GatewayRequest, Headers
from app.core.gateway.rest.api import RestApi, RestSelected, select, why_unrouted
from app.core.gateway.rest.gateway_responses import GatewayError, answer_to
from app.core.gateway.rest.validation import check_request
from app.engine.driver import Engine
from app.engine.ports import OutsideWorld
from app.web.gateway.address import Address
from app.web.gateway.compressing import compressed
from app.web.gateway.invoking import ByHand
from app.web.gateway.outcome import RequestLimits, Result, Streamed
from app.web.gateway.rest_authorizing import Known, RestAuthorizing
from app.web.gateway.rest_integrations import Passage, RestIntegrations
from app.wire.gateway.rest_api import RestOccasion, parameters_of, request_context


class RestApiFront:
    """Answers requests to REST APIs."""

    # API Gateway quotas: 10 MB of payload; header values together 10,240 bytes; a Regional API's URL 10,240 characters.
    limits = RequestLimits(
        10_485_760, 10_240, 10_240,
        *(
            answer_to(GatewayError(kind, ""), {}, GatewayRequest("GET", "/"), {}, {})
            for kind in ("REQUEST_TOO_LARGE", "URI_TOO_LONG", "REQUEST_TOO_LARGE")
        ),
    )  # fmt: skip

    def __init__(self, engine: Engine | ByHand, outside: OutsideWorld, url: str) -> None:
        self._engine = engine
        self._authorizing = RestAuthorizing(engine)
        self._integrations = RestIntegrations(engine, outside, url)

    def waits_only_for_functions(self, api: RestApi, request: GatewayRequest, address: Address) -> bool:
        """Whether `answer` is whole and asks nobody outside; where a canary takes some, that is not known yet."""
        only = next(iter(api.stages)) if address.by_port and len(api.stages) == 1 else None
        selected = select(api, request.method, request.path, in_stage=only)
        if selected is None or selected.taken is None:
            return True
        integration = selected.taken.method.integration
        if integration is None or selected.stage.canary is not None:
            return integration is None
        return integration.kind == "MOCK" or (integration.kind == "AWS_PROXY" and not integration.streams)

    async def answer(self, api: RestApi, request: GatewayRequest, address: Address, opened: Opened) -> Result:
        """The API's answer, with the headers that it adds to each."""
        only = next(iter(api.stages)) if address.by_port and len(api.stages) == 1 else None
        selected = select(api, request.method, request.path, in_stage=only, draw=_draw_of(opened))
        if api.is_disabled and address.domain is not None and address.base_path is None:
            selected = None
        route = _route_name(selected)
        occasion = self._occasion(api, request, selected, address, opened)
        ours = (("x-amzn-RequestId", opened.request_id), ("x-amz-apigw-id", opened.extended_id))
        try:
            result = Result(await self._answer(api, request, selected, occasion, opened, ours), route)
        except GatewayError as error:
            answer = self._refused(error, request, selected, occasion)
            unrouted = why_unrouted(api, request.method, selected) if route is None else None
            result = Result(answer, route, unrouted, None if unrouted else error.problem)
        answered = result.answer
        if isinstance(answered, Streamed):
            return result
        least = selected.stage.deployment.minimum_compression if selected is not None else None
        if least is not None:
            answered = compressed(answered, request, least)
        return replace(result, answer=replace(answered, headers=(*answered.headers, *ours)))

    async def _answer(
        self, api: RestApi, request: GatewayRequest, selected: RestSelected | None, occasion: RestOccasion,
        opened: Opened, ours: Headers,
    ) -> GatewayAnswer | Streamed:  # fmt: skip
        if selected is None:
            raise GatewayError("FORBIDDEN", "there is no such stage")
        if selected.taken is None:
            raise GatewayError("MISSING_AUTHENTICATION_TOKEN", "nothing takes the request")
        stage, taken = selected.stage, selected.taken
        method = taken.method
        known = await self._authorizing.authorize(api, stage, method, request, occasion, opened)
        occasion = replace(occasion, authorizer=known.authorizer, identity=known.identity or {})
        occasion = self._with_api_key(api, request, selected, occasion, known)
        self._throttle(api, selected, occasion)
        check_request(method, parameters_of(request, occasion), request.body, request.header("content-type"))
        if method.integration is None:
            raise GatewayError("API_CONFIGURATION_ERROR", "the method has no integration")
        passage = Passage(api, stage, taken, request, occasion, opened, ours)
        return await self._integrations.answer(passage, method.integration)

    def _with_api_key(
        self, api: RestApi, request: GatewayRequest, selected: RestSelected, occasion: RestOccasion, known: Known
    ) -> RestOccasion:
        """The occasion with the API key of a method that needs one. Raises GatewayError."""
        assert selected.taken is not None, "asked only where something takes the request"
        resource, method = selected.taken.resource, selected.taken.method
        if not method.needs_api_key:
            return occasion
        from_authorizer = selected.stage.deployment.api_key_source == "AUTHORIZER"
        value = known.api_key if from_authorizer else request.header("x-api-key")
        name = f"{resource.path}/{method.http_method}"
        key = self._engine.world.gateways.usage_of(api.scope).admit(
            api.id, selected.stage.name, name, value, occasion.now
        )
        return replace(occasion, identity={**occasion.identity, "apiKey": key.value, "apiKeyId": key.id})

    def _throttle(self, api: RestApi, selected: RestSelected, occasion: RestOccasion) -> None:
        """The stage's own throttle, after that of a usage plan. Raises GatewayError."""
        assert selected.taken is not None, "asked only where something takes the request"
        found = selected.stage.throttle_of(selected.taken.resource, selected.taken.method)
        if found is None:
            return
        name, throttle = found
        usage = self._engine.world.gateways.usage_of(api.scope)
        if not usage.take((api.id, selected.stage.name, name), throttle, occasion.now):
            raise GatewayError("THROTTLED", f"the throttle of {name} in stage {selected.stage.name} was reached")

    def _refused(
        self, error: GatewayError, request: GatewayRequest, selected: RestSelected | None, occasion: RestOccasion
    ) -> GatewayAnswer:
        changed = selected.stage.deployment.gateway_responses if selected is not None else {}
        context = request_context(request, occasion)
        return answer_to(error, changed, request, context, occasion.stage_variables, occasion.variables)

    def _occasion(
        self, api: RestApi, request: GatewayRequest, selected: RestSelected | None, address: Address, opened: Opened
    ) -> RestOccasion:
        trace_header = opened.origin.trace_header
        assert trace_header is not None, "an opened request has one"
        taken = selected.taken if selected is not None else None
        return RestOccasion(
            account=api.scope.account,
            api_id=api.id,
            stage=selected.stage.name if selected is not None else "",
            deployment=selected.stage.deployment.id if selected is not None else "",
            resource_id=taken.resource.id if taken is not None else "",
            resource_path=taken.resource.path if taken is not None else "",
            path=(address.base_path or "") + (selected.path if selected is not None else request.path),
            full_path=_full_path(selected, request, address),
            request_id=opened.request_id,
            extended_id=opened.extended_id,
            now=self._engine.clock.now(),
            trace_header=trace_header,
            domain=address.domain or f"{api.id}.execute-api.{api.scope.region}.amazonaws.com",
            variables=selected.variables if selected is not None else {},
            stage_variables=selected.stage.variables if selected is not None else {},
        )


def _route_name(selected: RestSelected | None) -> str | None:
    if selected is None or selected.taken is None:
        return None
    return f"{selected.taken.method.http_method} {selected.taken.resource.path}"


def _draw_of(opened: Opened) -> float:
    """A number from 0 up to 1, by which a stage's canary takes its part of the requests."""
    return int(opened.request_id[:8], 16) / 2**32


def _full_path(selected: RestSelected | None, request: GatewayRequest, address: Address) -> str:
    """The path with its stage, also for whoever came by a port, where it is not written. Under a custom domain name the
    base path stands in the stage's place."""
    if selected is None:
        return request.path
    if address.base_path is not None:
        return f"{address.base_path}{selected.path}"
    prefix = f"/{selected.stage.name}"
    return selected.full_path if selected.full_path.startswith(prefix) else f"{prefix}{selected.full_path}"
