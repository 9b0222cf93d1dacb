"""One pipe: what it was told, and what of it AWS shows."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from app.core.errors import InvalidEventPattern, ValidationFailed
from app.core.filter import Filter, FilterCriteria
from app.core.limits import Limits
from app.core.mapping import Mapping as Poller
from app.core.mapping_parameters import MappingParameters
from app.core.mapping_state import MappingState
from app.core.names import Arn, parse_arn
from app.core.pipes.template import InputTemplate
from app.core.time import SECOND_MS, Instant

_NAME = re.compile(r"[\.\-_A-Za-z0-9]+")
_ROLE = re.compile(r"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z0-9+=,.@\-_/]+")
_STATES = ("RUNNING", "STOPPED")

STATE_OF: Mapping[MappingState, str] = {
    MappingState.CREATING: "CREATING",
    MappingState.ENABLING: "STARTING",
    MappingState.ENABLED: "RUNNING",
    MappingState.UPDATING: "UPDATING",
    MappingState.DISABLING: "STOPPING",
    MappingState.DISABLED: "STOPPED",
    MappingState.DELETING: "DELETING",
}
"""A pipe's states are its poller's under other names."""


@dataclass(frozen=True, slots=True)
class PipeSpec:
    """What a pipe was told; `given` is that under AWS's names, for whoever asks."""

    given: Mapping[str, Any]
    parameters: MappingParameters
    enrichment_template: InputTemplate | None
    target_template: InputTemplate | None

    @property
    def source(self) -> Arn:
        source: Arn = self.given["Source"]
        return source

    @property
    def target(self) -> Arn:
        target: Arn = self.given["Target"]
        return target

    @property
    def enrichment(self) -> Arn | None:
        return self.given.get("Enrichment") or None

    @property
    def is_wanted_running(self) -> bool:
        return self.given.get("DesiredState") != "STOPPED"

    def target_parameters(self, member: str) -> Mapping[str, Any]:
        """The part of TargetParameters that is for the target's kind."""
        part: Mapping[str, Any] = (self.given.get("TargetParameters") or {}).get(member) or {}
        return part


@dataclass(slots=True, eq=False)
class Pipe:
    """`failure` is why it could not be made (`CREATE_FAILED`); it never polls then."""

    arn: Arn
    name: str
    spec: PipeSpec
    poller: Poller
    created_at: Instant
    modified_at: Instant
    tags: dict[str, str] = field(default_factory=dict)
    failure: str | None = None

    def __repr__(self) -> str:
        return f"<Pipe {self.name}: {self.state}>"

    @property
    def state(self) -> str:
        return "CREATE_FAILED" if self.failure is not None else STATE_OF[self.poller.state]

    def summary(self) -> dict[str, Any]:
        """What its create, update, start and stop answer; times in epoch seconds."""
        return {
            "Arn": self.arn,
            "Name": self.name,
            "DesiredState": "RUNNING" if self.spec.is_wanted_running else "STOPPED",
            "CurrentState": self.state,
            "CreationTime": self.created_at / SECOND_MS,
            "LastModifiedTime": self.modified_at / SECOND_MS,
        }

    def view(self) -> dict[str, Any]:
        """What DescribePipe answers."""
        shown = {key: value for key, value in self.spec.given.items() if key not in ("Name", "DesiredState", "Tags")}
        reason = {"StateReason": self.failure} if self.failure is not None else {}
        return {**self.summary(), **shown, **reason, "Tags": dict(self.tags)}

    def list_entry(self) -> dict[str, Any]:
        """What ListPipes shows of it."""
        ends = {"Source": self.spec.source, "Target": self.spec.target}
        reason = {"StateReason": self.failure} if self.failure is not None else {}
        return {**self.summary(), **ends, **reason} | (
            {"Enrichment": self.spec.enrichment} if self.spec.enrichment else {}
        )


def check_name(name: str) -> None:
    """Raises ValidationFailed in the words of the service's model."""
    if not _NAME.fullmatch(name):
        raise ValidationFailed(
            _breaks(name, "name", r"Member must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+")
        )
    if len(name) > 64:
        raise ValidationFailed(_breaks(name, "name", "Member must have length less than or equal to 64"))


def spec_of(given: Mapping[str, Any], before: PipeSpec | None, limits: Limits) -> PipeSpec:
    """The pipe after `given`, laid over what it was told before. Raises ValidationFailed; nothing changed then.

    An update keeps what it does not name (API reference, UpdatePipe); the source is not its to change.
    """
    told = {**(before.given if before is not None else {}), **given}
    for member in ("Source", "Target", "RoleArn"):
        if not told.get(member):
            raise ValidationFailed(_breaks(None, _camel(member), "Member must not be null"))
    if not _ROLE.fullmatch(told["RoleArn"]):
        rule = f"Member must satisfy regular expression pattern: {_ROLE.pattern}"
        raise ValidationFailed(_breaks(told["RoleArn"], "roleArn", rule))
    if told.get("DesiredState") not in (None, *_STATES):
        rule = "Member must satisfy enum value set: [RUNNING, STOPPED]"
        raise ValidationFailed(_breaks(told["DesiredState"], "desiredState", rule))
    _check_arns(told)
    return PipeSpec(
        told, _parameters(told.get("SourceParameters") or {}, limits),
        _template(told.get("EnrichmentParameters")), _template(told.get("TargetParameters")),
    )  # fmt: skip


def _check_arns(told: Mapping[str, Any]) -> None:
    for member in ("Source", "Target", "Enrichment"):
        if told.get(member):
            try:
                parse_arn(told[member])
            except ValueError:
                raise ValidationFailed(f"Invalid {member.lower()} ARN: {told[member]}") from None
    service = parse_arn(told["Source"]).service
    if service != "sqs":
        raise ValidationFailed(f"pipes from {service} are not emulated yet; a pipe's source is a queue here")


def _parameters(given: Mapping[str, Any], limits: Limits) -> MappingParameters:
    """How the pipe polls. What a target reports as failed stays in the queue, always."""
    queue = given.get("SqsQueueParameters") or {}
    parameters = MappingParameters(reports_item_failures=True)
    if queue.get("BatchSize") is not None:
        batch_size = _ranged(queue["BatchSize"], "sourceParameters.sqsQueueParameters.batchSize", 1, 10_000)
        parameters = replace(parameters, batch_size=batch_size)
    if queue.get("MaximumBatchingWindowInSeconds") is not None:
        where = "sourceParameters.sqsQueueParameters.maximumBatchingWindowInSeconds"
        parameters = replace(parameters, window_s=_ranged(queue["MaximumBatchingWindowInSeconds"], where, 0, 300))
    if parameters.batch_size > limits.receive_messages and not parameters.window_s:
        # As for an event source mapping; of a pipe it is not recorded.
        raise ValidationFailed(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
        )
    filters = (given.get("FilterCriteria") or {}).get("Filters") or []
    if len(filters) > limits.mapping_filters:
        where = "sourceParameters.filterCriteria.filters"
        rule = f"Member must have length less than or equal to {limits.mapping_filters}"
        raise ValidationFailed(_breaks(filters, where, rule))
    if filters:
        parameters = replace(parameters, filters=FilterCriteria(tuple(_filter(entry, limits) for entry in filters)))
    return parameters


def _filter(entry: Mapping[str, Any], limits: Limits) -> Filter:
    try:
        return Filter.of(entry.get("Pattern") or "{}", limits)
    except InvalidEventPattern as refusal:
        raise ValidationFailed(f"Invalid filter pattern: {refusal.message}") from None


def _template(given: Mapping[str, Any] | None) -> InputTemplate | None:
    text = (given or {}).get("InputTemplate")
    return InputTemplate.compile(text) if text else None


def _ranged(number: object, where: str, least: int, most: int) -> int:
    if isinstance(number, bool) or not isinstance(number, int):
        raise ValidationFailed(f"{where} must be a whole number, not {number!r}")
    if not least <= number <= most:
        rule = f"greater than or equal to {least}" if number < least else f"less than or equal to {most}"
        raise ValidationFailed(_breaks(number, where, f"Member must have value {rule}"))
    return number


def _breaks(value: object, where: str, rule: str) -> str:
    shown = "null" if value is None else f"'{value}'"
    return f"1 validation error detected: Value {shown} at '{where}' failed to satisfy constraint: {rule}"


def _camel(member: str) -> str:
    return f"{member[0].lower()}{member[1:]}"
