"""The APIs of API Gateway v2: making, importing, changing and publishing them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.core.commands.gateway import ChangeApi, PutFront, RemoveFront
from app.core.errors import InvalidParameterValue, Refused, ResourceNotFound
from app.core.gateway import api_mappings
from app.core.gateway.api import Api, Members, key_of
from app.core.gateway.api_fronts import front_of
from app.core.gateway.api_resources import KINDS
from app.core.gateway.domains import Domains
from app.core.gateway.gateways import Gateways, new_front_id
from app.core.gateway.vpc_links import VpcLinks
from app.core.ids import Ids
from app.core.names import Scope
from app.core.time import Instant, to_datetime

_EXPRESSIONS = {"HTTP": "$request.method $request.path", "WEBSOCKET": "$request.body.action"}
_KEPT_APART = ("ApiId", "Target", "RouteKey", "CredentialsArn")


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
        return api.found(KINDS[kind], key_of(KINDS[kind], given))

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
                answer = api.create(KINDS[kind], given, now)
            case "Update":
                answer = api.update(KINDS[kind], given, now)
            case _:
                answer = api.delete(KINDS[kind], given)
        if KINDS[kind].is_deployed:
            api.deploy_by_itself(now)
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
        integrations = [api.create(KINDS["Integration"], dict(given), now) for given in parts["Integrations"]]
        authorizers = {
            name: api.create(KINDS["Authorizer"], dict(given), now) for name, given in parts["Authorizers"].items()
        }
        for given in parts["Routes"]:
            members = {name: value for name, value in given.items() if name not in ("Integration", "Authorizer")}
            if "Integration" in given:
                members["Target"] = f"integrations/{integrations[given['Integration']]['IntegrationId']}"
            if "Authorizer" in given:
                members["AuthorizerId"] = authorizers[given["Authorizer"]]["AuthorizerId"]
            api.create(KINDS["Route"], members, now)

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
        api.deploy_by_itself(now)
        self._publish(api, now)
        return dict(api.members)

    # Parts of resources ---------------------------------------------------------------------------------

    def delete_route_parameter(self, scope: Scope, given: Members, now: Instant) -> Members:
        """Raises ResourceNotFound."""
        api = self.get(scope, given["ApiId"])
        route = api.found(KINDS["Route"], given["RouteId"])
        if given["RequestParameterKey"] not in route.get("RequestParameters", {}):
            raise ResourceNotFound("Invalid request parameter key specified")
        kept = {key: each for key, each in route["RequestParameters"].items() if key != given["RequestParameterKey"]}
        api.resources["Route"][given["RouteId"]] = {**route, "RequestParameters": kept}
        api.deploy_by_itself(now)
        self._publish(api, now)
        return {}

    def delete_route_settings(self, scope: Scope, given: Members, now: Instant) -> Members:
        """Raises ResourceNotFound."""
        api = self.get(scope, given["ApiId"])
        stage = api.found(KINDS["Stage"], given["StageName"])
        if given["RouteKey"] not in stage.get("RouteSettings", {}):
            raise ResourceNotFound("Invalid route key specified")
        kept = {key: each for key, each in stage["RouteSettings"].items() if key != given["RouteKey"]}
        api.resources["Stage"][given["StageName"]] = {**stage, "RouteSettings": kept}
        self._publish(api, now)
        return {}

    def delete_log_settings(self, scope: Scope, given: Members, _: Instant) -> Members:
        """Raises ResourceNotFound."""
        api = self.get(scope, given["ApiId"])
        stage = api.found(KINDS["Stage"], given["StageName"])
        kept = {name: value for name, value in stage.items() if name != "AccessLogSettings"}
        api.resources["Stage"][given["StageName"]] = kept
        return {}

    def reset_authorizers(self, scope: Scope, given: Members, _: Instant) -> Members:
        """What authorizers said is asked anew. Raises ResourceNotFound."""
        api = self.get(scope, given["ApiId"])
        api.found(KINDS["Stage"], given["StageName"])
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
        api.deploy_by_itself(now)
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
        api = Api(api_id, command.scope, members, self.ids)
        if "Target" in given:
            api.quick_create(given, now)
        self._apis[api_id] = api
        self._publish(api, now)
        return dict(members)

    def _publish(self, api: Api, now: Instant) -> None:
        """Let requests be routed by what is deployed now."""
        self.gateways.put(PutFront(front_of(api)), now)


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


def _verb_and_kind(operation: str) -> tuple[str, str]:
    if operation in ("TagResource", "UntagResource"):
        return operation.removesuffix("Resource"), "Api"
    if operation == "DeleteCorsConfiguration":
        return "DeleteCors", "Api"
    for verb in ("Create", "Update", "Delete"):
        if operation.startswith(verb):
            return verb, operation.removeprefix(verb)
    raise AssertionError(f"{operation} changes nothing")
