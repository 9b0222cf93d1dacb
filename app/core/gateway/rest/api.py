"""A REST API as values: what is deployed to each stage, and which resource and method take a request."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from app.core.gateway.paths import decoded
from app.core.gateway.rest.gateway_responses import GatewayResponse
from app.core.gateway.routes import Routes, nearest
from app.core.names import Arn, Scope
from app.core.value import value

DEFAULT_TIMEOUT_MS = 29_000
"""An integration's time limit where it has none of its own (API Gateway quotas)."""

MOST_STREAM_MS = 900_000
"""How long a streamed answer may take (API Gateway guide, response-transfer-mode)."""

_MOST_TOLD = 20
_FUNCTION = re.compile(
    r"arn:aws[a-zA-Z-]*:apigateway:[a-z0-9-]+:lambda:path/+(?:2015-03-31/functions/(?P<whole>.+)/invocations"
    r"|2021-11-15/functions/(?P<streamed>.+)/response-streaming-invocations)"
)
_VARIABLE = re.compile(r"\$\{stageVariables\.([A-Za-z0-9_]+)\}")


def function_of(uri: str) -> Arn | None:
    """The function that an integration's or an authorizer's URI names; None for any other URI. Slashes before the path
    are as many as whoever wrote it liked (recorded 2023-07-27)."""
    found = _FUNCTION.fullmatch(uri)
    return found["whole"] or found["streamed"] if found is not None else None


def with_stage_variables(text: str, stage_variables: Mapping[str, str]) -> str:
    """`…function:${stageVariables.fn}/invocations` with the stage's values; what is not set is empty."""
    return _VARIABLE.sub(lambda found: stage_variables.get(found[1], ""), text)


@dataclass(frozen=True, slots=True)
class IntegrationResponse:
    """What an integration's answer becomes. `pattern` is asked with the error message of a function or the status of
    an HTTP server; without one it is the default. `parameters` are by `method.response.header.…`, `templates` by media
    type."""

    status: int = 200
    pattern: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    templates: Mapping[str, str] = field(default_factory=dict)
    content_handling: str | None = None

    @property
    def is_default(self) -> bool:
        return not self.pattern


@dataclass(frozen=True, slots=True)
class RestIntegration:
    """Where a method leads. `kind` is AWS_PROXY, AWS, HTTP_PROXY, HTTP or MOCK; `uri` is as it was given, stage
    variables and all. `parameters` are by `integration.request.header.…`."""

    kind: str = "AWS_PROXY"
    uri: str = ""
    method: str = "POST"
    timeout_ms: int = DEFAULT_TIMEOUT_MS
    passthrough: str = "WHEN_NO_MATCH"
    templates: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    responses: tuple[IntegrationResponse, ...] = ()
    content_handling: str | None = None
    streams: bool = False
    has_role: bool = False


@dataclass(frozen=True, slots=True)
class RestAuthorizer:
    """`kind` is TOKEN, REQUEST or COGNITO_USER_POOLS. `keys` is a JSON Web Key Set that tokens are checked against;
    without one they are read and believed."""

    id: str
    name: str
    kind: str = "TOKEN"
    uri: str = ""
    identity_source: tuple[str, ...] = ("method.request.header.Authorization",)
    validation: str | None = None
    ttl_s: int = 300
    pools: tuple[Arn, ...] = ()
    keys: Mapping[str, object] | None = None
    has_role: bool = False


@dataclass(frozen=True, slots=True)
class Validator:
    """What of a request is checked before it goes on."""

    parameters: bool = False
    body: bool = False


@dataclass(frozen=True, slots=True)
class RestMethod:
    """`authorization` is NONE, AWS_IAM, CUSTOM or COGNITO_USER_POOLS. `required` are the parameters that must be there,
    by `method.request.querystring.…`; `models` are JSON schemas by media type."""

    http_method: str
    integration: RestIntegration | None = None
    authorization: str = "NONE"
    authorizer: RestAuthorizer | None = None
    scopes: tuple[str, ...] = ()
    needs_api_key: bool = False
    validator: Validator = Validator()
    required: tuple[str, ...] = ()
    models: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Resource:
    id: str
    path: str
    methods: Mapping[str, RestMethod] = field(default_factory=dict)


@value(frozen=True, slots=True)
class Taken:
    """A method of a resource, as the trie keeps it."""

    resource: Resource
    method: RestMethod


@dataclass(slots=True)
class Deployment:
    """An API as it was when it was deployed: what changed since is not there yet."""

    id: str
    resources: tuple[Resource, ...] = ()
    binary_types: tuple[str, ...] = ()
    gateway_responses: Mapping[str, GatewayResponse] = field(default_factory=dict)
    api_key_source: str = "HEADER"
    minimum_compression: int | None = None
    routes: Routes[Taken] = field(default_factory=lambda: Routes(greedy_last=False))

    def __post_init__(self) -> None:
        for resource in self.resources:
            for method in resource.methods.values():
                self.routes.add(method.http_method, resource.path, Taken(resource, method))


@dataclass(frozen=True, slots=True)
class MethodThrottle:
    """`rate` requests a second, `burst` at once."""

    rate: float
    burst: int


@dataclass(frozen=True, slots=True)
class Canary:
    """Another deployment that a stage tries on some of its requests: so many of a hundred. `variables` are all that
    hold there."""

    deployment: Deployment
    percent: float
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RestStage:
    """`throttles` are by `resource path/METHOD`, with `*/*` for all."""

    name: str
    deployment: Deployment
    variables: Mapping[str, str] = field(default_factory=dict)
    throttles: Mapping[str, MethodThrottle] = field(default_factory=dict)
    canary: Canary | None = None

    def for_draw(self, draw: float) -> "RestStage":
        """The stage as it is for a request that drew a number from 0 up to 1: itself, or its canary."""
        if self.canary is None or draw * 100 >= self.canary.percent:
            return self
        return replace(self, deployment=self.canary.deployment, variables=self.canary.variables)

    def throttle_of(self, resource: Resource, method: RestMethod) -> tuple[str, MethodThrottle] | None:
        """The throttle of the method, or of all methods, with the name that it goes by."""
        for name in (f"{resource.path}/{method.http_method}", "*/*"):
            if (found := self.throttles.get(name)) is not None:
                return name, found
        return None


@dataclass(frozen=True, slots=True)
class RestApi:
    """`name` is for people and for addresses by path; `port` is one of its own."""

    id: str
    name: str
    scope: Scope
    stages: Mapping[str, RestStage]
    port: int | None = None
    is_disabled: bool = False
    stream_idle_ms: int = 300_000
    """For how long a streamed answer may be silent: 30 s behind the edge, five minutes elsewhere (API Gateway guide,
    response-transfer-mode)."""

    kind = "REST API"

    def method_source_arn(self, stage: str, method: str, resource: str) -> Arn:
        """The ARN that a function's policy is asked with: of the method as it is written, `*` where it is of any."""
        verb = "*" if method == "ANY" else method
        return f"arn:aws:execute-api:{self.scope.region}:{self.scope.account}:{self.id}/{stage}/{verb}{resource}"

    def authorizer_arn(self, authorizer: RestAuthorizer) -> Arn:
        return f"arn:aws:execute-api:{self.scope.region}:{self.scope.account}:{self.id}/authorizers/{authorizer.id}"

    def method_arn(self, stage: str, method: str, path: str) -> Arn:
        """The ARN that an authorizer is asked about, and that its policy names: with the path as it is asked for."""
        return f"arn:aws:execute-api:{self.scope.region}:{self.scope.account}:{self.id}/{stage}/{method}{path}"


@value(frozen=True, slots=True)
class RestSelected:
    """What takes a request. `path` is without the stage, as the event tells it; `full_path` with it, as the context
    does. `variables` are percent-encoded. `taken` is None where nothing takes it."""

    stage: RestStage
    path: str
    full_path: str
    taken: Taken | None
    variables: Mapping[str, str]


def select(
    api: RestApi, method: str, path: str, *, in_stage: str | None = None, draw: float = 1.0
) -> RestSelected | None:
    """The stage, resource and method of a request; None when there is no such stage.

    Slashes that lead, before the stage or behind it, count once; one at the end does not count (recorded 2024-08).
    `in_stage` is where a path leads that names no stage, for a port of its own; `draw`, from 0 up to 1, is the lot of
    the request, by which a canary takes some.
    """
    inner = f"/{path.lstrip('/')}"
    first, _, rest = inner[1:].partition("/")
    stage = api.stages.get(decoded(first)) if first else None
    if stage is not None:
        full_path, inner = inner, f"/{rest.lstrip('/')}"
    else:
        stage = api.stages.get(in_stage or "")
        full_path = inner
    if stage is None:
        return None
    stage = stage.for_draw(draw)
    matched = stage.deployment.routes.match(method, inner.rstrip("/") or "/")
    if matched is None:
        return RestSelected(stage, inner, full_path, None, {})
    return RestSelected(stage, inner, full_path, matched.route, matched.variables)


def why_unrouted(api: RestApi, method: str, selected: RestSelected | None) -> str:
    """Why nothing takes the request, and what there is: for the journal and for `explain`."""
    if selected is None:
        stages = ", ".join(sorted(api.stages)) or "none"
        return f"the path begins with no stage that {api.name} is deployed to; there are: {stages}"
    deployment = selected.stage.deployment
    methods = deployment.routes.methods_at(selected.path.rstrip("/") or "/")
    if methods:
        return f"{selected.path} is there for {', '.join(methods)}, not for {method}"
    known = [f"{name} {resource.path}" for resource in deployment.resources for name in sorted(resource.methods)]
    more = f", and {len(known) - _MOST_TOLD} more" if len(known) > _MOST_TOLD else ""
    near = nearest(deployment.routes, selected.path)
    return f"no resource takes {selected.path}{near}; deployed are: {', '.join(known[:_MOST_TOLD]) or 'none'}{more}"


def matches_media_type(content_type: str | None, patterns: Sequence[str]) -> bool:
    """Whether a media type is one of an API's binary ones: `*/*`, `image/*` or itself (recorded 2024-08)."""
    kind = (content_type or "").partition(";")[0].strip().lower()
    if not kind:
        return "*/*" in patterns
    return any(
        pattern in ("*/*", kind) or (pattern.endswith("/*") and kind.startswith(pattern[:-1])) for pattern in patterns
    )
