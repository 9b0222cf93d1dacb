"""A REST API as it is written down, and what is kept of it at each deployment."""

from copy import deepcopy
from dataclasses import dataclass, field

from app.core.errors import ResourceNotFound
from app.core.gateway.rest.api import Deployment
from app.core.gateway.rest.definition.kinds import OF_APIS, Kind
from app.core.gateway.rest.definition.patches import Members
from app.core.names import Scope


@dataclass(slots=True)
class Snapshot:
    """All of an API that a deployment makes effective, under AWS's member names. `resources` are by id, each with its
    `resourceMethods`; `authorizers`, `models`, `validators` and `gateway_responses` by id, name or type."""

    members: Members
    resources: dict[str, Members]
    authorizers: dict[str, Members]
    models: dict[str, Members]
    validators: dict[str, Members]
    gateway_responses: dict[str, Members]


@dataclass(slots=True)
class Deployed:
    """A snapshot with the values that requests are routed by."""

    snapshot: Snapshot
    compiled: Deployment


@dataclass(slots=True)
class Definition:
    """An API as it is now. What is of a kind of OF_APIS is in `kinds`, by the kind's name and its own id."""

    id: str
    scope: Scope
    members: Members
    resources: dict[str, Members] = field(default_factory=dict)
    kinds: dict[str, dict[str, Members]] = field(default_factory=lambda: {name: {} for name in OF_APIS})
    gateway_responses: dict[str, Members] = field(default_factory=dict)
    deployed: dict[str, Deployed] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return str(self.members["name"])

    @property
    def root(self) -> str:
        """The id of the resource that is `/`."""
        return str(self.members["rootResourceId"])

    def snapshot(self) -> Snapshot:
        """What is there now, untouched by what changes later."""
        return Snapshot(
            deepcopy(self.members), deepcopy(self.resources), deepcopy(self.kinds["Authorizer"]),
            deepcopy(self.kinds["Model"]), deepcopy(self.kinds["RequestValidator"]), deepcopy(self.gateway_responses),
        )  # fmt: skip

    def found(self, kind: Kind, id: str) -> Members:
        """Raises ResourceNotFound."""
        members = self.kinds[kind.name].get(id)
        if members is None:
            raise ResourceNotFound(kind.missing.format(id))
        return members
