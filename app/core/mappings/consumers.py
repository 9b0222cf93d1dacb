"""Whom the batches of a mapping go to: a function, or the stages of a pipe."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from app.core.awslambda.call import Call, ForBatch, Stopped
from app.core.awslambda.function import Function
from app.core.awslambda.functions import Functions
from app.core.chain import Cause
from app.core.mappings.batch import Batch
from app.core.mappings.mapping import Mapping
from app.core.names import name_of
from app.core.shapes import EventShapes
from app.core.time import Instant


class Consumer(Protocol):
    """What a mapping must know of whoever takes its batches."""

    @property
    def name(self) -> str: ...

    @property
    def timeout_s(self) -> int:
        """How long it may take over a batch, which the queue has to hide it for."""
        ...

    @property
    def room(self) -> int:
        """How many batches it can take now without letting them lie."""
        ...

    def run(self, mapping: Mapping, batch: Batch, cause: Cause, now: Instant) -> Stopped | None:
        """Take the batch, or say what forbids it. What comes of it is told to whoever settles batches."""
        ...


@dataclass(frozen=True, slots=True)
class FunctionConsumer:
    """A function gets the batch as one event, `{"Records": […]}`; an alias may choose another version each time."""

    function: Function
    functions: Functions
    shapes: EventShapes
    submit: Callable[[Function, Call, Instant], Stopped | None]

    @property
    def name(self) -> str:
        return self.function.spec.name

    @property
    def timeout_s(self) -> int:
        return self.function.spec.timeout_s

    @property
    def room(self) -> int:
        return self.function.room

    def run(self, mapping: Mapping, batch: Batch, cause: Cause, now: Instant) -> Stopped | None:
        chosen = self.functions.choose(mapping.function_arn)
        function = chosen.function if chosen is not None else self.function
        payload = self.shapes.records([item.record for item in batch.items])
        call = Call(batch.request_id, function.arn, mapping.function_arn, payload,
                    f"queue {name_of(mapping.queue)}", cause, ForBatch(mapping.uuid, batch))  # fmt: skip
        return self.submit(function, call, now)
