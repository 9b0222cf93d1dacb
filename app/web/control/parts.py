"""What the control API needs beside the engine: facts of this service, and what only `main` can compose."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from app.core.names import Arn, Scope
from app.engine.ports import EndpointStatus, FunctionLogs

if TYPE_CHECKING:
    from app.core.fire import Catalogue

BODY_LIMIT_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ControlParts:
    """Functions that compose, and facts that show.

    The `add_…` take an entry as in the settings file and make it so. They raise ValueError with a sentence
    when the entry is wrong, or the core's `Refused`. All but `add_mapping` are given the name and the entry;
    `add_mapping` answers the mapping in AWS's shape. `remove_function` also closes the
    function's endpoint. `environments_of` tells what a function's environments do, where its
    endpoint can. `logs` are what functions printed.
    `host_names` are the names a request may be sent to, beside those of the loopback interface.
    """

    version: str
    listen: str
    add_function: Callable[[str, Mapping[str, Any]], Awaitable[None]]
    remove_function: Callable[[Arn], Awaitable[None]]
    add_queue: Callable[[str, Mapping[str, Any]], Awaitable[None]]
    add_remote_queue: Callable[[str, Mapping[str, Any]], Awaitable[None]]
    add_topic: Callable[[str, Mapping[str, Any]], Awaitable[None]]
    add_bus: Callable[[str, Mapping[str, Any]], Awaitable[None]]
    add_rule: Callable[[str, Mapping[str, Any]], Awaitable[None]]
    add_bucket: Callable[[str, Mapping[str, Any]], Awaitable[None]]
    add_schedule: Callable[[str, Mapping[str, Any]], Awaitable[None]]
    add_pipe: Callable[[str, Mapping[str, Any]], Awaitable[None]]
    add_mapping: Callable[[Mapping[str, Any]], Awaitable[dict[str, Any]]]
    describe_function: Callable[[Arn], str]
    logs: FunctionLogs
    environments_of: Callable[[Arn], EndpointStatus | None]
    templates: "Callable[[], Catalogue]"
    scope: Scope = field(default_factory=Scope)
    token: str | None = None
    host_names: tuple[str, ...] = ()
    body_limit_bytes: int = BODY_LIMIT_BYTES

    def queue_arn(self, name: str) -> Arn:
        """The ARN of a queue given by name or by ARN."""
        return name if name.startswith("arn:") else self.scope.queue_arn(name)

    def topic_arn(self, name: str) -> Arn:
        """The ARN of a topic given by name or by ARN."""
        return name if name.startswith("arn:") else self.scope.topic_arn(name)

    def function_arn(self, name: str) -> Arn:
        """The ARN of a function given by name or by ARN."""
        return name if name.startswith("arn:") else self.scope.function_arn(name)
