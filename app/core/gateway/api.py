"""One API of API Gateway v2 and its resources: routes, integrations, authorizers, stages, deployments.

What a resource was given is kept and told as it was, under AWS's names. Changes take effect at a deployment, which
stages with auto-deploy make of each.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from app.core.errors import InvalidParameterValue, ResourceConflict, ResourceNotFound
from app.core.gateway.api_resources import KINDS, Kind, RouteShapes, checked, compiled_routes
from app.core.gateway.gateways import letters
from app.core.gateway.websocket.api import compiled_socket_routes
from app.core.ids import Ids
from app.core.names import Scope
from app.core.time import Instant, to_datetime

Members: TypeAlias = dict[str, Any]
"""A resource under AWS's member names."""


@dataclass(slots=True)
class Api:
    """One API and all of its resources, by kind and id; nested ones have `parent/id`. `deployed` are the routes of each
    deployment, as they were when it was made."""

    id: str
    scope: Scope
    members: Members
    ids: Ids
    resources: dict[str, dict[str, Members]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    deployed: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    shapes: RouteShapes = field(default_factory=RouteShapes)

    @property
    def is_http(self) -> bool:
        return bool(self.members["ProtocolType"] == "HTTP")

    def found(self, kind: Kind, key: str) -> Members:
        """Raises ResourceNotFound."""
        try:
            return self.resources[kind.name][key]
        except KeyError:
            raise ResourceNotFound(f"Invalid {kind.words} identifier specified") from None

    def quick_create(self, given: Members, now: Instant) -> None:
        """An API with a target has an integration, a catch-all route and a stage from the start."""
        target = given["Target"]
        is_function = target.startswith("arn:")
        integration = self.create(
            KINDS["Integration"],
            {
                "IntegrationType": "AWS_PROXY" if is_function else "HTTP_PROXY",
                "IntegrationUri": target,
                "PayloadFormatVersion": "2.0" if is_function else "1.0",
                "ApiGatewayManaged": True,
                **({} if is_function else {"IntegrationMethod": "ANY"}),
                **({"CredentialsArn": given["CredentialsArn"]} if "CredentialsArn" in given else {}),
            },
            now,
        )
        route = {
            "RouteKey": given.get("RouteKey", "$default"),
            "Target": f"integrations/{integration['IntegrationId']}",
        }
        self.create(KINDS["Route"], {**route, "ApiGatewayManaged": True}, now)
        self.create(KINDS["Stage"], {"StageName": "$default", "AutoDeploy": True, "ApiGatewayManaged": True}, now)

    def create(self, kind: Kind, given: Members, now: Instant) -> Members:
        """The resource as it was made. Raises ResourceNotFound, ResourceConflict, InvalidParameterValue."""
        own = {name: value for name, value in given.items() if name not in ("ApiId", kind.parent_key)}
        if kind.parent_key:
            self.found(KINDS[kind.parent], given[kind.parent_key])
        own_id = own.get(kind.id_key) or letters(self.ids, 7)
        members: Members = {**kind.defaults(self.is_http), **own, kind.id_key: own_id}
        key = key_of(kind, {**given, kind.id_key: own_id})
        if key in self.resources[kind.name]:
            raise ResourceConflict(f"{kind.name} already exists")
        if kind.is_dated:
            members["CreatedDate"] = to_datetime(now)
        checked(kind, members, self.resources, is_http=self.is_http, without=None, shapes=self.shapes)
        if kind.name == "Stage":
            self._check_deployment(members)
            members["LastUpdatedDate"] = to_datetime(now)
        if kind.name == "Deployment":
            self._snapshot(members)
        self.resources[kind.name][key] = members
        if kind.name == "Route" and self.is_http:
            self.shapes.add(members, key)
        if kind.name == "Stage" and members["AutoDeploy"]:
            self._deploy(members, now)
        return dict(members)

    def _snapshot(self, deployment: Members) -> None:
        """Keep what is deployed, for the stage that it names. Raises ResourceNotFound for one that is not there."""
        stage_name = deployment.pop("StageName", None)
        stage = self.found(KINDS["Stage"], stage_name) if stage_name is not None else None
        deployment.setdefault("AutoDeployed", False)
        deployment["DeploymentStatus"] = "DEPLOYED"
        self.deployed[deployment["DeploymentId"]] = (compiled_routes if self.is_http else compiled_socket_routes)(
            self.resources
        )
        if stage is not None:
            stage["DeploymentId"] = deployment["DeploymentId"]

    def update(self, kind: Kind, given: Members, now: Instant) -> Members:
        """The resource as it is now; what is not given stays. Raises the same."""
        key = key_of(kind, given)
        before = self.found(kind, key)
        own = {name: value for name, value in given.items() if name not in ("ApiId", kind.parent_key, kind.id_key)}
        after = {**before, **own}
        checked(kind, after, self.resources, is_http=self.is_http, without=key, shapes=self.shapes)
        if kind.name == "Stage":
            self._check_deployment(after)
            after["LastUpdatedDate"] = to_datetime(now)
        self.resources[kind.name][key] = after
        if kind.name == "Route":
            self.shapes.forget()
        if kind.name == "Stage" and after["AutoDeploy"] and not before["AutoDeploy"]:
            self._deploy(after, now)
        return dict(after)

    def delete(self, kind: Kind, given: Members) -> Members:
        """Raises ResourceNotFound, and ResourceConflict or InvalidParameterValue for what another one names."""
        key = key_of(kind, given)
        self.found(kind, key)
        if kind.name == "Integration":
            users = [
                r["RouteKey"] for r in self.resources["Route"].values() if r.get("Target") == f"integrations/{key}"
            ]
            if users:
                raise ResourceConflict(
                    f"Cannot delete Integration with id '{key}'. Integration is referenced by 1 or more Routes"
                )
        if kind.name == "Deployment":
            stages = [s["StageName"] for s in self.resources["Stage"].values() if s.get("DeploymentId") == key]
            if stages:
                raise InvalidParameterValue(
                    "Active stages pointing to this deployment must be moved or deleted before deleting"
                )
            del self.deployed[key]
        del self.resources[kind.name][key]
        return {}

    def _check_deployment(self, stage: Members) -> None:
        deployment = stage.get("DeploymentId")
        if deployment is not None and deployment not in self.resources["Deployment"]:
            raise ResourceNotFound("Invalid Deployment identifier specified")

    def deploy_by_itself(self, now: Instant) -> None:
        """Deploy to every stage that follows each change."""
        for stage in self.resources["Stage"].values():
            if stage["AutoDeploy"]:
                self._deploy(stage, now)

    def _deploy(self, stage: Members, now: Instant) -> None:
        """Deploy to a stage by itself. Of deployments that nobody asked for, only the present one is of use."""
        made = self.create(KINDS["Deployment"], {"AutoDeployed": True}, now)
        before = stage.get("DeploymentId", "")
        stage["DeploymentId"] = made["DeploymentId"]
        told = f"Successfully deployed stage with deployment ID '{made['DeploymentId']}'"
        stage["LastDeploymentStatusMessage"] = told
        if self.resources["Deployment"].get(before, {}).get("AutoDeployed"):
            del self.resources["Deployment"][before], self.deployed[before]


def key_of(kind: Kind, given: Mapping[str, Any]) -> str:
    own = given[kind.id_key]
    return f"{given[kind.parent_key]}/{own}" if kind.parent_key else str(own)
