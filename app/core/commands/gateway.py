"""What can be asked of the HTTP fronts of functions."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from app.core.commands.origin import OUTSIDE, Origin
from app.core.gateway.fronts import Front
from app.core.gateway.rest.usage import ApiKey, UsagePlan
from app.core.names import Arn, Scope
from app.core.value import value


@value(frozen=True, slots=True)
class PutFront:
    """Make a front known as the settings have it, or change it."""

    front: Front


@value(frozen=True, slots=True)
class RemoveFront:
    id: str


@value(frozen=True, slots=True)
class ChangeApi:
    """An operation of API Gateway v2 that changes something (`CreateRoute`), with its parameters under AWS's names.

    Answers AWS's result. `endpoint_host` is under which name and port APIs answer here: `localhost:4566`.
    """

    scope: Scope
    operation: str
    parameters: Mapping[str, Any]
    endpoint_host: str = "localhost:4566"


@value(frozen=True, slots=True)
class ChangeRest:
    """An operation of API Gateway v1 that changes something (`PutMethod`), with its parameters under AWS's names; of a
    document with what it came to. Answers AWS's result."""

    scope: Scope
    operation: str
    parameters: Mapping[str, Any]


@value(frozen=True, slots=True)
class CreateFunctionUrl:
    """`function` has its alias, if it is one's; `parameters` have AWS's names. Answers the `FunctionUrl`."""

    function: Arn
    parameters: Mapping[str, Any]


@value(frozen=True, slots=True)
class UpdateFunctionUrl:
    """What is not given stays. Answers the `FunctionUrl`."""

    function: Arn
    parameters: Mapping[str, Any]


@value(frozen=True, slots=True)
class DeleteFunctionUrl:
    function: Arn


@value(frozen=True, slots=True)
class CheckTargets:
    """Whether these functions may be registered in a target group. Changes nothing."""

    group: Arn
    functions: tuple[Arn, ...]


@value(frozen=True, slots=True)
class CheckEdgeFunctions:
    """Whether a distribution may have these functions, each for an event (`viewer-request`). Changes nothing."""

    associations: tuple[tuple[str, Arn], ...]


@value(frozen=True, slots=True)
class OpenRequest:
    """A request came to a front; `path` is as the client sees it. Answers `Opened`."""

    front: str
    name: str
    method: str
    path: str
    origin: Origin = OUTSIDE


@value(frozen=True, slots=True)
class Opened:
    """`request_id` is a UUID, `extended_id` the short form that HTTP APIs give; `origin` is what an invocation that the
    request leads to is caused by, its trace header always there."""

    request_id: str
    extended_id: str
    chain: str
    origin: Origin


@value(frozen=True, slots=True)
class CloseRequest:
    """A request was answered; `unrouted` is why nothing took it, `problem` why not the function answered."""

    front: str
    name: str
    request_id: str
    chain: str
    method: str
    path: str
    status: int
    duration_ms: float
    route: str | None = None
    unrouted: str | None = None
    problem: str | None = None


@value(frozen=True, slots=True)
class ChangeUsage:
    """The API keys and usage plans of an account and region are others from now on."""

    scope: Scope
    keys: Mapping[str, ApiKey]
    plans: tuple[UsagePlan, ...] = ()


@value(frozen=True, slots=True)
class OpenSocket:
    """A WebSocket's handshake is over. Answers `Waiting`: a `SocketEnded` comes when the clock ends the connection."""

    id: str
    front: str
    api: str
    stage: str
    source_ip: str = ""
    user_agent: str | None = None


@value(frozen=True, slots=True)
class TouchSocket:
    """Something was sent over the connection, in either direction."""

    id: str


@value(frozen=True, slots=True)
class CloseSocket:
    """The connection is over; `code` is WebSocket's."""

    id: str
    code: int
    reason: str = ""


GatewayCommand: TypeAlias = (
    OpenSocket
    | TouchSocket
    | CloseSocket
    | ChangeUsage
    | PutFront
    | ChangeApi
    | ChangeRest
    | RemoveFront
    | CreateFunctionUrl
    | UpdateFunctionUrl
    | DeleteFunctionUrl
    | CheckTargets
    | CheckEdgeFunctions
    | OpenRequest
    | CloseRequest
)
