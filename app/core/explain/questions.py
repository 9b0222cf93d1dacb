"""What can be asked: why would this not fire, or why did it not?"""

from dataclasses import dataclass
from typing import TypeAlias

from app.core.commands import ChangeObject, EventEntry, Invoke, Publish, SendMessage
from app.core.gateway.request import GatewayRequest
from app.core.names import Arn, Scope


@dataclass(frozen=True, slots=True)
class OfSend:
    """A message as it would be sent; with `function`, only what concerns that function."""

    command: SendMessage
    function: Arn | None = None


@dataclass(frozen=True, slots=True)
class OfPublish:
    """A message as it would be published; with `function`, only what concerns that function."""

    command: Publish
    function: Arn | None = None


@dataclass(frozen=True, slots=True)
class OfObject:
    """An object event as it would happen; with `target`, only the rules that name that function or queue."""

    command: ChangeObject
    target: Arn | None = None


@dataclass(frozen=True, slots=True)
class OfInvoke:
    """An invocation as it would be asked for."""

    command: Invoke


@dataclass(frozen=True, slots=True)
class OfMessage:
    """A message that was sent, by its id; with `function`, only what concerns that function."""

    message_id: str
    function: Arn | None = None


@dataclass(frozen=True, slots=True)
class OfEvent:
    """An event as it would be put on a bus; with `target`, only the targets with that ARN."""

    entry: EventEntry
    scope: Scope
    target: Arn | None = None


@dataclass(frozen=True, slots=True)
class OfSchedule:
    """A schedule, or a rule that has one: by name, `group/name` or ARN."""

    name: str


@dataclass(frozen=True, slots=True)
class OfPipe:
    """A pipe; with `command`, a message for its queue as it would be sent."""

    pipe: Arn
    command: SendMessage | None = None


@dataclass(frozen=True, slots=True)
class OfRequest:
    """An HTTP request as it would be made; `front` is the id or name that its address leads to, None where that is
    nobody's. `by_port` is an address that names no stage."""

    front: str | None
    request: GatewayRequest
    by_port: bool = False


Question: TypeAlias = OfSend | OfPublish | OfObject | OfInvoke | OfMessage | OfEvent | OfSchedule | OfPipe | OfRequest
