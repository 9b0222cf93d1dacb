"""What an API has several of: made, checked, and not deleted while a method names it."""

from app.core.errors import InvalidParameterValue, ResourceConflict
from app.core.gateway.gateways import letters
from app.core.gateway.rest.definition.checks import check_authorizer, check_model
from app.core.gateway.rest.definition.definition import Definition
from app.core.gateway.rest.definition.kinds import OF_APIS, Kind
from app.core.gateway.rest.definition.patches import Members
from app.core.ids import Ids
from app.core.time import Instant, to_datetime


def created(api: Definition, kind: Kind, given: Members, ids: Ids, now: Instant) -> Members:
    """One more of a kind. Raises InvalidParameterValue, ResourceConflict; then nothing changed."""
    own = {name: value for name, value in given.items() if name not in ("restApiId", kind.parameter)}
    if kind.name == "DocumentationVersion" and (stage := own.pop("stageName", None)) is not None:
        api.found(OF_APIS["Stage"], stage)["documentationVersion"] = given["documentationVersion"]
    if kind.has_own_name:
        own[kind.id_key] = given[kind.parameter if kind.id_key != "name" else "name"]
    if kind.has_own_name and own[kind.id_key] in api.kinds[kind.name]:
        raise ResourceConflict(kind.conflict)
    members: Members = {**kind.defaults, **own}
    if kind.name in ("Authorizer", "RequestValidator", "DocumentationPart", "Model", "Deployment"):
        members["id"] = letters(ids, 6)
    if kind.is_dated:
        members["createdDate"] = to_datetime(now)
    check_kind(kind, members)
    api.kinds[kind.name][members[kind.id_key]] = members
    return dict(members)


def check_kind(kind: Kind, members: Members) -> None:
    """Raises InvalidParameterValue."""
    match kind.name:
        case "Authorizer":
            check_authorizer(members)
        case "Model":
            check_model(members)
        case "RequestValidator" if members.get("name") == "":
            raise InvalidParameterValue("Request Validator name cannot be blank")
        case "Stage" if not all(char.isalnum() or char in "_-" for char in members["stageName"]):
            raise InvalidParameterValue("Stage name only allows a-zA-Z0-9_-")


def check_unused(api: Definition, kind: Kind, members: Members) -> None:
    """Raises ResourceConflict for what a method still names (of models recorded 2024-04-15)."""
    for resource in api.resources.values():
        for name, method in resource.get("resourceMethods", {}).items():
            if kind.name == "Model" and members["name"] in (method.get("requestModels") or {}).values():
                raise ResourceConflict(
                    f"Cannot delete model '{members['name']}', is referenced in method request: "
                    f"{resource['path']}/{name}"
                )
            if kind.name == "Authorizer" and method.get("authorizerId") == members["id"]:
                raise ResourceConflict(
                    f"Cannot delete authorizer '{members['name']}', is referenced in method: {resource['path']}/{name}"
                )
            if kind.name == "RequestValidator" and method.get("requestValidatorId") == members["id"]:
                raise ResourceConflict(
                    f"Cannot delete request validator '{members.get('name', '')}', is referenced in method: "
                    f"{resource['path']}/{name}"
                )
