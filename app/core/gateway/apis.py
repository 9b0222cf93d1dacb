"""API Gateway v2's resources: APIs with routes, integrations, authorizers, stages, deployments, under AWS's names.

What a resource was given is kept and told as it was; what is deployed is compiled to the values that requests are
routed by. Changes take effect at a deployment, which stages with auto-deploy make of each.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from app.core.commands.gateway import ChangeApi, PutFront, RemoveFront
from app.core.errors import InvalidParameterValue, Refused, ResourceConflict, ResourceNotFound
from app.core.gateway import api_mappings
from app.core.gateway.api_resources import KINDS, Kind, RouteShapes, checked, compiled_routes
from app.core.gateway.cors import cors_of
from app.core.gateway.domains import Domains
from app.core.gateway.gateways import Gateways, letters, new_front_id
from app.core.gateway.http_api import HttpApi, Route, Routing, Stage, Throttle
from app.core.gateway.vpc_links import VpcLinks
from app.core.gateway.websocket.api import SocketStage, WebSocketApi, compiled_socket_routes
from app.core.ids import Ids
from app.core.names import Scope
from app.core.time import Instant, to_datetime

Members: TypeAlias = dict[str, Any]
"""A resource under AWS's member names."""

_EXPRESSIONS = {"HTTP": "$request.method $request.path", "WEBSOCKET": "$request.body.action"}
_KEPT_APART = ("ApiId", "Target", "RouteKey", "CredentialsArn")


@dataclass(slots=True)
class Api:
    """One API and all of its resources, by kind and id; nested ones have `parent/id`. `deployed` are the routes of each
    deployment, as they were when it was made."""

    id: str
    scope: Scope
    members: Members
    resources: dict[str, dict[str, Members]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    deployed: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    shapes: RouteShapes = field(default_factory=RouteShapes)

    @property
    def is_http(self) -> bool:
        return bool(self.members["ProtocolType"] == "HTTP")


@dataclass(slots=True)
class Apis:
    """All APIs of API Gateway v2 by id."""

    ids: Ids
    gateways: Gateways
    domains: Domains
    _apis: dict[str, Api] = field(default_factory=dict)
    links: VpcLinks = field(init=False)

    def __post_init__(self) -> None:
        self.links = VpcLinks(self.ids)

    def verbs(self) -> dict[type[Any], Callable[[Any, Instant], Any]]:
        return {ChangeApi: self.change}

    # Reading --------------------------------------------------------------------------------------------

    def get(self, scope: Scope, id: str) -> Api:
        """Raises ResourceNotFound."""
        api = self._apis.get(id)
        if api is None or api.scope != scope:
            raise ResourceNotFound(f"Invalid API identifier specified {scope.account}:{id}")
        return api

    def all(self, scope: Scope) -> list[Api]:
        return [api for api in self._apis.values() if api.scope == scope]

    def resource(self, scope: Scope, kind: str, given: Mapping[str, Any]) -> Members:
        """Raises ResourceNotFound."""
        api = self.get(scope, given["ApiId"])
        return _found(api, KINDS[kind], _key(KINDS[kind], given))

    def resources(self, scope: Scope, kind: str, given: Mapping[str, Any]) -> list[Members]:
        """All of a kind in an API, or under the parent that `given` names. Raises ResourceNotFound."""
        api, parent = self.get(scope, given["ApiId"]), KINDS[kind].parent_key
        begin = f"{given[parent]}/" if parent else ""
        return [members for key, members in api.resources[kind].items() if key.startswith(begin)]

    # Changing -------------------------------------------------------------------------------------------

    def change(self, command: ChangeApi, now: Instant) -> Members:
        """Carry out `CreateRoute`, … Raises ResourceNotFound, ResourceConflict, InvalidParameterValue."""
        if command.operation == "ImportApi":
            return self._import(command, now)
        if (on_domains := api_mappings.CHANGES.get(command.operation)) is not None:
            return on_domains(self.domains, command.scope, dict(command.parameters), now)
        if (own := _OWN.get(command.operation)) is not None:
            return own(self, command.scope, dict(command.parameters), now)
        verb, kind = _verb_and_kind(command.operation)
        given = {name: value for name, value in command.parameters.items() if value is not None}
        if kind == "Api":
            return self._change_api(verb, command, given, now)
        api = self.get(command.scope, given["ApiId"])
        match verb:
            case "Create":
                answer = self._create(api, KINDS[kind], given, now)
            case "Update":
                answer = self._update(api, KINDS[kind], given, now)
            case _:
                answer = self._delete(api, KINDS[kind], given)
        if KINDS[kind].is_deployed:
            self._deploy_by_itself(api, now)
        self._publish(api, now)
        return answer

    def _import(self, command: ChangeApi, now: Instant) -> Members:
        """An API with all that a document has in it, or nothing at all."""
        parts = command.parameters["Body"]
        made = self._create_api(command, dict(parts["Api"]), now)
        api = self._apis[made["ApiId"]]
        try:
            self._put_parts(api, parts, now)
        except Refused:
            del self._apis[api.id]
            self.gateways.remove(RemoveFront(api.id), now)
            raise
        self._publish(api, now)
        return made

    def _put_parts(self, api: Api, parts: Members, now: Instant) -> None:
        integrations = [self._create(api, KINDS["Integration"], dict(given), now) for given in parts["Integrations"]]
        authorizers = {
            name: self._create(api, KINDS["Authorizer"], dict(given), now)
            for name, given in parts["Authorizers"].items()
        }
        for given in parts["Routes"]:
            members = {name: value for name, value in given.items() if name not in ("Integration", "Authorizer")}
            if "Integration" in given:
                members["Target"] = f"integrations/{integrations[given['Integration']]['IntegrationId']}"
            if "Authorizer" in given:
                members["AuthorizerId"] = authorizers[given["Authorizer"]]["AuthorizerId"]
            self._create(api, KINDS["Route"], members, now)

    def reimport(self, scope: Scope, given: Members, now: Instant) -> Members:
        """What a document has in it instead of the API's routes, integrations and authorizers, or no change at all."""
        api, parts = self.get(scope, given["ApiId"]), given["Body"]
        before = {kind: dict(found) for kind, found in api.resources.items()}
        for kind in ("Route", "RouteResponse", "Integration", "IntegrationResponse", "Authorizer"):
            api.resources[kind] = {}
        try:
            self._put_parts(api, parts, now)
        except Refused:
            api.resources = before
            raise
        api.members = {**api.members, **parts["Api"]}
        self._deploy_by_itself(api, now)
        self._publish(api, now)
        return dict(api.members)

    # Parts of resources ---------------------------------------------------------------------------------

    def delete_route_parameter(self, scope: Scope, given: Members, now: Instant) -> Members:
        """Raises ResourceNotFound."""
        api = self.get(scope, given["ApiId"])
        route = _found(api, KINDS["Route"], given["RouteId"])
        if given["RequestParameterKey"] not in route.get("RequestParameters", {}):
            raise ResourceNotFound("Invalid request parameter key specified")
        kept = {key: each for key, each in route["RequestParameters"].items() if key != given["RequestParameterKey"]}
        api.resources["Route"][given["RouteId"]] = {**route, "RequestParameters": kept}
        self._deploy_by_itself(api, now)
        self._publish(api, now)
        return {}

    def delete_route_settings(self, scope: Scope, given: Members, now: Instant) -> Members:
        """Raises ResourceNotFound."""
        api = self.get(scope, given["ApiId"])
        stage = _found(api, KINDS["Stage"], given["StageName"])
        if given["RouteKey"] not in stage.get("RouteSettings", {}):
            raise ResourceNotFound("Invalid route key specified")
        kept = {key: each for key, each in stage["RouteSettings"].items() if key != given["RouteKey"]}
        api.resources["Stage"][given["StageName"]] = {**stage, "RouteSettings": kept}
        self._publish(api, now)
        return {}

    def delete_log_settings(self, scope: Scope, given: Members, _: Instant) -> Members:
        """Raises ResourceNotFound."""
        api = self.get(scope, given["ApiId"])
        stage = _found(api, KINDS["Stage"], given["StageName"])
        kept = {name: value for name, value in stage.items() if name != "AccessLogSettings"}
        api.resources["Stage"][given["StageName"]] = kept
        return {}

    def reset_authorizers(self, scope: Scope, given: Members, _: Instant) -> Members:
        """What authorizers said is asked anew. Raises ResourceNotFound."""
        api = self.get(scope, given["ApiId"])
        _found(api, KINDS["Stage"], given["StageName"])
        self.gateways.authorized.forget(api.id)
        return {}

    # APIs -----------------------------------------------------------------------------------------------

    def _change_api(self, verb: str, command: ChangeApi, given: Members, now: Instant) -> Members:
        match verb:
            case "Create":
                return self._create_api(command, given, now)
            case "Update":
                api = self.get(command.scope, given["ApiId"])
                changes = {name: value for name, value in given.items() if name not in _KEPT_APART}
                api.members = {**api.members, **changes}
            case "Delete":
                api = self.get(command.scope, given["ApiId"])
                del self._apis[api.id]
                self.domains.forget_api(api.id)
                if self.gateways.get(api.id) is not None:
                    self.gateways.remove(RemoveFront(api.id), now)
                return {}
            case "Tag":
                api = self.get(command.scope, given["ApiId"])
                api.members = {**api.members, "Tags": {**api.members.get("Tags", {}), **given["Tags"]}}
            case "Untag":
                api = self.get(command.scope, given["ApiId"])
                tags = {key: text for key, text in api.members.get("Tags", {}).items() if key not in given["TagKeys"]}
                api.members = {**api.members, "Tags": tags}
            case _:
                api = self.get(command.scope, given["ApiId"])
                api.members = {name: value for name, value in api.members.items() if name != "CorsConfiguration"}
        self._deploy_by_itself(api, now)
        self._publish(api, now)
        return dict(api.members)

    def _create_api(self, command: ChangeApi, given: Members, now: Instant) -> Members:
        protocol = given.get("ProtocolType", "HTTP")
        if protocol not in _EXPRESSIONS:
            raise InvalidParameterValue("Invalid protocol specified. Must be one of [HTTP, WEBSOCKET]")
        api_id = new_front_id(self.ids)
        scheme = "ws" if protocol == "WEBSOCKET" else "http"
        members: Members = {
            "ApiEndpoint": f"{scheme}://{api_id}.execute-api.{command.endpoint_host}",
            "ApiId": api_id,
            "ApiKeySelectionExpression": "$request.header.x-api-key",
            "CreatedDate": to_datetime(now),
            "DisableExecuteApiEndpoint": False,
            "IpAddressType": "ipv4",
            "ProtocolType": protocol,
            "RouteSelectionExpression": _EXPRESSIONS[protocol],
            "Tags": {},
            **{name: value for name, value in given.items() if name not in _KEPT_APART},
        }
        api = Api(api_id, command.scope, members)
        if "Target" in given:
            self._quick_create(api, given, now)
        self._apis[api_id] = api
        self._publish(api, now)
        return dict(members)

    def _quick_create(self, api: Api, given: Members, now: Instant) -> None:
        """An API with a target has an integration, a catch-all route and a stage from the start."""
        target = given["Target"]
        is_function = target.startswith("arn:")
        integration = self._create(
            api,
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
        self._create(api, KINDS["Route"], {**route, "ApiGatewayManaged": True}, now)
        self._create(api, KINDS["Stage"], {"StageName": "$default", "AutoDeploy": True, "ApiGatewayManaged": True}, now)

    def _create(self, api: Api, kind: Kind, given: Members, now: Instant) -> Members:
        own = {name: value for name, value in given.items() if name not in ("ApiId", kind.parent_key)}
        if kind.parent_key:
            _found(api, KINDS[kind.parent], given[kind.parent_key])
        own_id = own.get(kind.id_key) or letters(self.ids, 7)
        members: Members = {**kind.defaults(api.is_http), **own, kind.id_key: own_id}
        key = _key(kind, {**given, kind.id_key: own_id})
        if key in api.resources[kind.name]:
            raise ResourceConflict(f"{kind.name} already exists")
        if kind.is_dated:
            members["CreatedDate"] = to_datetime(now)
        checked(kind, members, api.resources, is_http=api.is_http, without=None, shapes=api.shapes)
        if kind.name == "Stage":
            self._check_deployment(api, members)
            members["LastUpdatedDate"] = to_datetime(now)
        if kind.name == "Deployment":
            self._snapshot(api, members)
        api.resources[kind.name][key] = members
        if kind.name == "Route" and api.is_http:
            api.shapes.add(members, key)
        if kind.name == "Stage" and members["AutoDeploy"]:
            self._deploy(api, members, now)
        return dict(members)

    def _snapshot(self, api: Api, deployment: Members) -> None:
        """Keep what is deployed, for the stage that it names. Raises ResourceNotFound for one that is not there."""
        stage_name = deployment.pop("StageName", None)
        stage = _found(api, KINDS["Stage"], stage_name) if stage_name is not None else None
        deployment.setdefault("AutoDeployed", False)
        deployment["DeploymentStatus"] = "DEPLOYED"
        api.deployed[deployment["DeploymentId"]] = (compiled_routes if api.is_http else compiled_socket_routes)(
            api.resources
        )
        if stage is not None:
            stage["DeploymentId"] = deployment["DeploymentId"]

    def _update(self, api: Api, kind: Kind, given: Members, now: Instant) -> Members:
        key = _key(kind, given)
        before = _found(api, kind, key)
        own = {name: value for name, value in given.items() if name not in ("ApiId", kind.parent_key, kind.id_key)}
        after = {**before, **own}
        checked(kind, after, api.resources, is_http=api.is_http, without=key, shapes=api.shapes)
        if kind.name == "Stage":
            self._check_deployment(api, after)
            after["LastUpdatedDate"] = to_datetime(now)
        api.resources[kind.name][key] = after
        if kind.name == "Route":
            api.shapes.forget()
        if kind.name == "Stage" and after["AutoDeploy"] and not before["AutoDeploy"]:
            self._deploy(api, after, now)
        return dict(after)

    def _delete(self, api: Api, kind: Kind, given: Members) -> Members:
        key = _key(kind, given)
        _found(api, kind, key)
        if kind.name == "Integration":
            users = [r["RouteKey"] for r in api.resources["Route"].values() if r.get("Target") == f"integrations/{key}"]
            if users:
                raise ResourceConflict(
                    f"Cannot delete Integration with id '{key}'. Integration is referenced by 1 or more Routes"
                )
        if kind.name == "Deployment":
            stages = [s["StageName"] for s in api.resources["Stage"].values() if s.get("DeploymentId") == key]
            if stages:
                raise InvalidParameterValue(
                    "Active stages pointing to this deployment must be moved or deleted before deleting"
                )
            del api.deployed[key]
        del api.resources[kind.name][key]
        return {}

    def _check_deployment(self, api: Api, stage: Members) -> None:
        deployment = stage.get("DeploymentId")
        if deployment is not None and deployment not in api.resources["Deployment"]:
            raise ResourceNotFound("Invalid Deployment identifier specified")

    def _deploy_by_itself(self, api: Api, now: Instant) -> None:
        for stage in api.resources["Stage"].values():
            if stage["AutoDeploy"]:
                self._deploy(api, stage, now)

    def _deploy(self, api: Api, stage: Members, now: Instant) -> None:
        """Deploy to a stage by itself. Of deployments that nobody asked for, only the present one is of use."""
        made = self._create(api, KINDS["Deployment"], {"AutoDeployed": True}, now)
        before = stage.get("DeploymentId", "")
        stage["DeploymentId"] = made["DeploymentId"]
        told = f"Successfully deployed stage with deployment ID '{made['DeploymentId']}'"
        stage["LastDeploymentStatusMessage"] = told
        if api.resources["Deployment"].get(before, {}).get("AutoDeployed"):
            del api.resources["Deployment"][before], api.deployed[before]

    def _publish(self, api: Api, now: Instant) -> None:
        """Let requests be routed by what is deployed now."""
        members = api.members
        if not api.is_http:
            self.gateways.put(PutFront(_socket_front(api)), now)
            return
        stages = {
            name: _stage(stage, api.deployed.get(stage.get("DeploymentId", ""), ()))
            for name, stage in api.resources["Stage"].items()
        }
        front = HttpApi(
            api.id, members.get("Name", api.id), api.scope, stages, cors_of(members.get("CorsConfiguration")),
            routes=compiled_routes(api.resources), is_disabled=bool(members["DisableExecuteApiEndpoint"]),
        )  # fmt: skip
        self.gateways.put(PutFront(front), now)


_OWN: Mapping[str, Callable[[Apis, Scope, Members, Instant], Members]] = {
    "ReimportApi": Apis.reimport,
    "DeleteRouteRequestParameter": Apis.delete_route_parameter,
    "DeleteRouteSettings": Apis.delete_route_settings,
    "DeleteAccessLogSettings": Apis.delete_log_settings,
    "ResetAuthorizersCache": Apis.reset_authorizers,
    "CreateVpcLink": lambda apis, scope, given, now: apis.links.create(scope, given, now),
    "UpdateVpcLink": lambda apis, scope, given, now: apis.links.update(scope, given, now),
    "DeleteVpcLink": lambda apis, scope, given, now: apis.links.delete(scope, given, now),
}
MORE_CHANGES = (*_OWN, *api_mappings.CHANGES)
"""The operations that change something else than a resource of an API."""


def _socket_front(api: Api) -> WebSocketApi:
    members = api.members
    stages = {
        name: SocketStage(
            name, {route.key: route for route in api.deployed.get(stage.get("DeploymentId", ""), ())},
            dict(stage.get("StageVariables") or {}),
        )
        for name, stage in api.resources["Stage"].items()
    }  # fmt: skip
    return WebSocketApi(api.id, members.get("Name", api.id), api.scope, stages, members["RouteSelectionExpression"])


def _stage(members: Mapping[str, Any], routes: tuple[Route, ...]) -> Stage:
    throttles = {key: _throttle(given) for key, given in (members.get("RouteSettings") or {}).items()}
    return Stage(
        members["StageName"], Routing.of(routes), dict(members.get("StageVariables") or {}),
        members.get("DeploymentId", ""), _throttle(members.get("DefaultRouteSettings") or {}),
        {key: throttle for key, throttle in throttles.items() if throttle != Throttle()},
    )  # fmt: skip


def _throttle(given: Mapping[str, Any]) -> Throttle:
    return replace(Throttle(), burst=given.get("ThrottlingBurstLimit"), rate=given.get("ThrottlingRateLimit"))


def _found(api: Api, kind: Kind, key: str) -> Members:
    try:
        return api.resources[kind.name][key]
    except KeyError:
        raise ResourceNotFound(f"Invalid {kind.words} identifier specified") from None


def _key(kind: Kind, given: Mapping[str, Any]) -> str:
    own = given[kind.id_key]
    return f"{given[kind.parent_key]}/{own}" if kind.parent_key else str(own)


def _verb_and_kind(operation: str) -> tuple[str, str]:
    if operation in ("TagResource", "UntagResource"):
        return operation.removesuffix("Resource"), "Api"
    if operation == "DeleteCorsConfiguration":
        return "DeleteCors", "Api"
    for verb in ("Create", "Update", "Delete"):
        if operation.startswith(verb):
            return verb, operation.removeprefix(verb)
    raise AssertionError(f"{operation} changes nothing")
