"""API Gateway v1: REST APIs created, changed, deployed and told. What changes takes effect at a deployment; stages,
keys and usage plans at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.core.commands.gateway import ChangeRest, ChangeUsage, PutFront, RemoveFront
from app.core.errors import InvalidParameterValue, ResourceConflict, ResourceNotFound
from app.core.gateway import domains as names
from app.core.gateway.domains import Domains
from app.core.gateway.gateways import Gateways, letters, new_front_id
from app.core.gateway.rest.api import RestApi, RestAuthorizer, RestStage
from app.core.gateway.rest.definition import accounts, deploying, responses, tree
from app.core.gateway.rest.definition.accounts import Account
from app.core.gateway.rest.definition.checks import check_rest_api
from app.core.gateway.rest.definition.compiling import compiled_api, compiled_authorizer, compiled_deployment
from app.core.gateway.rest.definition.creating import check_kind, check_unused, created
from app.core.gateway.rest.definition.definition import Definition
from app.core.gateway.rest.definition.importing import imported_parts, put_parts
from app.core.gateway.rest.definition.kinds import OF_APIS, REST_API, Kind
from app.core.gateway.rest.definition.patches import Members, patched, patches_in
from app.core.ids import Ids
from app.core.names import Scope
from app.core.time import Instant, to_datetime

TEST_STAGE = "test-invoke-stage"
"""The stage that TestInvokeMethod tells functions of."""

_DRAFT = "http://json-schema.org/draft-04/schema#"
_DEFAULT_MODELS = {
    "Empty": (
        "This is a default empty schema model",
        f'{{\n  "$schema": "{_DRAFT}",\n  "title" : "Empty Schema",\n  "type" : "object"\n}}',
    ),
    "Error": (
        "This is a default error schema model",
        (
            f'{{\n  "$schema" : "{_DRAFT}",\n  "title" : "Error Schema",\n  "type" : "object",\n'
            '  "properties" : {\n    "message" : { "type" : "string" }\n  }\n}'
        ),
    ),
}


@dataclass(slots=True)
class RestApis:
    """All REST APIs by id, and what accounts keep beside them."""

    ids: Ids
    gateways: Gateways
    domains: Domains
    _apis: dict[str, Definition] = field(default_factory=dict)
    _accounts: dict[Scope, Account] = field(default_factory=dict)

    def verbs(self) -> dict[type[Any], Callable[[Any, Instant], Any]]:
        return {ChangeRest: self.change}

    # Reading --------------------------------------------------------------------------------------------

    def get(self, scope: Scope, id: str) -> Definition:
        """Raises ResourceNotFound."""
        api = self._apis.get(id)
        if api is None or api.scope != scope:
            raise ResourceNotFound(f"Invalid API identifier specified {scope.account}:{id}")
        return api

    def all(self, scope: Scope) -> list[Definition]:
        return [api for api in self._apis.values() if api.scope == scope]

    def account(self, scope: Scope) -> Account:
        found = self._accounts.get(scope)
        if found is None:
            found = self._accounts[scope] = Account(self.ids, lambda api, stage: self._has_stage(scope, api, stage))
        return found

    def one(self, scope: Scope, kind: Kind, given: Mapping[str, Any]) -> Members:
        """One of an API's resources of a kind. Raises ResourceNotFound."""
        return self._api_with(scope, kind, given).found(kind, given[kind.parameter])

    def with_tree(self, scope: Scope, id: str) -> Definition:
        """The API of an operation on resources and methods, which says of an API that is not there what it says of a
        resource (recorded 2024-04-15). Raises ResourceNotFound."""
        api = self._apis.get(id)
        if api is None or api.scope != scope:
            raise ResourceNotFound("Invalid Resource identifier specified")
        return api

    def for_test(self, scope: Scope, id: str, variables: Mapping[str, str]) -> RestApi:
        """The API as it would be deployed now, at a stage of its own. Raises ResourceNotFound."""
        api = self.with_tree(scope, id)
        deployment = compiled_deployment("", api.snapshot())
        return RestApi(api.id, api.name, scope, {TEST_STAGE: RestStage(TEST_STAGE, deployment, dict(variables))})

    def authorizer(self, scope: Scope, id: str, authorizer: str) -> RestAuthorizer:
        """An authorizer as it is now. Raises ResourceNotFound."""
        return compiled_authorizer(self.get(scope, id).found(OF_APIS["Authorizer"], authorizer))

    # Changing -------------------------------------------------------------------------------------------

    def change(self, command: ChangeRest, now: Instant) -> Members:
        """Carry out `PutMethod`, … Raises ResourceNotFound, ResourceConflict, InvalidParameterValue."""
        operation, scope = command.operation, command.scope
        given = {name: value for name, value in command.parameters.items() if value is not None}
        if (on_account := accounts.CHANGES.get(operation)) is not None:
            answer = on_account(self.account(scope), given, now)
            self._publish_usage(scope, now)
            return answer
        if (on_domains := names.CHANGES.get(operation)) is not None:
            changed: Members = on_domains(self.domains, scope, given, now)
            return changed
        if (on_tree := tree.CHANGES.get(operation)) is not None:
            return on_tree(self.with_tree(scope, given["restApiId"]), given)
        if (on_stages := deploying.CHANGES.get(operation)) is not None:
            api = self.get(scope, given["restApiId"])
            answer = on_stages(api, given, self.ids, now)
            self._publish(api, now)
            return answer
        own = _OWN.get(operation)
        if own is not None:
            return own(self, scope, given, now)
        for verb in ("Create", "Update", "Delete"):
            if operation.startswith(verb):
                return self._change_kind(verb, OF_APIS[operation.removeprefix(verb)], scope, given, now)
        raise AssertionError(f"{operation} changes nothing")

    def _change_kind(self, verb: str, kind: Kind, scope: Scope, given: Members, now: Instant) -> Members:
        if verb == "Create":
            return created(self._api_to_create_in(scope, kind, given), kind, given, self.ids, now)
        if verb == "Delete" and kind.name == "DocumentationPart":
            api = self.get(scope, given["restApiId"])
        else:
            api = self._api_with(scope, kind, given)
        before = api.found(kind, given[kind.parameter])
        if verb == "Delete":
            check_unused(api, kind, before)
            del api.kinds[kind.name][given[kind.parameter]]
            return {}
        after = patched(before, patches_in(given.get("patchOperations")), kind.patches)
        check_kind(kind, after)
        api.kinds[kind.name][given[kind.parameter]] = after
        return dict(after)

    def _api_with(self, scope: Scope, kind: Kind, given: Mapping[str, Any]) -> Definition:
        api = self._apis.get(given["restApiId"])
        if (api is None or api.scope != scope) and kind.without_api:
            raise ResourceNotFound(kind.without_api.format(given[kind.parameter]))
        return self.get(scope, given["restApiId"])

    def _api_to_create_in(self, scope: Scope, kind: Kind, given: Members) -> Definition:
        """What AWS says of an API that is not there depends on what is created (recorded 2024-04-15)."""
        api = self._apis.get(given["restApiId"])
        if api is None or api.scope != scope:
            if kind.name == "Authorizer":
                raise ResourceConflict(
                    "Unable to complete operation due to concurrent modification. Please try again later."
                )
            if kind.name == "RequestValidator":
                raise InvalidParameterValue("Invalid REST API identifier specified")
        return self.get(scope, given["restApiId"])

    # APIs -----------------------------------------------------------------------------------------------

    def create_api(self, scope: Scope, given: Members, now: Instant) -> Members:
        """Raises InvalidParameterValue, ResourceNotFound for one to clone that is not there."""
        source = self.get(scope, given["cloneFrom"]) if "cloneFrom" in given else None
        endpoint = given.get("endpointConfiguration") or {}
        types = endpoint.get("types", ["EDGE"])
        members: Members = {
            "apiKeySource": "HEADER",
            "disableExecuteApiEndpoint": False,
            **{name: value for name, value in given.items() if name != "cloneFrom" and value != []},
            "id": new_front_id(self.ids),
            "createdDate": to_datetime(now),
            "rootResourceId": letters(self.ids, 10),
            "endpointConfiguration": {
                "ipAddressType": "dualstack" if types == ["PRIVATE"] else "ipv4", **endpoint, "types": types
            },
        }  # fmt: skip
        check_rest_api(members)
        api = Definition(members["id"], scope, members)
        api.resources[api.root] = {"id": api.root, "path": "/"}
        for name, (description, schema) in _DEFAULT_MODELS.items():
            model = {"name": name, "description": description, "schema": schema, "contentType": "application/json"}
            created(api, OF_APIS["Model"], model, self.ids, now)
        if source is not None:
            put_parts(api, imported_parts(source.snapshot()), self.ids, overwrites=False)
        self._apis[api.id] = api
        self._publish(api, now)
        return dict(members)

    def update_api(self, scope: Scope, given: Members, now: Instant) -> Members:
        api = self.get(scope, given["restApiId"])
        before = api.members
        after = patched(before, patches_in(given.get("patchOperations")), REST_API)
        endpoint = after["endpointConfiguration"]
        endpoint.setdefault("types", [])
        if endpoint["types"] == ["PRIVATE"] != before["endpointConfiguration"]["types"]:
            endpoint["ipAddressType"] = "dualstack"
        check_rest_api(after)
        api.members = after
        self._publish(api, now)
        return {"tags": {}, **after}

    def delete_api(self, scope: Scope, given: Members, now: Instant) -> Members:
        api = self.get(scope, given["restApiId"])
        del self._apis[api.id]
        self.domains.forget_api(api.id)
        self.gateways.remove(RemoveFront(api.id), now)
        self._publish_usage(scope, now)
        return {}

    def import_api(self, scope: Scope, given: Members, now: Instant) -> Members:
        """An API with all that a document has in it, or nothing at all. `parts` is what the document came to."""
        parts = given["parts"]
        made = self.create_api(scope, dict(parts["Api"]), now)
        try:
            return self._put(self._apis[made["id"]], parts, now, overwrites=False)
        except Exception:
            self.delete_api(scope, {"restApiId": made["id"]}, now)
            raise

    def put_api(self, scope: Scope, given: Members, now: Instant) -> Members:
        """What a document has in it into an API: merged, or instead of what was there."""
        return self._put(
            self.get(scope, given["restApiId"]), given["parts"], now, overwrites=given.get("mode") == "overwrite"
        )  # fmt: skip

    def _put(self, api: Definition, parts: Members, now: Instant, *, overwrites: bool) -> Members:
        warnings = put_parts(api, parts, self.ids, overwrites=overwrites)
        self._publish(api, now)
        return {"tags": {}, **api.members, **({"warnings": warnings} if warnings else {})}

    # Resources ------------------------------------------------------------------------------------------

    def create_resource(self, scope: Scope, given: Members, now: Instant) -> Members:
        return tree.create_resource(self.with_tree(scope, given["restApiId"]), given, letters(self.ids, 6))

    def put_gateway_response(self, scope: Scope, given: Members, now: Instant) -> Members:
        return responses.put_response(self.get(scope, given["restApiId"]), given)

    def update_gateway_response(self, scope: Scope, given: Members, now: Instant) -> Members:
        return responses.update_response(self.get(scope, given["restApiId"]), given)

    def delete_gateway_response(self, scope: Scope, given: Members, now: Instant) -> Members:
        return responses.delete_response(self.get(scope, given["restApiId"]), given)

    def import_documentation(self, scope: Scope, given: Members, now: Instant) -> Members:
        """`documentation` are the parts of the document. Merged, or instead of what was there."""
        api, kind = self.get(scope, given["restApiId"]), OF_APIS["DocumentationPart"]
        if given.get("mode") == "overwrite":
            api.kinds[kind.name].clear()
        made = [created(api, kind, dict(part), self.ids, now) for part in given["documentation"]]
        return {"ids": [part["id"] for part in made], "warnings": []}

    # Caches ---------------------------------------------------------------------------------------------

    def flush_authorizers(self, scope: Scope, given: Members, now: Instant) -> Members:
        api = self.get(scope, given["restApiId"])
        api.found(OF_APIS["Stage"], given["stageName"])
        self.gateways.authorized.forget(api.id, stage=given["stageName"])
        return {}

    def flush_cache(self, scope: Scope, given: Members, now: Instant) -> Members:
        """Answers are not cached here: there is nothing to be flushed."""
        self.get(scope, given["restApiId"]).found(OF_APIS["Stage"], given["stageName"])
        return {}

    # Usage and tags -------------------------------------------------------------------------------------

    def update_usage(self, scope: Scope, given: Members, now: Instant) -> Members:
        """Give a key more of its quota back: `replace /remaining`. Raises ResourceNotFound, InvalidParameterValue."""
        account = self.account(scope)
        accounts.plan_key_of(account, given)
        plan = account.found("UsagePlan", given["usagePlanId"])
        quota = plan.get("quota")
        for patch in patches_in(given.get("patchOperations")):
            if patch.op != "replace" or patch.steps != ("remaining",) or not str(patch.value).isdecimal():
                raise InvalidParameterValue(f"Invalid patch path {patch.path}")
            if quota is None:
                raise InvalidParameterValue("Usage Plan " + plan["id"] + " has no quota")
            self.gateways.usage_of(scope).grant(
                plan["id"], given["keyId"], quota["limit"] - int(patch.value or 0), quota.get("period", "DAY"), now
            )  # fmt: skip
        day = to_datetime(now).date().isoformat()
        return self.usage(scope, {**given, "startDate": day, "endDate": day})

    def usage(self, scope: Scope, given: Mapping[str, Any]) -> Members:
        """GetUsage: by key what was used and what was left, day by day. Raises ResourceNotFound."""
        account = self.account(scope)
        plan = account.found("UsagePlan", given["usagePlanId"])
        keys = account.plan_keys.get(plan["id"], ())
        if given.get("keyId") is not None:
            accounts.plan_key_of(account, dict(given))
            keys = [given["keyId"]]
        used = self.gateways.usage_of(scope)
        limit = (plan.get("quota") or {}).get("limit")
        items = {key: used.days(plan["id"], key, given["startDate"], given["endDate"], limit) for key in keys}
        return {"usagePlanId": plan["id"], "startDate": given["startDate"], "endDate": given["endDate"],
                "items": {key: days for key, days in items.items() if days}}  # fmt: skip

    def tagged(self, scope: Scope, arn: str) -> Members:
        """The resource that `arn:aws:apigateway:REGION::/restapis/ID` names. Raises ResourceNotFound,
        InvalidParameterValue."""
        match arn.split(":", 5)[-1].strip("/").split("/"):
            case ["restapis", api]:
                return self.get(scope, api).members
            case ["restapis", api, "stages", stage]:
                return self.get(scope, api).found(OF_APIS["Stage"], stage)
            case ["apikeys", key]:
                return self.account(scope).found("ApiKey", key)
            case ["usageplans", plan]:
                return self.account(scope).found("UsagePlan", plan)
            case ["clientcertificates", certificate]:
                return self.account(scope).found("ClientCertificate", certificate)
            case ["vpclinks", link]:
                return self.account(scope).found("VpcLink", link)
            case ["domainnames", name]:
                return self.domains.get(scope, name).members
            case _:
                raise InvalidParameterValue("Invalid ARN specified in the request")

    def tag(self, scope: Scope, given: Members, now: Instant) -> Members:
        members = self.tagged(scope, given["resourceArn"])
        members["tags"] = {**members.get("tags", {}), **given["tags"]}
        return {}

    def untag(self, scope: Scope, given: Members, now: Instant) -> Members:
        members = self.tagged(scope, given["resourceArn"])
        members["tags"] = {key: text for key, text in members.get("tags", {}).items() if key not in given["tagKeys"]}
        return {}

    # What it comes to -----------------------------------------------------------------------------------

    def _has_stage(self, scope: Scope, api: str, stage: str) -> bool:
        found = self._apis.get(api)
        return found is not None and found.scope == scope and stage in found.kinds["Stage"]

    def _publish(self, api: Definition, now: Instant) -> None:
        """Let requests be routed by what is deployed now."""
        self.gateways.put(PutFront(compiled_api(api)), now)

    def _publish_usage(self, scope: Scope, now: Instant) -> None:
        keys, plans = self.account(scope).usage()
        usage = self.gateways.usage_of(scope)
        if (usage.keys, usage.plans) != (keys, plans):
            self.gateways.change_usage(ChangeUsage(scope, keys, plans), now)


_OWN: Mapping[str, Callable[[RestApis, Scope, Members, Instant], Members]] = {
    "CreateRestApi": RestApis.create_api,
    "UpdateRestApi": RestApis.update_api,
    "DeleteRestApi": RestApis.delete_api,
    "ImportRestApi": RestApis.import_api,
    "PutRestApi": RestApis.put_api,
    "CreateResource": RestApis.create_resource,
    "PutGatewayResponse": RestApis.put_gateway_response,
    "UpdateGatewayResponse": RestApis.update_gateway_response,
    "DeleteGatewayResponse": RestApis.delete_gateway_response,
    "ImportDocumentationParts": RestApis.import_documentation,
    "FlushStageAuthorizersCache": RestApis.flush_authorizers,
    "FlushStageCache": RestApis.flush_cache,
    "UpdateUsage": RestApis.update_usage,
    "TagResource": RestApis.tag,
    "UntagResource": RestApis.untag,
}

CHANGES = (
    *accounts.CHANGES, *names.CHANGES, *tree.CHANGES, *deploying.CHANGES, *_OWN,
    *(f"{verb}{kind}" for kind in ("Authorizer", "Model", "RequestValidator", "DocumentationPart",
                                   "DocumentationVersion") for verb in ("Create", "Update", "Delete")),
    "UpdateDeployment",
)  # fmt: skip
"""The operations that change something."""
