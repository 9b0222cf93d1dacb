"""One pipe: what it was told, and what of it AWS shows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.core.limits import Limits
from app.core.mappings.mapping import Mapping as Poller
from app.core.mappings.mapping_parameters import MappingParameters
from app.core.mappings.mapping_state import MappingState
from app.core.names import Arn, name_of
from app.core.pipes.parameters import Taker, check_members, enrichment_taker, polling_of, target_taker
from app.core.pipes.template import InputTemplate
from app.core.time import SECOND_MS, Instant

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
    def target_taker(self) -> Taker:
        return target_taker(self.target)

    @property
    def enrichment_taker(self) -> Taker | None:
        return enrichment_taker(self.enrichment) if self.enrichment else None

    @property
    def patterns(self) -> list[str]:
        """Those of its filters, as they were given."""
        filters = ((self.given.get("SourceParameters") or {}).get("FilterCriteria") or {}).get("Filters") or []
        return [str(each.get("Pattern") or "{}") for each in filters]

    @property
    def is_wanted_running(self) -> bool:
        return self.given.get("DesiredState") != "STOPPED"

    def target_parameters(self, member: str) -> Mapping[str, Any]:
        """The part of TargetParameters that is for the target's kind."""
        part: Mapping[str, Any] = (self.given.get("TargetParameters") or {}).get(member) or {}
        return part

    @property
    def enrichment_http(self) -> Mapping[str, Any]:
        """What an enrichment over HTTP gets besides."""
        part: Mapping[str, Any] = (self.given.get("EnrichmentParameters") or {}).get("HttpParameters") or {}
        return part


@dataclass(frozen=True, slots=True)
class Failure:
    """What a pipe's state is instead of its poller's, and why."""

    state: str
    reason: str


@dataclass(slots=True, eq=False)
class Pipe:
    """One that could not be made never polls; one that could not be changed goes on as before."""

    arn: Arn
    name: str
    spec: PipeSpec
    poller: Poller
    created_at: Instant
    modified_at: Instant
    tags: dict[str, str] = field(default_factory=dict)
    failure: Failure | None = None

    def __repr__(self) -> str:
        return f"<Pipe {self.name}: {self.state}>"

    @property
    def state(self) -> str:
        return self.failure.state if self.failure is not None else STATE_OF[self.poller.state]

    @property
    def way(self) -> str:
        """Its stages for people: `orders → enrich → done`."""
        ends = (self.spec.source, self.spec.enrichment, self.spec.target)
        return " → ".join(name_of(arn) for arn in ends if arn)

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
        reason = {"StateReason": self.failure.reason} if self.failure is not None else {}
        return {**self.summary(), **shown, **reason, "Tags": dict(self.tags)}

    def list_entry(self) -> dict[str, Any]:
        """What ListPipes shows of it."""
        ends = {"Source": self.spec.source, "Target": self.spec.target}
        reason = {"StateReason": self.failure.reason} if self.failure is not None else {}
        return {**self.summary(), **ends, **reason} | (
            {"Enrichment": self.spec.enrichment} if self.spec.enrichment else {}
        )


def spec_of(given: Mapping[str, Any], before: PipeSpec | None, limits: Limits) -> PipeSpec:
    """The pipe after `given`, laid over what it was told before. Raises ValidationFailed; nothing changed then.

    An update keeps what it does not name, also of the parameters of a stage, where what concerns one service is one
    whole (API reference, UpdatePipe); the source is not its to change.
    """
    told = dict(before.given) if before is not None else {}
    for member, value in given.items():
        is_stage = member.endswith("Parameters") and isinstance(value, Mapping)
        told[member] = {**(told.get(member) or {}), **value} if is_stage else value
    check_members(told)
    return PipeSpec(
        told, polling_of(told, limits), _template(told.get("EnrichmentParameters")),
        _template(told.get("TargetParameters")),
    )  # fmt: skip


def _template(given: Mapping[str, Any] | None) -> InputTemplate | None:
    text = (given or {}).get("InputTemplate")
    return InputTemplate.compile(text) if text else None
