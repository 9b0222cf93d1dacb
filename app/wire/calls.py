"""What a parsed AWS request comes to: a command with the rendering of its answer, or a result read at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from app.core.buses import EventBridge
from app.core.commands import Command, Origin
from app.core.event_invoke import EventInvokeConfig
from app.core.families import Families
from app.core.function import FunctionSpec
from app.core.gateway.apis import Apis
from app.core.gateway.domains import Domains
from app.core.gateway.rest.definition.apis import RestApis
from app.core.gateway.url_configs import UrlConfigs
from app.core.layers import Layers
from app.core.limits import Limits
from app.core.names import LATEST, Arn, Scope
from app.core.schedule.scheduler import Scheduler
from app.core.time import Instant
from app.core.topics.delivery_policy import DeliveryPolicy
from app.core.value import value
from app.wire.errors import ErrorTable
from app.wire.refusals import NotEmulated

Params: TypeAlias = Mapping[str, Any]
"""An operation's parameters under AWS's member names: JSON values, blobs as bytes."""

Result: TypeAlias = dict[str, Any]
"""An operation's result under AWS's member names, in the order of AWS's model."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks and how they reached us. `base_url` is like `http://localhost:4566`, for the URLs we hand out."""

    scope: Scope
    origin: Origin
    base_url: str


@value(frozen=True, slots=True)
class Call:
    """Submit `command`, then `render` what it answers."""

    command: Command
    render: Callable[[Any], Result]


class ReadableQueue(Protocol):
    """What the wire reads of a queue."""

    @property
    def arn(self) -> Arn: ...

    @property
    def name(self) -> str: ...

    @property
    def tags(self) -> Mapping[str, str]: ...

    def attributes(self, now: Instant) -> Mapping[str, str]: ...


class ReadableMoveTask(Protocol):
    """What the wire reads of a message move task."""

    @property
    def handle(self) -> str: ...

    @property
    def status(self) -> str: ...

    @property
    def is_running(self) -> bool: ...

    @property
    def source(self) -> Arn: ...

    @property
    def destination(self) -> Arn | None: ...

    @property
    def rate_per_s(self) -> int | None: ...

    @property
    def moved(self) -> int: ...

    @property
    def to_move(self) -> int: ...

    @property
    def failure_reason(self) -> str | None: ...

    @property
    def started_at(self) -> Instant: ...


class ReadableFunction(Protocol):
    """What the wire reads of a function."""

    @property
    def spec(self) -> FunctionSpec: ...


class ReadableMapping(Protocol):
    """What the wire reads of an event source mapping."""

    @property
    def uuid(self) -> str: ...

    @property
    def tags(self) -> Mapping[str, str]: ...

    def view(self, scope: Scope) -> dict[str, Any]: ...


class ReadableSubscription(Protocol):
    """What the wire reads of a subscription."""

    @property
    def arn(self) -> Arn: ...

    @property
    def topic(self) -> Arn: ...

    @property
    def protocol(self) -> str: ...

    @property
    def shown_endpoint(self) -> str: ...

    @property
    def owner(self) -> str: ...

    @property
    def is_pending(self) -> bool: ...

    def view(self, of_topic: DeliveryPolicy | None) -> dict[str, str]: ...


class ReadableTopic(Protocol):
    """What the wire reads of a topic."""

    @property
    def arn(self) -> Arn: ...

    @property
    def tags(self) -> Mapping[str, str]: ...

    @property
    def data_protection_policy(self) -> str: ...

    @property
    def delivery_policy(self) -> DeliveryPolicy | None: ...

    @property
    def subscriptions(self) -> Mapping[Arn, ReadableSubscription]: ...

    def view(self) -> Mapping[str, str]: ...


class ReadablePipe(Protocol):
    """What the wire reads of a pipe."""

    @property
    def tags(self) -> Mapping[str, str]: ...

    def view(self) -> dict[str, Any]: ...

    def list_entry(self) -> dict[str, Any]: ...


class ReadableWorld(Protocol):
    """What the wire reads of the world; nothing here changes anything."""

    def queue(self, arn: Arn) -> ReadableQueue: ...

    def queues(self, scope: Scope | None = None) -> Sequence[ReadableQueue]: ...

    def dead_letter_sources(self, queue_arn: Arn) -> Sequence[ReadableQueue]: ...

    def move_tasks(self, source: Arn, most: int = 1) -> Sequence[ReadableMoveTask]: ...

    def function(self, arn: Arn) -> ReadableFunction: ...

    def functions(self, scope: Scope | None = None) -> Sequence[ReadableFunction]: ...

    def event_invoke(self, function: Arn, qualifier: str = LATEST) -> EventInvokeConfig: ...

    def event_invokes(self, function: Arn) -> Mapping[str, EventInvokeConfig]: ...

    def topic(self, arn: Arn) -> ReadableTopic: ...

    def topics(self, scope: Scope | None = None) -> Sequence[ReadableTopic]: ...

    def subscription(self, arn: Arn) -> ReadableSubscription: ...

    def subscriptions(self, scope: Scope) -> Sequence[ReadableSubscription]: ...

    @property
    def deployments(self) -> Families: ...

    @property
    def url_configs(self) -> UrlConfigs: ...

    @property
    def apis(self) -> Apis: ...

    @property
    def rest_apis(self) -> RestApis: ...

    @property
    def domains(self) -> Domains: ...

    @property
    def layers(self) -> Layers: ...

    @property
    def limits(self) -> Limits: ...

    def mapping(self, scope: Scope, uuid: str) -> ReadableMapping: ...

    def mappings(self, scope: Scope | None = None) -> Sequence[ReadableMapping]: ...

    @property
    def event_bridge(self) -> EventBridge: ...

    def pipe(self, scope: Scope, name: str) -> ReadablePipe: ...

    def pipe_at(self, arn: Arn) -> ReadablePipe: ...

    def pipes(self, scope: Scope | None = None) -> Sequence[ReadablePipe]: ...

    @property
    def scheduler(self) -> Scheduler: ...


class ReadableClock(Protocol):
    """What tells the present instant."""

    def now(self) -> Instant: ...


class Readable(Protocol):
    """The engine, as far as the wire reads it."""

    @property
    def world(self) -> ReadableWorld: ...

    @property
    def clock(self) -> ReadableClock: ...


Order: TypeAlias = Callable[[Params, Caller], Call]
"""An operation that its parameters alone make a command. Raises `Refused` for what is wrong with them by themselves."""

Reading: TypeAlias = Callable[[Params, Caller, Readable], Call | Result]
"""An operation that reads the world: for its result, or for the command it comes to. Raises `Refused`."""


@dataclass(frozen=True, slots=True)
class Service:
    """The operations of one AWS API by name.

    `model` is botocore's name of it (`events`); `errors` are its own names of refusals, beside the common ones;
    `namespace` is its XML's, where it speaks the query protocol. `check` refuses, before the service is asked, what
    breaks a constraint of the model: a length, a range, a pattern (`constraints.py`).
    """

    name: str
    orders: Mapping[str, Order]
    readings: Mapping[str, Reading]
    model: str = ""
    errors: ErrorTable = field(default_factory=dict)
    namespace: str = ""
    check: Callable[[Any, Params], None] | None = None
    plain: Callable[[str, bytes], Params | None] | None = None
    """The parameters of an operation that are read without its model, where it is often asked for in JSON."""

    def ask(self, operation: str, params: Params, caller: Caller, engine: Readable) -> Call | Result:
        """What the operation comes to. Raises NotEmulated for one that is not there, and what the operation raises."""
        order = self.orders.get(operation)
        if order is not None:
            return order(params, caller)
        reading = self.readings.get(operation)
        if reading is not None:
            return reading(params, caller, engine)
        raise NotEmulated(f"Triggerfish does not emulate the {self.name} operation {operation} yet.")
