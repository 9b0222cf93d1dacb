"""Gateway responses as they are written down; those that an API does not change are told as they are by themselves."""

from collections.abc import Mapping

from app.core.errors import ResourceNotFound
from app.core.gateway.rest.definition.definition import Definition
from app.core.gateway.rest.definition.kinds import GATEWAY_RESPONSE
from app.core.gateway.rest.definition.patches import Members, patched, patches_in

_STATUSES: Mapping[str, str | None] = {
    "ACCESS_DENIED": "403",
    "API_CONFIGURATION_ERROR": "500",
    "AUTHORIZER_CONFIGURATION_ERROR": "500",
    "AUTHORIZER_FAILURE": "500",
    "BAD_REQUEST_BODY": "400",
    "BAD_REQUEST_PARAMETERS": "400",
    "DEFAULT_4XX": None,
    "DEFAULT_5XX": None,
    "EXPIRED_TOKEN": "403",
    "INTEGRATION_FAILURE": "504",
    "INTEGRATION_TIMEOUT": "504",
    "INVALID_API_KEY": "403",
    "INVALID_SIGNATURE": "403",
    "MISSING_AUTHENTICATION_TOKEN": "403",
    "QUOTA_EXCEEDED": "429",
    "REQUEST_TOO_LARGE": "413",
    "RESOURCE_NOT_FOUND": "404",
    "THROTTLED": "429",
    "UNAUTHORIZED": "401",
    "UNSUPPORTED_MEDIA_TYPE": "415",
    "WAF_FILTERED": "403",
}
"""What GetGatewayResponses told of an API without its own, in its order (recorded 2024-04-15). INTEGRATION_FAILURE
says 504 there, and 500 in answers."""

_TEMPLATE = {"application/json": '{"message":$context.error.messageString}'}


def shown_response(api: Definition, kind: str) -> Members:
    """The API's own, or what there is without: that for the whole class, where there is one (recorded 2024-06-20)."""
    own = api.gateway_responses.get(kind)
    if own is not None:
        return {"responseType": kind, **own, "defaultResponse": False}
    status = _STATUSES[kind]
    general = api.gateway_responses.get(f"DEFAULT_{status[0]}XX") if status is not None else None
    told: Members = {"responseType": kind, "responseParameters": {}, "responseTemplates": dict(_TEMPLATE)}
    if status is not None:
        told["statusCode"] = status
    return {**told, **(general or {}), "responseType": kind, "defaultResponse": True}


def all_responses(api: Definition) -> list[Members]:
    return [shown_response(api, kind) for kind in _STATUSES]


def put_response(api: Definition, given: Members) -> Members:
    """What is not given is as it is by itself."""
    kind = given["responseType"]
    api.gateway_responses[kind] = {
        **_by_itself(kind),
        **{name: value for name, value in given.items() if name not in ("restApiId", "responseType")},
    }
    return shown_response(api, kind)


def update_response(api: Definition, given: Members) -> Members:
    """Raises InvalidParameterValue, ResourceNotFound. One that is not the API's own becomes so."""
    kind = given["responseType"]
    before = api.gateway_responses.get(kind) or _by_itself(kind)
    api.gateway_responses[kind] = patched(before, patches_in(given.get("patchOperations")), GATEWAY_RESPONSE)
    return shown_response(api, kind)


def delete_response(api: Definition, given: Members) -> Members:
    """Raises ResourceNotFound for one that is not the API's own."""
    if given["responseType"] not in api.gateway_responses:
        raise ResourceNotFound("Gateway response type not defined on api")
    del api.gateway_responses[given["responseType"]]
    return {}


def _by_itself(kind: str) -> Members:
    status = _STATUSES[kind]
    return {
        **({"statusCode": status} if status is not None else {}),
        "responseParameters": {},
        "responseTemplates": dict(_TEMPLATE),
    }
