"""The tree of a REST API: resources, their methods, integrations, and the responses of both."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import TypeAlias

from app.core.errors import InvalidParameterValue, ResourceConflict, ResourceNotFound
from app.core.gateway.rest.api import DEFAULT_TIMEOUT_MS
from app.core.gateway.rest.definition.checks import (
    check_integration,
    check_integration_response,
    check_method,
    check_method_name,
    check_path_part,
)
from app.core.gateway.rest.definition.definition import Definition
from app.core.gateway.rest.definition.kinds import (
    INTEGRATION,
    INTEGRATION_RESPONSE,
    METHOD,
    METHOD_RESPONSE,
    RESOURCE,
)
from app.core.gateway.rest.definition.patches import Members, patched, patches_in

_WHERE = ("restApiId", "resourceId", "httpMethod", "statusCode", "patchOperations")
_NO_RESPONSE = "Invalid Response status code specified"

Act: TypeAlias = Callable[[Definition, Members], Members]
"""What an operation does to an API, given its parameters; it gives AWS's result."""


# Finding --------------------------------------------------------------------------------------------


def resource_of(api: Definition, id: str) -> Members:
    """Raises ResourceNotFound."""
    resource = api.resources.get(id)
    if resource is None:
        raise ResourceNotFound("Invalid Resource identifier specified")
    return resource


def method_of(api: Definition, given: Members, words: str = "Invalid Method identifier specified") -> Members:
    """Raises ResourceNotFound."""
    methods = resource_of(api, given["resourceId"]).get("resourceMethods", {})
    if given["httpMethod"] not in methods:
        raise ResourceNotFound(words)
    method: Members = methods[given["httpMethod"]]
    return method


def integration_of(api: Definition, given: Members, words: str = "Invalid Method identifier specified") -> Members:
    """Raises ResourceNotFound."""
    method = method_of(api, given, words)
    if "methodIntegration" not in method:
        raise ResourceNotFound("Invalid Integration identifier specified")
    integration: Members = method["methodIntegration"]
    return integration


def method_response_of(api: Definition, given: Members) -> Members:
    """Raises ResourceNotFound."""
    return _response(method_of(api, given).get("methodResponses", {}), given)


def integration_response_of(api: Definition, given: Members) -> Members:
    """Raises ResourceNotFound."""
    return _response(integration_of(api, given).get("integrationResponses", {}), given)


def shown_resource(resource: Members, *, with_methods: bool) -> Members:
    """A resource as it is told: its methods whole, or by name only."""
    methods = resource.get("resourceMethods", {})
    told = {name: (shown_method(method) if with_methods else {}) for name, method in methods.items()}
    plain = {name: value for name, value in resource.items() if name != "resourceMethods"}
    return {**plain, "resourceMethods": told} if told else plain


def shown_method(method: Members) -> Members:
    """A method as it is told: what it has none of is left out."""
    told = {name: value for name, value in deepcopy(method).items() if value not in ({}, [])}
    for response in (told.get("methodResponses") or {}).values():
        for name in ("responseModels", "responseParameters"):
            if response.get(name) == {}:
                del response[name]
    return told


# Resources ------------------------------------------------------------------------------------------


def create_resource(api: Definition, given: Members, id: str) -> Members:
    """Raises ResourceNotFound, ResourceConflict, InvalidParameterValue."""
    parent, part = resource_of(api, given["parentId"]), given["pathPart"]
    _check_place(api, parent, part, without=None)
    resource: Members = {"id": id, "parentId": parent["id"], "pathPart": part, "path": _path(parent, part)}
    api.resources[id] = resource
    return dict(resource)


def update_resource(api: Definition, given: Members) -> Members:
    """Another name or another parent; what is below goes along."""
    resource = resource_of(api, given["resourceId"])
    patches = patches_in(given.get("patchOperations"))
    after = patched(resource, patches, RESOURCE)
    if resource["id"] == api.root:
        for patch in patches:
            raise InvalidParameterValue(f"Root resource cannot update its {patch.steps[0]}.")
        return dict(resource)
    parent = resource_of(api, after["parentId"])
    if parent["id"] in _below(api, resource["id"]):
        raise InvalidParameterValue("Resources cannot be cyclical.")
    _check_place(api, parent, after["pathPart"], without=resource["id"])
    api.resources[resource["id"]] = {**after, "path": _path(parent, after["pathPart"])}
    for below in _below(api, resource["id"])[1:]:
        child = api.resources[below]
        child["path"] = _path(api.resources[child["parentId"]], child["pathPart"])
    return shown_resource(api.resources[resource["id"]], with_methods=False)


def delete_resource(api: Definition, given: Members) -> Members:
    """With all that is below it."""
    resource = resource_of(api, given["resourceId"])
    if resource["id"] == api.root:
        raise InvalidParameterValue("Root resource cannot be deleted")
    for below in _below(api, resource["id"]):
        del api.resources[below]
    return {}


def _below(api: Definition, id: str) -> list[str]:
    """The resource and all below it, parents before their children."""
    found = [id]
    for parent in found:
        found += [other["id"] for other in api.resources.values() if other.get("parentId") == parent]
    return found


def _path(parent: Members, part: str) -> str:
    return f"{str(parent['path']).rstrip('/')}/{part}"


def _check_place(api: Definition, parent: Members, part: str, without: str | None) -> None:
    check_path_part(part)
    parent_part = parent.get("pathPart", "")
    if parent_part.endswith("+}"):
        raise InvalidParameterValue(
            f"Cannot create a child of a resource with a greedy path variable: {parent_part}"
        )  # fmt: skip
    siblings = [other["pathPart"] for other in api.resources.values()
                if other.get("parentId") == parent["id"] and other["id"] != without]  # fmt: skip
    if part in siblings:
        raise ResourceConflict(f"Another resource with the same parent already has this name: {part}")
    variable = next((sibling for sibling in siblings if sibling.startswith("{")), None)
    if part.startswith("{") and variable is not None:
        raise InvalidParameterValue(
            f"A sibling ({variable}) of this resource already has a variable path part -- only one is allowed"
        )


# Methods --------------------------------------------------------------------------------------------


def put_method(api: Definition, given: Members) -> Members:
    """Raises ResourceNotFound, ResourceConflict, InvalidParameterValue."""
    resource = resource_of(api, given["resourceId"])
    name = given["httpMethod"]
    check_method_name(name)
    if name in resource.get("resourceMethods", {}):
        raise ResourceConflict("Method already exists for this resource")
    method = {"httpMethod": name, "apiKeyRequired": False, **_own(given)}
    if method["authorizationType"] not in ("CUSTOM", "COGNITO_USER_POOLS"):
        method.pop("authorizerId", None)
    check_method(api, method)
    resource.setdefault("resourceMethods", {})[name] = method
    return shown_method(method)


def update_method(api: Definition, given: Members) -> Members:
    """Raises ResourceNotFound, InvalidParameterValue."""
    method = method_of(api, given)
    after = patched(method, patches_in(given.get("patchOperations")), METHOD)
    if after["authorizationType"] not in ("CUSTOM", "COGNITO_USER_POOLS"):
        after.pop("authorizerId", None)
    for member in ("requestValidatorId", "authorizerId", "operationName"):
        if after.get(member) in ("", None):
            after.pop(member, None)
    check_method(api, after)
    api.resources[given["resourceId"]]["resourceMethods"][given["httpMethod"]] = after
    return shown_method(after)


def delete_method(api: Definition, given: Members) -> Members:
    """Raises ResourceNotFound."""
    method_of(api, given)
    resource = api.resources[given["resourceId"]]
    del resource["resourceMethods"][given["httpMethod"]]
    return {}


def put_method_response(api: Definition, given: Members) -> Members:
    """Raises ResourceNotFound, ResourceConflict."""
    method = method_of(api, given)
    responses: Members = method.setdefault("methodResponses", {})
    if given["statusCode"] in responses:
        raise ResourceConflict("Response already exists for this resource")
    responses[given["statusCode"]] = {"statusCode": given["statusCode"], **_own(given)}
    return dict(responses[given["statusCode"]])


def update_method_response(api: Definition, given: Members) -> Members:
    """Raises ResourceNotFound, InvalidParameterValue."""
    response = method_response_of(api, given)
    after = patched(response, patches_in(given.get("patchOperations")), METHOD_RESPONSE)
    method_of(api, given)["methodResponses"][given["statusCode"]] = after
    return {name: value for name, value in after.items() if value != {}}


def delete_method_response(api: Definition, given: Members) -> Members:
    """Raises ResourceNotFound."""
    method_response_of(api, given)
    del method_of(api, given)["methodResponses"][given["statusCode"]]
    return {}


# Integrations ---------------------------------------------------------------------------------------


def put_integration(api: Definition, given: Members) -> Members:
    """Raises ResourceNotFound, InvalidParameterValue."""
    method = method_of(api, given)
    own = {name: value for name, value in given.items() if name not in (*_WHERE, "integrationHttpMethod")}
    method["methodIntegration"] = _checked_integration(
        {
            **_integration_defaults(given["resourceId"]),
            **({"httpMethod": given["integrationHttpMethod"]} if given.get("integrationHttpMethod") else {}),
            **own,
        }
    )
    return dict(method["methodIntegration"])


def update_integration(api: Definition, given: Members) -> Members:
    """Raises ResourceNotFound, InvalidParameterValue."""
    integration = integration_of(api, given)
    after = patched(integration, patches_in(given.get("patchOperations")), INTEGRATION)
    method_of(api, given)["methodIntegration"] = _checked_integration(after)
    return dict(after)


def delete_integration(api: Definition, given: Members) -> Members:
    """Raises ResourceNotFound."""
    integration_of(api, given)
    del method_of(api, given)["methodIntegration"]
    return {}


def put_integration_response(api: Definition, given: Members) -> Members:
    """A second one of a status takes the place of the first (recorded 2025-06-11)."""
    method = method_of(api, given)
    integration = integration_of(api, given)
    response: Members = {"statusCode": given["statusCode"], **_own(given)}
    if given["statusCode"] not in method.get("methodResponses", {}):
        raise ResourceNotFound("Invalid Method Response identifier specified")
    check_integration_response(response)
    integration.setdefault("integrationResponses", {})[given["statusCode"]] = response
    return dict(response)


def update_integration_response(api: Definition, given: Members) -> Members:
    """Raises ResourceNotFound, InvalidParameterValue."""
    response = integration_response_of(api, given)
    after = patched(response, patches_in(given.get("patchOperations")), INTEGRATION_RESPONSE)
    check_integration_response(after)
    integration_of(api, given)["integrationResponses"][given["statusCode"]] = after
    return dict(after)


def delete_integration_response(api: Definition, given: Members) -> Members:
    """Raises ResourceNotFound."""
    integration = integration_of(api, given, "Invalid Integration identifier specified")
    _response(integration.get("integrationResponses", {}), given)
    del integration["integrationResponses"][given["statusCode"]]
    return {}


CHANGES: Mapping[str, Act] = {
    "UpdateResource": update_resource,
    "DeleteResource": delete_resource,
    "PutMethod": put_method,
    "UpdateMethod": update_method,
    "DeleteMethod": delete_method,
    "PutMethodResponse": put_method_response,
    "UpdateMethodResponse": update_method_response,
    "DeleteMethodResponse": delete_method_response,
    "PutIntegration": put_integration,
    "UpdateIntegration": update_integration,
    "DeleteIntegration": delete_integration,
    "PutIntegrationResponse": put_integration_response,
    "UpdateIntegrationResponse": update_integration_response,
    "DeleteIntegrationResponse": delete_integration_response,
}
READINGS: Mapping[str, Act] = {
    "GetResource": lambda api, given: shown_resource(
        resource_of(api, given["resourceId"]), with_methods="methods" in (given.get("embed") or ())
    ),
    "GetMethod": lambda api, given: shown_method(method_of(api, given)),
    "GetMethodResponse": lambda api, given: dict(method_response_of(api, given)),
    "GetIntegration": lambda api, given: dict(integration_of(api, given)),
    "GetIntegrationResponse": lambda api, given: dict(integration_response_of(api, given)),
}


def _integration_defaults(resource: str) -> Members:
    return {
        "passthroughBehavior": "WHEN_NO_MATCH", "timeoutInMillis": DEFAULT_TIMEOUT_MS, "cacheNamespace": resource,
        "cacheKeyParameters": [],
    }  # fmt: skip


def _checked_integration(integration: Members) -> Members:
    check_integration(integration)
    return integration


def _response(responses: Members, given: Members) -> Members:
    if given["statusCode"] not in responses:
        raise ResourceNotFound(_NO_RESPONSE)
    response: Members = responses[given["statusCode"]]
    return response


def _own(given: Members) -> Members:
    """What a request gives of the resource itself, beside where it is."""
    return {name: value for name, value in given.items() if name not in _WHERE}
