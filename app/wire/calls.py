"""What a parsed AWS request comes to: a command with the rendering of its answer, or a result read at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from app.core.commands import Command, Origin
from app.core.names import Scope
from app.core.time import Instant
from app.core.value import Value, value
from app.core.world import World
from app.wire.errors import ErrorTable
from app.wire.refusals import NotEmulated

Params: TypeAlias = Mapping[str, Any]
"""An operation's parameters under AWS's member names: JSON values, blobs as bytes."""

Result: TypeAlias = dict[str, Any]
"""An operation's result under AWS's member names, in the order of AWS's model."""


class Caller(Value):
    """Who asks and how they reached us. `base_url` is like `http://localhost:4566`, for the URLs we hand out."""

    scope: Scope
    origin: Origin
    base_url: str


@value(frozen=True, slots=True)
class Call:
    """Submit `command`, then `render` what it answers."""

    command: Command
    render: Callable[[Any], Result]


class ReadableClock(Protocol):
    """What tells the present instant."""

    def now(self) -> Instant: ...


class Readable(Protocol):
    """The engine, as far as the wire reads it: it changes nothing there."""

    @property
    def world(self) -> World: ...

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

    door: Callable[[str, Params, Caller, Readable, Call | Result], Call | Result] | None = None
    """Told of what each operation came to, it gives that back, or what is to be done instead: to ask the core first
    whether the caller may."""

    def ask(self, operation: str, params: Params, caller: Caller, engine: Readable) -> Call | Result:
        """What the operation comes to. Raises NotEmulated for one that is not there, and what the operation raises."""
        order = self.orders.get(operation)
        if order is not None:
            asked: Call | Result = order(params, caller)
        elif (reading := self.readings.get(operation)) is not None:
            asked = reading(params, caller, engine)
        else:
            raise NotEmulated(f"Triggerfish does not emulate the {self.name} operation {operation} yet.")
        return self.let_in(operation, params, caller, engine, asked)

    def let_in(
        self, operation: str, params: Params, caller: Caller, engine: Readable, asked: Call | Result
    ) -> Call | Result:
        """What `asked` is, or what is to be done instead."""
        return asked if self.door is None else self.door(operation, params, caller, engine, asked)
