"""The event source mappings of the world: made, changed and deleted, and found by what they lead from and to."""

from collections.abc import Callable, Iterable
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from typing import Any

from app.core.awslambda.function import Function
from app.core.awslambda.functions import FunctionName, Functions, parse_function_name
from app.core.commands import (
    CreateEventSourceMapping,
    DeleteEventSourceMapping,
    TagMapping,
    UntagMapping,
    UpdateEventSourceMapping,
)
from app.core.errors import (
    InvalidParameterValue,
    ResourceConflict,
    ResourceInUse,
    ResourceNotFound,
)
from app.core.facts import (
    Configured,
    Effect,
)
from app.core.ids import Ids
from app.core.limits import Limits
from app.core.mappings.mapping import Mapping
from app.core.mappings.mapping_constraints import check_model
from app.core.mappings.mapping_parameters import MappingParameters, check_visibility, with_parameters, with_tags
from app.core.mappings.mapping_state import Change
from app.core.mappings.poller_gate import PollerGate
from app.core.mappings.remote_polling import RemotePolling
from app.core.names import Arn, Scope, name_of, parse_arn
from app.core.sqs.queues import Queues
from app.core.time import Instant

_OTHER_SOURCES = frozenset({"kinesis", "dynamodb", "kafka", "mq", "rds"})
"""The services besides SQS whose streams, topics and clusters Lambda reads."""

_NO_QUEUE = (
    "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "
    "SQS Error Message: The specified queue does not exist."
)


@dataclass(slots=True)
class Mappings:
    """All mappings by UUID, those of pipes among them. `changed` is told of a mapping that may poll or has another next
    wake-up; `flush` lets go what one has gathered, for a reason."""

    ids: Ids
    limits: Limits
    outbox: list[Effect]
    queues: Queues
    remote: RemotePolling
    functions: Functions
    gate: PollerGate
    changed: Callable[[Mapping], None]
    flush: Callable[[Mapping, str, Instant], None]
    by_uuid: dict[str, Mapping] = field(default_factory=dict)
    attached: dict[str, Mapping] = field(default_factory=dict)
    """Those of pipes."""
    finishing: dict[str, Mapping] = field(default_factory=dict)
    """Those that were deleted while their last batches run."""
    _of_queue: dict[Arn, dict[str, Mapping]] = field(default_factory=dict)
    _of_function: dict[Arn, dict[str, Mapping]] = field(default_factory=dict)

    def verbs(self) -> dict[type[Any], Callable[[Any, Instant], Any]]:
        return {
            CreateEventSourceMapping: self.create,
            UpdateEventSourceMapping: self.update,
            DeleteEventSourceMapping: self.delete,
            TagMapping: self.tag,
            UntagMapping: self.untag,
        }

    # Reading --------------------------------------------------------------------------------------------

    def get(self, scope: Scope, uuid: str) -> Mapping:
        mapping = self.by_uuid.get(uuid)
        if mapping is None or uuid in self.attached or parse_arn(mapping.function).scope != scope:
            raise ResourceNotFound
        return mapping

    def all(self, scope: Scope | None = None) -> list[Mapping]:
        """In the order of their creation; without those of pipes."""
        return [
            mapping
            for mapping in self.by_uuid.values()
            if mapping.uuid not in self.attached and (scope is None or parse_arn(mapping.function).scope == scope)
        ]

    def machines(self) -> Iterable[Mapping]:
        """Everything that polls, pipes included."""
        return self.by_uuid.values()

    def of_queue(self, arn: Arn) -> Iterable[Mapping]:
        return self._of_queue.get(arn, {}).values()

    def at_work_on(self, queue: Arn) -> list[Mapping]:
        """The mappings of the queue, and those that were deleted but have not finished their batches."""
        finishing = [mapping for mapping in self.finishing.values() if mapping.queue == queue]
        return [*self.of_queue(queue), *finishing]

    def of_function(self, arn: Arn) -> Iterable[Mapping]:
        return self._of_function.get(arn, {}).values()

    # Mappings -------------------------------------------------------------------------------------------

    def create(self, command: CreateEventSourceMapping, now: Instant) -> dict[str, Any]:
        given = command.parameters
        check_model(given, is_create=True)
        source = self._source(given, command.scope)
        parameters = with_parameters(MappingParameters(), given, is_fifo=source.endswith(".fifo"), limits=self.limits)
        tags = with_tags({}, given.get("Tags") or {})
        name, function = self._function(command.scope, given["FunctionName"])
        self._check_queue(source, function)
        self._check_unique(source, name)
        mapping = Mapping(
            self.ids.uuid(), queue=source, function=function.arn, function_arn=name.as_invoked, parameters=parameters,
            is_enabled=given.get("Enabled") is not False, tags=tags, limits=self.limits, now=now,
        )  # fmt: skip
        self.by_uuid[mapping.uuid] = mapping
        self._link(mapping)
        self.remote.check(mapping)
        self._note(mapping, "created")
        return mapping.view(command.scope)

    def update(self, command: UpdateEventSourceMapping, now: Instant) -> dict[str, Any]:
        """Raises before anything changed when one of the parameters is refused or the mapping is in a transition."""
        given = command.parameters
        check_model(given, is_create=False)
        mapping = self.get(command.scope, command.uuid)
        change = {None: Change.UPDATE, True: Change.ENABLE, False: Change.DISABLE}[given.get("Enabled")]
        if not mapping.allows(change):
            raise ResourceInUse("Cannot update the event source mapping because it is in use.")
        parameters = with_parameters(mapping.parameters, given, is_fifo=mapping.is_fifo, limits=self.limits)
        name, function = None, self.functions.get(mapping.function_arn)
        if given.get("FunctionName"):
            name, function = self._function(command.scope, given["FunctionName"])
            self._check_unique(mapping.queue, name, but=mapping)
        if function is not None and (mapping.queue in self.queues or mapping.queue in self.remote.queues):
            self._check_queue(mapping.queue, function, is_to_poll=change is not Change.DISABLE)
        # What was gathered under the old parameters goes to the old function.
        self.flush(mapping, "mapping updated", now)
        mapping.change_parameters(parameters)
        if name is not None:
            self._unlink(mapping)
            mapping.function, mapping.function_arn = name.arn, name.as_invoked
            self._link(mapping)
        self.remote.check(mapping)
        mapping.apply(change, now=now)
        self._note(mapping, "updated")
        return mapping.view(command.scope)

    def delete(self, command: DeleteEventSourceMapping, now: Instant) -> dict[str, Any]:
        mapping = self.get(command.scope, command.uuid)
        if not mapping.allows(Change.DELETE):
            raise ResourceInUse("Cannot delete the event source mapping because it is in use.")
        mapping.apply(Change.DELETE, now=now)
        self._note(mapping, "deleted")
        return mapping.view(command.scope)

    def tag(self, command: TagMapping, now: Instant) -> None:
        mapping = self.get(command.scope, command.uuid)
        mapping.tags = with_tags(mapping.tags, command.tags)

    def untag(self, command: UntagMapping, now: Instant) -> None:
        mapping = self.get(command.scope, command.uuid)
        mapping.tags = {key: value for key, value in mapping.tags.items() if key not in command.keys}

    # Pipes ----------------------------------------------------------------------------------------------

    def attach(self, mapping: Mapping) -> None:
        """Let a mapping work whose consumer is no function of its own API: nobody lists or changes it there."""
        self.attached[mapping.uuid] = self.by_uuid[mapping.uuid] = mapping
        self._link(mapping)
        self.changed(mapping)

    def change_attached(self, mapping: Mapping, change: Change, now: Instant) -> None:
        """Begin a transition of one; what it gathered under the old parameters goes first."""
        self.flush(mapping, "pipe changed", now)
        mapping.apply(change, now=now)
        self.changed(mapping)

    def remove(self, mapping: Mapping) -> None:
        """Forget one whose deletion is over; its last batches may still run."""
        self._unlink(mapping)
        del self.by_uuid[mapping.uuid]
        self.attached.pop(mapping.uuid, None)
        if mapping.running:
            self.finishing[mapping.uuid] = mapping

    # Inside ---------------------------------------------------------------------------------------------

    def _source(self, given: MappingType[str, Any], scope: Scope) -> Arn:
        """The ARN of the queue. It may be in another account, not in another region."""
        arn: Arn = given.get("EventSourceArn") or ""
        try:
            source = parse_arn(arn)
        except ValueError:
            raise InvalidParameterValue("Unrecognized event source.") from None
        if source.service in _OTHER_SOURCES:
            raise InvalidParameterValue(f"event sources of {source.service} are not emulated yet")
        if source.service != "sqs":
            raise InvalidParameterValue("Unrecognized event source.")
        if source.region != scope.region and arn not in self.remote.queues:
            raise InvalidParameterValue("Unrecognized event source.")
        return arn

    def _function(self, scope: Scope, text: str) -> tuple[FunctionName, Function]:
        name = parse_function_name(text, scope)
        function = self.functions.get(name.as_invoked) if name else None
        if name is None or function is None:
            raise InvalidParameterValue("Function does not exist")
        return name, function

    def _check_queue(self, queue: Arn, function: Function, *, is_to_poll: bool = True) -> None:
        """Whether the function's pollers could work with it. Raises InvalidParameterValue."""
        if (remote := self.remote.queues.get(queue)) is not None:
            self.remote.check_visibility(remote, function)
        elif queue in self.queues:
            # Lambda has to ask the queue for its timeout, so whether it may comes first.
            if is_to_poll:
                self.gate.check(queue, function)
            check_visibility(self.queues[queue].settings.visibility_timeout_s, function.spec.timeout_s)
        else:
            raise InvalidParameterValue(_NO_QUEUE)

    def _check_unique(self, queue: Arn, function: FunctionName, *, but: Mapping | None = None) -> None:
        """One queue has one mapping to a function. Another version or alias counts as another (UNCONFIRMED)."""
        for mapping in self.of_queue(queue):
            if mapping is not but and _version(mapping.function_arn) == _version(function.as_invoked):
                raise ResourceConflict(
                    f'An event source mapping with SQS arn (" {queue} ") and function ("'
                    f' {function.as_invoked.split(":function:")[1]} ") '
                    f"already exists. Please update or delete the existing mapping with UUID {mapping.uuid}"
                )

    def _note(self, mapping: Mapping, verb: str) -> None:
        words = f"mapping {name_of(mapping.queue)} → {name_of(mapping.function)} {verb}"
        self.outbox.append(Configured(words, mapping.queue, mapping.function))
        self.changed(mapping)

    def _link(self, mapping: Mapping) -> None:
        self._of_queue.setdefault(mapping.queue, {})[mapping.uuid] = mapping
        self._of_function.setdefault(mapping.function, {})[mapping.uuid] = mapping

    def _unlink(self, mapping: Mapping) -> None:
        self._of_queue[mapping.queue].pop(mapping.uuid)
        self._of_function[mapping.function].pop(mapping.uuid)


def _version(function_arn: Arn) -> Arn:
    """The ARN, without a qualifier that says nothing."""
    return function_arn.removesuffix(":$LATEST")
