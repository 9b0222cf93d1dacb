"""What a document has in it, put into a REST API: all of it or nothing. Reading documents is the wire's affair."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from app.core.errors import InvalidParameterValue
from app.core.gateway.gateways import letters
from app.core.gateway.rest.api import DEFAULT_TIMEOUT_MS
from app.core.gateway.rest.definition.checks import (
    check_authorizer,
    check_integration,
    check_integration_response,
    check_method,
    check_method_name,
    check_model,
    check_rest_api,
)
from app.core.gateway.rest.definition.definition import Definition, Snapshot
from app.core.gateway.rest.definition.kinds import OF_APIS
from app.core.gateway.rest.definition.patches import Members
from app.core.gateway.rest.definition.tree import create_resource
from app.core.ids import Ids

_EDITED = ("resources", "kinds", "gateway_responses", "members")


def put_parts(api: Definition, parts: Mapping[str, Any], ids: Ids, *, overwrites: bool) -> list[str]:
    """Gives the warnings. Raises InvalidParameterValue, ResourceConflict; then nothing changed.

    `parts` has `Api`, `Models`, `Authorizers` and `Validators` by name, `GatewayResponses` by type, `Documentation`,
    and `Paths`: by path and method the members of the method, which names its authorizer and validator by `authorizer`
    and `validator`. With `overwrites` what was there is gone; else it stays where the document says nothing of it.
    """
    edited = Definition(
        api.id, api.scope, deepcopy(api.members), deepcopy(api.resources), deepcopy(api.kinds),
        deepcopy(api.gateway_responses), api.deployed,
    )  # fmt: skip
    if overwrites:
        _clear(edited)
    edited.members = {**edited.members, **{name: value for name, value in parts["Api"].items() if value != []}}
    check_rest_api(edited.members)
    for name, model in parts["Models"].items():
        _put_named(edited, "Model", name, {**model, "name": name}, ids)
    for name, authorizer in parts["Authorizers"].items():
        _put_named(edited, "Authorizer", name, {**OF_APIS["Authorizer"].defaults, **authorizer, "name": name}, ids)
    for name, validator in parts["Validators"].items():
        members = {**OF_APIS["RequestValidator"].defaults, **validator, "name": name}
        _put_named(edited, "RequestValidator", name, members, ids)
    for kind, response in parts["GatewayResponses"].items():
        edited.gateway_responses[kind] = dict(response)
    for path, methods in parts["Paths"].items():
        resource = _resource_at(edited, path, ids)
        for name, method in methods.items():
            _put_method(edited, resource, name, method)
    for part in parts["Documentation"]:
        key = letters(ids, 6)
        edited.kinds["DocumentationPart"][key] = {"id": key, **part}
    for field in _EDITED:
        setattr(api, field, getattr(edited, field))
    return list(parts.get("Warnings") or ())


def imported_parts(snapshot: Snapshot) -> dict[str, Any]:
    """An API as if it had been read from a document."""
    authorizers = {key: members["name"] for key, members in snapshot.authorizers.items()}
    validators = {key: members.get("name") or key for key, members in snapshot.validators.items()}
    return {
        "Api": {},
        "Models": {name: _without_id(members) for name, members in snapshot.models.items()},
        "Authorizers": {members["name"]: _without_id(members) for members in snapshot.authorizers.values()},
        "Validators": {validators[key]: _without_id(members) for key, members in snapshot.validators.items()},
        "GatewayResponses": dict(snapshot.gateway_responses),
        "Documentation": [],
        "Paths": {
            resource["path"]: {
                name: {
                    **method,
                    "authorizer": authorizers.get(method.get("authorizerId", "")),
                    "validator": validators.get(method.get("requestValidatorId", "")),
                }
                for name, method in resource.get("resourceMethods", {}).items()
            }
            for resource in snapshot.resources.values()
        },
    }


def _clear(api: Definition) -> None:
    api.resources = {api.root: {"id": api.root, "path": "/"}}
    for kind in ("Model", "Authorizer", "RequestValidator", "DocumentationPart"):
        api.kinds[kind].clear()
    api.gateway_responses.clear()


def _put_named(api: Definition, kind: str, name: str, members: Members, ids: Ids) -> None:
    """One of this name stays the same, with other members."""
    known = next((each for each in api.kinds[kind].values() if each.get("name") == name), None)
    members["id"] = known["id"] if known is not None else letters(ids, 6)
    if kind == "Authorizer":
        check_authorizer(members)
    elif kind == "Model":
        check_model(members)
    api.kinds[kind][members[OF_APIS[kind].id_key]] = members


def _resource_at(api: Definition, path: str, ids: Ids) -> Members:
    """The resource of a path, with those above it, made where they are not there."""
    resource = api.resources[api.root]
    for part in path.strip("/").split("/"):
        if not part:
            continue
        below = next(
            (each for each in api.resources.values()
             if each.get("parentId") == resource["id"] and each["pathPart"] == part), None,
        )  # fmt: skip
        if below is None:
            made = create_resource(api, {"parentId": resource["id"], "pathPart": part}, letters(ids, 6))
            below = api.resources[made["id"]]
        resource = below
    return resource


def _put_method(api: Definition, resource: Members, name: str, given: Members) -> None:
    check_method_name(name)
    method = {"apiKeyRequired": False, "authorizationType": "NONE", **deepcopy(given), "httpMethod": name}
    authorizer, validator = method.pop("authorizer", None), method.pop("validator", None)
    if authorizer is not None:
        method["authorizerId"] = _id_of(api, "Authorizer", authorizer)
    if validator is not None:
        method["requestValidatorId"] = _id_of(api, "RequestValidator", validator)
    check_method(api, method)
    integration = method.get("methodIntegration")
    if integration is not None:
        integration = {
            "passthroughBehavior": "WHEN_NO_MATCH", "timeoutInMillis": DEFAULT_TIMEOUT_MS,
            "cacheNamespace": resource["id"], "cacheKeyParameters": [], **integration,
        }  # fmt: skip
        check_integration(integration)
        for response in (integration.get("integrationResponses") or {}).values():
            check_integration_response(response)
        method["methodIntegration"] = integration
    resource.setdefault("resourceMethods", {})[name] = method


def _id_of(api: Definition, kind: str, name: str) -> str:
    found = next((key for key, members in api.kinds[kind].items() if members.get("name") == name), None)
    if found is None:
        raise InvalidParameterValue(f"Invalid OpenAPI input. There is no {OF_APIS[kind].name} named {name}")
    return found


def _without_id(members: Members) -> Members:
    return {name: value for name, value in members.items() if name not in ("id", "name")}
