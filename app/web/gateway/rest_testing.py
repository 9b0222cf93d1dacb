"""TestInvokeMethod and TestInvokeAuthorizer: a method or an authorizer of a REST API tried as it is now, without a
deployment and without whoever would have to be asked first."""

from collections.abc import Mapping
from dataclasses import replace
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

import orjson

from app.core.commands import CloseRequest, Opened, OpenRequest, Origin
from app.core.errors import InvalidParameterValue
from app.core.gateway.authorizers import BadAuthorizerAnswer, policy_verdict
from app.core.gateway.request import GatewayAnswer, GatewayRequest
from app.core.gateway.rest.api import RestApi, RestStage, Taken
from app.core.gateway.rest.definition import tree
from app.core.gateway.rest.definition.apis import TEST_STAGE
from app.core.gateway.rest.definition.kinds import OF_APIS
from app.core.gateway.rest.gateway_responses import GatewayError, answer_to
from app.core.gateway.rest.validation import check_request
from app.core.gateway.routes import Routes
from app.core.time import to_datetime
from app.engine.driver import Engine
from app.engine.ports import OutsideWorld
from app.web.gateway.outcome import Streamed
from app.web.gateway.rest_authorizing import RestAuthorizing
from app.web.gateway.rest_integrations import Passage, RestIntegrations
from app.wire.calls import Caller, Params, Result
from app.wire.gateway.rest_api import RestOccasion, parameters_of, query_of, request_context

_HOST, _SOURCE, _KEY = "testPrefix.testDomainName", "test-invoke-source-ip", "test-invoke-api-key"


class RestTests:
    """Answers the two operations, under AWS's member names."""

    def __init__(self, engine: Engine, outside: OutsideWorld, url: str) -> None:
        self._engine = engine
        self._integrations = RestIntegrations(engine, outside, url)
        self._authorizing = RestAuthorizing(engine)

    def operations(self) -> Mapping[tuple[str, str], Any]:
        """By the API's model and the operation's name."""
        return {
            ("apigateway", "TestInvokeMethod"): self.invoke_method,
            ("apigateway", "TestInvokeAuthorizer"): self.invoke_authorizer,
        }

    async def invoke_method(self, params: Params, caller: Caller) -> Result:
        """Raises ResourceNotFound."""
        apis = self._engine.world.rest_apis
        tree.method_of(apis.with_tree(caller.scope, params["restApiId"]), dict(params))
        api = apis.for_test(caller.scope, params["restApiId"], params.get("stageVariables") or {})
        stage = api.stages[TEST_STAGE]
        resource = next(each for each in stage.deployment.resources if each.id == params["resourceId"])
        taken = Taken(resource, resource.methods[params["httpMethod"]])
        verb = "GET" if params["httpMethod"] == "ANY" else params["httpMethod"]
        request = _request_of(params, verb, resource.path)
        routes: Routes[Taken] = Routes(greedy_last=False)
        routes.add("ANY", resource.path, taken)
        matched = routes.match("ANY", request.path.rstrip("/") or "/")
        opened = self._opened(api, request)
        occasion = self._occasion(api, stage, request, opened, resource.id, resource.path)
        occasion = replace(occasion, variables=dict(matched.variables) if matched is not None else {})
        started = perf_counter()
        answer, problem = await self._answer(Passage(api, stage, taken, request, occasion, opened))
        latency_ms = (perf_counter() - started) * 1_000
        self._close(api, request, opened, answer.status, latency_ms, problem)
        return {
            "status": answer.status,
            "body": answer.body.decode(errors="replace"),
            "headers": dict(answer.headers),
            "multiValueHeaders": _by_name(answer),
            "log": _log_of(request, occasion, answer, problem),
            "latency": round(latency_ms),
        }

    async def _answer(self, passage: Passage) -> tuple[GatewayAnswer, str | None]:
        """What the client would get, and what went wrong."""
        method, request, occasion = passage.taken.method, passage.request, passage.occasion
        try:
            check_request(method, parameters_of(request, occasion), request.body, request.header("content-type"))
            if method.integration is None:
                raise GatewayError("API_CONFIGURATION_ERROR", "No integration defined for method")
            whole = replace(method.integration, streams=False)
            answer = await self._integrations.answer(passage, whole)
        except GatewayError as error:
            changed = passage.stage.deployment.gateway_responses
            context = request_context(request, occasion)
            return answer_to(error, changed, request, context, occasion.stage_variables), error.problem
        assert not isinstance(answer, Streamed), "asked for whole"
        return answer, None

    async def invoke_authorizer(self, params: Params, caller: Caller) -> Result:
        """What the authorizer says to these headers, query and variables; nothing is kept of it. Raises
        ResourceNotFound, InvalidParameterValue for an authorizer that asks no function."""
        apis = self._engine.world.rest_apis
        apis.one(caller.scope, OF_APIS["Authorizer"], params)
        api = apis.for_test(caller.scope, params["restApiId"], params.get("stageVariables") or {})
        stage, request = api.stages[TEST_STAGE], _request_of(params, "GET", "/")
        authorizer = apis.authorizer(caller.scope, params["restApiId"], params["authorizerId"])
        if authorizer.kind == "COGNITO_USER_POOLS":
            raise InvalidParameterValue("Test invoke is only supported for Lambda authorizers here: read the token")
        opened = self._opened(api, request)
        occasion = self._occasion(api, stage, request, opened, "test-invoke-resource-id", "/test-invoke-resource-path")
        occasion = replace(occasion, path="/")
        started = perf_counter()
        told: Result = {"clientStatus": 200}
        problem = None
        try:
            payload = await self._authorizing.ask_once(api, stage, authorizer, request, occasion, opened)
            policy_verdict(orjson.loads(payload))
            answer = orjson.loads(payload)
            told |= {"principalId": answer["principalId"], "policy": orjson.dumps(answer["policyDocument"]).decode()}
            told["authorization"] = {}
        except GatewayError as error:
            problem = error.problem
            answered = answer_to(error, {}, request, request_context(request, occasion), {})
            told["clientStatus"] = answered.status
        except (BadAuthorizerAnswer, orjson.JSONDecodeError) as bad:
            problem, told["clientStatus"] = str(bad), 500
        latency_ms = (perf_counter() - started) * 1_000
        self._close(api, request, opened, told["clientStatus"], latency_ms, problem)
        told["log"] = _lines(opened, [f"Starting authorizer: {authorizer.name}", *([problem] if problem else []),
                                      f"Method completed with status: {told['clientStatus']}"], occasion)  # fmt: skip
        return {**told, "latency": round(latency_ms)}

    # The request ----------------------------------------------------------------------------------------

    def _opened(self, api: RestApi, request: GatewayRequest) -> Opened:
        opened: Opened = self._engine.submit(
            OpenRequest(api.id, api.name, request.method, f"/{TEST_STAGE}{request.path}", Origin(None))
        )
        return opened

    def _close(
        self, api: RestApi, request: GatewayRequest, opened: Opened, status: int, latency_ms: float,
        problem: str | None,
    ) -> None:  # fmt: skip
        path = f"/{TEST_STAGE}{request.path}"
        self._engine.submit(
            CloseRequest(
                api.id, api.name, opened.request_id, opened.chain, request.method, path, status, latency_ms, "test",
                None, problem,
            )
        )  # fmt: skip

    def _occasion(
        self, api: RestApi, stage: RestStage, request: GatewayRequest, opened: Opened, resource: str, resource_path: str
    ) -> RestOccasion:
        return RestOccasion(
            api.scope.account, api.id, TEST_STAGE, stage.deployment.id, resource, resource_path, request.path,
            request.path, opened.request_id, opened.extended_id, self._engine.clock.now(),
            opened.origin.trace_header or "", _HOST, {}, stage.variables,
            identity={"apiKey": _KEY, "apiKeyId": f"{_KEY}-id"}, is_test=True,
        )  # fmt: skip


def _request_of(params: Params, method: str, resource_path: str) -> GatewayRequest:
    """Without a path it is the resource's own, braces and all (recorded 2025-09-29)."""
    parts = urlsplit(str(params.get("pathWithQueryString") or resource_path))
    named = {name: [str(value)] for name, value in (params.get("headers") or {}).items()}
    named |= {
        name: [str(value) for value in values] for name, values in (params.get("multiValueHeaders") or {}).items()
    }
    headers = tuple((name, value) for name, values in named.items() for value in values)
    body = str(params.get("body") or "").encode()
    path = parts.path if parts.path.startswith("/") else f"/{parts.path}"
    return GatewayRequest(method, path, parts.query, headers, body, _SOURCE, host=_HOST, scheme="https", port=443)


# The log --------------------------------------------------------------------------------------------


def _log_of(request: GatewayRequest, occasion: RestOccasion, answer: GatewayAnswer, problem: str | None) -> str:
    """As AWS tells it (recorded 2025-09-29), without what it tells of its own way to an endpoint."""
    query = {name: values[-1] for name, values in query_of(request).items()}
    headers = dict(request.headers)
    lines = [
        f"Starting execution for request: {occasion.request_id}",
        f"HTTP Method: {request.method}, Resource Path: {request.path}",
        f"Method request path: {_as_java(occasion.variables)}",
        f"Method request query string: {_as_java(query)}",
        f"Method request headers: {_as_java(headers)}",
        f"Method request body before transformations: {request.body.decode(errors='replace')}",
    ]
    if problem is not None:
        lines.append(f"Execution failed due to configuration error: {problem}")
    else:
        lines += [
            f"Method response body after transformations: {answer.body.decode(errors='replace')}",
            f"Method response headers: {_as_java(dict(answer.headers))}",
            "Successfully completed execution",
        ]
    lines.append(f"Method completed with status: {answer.status}")
    return _stamped(occasion.request_id, lines, occasion)


def _lines(opened: Opened, lines: list[str], occasion: RestOccasion) -> str:
    return _stamped(opened.request_id, lines, occasion)


def _stamped(request_id: str, lines: list[str], occasion: RestOccasion) -> str:
    at = f"{to_datetime(occasion.now):%a %b %d %H:%M:%S UTC %Y}"
    return f"Execution log for request {request_id}\n" + "".join(f"{at} : {line}\n" for line in lines)


def _as_java(given: Mapping[str, str]) -> str:
    return f"{{{', '.join(f'{name}={value}' for name, value in given.items())}}}"


def _by_name(answer: GatewayAnswer) -> dict[str, list[str]]:
    told: dict[str, list[str]] = {}
    for name, value in answer.headers:
        told.setdefault(name, []).append(value)
    return told
