"""All pipes: made, changed, started and stopped; each polls its queue as a mapping does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.core.batch import Batch
from app.core.call import ForBatch, Stopped
from app.core.chain import Cause
from app.core.commands.pipes import CreatePipe, DeletePipe, StartPipe, StopPipe, TagPipe, UntagPipe, UpdatePipe
from app.core.errors import ResourceConflict, ResourceNotFound
from app.core.facts import Configured
from app.core.invocation import Outcome
from app.core.limits import Limits
from app.core.mapping import Mapping as Poller
from app.core.mapping_state import Change
from app.core.mappings import Mappings
from app.core.names import Arn, Scope, name_of, parse_arn
from app.core.pipes.journey import Journey, Machinery
from app.core.pipes.pipe import Pipe, check_name, spec_of
from app.core.queues import Queues
from app.core.time import Instant


@dataclass(frozen=True, slots=True)
class PipeConsumer:
    """The stages of a pipe, as whoever polls for it sees them. It waits for no environment: what it invokes does."""

    pipe: Pipe
    machinery: Machinery
    settle: Callable[[ForBatch, Outcome, Instant], None]

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
        return None


@dataclass(slots=True)
class Pipes:
    """All pipes by ARN. `mappings` polls for them."""

    machinery: Machinery
    limits: Limits
    queues: Queues
    mappings: Mappings
    _pipes: dict[Arn, Pipe] = field(default_factory=dict)

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
        return None if pipe is None else PipeConsumer(pipe, self.machinery, self.mappings.settle)

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
        pipe = self._pipes[arn] = Pipe(arn, command.name, spec, poller, now, now, tags, failure)
        self._note(pipe, "created" if failure is None else f"could not be created: {failure}")
        self.mappings.attach(poller)
        return pipe.summary()

    def update(self, command: UpdatePipe, now: Instant) -> dict[str, Any]:
        pipe = self.get(command.scope, command.name)
        given = {key: value for key, value in command.parameters.items() if key not in ("Source", "Tags")}
        spec = spec_of(given, pipe.spec, self.limits)
        change = Change.UPDATE
        if spec.is_wanted_running != pipe.spec.is_wanted_running:
            change = Change.ENABLE if spec.is_wanted_running else Change.DISABLE
        self._change(pipe, change, now)
        pipe.spec = spec
        pipe.failure = self._failure(spec.source, spec.target, spec.enrichment)
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

    def _switch(self, pipe: Pipe, change: Change, wanted: str, now: Instant) -> dict[str, Any]:
        if pipe.state != wanted:
            self._change(pipe, change, now)
        told: Mapping[str, Any] = {**pipe.spec.given, "DesiredState": wanted}
        pipe.spec = spec_of(told, None, self.limits)
        self._note(pipe, "started" if wanted == "RUNNING" else "stopped")
        return pipe.summary()

    def _change(self, pipe: Pipe, change: Change, now: Instant) -> None:
        """Raises ResourceConflict within a transition."""
        if not pipe.poller.allows(change):
            raise ResourceConflict(f"Pipe {pipe.name} is in the state {pipe.state} and cannot be changed now.")
        self.mappings.change_attached(pipe.poller, change, now)
        pipe.modified_at = now

    def _failure(self, source: Arn, target: Arn, enrichment: Arn | None) -> str | None:
        """Why a pipe between these cannot work."""
        if source not in self.queues:
            return f"the source {source} does not exist"
        for arn in filter(None, (enrichment, target)):
            if parse_arn(arn).service in ("lambda", "sqs", "sns") and not self.machinery.targets.exists(arn):
                return f"{arn} does not exist"
        return None

    def _note(self, pipe: Pipe, verb: str) -> None:
        words = f"pipe {pipe.name} ({name_of(pipe.spec.source)} → {name_of(pipe.spec.target)}) {verb}"
        self.machinery.outbox.append(Configured(words, pipe.spec.source))


def pipe_arn(scope: Scope, name: str) -> Arn:
    return f"arn:aws:pipes:{scope.region}:{scope.account}:pipe/{name}"
