"""What can be asked of functions and event source mappings."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from app.core.awslambda.environment_state import EnvironmentState
from app.core.awslambda.function import FunctionSpec
from app.core.awslambda.invocation import InvocationType, Outcome
from app.core.commands.origin import OUTSIDE, Origin
from app.core.names import LATEST, Arn, Scope
from app.core.value import value


@value(frozen=True, slots=True)
class PutFunction:
    """Make the function known, or change it; running invocations end under the old settings."""

    spec: FunctionSpec


@value(frozen=True, slots=True)
class DescribeEnvironments:
    """The function's environments, by slot, are these from now on; from its endpoint, never from outside."""

    function: Arn
    environments: tuple[EnvironmentState, ...]


@value(frozen=True, slots=True)
class SettleWarming:
    """What came of `WarmEnvironments`: how many are `ready`, and why others are not; from the engine, never from
    outside."""

    function: Arn
    wanted: int
    ready: int
    failure: str | None = None


@value(frozen=True, slots=True)
class RefuseInvocations:
    """Let the next `times` invocations of the function be refused with AWS's `code` instead of run; None is until it is
    told otherwise, 0 is no more."""

    function: Arn
    code: str
    times: int | None = None
    message: str | None = None


@value(frozen=True, slots=True)
class DeleteFunction:
    function: Arn


@value(frozen=True, slots=True)
class PutEventInvokeConfig:
    """For one version or alias of the function. `given` has AWS's names; `merges` keeps what is not given. Answers
    AWS's response shape."""

    function: Arn
    given: Mapping[str, Any]
    merges: bool = False
    qualifier: str = LATEST


@value(frozen=True, slots=True)
class DeleteEventInvokeConfig:
    function: Arn
    qualifier: str = LATEST


@value(frozen=True, slots=True)
class PutReservedConcurrency:
    """None takes the reservation away."""

    function: Arn
    reserved: int | None


@value(frozen=True, slots=True)
class CreateEventSourceMapping:
    """`parameters` has AWS's names (`EventSourceArn`, `FunctionName`, `BatchSize`, …) and JSON values."""

    scope: Scope
    parameters: Mapping[str, Any]


@value(frozen=True, slots=True)
class UpdateEventSourceMapping:
    scope: Scope
    uuid: str
    parameters: Mapping[str, Any]


@value(frozen=True, slots=True)
class DeleteEventSourceMapping:
    scope: Scope
    uuid: str


@value(frozen=True, slots=True)
class TagMapping:
    scope: Scope
    uuid: str
    tags: Mapping[str, str]


@value(frozen=True, slots=True)
class UntagMapping:
    scope: Scope
    uuid: str
    keys: tuple[str, ...]


@value(frozen=True, slots=True)
class Asker:
    """A service that invokes in somebody's name, whom the function's policy must permit: its principal, for which
    source, to do what; `context` has further condition keys and their values. `also` is what else it has to permit."""

    principal: str
    source: Arn | None = None
    action: str = "lambda:InvokeFunction"
    context: tuple[tuple[str, str], ...] = ()
    also: "Asker | None" = None


@value(frozen=True, slots=True)
class Invoke:
    """`function` is a name, a partial ARN or an ARN. Answers `Waiting` (RequestResponse; then `Invoked`),
    or `Invoked` with an empty outcome (Event, DryRun). `station` is where it came through, if not straight from its
    origin: `GET /pets of shop`. With an `asker`, the function's policy is asked; `request_id` is one that is known
    beforehand."""

    scope: Scope
    function: str
    payload: bytes
    type: InvocationType = InvocationType.REQUEST_RESPONSE
    qualifier: str | None = None
    client_context: str | None = None
    origin: Origin = OUTSIDE
    station: str | None = None
    asker: Asker | None = None
    request_id: str | None = None


@value(frozen=True, slots=True)
class Invoked:
    """`outcome` is None for Event and DryRun."""

    request_id: str
    outcome: Outcome | None = None
    version: str = "$LATEST"
    trace_header: str | None = None


@value(frozen=True, slots=True)
class SettleInvocation:
    """What came of a call; from the engine, never from outside."""

    request_id: str
    outcome: Outcome


FunctionCommand: TypeAlias = (
    PutFunction
    | DescribeEnvironments
    | SettleWarming
    | RefuseInvocations
    | DeleteFunction
    | PutEventInvokeConfig
    | DeleteEventInvokeConfig
    | PutReservedConcurrency
    | CreateEventSourceMapping
    | UpdateEventSourceMapping
    | DeleteEventSourceMapping
    | TagMapping
    | UntagMapping
    | Invoke
    | SettleInvocation
)
