"""What pipes did with the batches of their queues."""

from typing import TypeAlias

from app.core.names import Arn, name_of
from app.core.value import value


@value(frozen=True, slots=True)
class PipeBegan:
    """A batch is on its way through the pipe."""

    pipe: Arn
    queue: Arn
    request: str
    chain: str
    messages: tuple[str, ...]

    @property
    def text(self) -> str:
        return f"{_pipe(self.pipe)} took {len(self.messages)} from {name_of(self.queue)} [{self.request}]"


@value(frozen=True, slots=True)
class PipeEnriched:
    """The enrichment answered; `events` is how many go on to the target, none of them ends the batch well."""

    pipe: Arn
    target: Arn
    request: str
    chain: str
    events: int

    @property
    def text(self) -> str:
        goes_on = f"{self.events} go on" if self.events else "nothing goes on"
        return f"{_pipe(self.pipe)} enriched by {name_of(self.target)}: {goes_on} [{self.request}]"


@value(frozen=True, slots=True)
class PipeEnded:
    """What came of a batch; `failed` names the messages that stay in the queue, `reason` says why."""

    pipe: Arn
    target: Arn
    request: str
    chain: str
    events: int
    failed: tuple[str, ...] = ()
    reason: str | None = None

    @property
    def text(self) -> str:
        if self.reason is None and not self.failed:
            return f"{_pipe(self.pipe)} gave {self.events} to {name_of(self.target)} [{self.request}]"
        told = f"{_pipe(self.pipe)} failed for {len(self.failed)} on the way to {name_of(self.target)}"
        return f"{told}: {self.reason} [{self.request}]"


def _pipe(arn: Arn) -> str:
    return f"pipe {arn.rpartition('/')[2]}"


PipeFact: TypeAlias = PipeBegan | PipeEnriched | PipeEnded
