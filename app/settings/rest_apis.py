"""REST APIs: methods to functions and URLs, authorizers, API keys and a port of their own, in a few lines."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from app.core.gateway.rest.api import (
    DEFAULT_TIMEOUT_MS,
    MOST_STREAM_MS,
    Deployment,
    IntegrationResponse,
    Resource,
    RestApi,
    RestAuthorizer,
    RestIntegration,
    RestMethod,
    RestStage,
    Validator,
)
from app.core.gateway.rest.templates import check
from app.core.gateway.routes import METHODS, check_template
from app.core.names import Arn, Scope
from app.core.time import SECOND_MS
from app.settings.apis import Reading, front_id, read_keys, read_port
from app.settings.reading import Field, Table

_KEYS = ("methods", "authorizers", "stage", "variables", "binary_types", "port")
_METHOD_KEYS = (
    "function",
    "url",
    "mock",
    "authorizer",
    "scopes",
    "timeout",
    "required",
    "model",
    "template",
    "responses",
    "streams",
)
_AUTHORIZER_KEYS = ("function", "type", "IdentitySource", "validation", "ttl", "user_pools", "keys")
_RESPONSE_KEYS = ("status", "pattern", "headers", "template")
_DEFAULT_STAGE = "dev"


def read_rest_api(name: str, entry: Field, reading: Reading) -> RestApi:
    """One entry of `rest_apis`, deployed to one stage."""
    table = entry.table(_KEYS)
    authorizers = _read_authorizers(table, reading)
    methods_field = table.must("methods")
    by_path: dict[str, dict[str, RestMethod]] = {}
    for text, method_entry in methods_field.entries() if methods_field is not None else ():
        found = _read_place(text, method_entry)
        method = _read_method(found[0], method_entry, authorizers, reading) if found is not None else None
        if found is not None and method is not None:
            by_path.setdefault(found[1], {})[found[0]] = method
    resources = tuple(
        Resource(front_id(f"{name} {path}"), path, methods) for path, methods in by_path.items()
    )  # fmt: skip
    try:
        deployment = Deployment("settings", resources, table.texts("binary_types"))
    except ValueError as error:
        entry.wrong(str(error))
        deployment = Deployment("settings")
    stage = RestStage(table.text("stage", _DEFAULT_STAGE), deployment, table.text_entries("variables"))
    return RestApi(front_id(name), name, reading.scope, {stage.name: stage}, table.read("port", read_port))


def _read_place(text: str, entry: Field) -> tuple[str, str] | None:
    method, _, path = text.partition(" ")
    try:
        if method not in METHODS or not path.startswith("/"):
            raise ValueError(f"'{text}' is no method of a resource: it is like GET /pets/{{id}} or ANY /{{proxy+}}")
        check_template(path)
    except ValueError as error:
        entry.wrong(str(error))
        return None
    return method, path


def _read_method(
    http_method: str, entry: Field, authorizers: Mapping[str, RestAuthorizer], reading: Reading
) -> RestMethod | None:
    if isinstance(entry.value, str):
        function = reading.function(entry)
        return RestMethod(http_method, _to_function(function, DEFAULT_TIMEOUT_MS)) if function else None
    table = entry.table(_METHOD_KEYS)
    if sum(name in table for name in ("function", "url", "mock")) != 1:
        entry.wrong("must lead to one of function, url and mock")
        return None
    named = table.read("authorizer", Field.text)
    authorizer = authorizers.get(named or "")
    if named not in (None, "AWS_IAM") and authorizer is None:
        table.entries["authorizer"].wrong(f"there is no authorizer named {named!r}")
    kind = "NONE" if named is None else "AWS_IAM" if authorizer is None else _authorization(authorizer)
    model = table.get("model")
    schema = model.value if model is not None and isinstance(model.value, Mapping) else None
    required = table.texts("required")
    return RestMethod(
        http_method, _read_integration(table, reading), kind, authorizer, table.texts("scopes"),
        validator=Validator(bool(required), schema is not None),
        required=tuple(f"method.request.{name}" for name in required),
        models={"application/json": schema} if schema is not None else {},
    )  # fmt: skip


def _authorization(authorizer: RestAuthorizer) -> str:
    return "COGNITO_USER_POOLS" if authorizer.kind == "COGNITO_USER_POOLS" else "CUSTOM"


def _read_integration(table: Table, reading: Reading) -> RestIntegration:
    streams = table.flag("streams", False)
    most = MOST_STREAM_MS if streams else DEFAULT_TIMEOUT_MS
    timeout_ms = table.duration_ms("timeout", DEFAULT_TIMEOUT_MS)
    if not 50 <= timeout_ms <= most:
        table.entries["timeout"].wrong(f"must be from 50ms to {most // SECOND_MS}s")
    function = table.read("function", reading.function)
    template, responses = _read_template(table), _read_responses(table)
    templates = {"application/json": template} if template is not None else {}
    if function is not None:
        proxied = _to_function(function, timeout_ms)
        if streams:
            if template is not None or responses:
                table.entries["streams"].wrong("has no template and no responses: only a proxy streams")
            return replace(proxied, uri=_streaming_uri(function), streams=True)
        if template is None and not responses:
            return proxied
        return RestIntegration("AWS", proxied.uri, "POST", timeout_ms, templates=templates, responses=responses)
    if (url := table.read("url", Field.text)) is not None:
        return RestIntegration("HTTP_PROXY", url, "ANY", timeout_ms)
    status = table.read("mock", lambda entry: entry.integer(100, 599)) or 200
    mocked = {"application/json": f'{{"statusCode": {status}}}'}
    return RestIntegration("MOCK", templates=mocked, responses=responses or (IntegrationResponse(status),))


def _to_function(function: Arn, timeout_ms: int) -> RestIntegration:
    return RestIntegration(uri=_uri(function), timeout_ms=timeout_ms)


def _uri(function: Arn) -> str:
    region = function.split(":")[3]
    return f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{function}/invocations"


def _streaming_uri(function: Arn) -> str:
    region = function.split(":")[3]
    return (
        f"arn:aws:apigateway:{region}:lambda:path/2021-11-15/functions/{function}/response-streaming-invocations"
    )  # fmt: skip


def _read_template(table: Table) -> str | None:
    template = table.read("template", Field.text)
    if template is not None and (problem := check(template)) is not None:
        table.entries["template"].wrong(f"is no mapping template: {problem}")
    return template


def _read_responses(table: Table) -> tuple[IntegrationResponse, ...]:
    section = table.get("responses")
    if section is None:
        return ()
    responses = []
    for item in section.items():
        inner = item.table(_RESPONSE_KEYS)
        template = _read_template(inner)
        headers = {f"method.response.header.{name}": f"'{text}'" for name, text in _entries(inner, "headers")}
        responses.append(
            IntegrationResponse(
                inner.integer("status", 200, least=100, most=599), inner.read("pattern", Field.any_text),
                headers,
                {"application/json": template} if template is not None else {},
            )
        )  # fmt: skip
    return tuple(responses)


def _entries(table: Table, name: str) -> Iterable[tuple[str, str]]:
    return table.text_entries(name).items()


def _read_authorizers(table: Table, reading: Reading) -> dict[str, RestAuthorizer]:
    section = table.get("authorizers")
    if section is None:
        return {}
    return {name: _read_authorizer(name, entry, reading) for name, entry in section.entries()}


def _read_authorizer(name: str, entry: Field, reading: Reading) -> RestAuthorizer:
    table = entry.table(_AUTHORIZER_KEYS)
    if ("function" in table) == ("user_pools" in table):
        entry.wrong("must have either a function that it asks, or user_pools whose tokens it takes")
    sources = table.texts("IdentitySource") or ("method.request.header.Authorization",)
    if "user_pools" in table:
        pools = tuple(_pool_arn(pool, reading.scope) for pool in table.texts("user_pools"))
        return RestAuthorizer(name, name, "COGNITO_USER_POOLS", "", sources, pools=pools,
                              keys=table.read("keys", read_keys))  # fmt: skip
    function = table.read("function", reading.function)
    return RestAuthorizer(
        name, name, table.word("type", "TOKEN", ("TOKEN", "REQUEST")), _uri(function) if function else "", sources,
        table.read("validation", Field.text), table.duration_ms("ttl", 300 * SECOND_MS) // SECOND_MS,
    )  # fmt: skip


def _pool_arn(pool: str, scope: Scope) -> Arn:
    if pool.startswith("arn:"):
        return pool
    return f"arn:aws:cognito-idp:{scope.region}:{scope.account}:userpool/{pool}"
