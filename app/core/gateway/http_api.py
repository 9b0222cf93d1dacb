"""An HTTP API (API Gateway v2) as values: its stages, routes, integrations and authorizers, and who takes what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.core.gateway.cors import Cors
from app.core.gateway.paths import decoded
from app.core.gateway.routes import DEFAULT, RouteKey, Routes, nearest
from app.core.names import Arn, Scope
from app.core.value import value

DEFAULT_TIMEOUT_MS = 30_000
"""An integration's time limit where it has none of its own: 50 ms to 30 s (service model)."""

_MOST_TOLD = 20


@dataclass(frozen=True, slots=True)
class Integration:
    """Where a route leads. `function` is set for AWS_PROXY to Lambda, `uri` for HTTP_PROXY, `subtype` for an AWS
    service (`SQS-SendMessage`). `parameters` are AWS's request parameters, `response_parameters` by status. One that
    `has_role` invokes with it, and asks nobody's policy."""

    kind: str = "AWS_PROXY"
    function: Arn | None = None
    uri: str | None = None
    method: str | None = None
    subtype: str | None = None
    payload_version: str = "2.0"
    timeout_ms: int = DEFAULT_TIMEOUT_MS
    parameters: Mapping[str, str] = field(default_factory=dict)
    response_parameters: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    has_role: bool = False


@dataclass(frozen=True, slots=True)
class Authorizer:
    """`kind` is JWT or REQUEST. `identity_source` are selection expressions; `keys` a JSON Web Key Set, where it is
    given and need not be asked of the issuer."""

    id: str
    name: str
    kind: str
    identity_source: tuple[str, ...] = ()
    issuer: str = ""
    audiences: tuple[str, ...] = ()
    keys: Mapping[str, object] | None = None
    function: Arn | None = None
    payload_version: str = "2.0"
    simple_responses: bool = False
    ttl_s: int = 0


@dataclass(frozen=True, slots=True)
class Route:
    """`authorization` is NONE, JWT, CUSTOM or AWS_IAM."""

    key: RouteKey
    integration: Integration | None
    authorization: str = "NONE"
    authorizer: Authorizer | None = None
    scopes: tuple[str, ...] = ()
    id: str = ""


@dataclass(frozen=True, slots=True)
class Throttle:
    """A token bucket: `rate` requests a second, `burst` at once; None is no limit of its own."""

    burst: int | None = None
    rate: float | None = None


@dataclass(slots=True)
class Routing:
    """What is deployed to a stage."""

    routes: Routes[Route] = field(default_factory=Routes)
    default: Route | None = None

    @classmethod
    def of(cls, routes: Sequence[Route]) -> "Routing":
        """Raises ValueError for two routes that take the same."""
        routing = cls()
        for route in routes:
            if route.key.is_default:
                routing.default = route
            else:
                routing.routes.add(route.key.method, route.key.path, route)
        return routing


@dataclass(frozen=True, slots=True)
class Stage:
    name: str
    routing: Routing
    variables: Mapping[str, str] = field(default_factory=dict)
    deployment: str = ""
    throttle: Throttle = Throttle()
    route_throttles: Mapping[str, Throttle] = field(default_factory=dict)

    def throttle_of(self, route_key: str) -> Throttle:
        return self.route_throttles.get(route_key, self.throttle)


@dataclass(frozen=True, slots=True)
class HttpApi:
    """`name` is for people and for addresses by path; `port` is one of its own. One that `is_disabled` answers nobody
    under AWS's name for it."""

    id: str
    name: str
    scope: Scope
    stages: Mapping[str, Stage]
    cors: Cors | None = None
    port: int | None = None
    routes: tuple[Route, ...] = ()
    is_disabled: bool = False

    kind = "HTTP API"

    def arn_of(self, stage: str, route: RouteKey) -> Arn:
        """The ARN that a function's permission is asked with: `…:api/stage/GET/pets/{id}`."""
        place = f"{route.method.replace('ANY', '*')}{route.path}" if not route.is_default else DEFAULT
        return f"arn:aws:execute-api:{self.scope.region}:{self.scope.account}:{self.id}/{stage}/{place}"

    def request_arn(self, stage: str, method: str, path: str) -> Arn:
        """The ARN that an authorizer is asked about, and that its policy names: with the path as it is asked for."""
        return f"arn:aws:execute-api:{self.scope.region}:{self.scope.account}:{self.id}/{stage}/{method}{path}"

    def authorizer_arn(self, authorizer: Authorizer) -> Arn:
        return f"arn:aws:execute-api:{self.scope.region}:{self.scope.account}:{self.id}/authorizers/{authorizer.id}"


@value(frozen=True, slots=True)
class Selected:
    """The stage and the route that take a request; `path` is without the stage, `variables` are percent-encoded.

    A stage without a route has one of None.
    """

    stage: Stage
    path: str
    route: Route | None
    variables: Mapping[str, str]


def select(api: HttpApi, method: str, path: str, *, in_stage: str | None = None) -> Selected | None:
    """Which stage a path leads to, and which of its routes; None when there is no such stage.

    The first segment names a stage, or else `$default` takes all of it. `in_stage` is where a path leads that names
    none, for a port of its own.
    """
    first, _, rest = path[1:].partition("/")
    stage = api.stages.get(decoded(first)) if first else None
    inner = f"/{rest}"
    if stage is None or stage.name == DEFAULT:
        stage, inner = api.stages.get(in_stage or DEFAULT), path
    if stage is None:
        return None
    found = stage.routing.routes.match(method, inner)
    if found is not None:
        return Selected(stage, inner, found.route, found.variables)
    default = stage.routing.default
    return Selected(stage, inner, default, {})


def why_unrouted(api: HttpApi, method: str, path: str, selected: Selected | None) -> str:
    """Why no route takes the request, and which there are: for the journal and for `explain`."""
    if selected is None:
        stages = ", ".join(sorted(api.stages)) or "none"
        return f"the path {path} begins with no stage, and there is no {DEFAULT} stage; stages: {stages}"
    routing = selected.stage.routing
    methods = routing.routes.methods_at(selected.path)
    more = len(api.routes) - _MOST_TOLD
    shown = ", ".join(route.key.text for route in api.routes[:_MOST_TOLD]) + (f" and {more} more" if more > 0 else "")
    if methods:
        reason = f"{selected.path} is there for {', '.join(methods)}, not for {method}"
    elif selected.path != "/" and selected.path.endswith("/"):
        reason = f"no route takes the path {selected.path}; mind the slash at its end"
    else:
        reason = f"no route takes the path {selected.path}{nearest(routing.routes, selected.path)}"
    return f"{reason}; stage {selected.stage.name} of {api.name} has no {DEFAULT} route; routes: {shown or 'none'}"
