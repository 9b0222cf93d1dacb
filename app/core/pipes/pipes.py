"""All pipes: made, changed, started and stopped; each polls its queue as a mapping does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.core.agenda import Agenda
from app.core.awslambda.call import ForBatch, Stopped
from app.core.awslambda.invocation import Outcome
from app.core.chain import Cause
from app.core.commands.pipes import CreatePipe, DeletePipe, StartPipe, StopPipe, TagPipe, UntagPipe, UpdatePipe
from app.core.errors import ResourceConflict, ResourceNotFound
from app.core.facts import Configured
from app.core.limits import Limits
from app.core.mappings.batch import Batch
from app.core.mappings.mapping import Mapping as Poller
from app.core.mappings.mapping_state import Change, MappingState
from app.core.mappings.mappings import Mappings
from app.core.names import Arn, Scope, name_of, parse_arn
from app.core.pipes.journey import Journey, Machinery
from app.core.pipes.parameters import check_name, kind_of
from app.core.pipes.pipe import Failure, Pipe, spec_of
from app.core.sqs.queues import Queues
from app.core.time import Instant

# terraform-aws-modules/terraform-aws-eventbridge#133: what follows was "The provided customer role does not have …".
_INVALID = "Input parameter is invalid from the request due to :"
_KNOWN_HERE = frozenset({"lambda", "sqs", "sns", "event-bus", "api-destination"})


@dataclass(frozen=True, slots=True)
class PipeConsumer:
    """The stages of a pipe, as whoever polls for it sees them. It waits for no environment: what it invokes does."""

    pipe: Pipe
    machinery: Machinery
    settle: Callable[[ForBatch, Outcome, Instant], None]
    began: Callable[[Journey], None]

    @property
    def name(self) -> str:
        return f"pipe {self.pipe.name}"

    @property
    def timeout_s(self) -> int:
        return 0

    @property
    def room(self) -> int:
        return self.pipe.poller.concurrency_limit

    def run(self, mapping: Poller, batch: Batch, cause: Cause, now: Instant) -> Stopped | None:
        owner = ForBatch(mapping.uuid, batch)
        journey = Journey(
            self.machinery, self.pipe, batch, cause, lambda outcome, at: self.settle(owner, outcome, at), now
        )
        journey.begin(now)
        if not journey.is_over:
            self.began(journey)
        return None


@dataclass(slots=True)
class Pipes:
    """All pipes by ARN. Mappings poll for them; `settle` is told what came of a batch."""

    machinery: Machinery
    limits: Limits
    queues: Queues
    mappings: Mappings
    settle: Callable[[ForBatch, Outcome, Instant], None]
    _pipes: dict[Arn, Pipe] = field(default_factory=dict)
    _under_way: Agenda[Journey] = field(init=False)

    def __post_init__(self) -> None:
        self._under_way = Agenda(self._latest_end_of, self._count_under_way)

    def verbs(self) -> dict[type[Any], Callable[[Any, Instant], Any]]:
        return {
            CreatePipe: self.create,
            UpdatePipe: self.update,
            DeletePipe: self.delete,
            StartPipe: self.start,
            StopPipe: self.stop,
            TagPipe: self.tag,
            UntagPipe: self.untag,
        }

    # Reading --------------------------------------------------------------------------------------------

    def get(self, scope: Scope, name: str) -> Pipe:
        """Raises ResourceNotFound."""
        return self.at(pipe_arn(scope, name))

    def at(self, arn: Arn) -> Pipe:
        """The same by ARN."""
        pipe = self._pipes.get(arn)
        if pipe is None:
            raise ResourceNotFound(f"Pipe {arn.rpartition('/')[2]} does not exist.")
        return pipe

    def all(self, scope: Scope | None = None) -> list[Pipe]:
        """By name."""
        pipes = sorted(self._pipes.values(), key=lambda pipe: pipe.name)
        return [pipe for pipe in pipes if scope is None or parse_arn(pipe.arn).scope == scope]

    def consumer_of(self, arn: Arn) -> PipeConsumer | None:
        """Who takes the batches of a pipe's poller."""
        pipe = self._pipes.get(arn)
        return None if pipe is None else PipeConsumer(pipe, self.machinery, self.settle, self._began)

    # What is under way ----------------------------------------------------------------------------------

    def next_wakeup(self) -> Instant | None:
        """When the oldest batch that is still on its way has taken too long."""
        return self._under_way.next()

    def wake(self, now: Instant) -> None:
        for journey in self._under_way.due(now):
            journey.time_out(now)

    # Pipes ----------------------------------------------------------------------------------------------

    def create(self, command: CreatePipe, now: Instant) -> dict[str, Any]:
        """A pipe whose source or target is not there is made all the same, and is CREATE_FAILED: AWS looks at them
        later (the words are UNCONFIRMED)."""
        check_name(command.name)
        arn = pipe_arn(command.scope, command.name)
        if arn in self._pipes:
            raise ResourceConflict(f"Pipe {command.name} already exists.")
        spec = spec_of(command.parameters, None, self.limits)
        failure = self._failure(spec.source, spec.target, spec.enrichment)
        poller = Poller(
            self.machinery.ids.uuid(), queue=spec.source, function=arn, function_arn=arn, parameters=spec.parameters,
            is_enabled=spec.is_wanted_running and failure is None, tags={}, limits=self.limits, now=now,
        )  # fmt: skip
        tags = dict(command.parameters.get("Tags") or {})
        failed = None if failure is None else Failure("CREATE_FAILED", failure)
        pipe = self._pipes[arn] = Pipe(arn, command.name, spec, poller, now, now, tags, failed)
        self._note(pipe, "created" if failure is None else f"could not be created: {failure}")
        self.mappings.attach(poller)
        return pipe.summary()

    def update(self, command: UpdatePipe, now: Instant) -> dict[str, Any]:
        """One that would lead to what is not there changes nothing, and is UPDATE_FAILED (UNCONFIRMED); one that was
        CREATE_FAILED begins with it."""
        pipe = self.get(command.scope, command.name)
        given = {key: value for key, value in command.parameters.items() if key not in ("Source", "Tags")}
        spec = spec_of(given, pipe.spec, self.limits)
        failure = self._failure(spec.source, spec.target, spec.enrichment)
        change = Change.UPDATE
        if spec.is_wanted_running is not (pipe.poller.state is MappingState.ENABLED):
            change = Change.ENABLE if spec.is_wanted_running else Change.DISABLE
        if failure is not None:
            if pipe.state != "CREATE_FAILED":
                pipe.failure = Failure("UPDATE_FAILED", failure)
            self._note(pipe, f"could not be updated: {failure}")
            return pipe.summary()
        self._change(pipe, change, now)
        pipe.spec, pipe.failure = spec, None
        pipe.poller.change_parameters(spec.parameters)
        self._note(pipe, "updated")
        return pipe.summary()

    def delete(self, command: DeletePipe, now: Instant) -> dict[str, Any]:
        pipe = self.get(command.scope, command.name)
        self._change(pipe, Change.DELETE, now)
        self._note(pipe, "deleted")
        return pipe.summary()

    def start(self, command: StartPipe, now: Instant) -> dict[str, Any]:
        return self._switch(self.get(command.scope, command.name), Change.ENABLE, "RUNNING", now)

    def stop(self, command: StopPipe, now: Instant) -> dict[str, Any]:
        return self._switch(self.get(command.scope, command.name), Change.DISABLE, "STOPPED", now)

    def tag(self, command: TagPipe, now: Instant) -> None:
        self.at(command.pipe).tags.update(command.tags)

    def untag(self, command: UntagPipe, now: Instant) -> None:
        pipe = self.at(command.pipe)
        pipe.tags = {key: value for key, value in pipe.tags.items() if key not in command.keys}

    def forget(self, poller: Poller) -> None:
        """Its poller is gone, if it is a pipe's."""
        self._pipes.pop(poller.function, None)

    # Inside ---------------------------------------------------------------------------------------------

    def _began(self, journey: Journey) -> None:
        self._under_way.add(journey.began_at + self.limits.pipe_execution_ms, journey)

    def _latest_end_of(self, journey: Journey) -> Instant | None:
        return None if journey.is_over else journey.began_at + self.limits.pipe_execution_ms

    def _count_under_way(self) -> int:
        return sum(len(pipe.poller.running) for pipe in self._pipes.values())

    def _switch(self, pipe: Pipe, change: Change, wanted: str, now: Instant) -> dict[str, Any]:
        if pipe.state == "CREATE_FAILED":
            raise self._conflict(pipe)
        if pipe.state != wanted:
            self._change(pipe, change, now)
        told: Mapping[str, Any] = {**pipe.spec.given, "DesiredState": wanted}
        pipe.spec = spec_of(told, None, self.limits)
        self._note(pipe, "started" if wanted == "RUNNING" else "stopped")
        return pipe.summary()

    def _change(self, pipe: Pipe, change: Change, now: Instant) -> None:
        """Raises ResourceConflict within a transition."""
        if not pipe.poller.allows(change):
            raise self._conflict(pipe)
        self.mappings.change_attached(pipe.poller, change, now)
        pipe.modified_at = now

    def _conflict(self, pipe: Pipe) -> ResourceConflict:
        return ResourceConflict(f"Pipe {pipe.name} is in the state {pipe.state} and cannot be changed now.")

    def _failure(self, source: Arn, target: Arn, enrichment: Arn | None) -> str | None:
        """Why a pipe between these cannot work; begins as users of AWS's were told."""
        if source not in self.queues:
            return f"{_INVALID} the source {source} does not exist"
        for arn in filter(None, (enrichment, target)):
            if kind_of(arn) in _KNOWN_HERE and not self.machinery.targets.exists(arn):
                return f"{_INVALID} {arn} does not exist"
        return None

    def _note(self, pipe: Pipe, verb: str) -> None:
        words = f"pipe {pipe.name} ({name_of(pipe.spec.source)} → {name_of(pipe.spec.target)}) {verb}"
        self.machinery.outbox.append(Configured(words, pipe.spec.source))


def pipe_arn(scope: Scope, name: str) -> Arn:
    return f"arn:aws:pipes:{scope.region}:{scope.account}:pipe/{name}"
