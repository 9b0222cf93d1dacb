"""The kinds of resource that an API of API Gateway v2 has: their defaults, their rules, and what they compile to."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.core.errors import InvalidParameterValue, ResourceConflict, ResourceNotFound
from app.core.gateway.http_api import DEFAULT_TIMEOUT_MS, Authorizer, Integration, Route
from app.core.gateway.parameter_rules import (
    check_request_parameters,
    check_response_parameters,
    check_service_parameters,
)
from app.core.gateway.routes import RouteKey, parse_route_key
from app.core.names import Arn

_FUNCTION_PATH = re.compile(r"arn:[^:]*:apigateway:[^:]*:lambda:path/+[^/]+/functions/(?P<arn>.+)/invocations")
_INTEGRATION_TYPES = ("AWS", "HTTP", "MOCK", "HTTP_PROXY", "AWS_PROXY")
_AUTHORIZATIONS = ("NONE", "AWS_IAM", "CUSTOM", "JWT")
_STAGE_NAME = re.compile(r"\$default|[A-Za-z0-9_-]{1,128}")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of resource. One under a parent names it by `parent_key`; `is_deployed` takes effect at a deployment."""

    name: str
    id_key: str
    words: str = ""
    parent: str = ""
    parent_key: str = ""
    is_deployed: bool = False
    is_dated: bool = False

    def defaults(self, is_http: bool) -> dict[str, Any]:
        """What is told of one that was given nothing."""
        match self.name:
            case "Route":
                return {"ApiKeyRequired": False, "AuthorizationType": "NONE"}
            case "Integration":
                timeout = {"TimeoutInMillis": DEFAULT_TIMEOUT_MS if is_http else 29_000}
                return {"ConnectionType": "INTERNET", **timeout, "PayloadFormatVersion": "1.0"}
            case "Stage":
                settings = {"DefaultRouteSettings": {"DetailedMetricsEnabled": False}}
                return {"AutoDeploy": False, **settings, "RouteSettings": {}, "StageVariables": {}, "Tags": {}}
            case _:
                return {}


KINDS = {
    kind.name: kind
    for kind in (
        Kind("Route", "RouteId", "Route", is_deployed=True),
        Kind("Integration", "IntegrationId", "Integration", is_deployed=True),
        Kind("Authorizer", "AuthorizerId", "Authorizer", is_deployed=True),
        Kind("Stage", "StageName", "stage", is_dated=True),
        Kind("Deployment", "DeploymentId", "Deployment", is_dated=True),
        Kind("Model", "ModelId", "Model"),
        Kind("RouteResponse", "RouteResponseId", "RouteResponse", "Route", "RouteId", is_deployed=True),
        Kind(
            "IntegrationResponse", "IntegrationResponseId", "IntegrationResponse", "Integration", "IntegrationId",
            is_deployed=True,
        ),
    )
}  # fmt: skip


@dataclass(slots=True)
class RouteShapes:
    """Which requests an API's routes take, by route: told of each new one, so that ten thousand are not looked through
    for one more."""

    _routes: Mapping[str, Any] | None = None
    _by_shape: dict[str, str] = field(default_factory=dict)

    def taken_by(self, key: RouteKey, routes: Mapping[str, Any]) -> str | None:
        """The route, by its id, that takes the same requests. Other routes than were known are looked through."""
        if self._routes is not routes or len(self._by_shape) != len(routes):
            self._routes = routes
            self._by_shape = {_route_key(route["RouteKey"]).shape: route_id for route_id, route in routes.items()}
        return self._by_shape.get(key.shape)

    def add(self, members: Mapping[str, Any], route_id: str) -> None:
        self._by_shape[_route_key(members["RouteKey"]).shape] = route_id

    def forget(self) -> None:
        self._routes = None


def checked(
    kind: Kind, members: Mapping[str, Any], resources: Mapping[str, Mapping[str, Any]], *, is_http: bool,
    without: str | None, shapes: RouteShapes,
) -> None:  # fmt: skip
    """Raises InvalidParameterValue, ResourceConflict, ResourceNotFound for what AWS would not take; `without` is the
    resource itself, when it is changed. Some of the words are UNCONFIRMED."""
    match kind.name:
        case "Route" if is_http:
            _check_route(members, resources, without, shapes)
        case "Integration":
            _check_integration(members, is_http=is_http)
        case "Authorizer" if is_http:
            _check_authorizer(members)
        case "Stage" if _STAGE_NAME.fullmatch(members["StageName"]) is None:
            raise InvalidParameterValue("Stage name only allows a-zA-Z0-9_- or $default")


def _check_route(
    members: Mapping[str, Any], resources: Mapping[str, Mapping[str, Any]], without: str | None, shapes: RouteShapes
) -> None:
    key = _route_key(members["RouteKey"])
    if shapes.taken_by(key, resources["Route"]) not in (None, without):
        raise ResourceConflict(f"Route with key {key.text} already exists for this API")
    target = members.get("Target")
    if target is not None and target.removeprefix("integrations/") not in resources["Integration"]:
        raise ResourceNotFound("Invalid Integration identifier specified")
    kind = members.get("AuthorizationType", "NONE")
    if kind not in _AUTHORIZATIONS:
        raise InvalidParameterValue(f"Invalid authorization type specified. Must be one of {list(_AUTHORIZATIONS)}")
    if kind in ("JWT", "CUSTOM") and members.get("AuthorizerId") not in resources["Authorizer"]:
        raise InvalidParameterValue("Authorizer ID is required for authorization type " + kind)


def _check_integration(members: Mapping[str, Any], *, is_http: bool) -> None:
    kind = members.get("IntegrationType")
    if kind not in _INTEGRATION_TYPES:
        raise InvalidParameterValue(f"Invalid integration type specified. Must be one of {list(_INTEGRATION_TYPES)}")
    if is_http and kind not in ("HTTP_PROXY", "AWS_PROXY"):
        raise InvalidParameterValue(f"Integration type {kind} is not supported for HTTP APIs")
    most = DEFAULT_TIMEOUT_MS if is_http else 29_000
    if not 50 <= members["TimeoutInMillis"] <= most:
        raise InvalidParameterValue(f"Timeout should be between 50 ms and {most} ms")
    if members["PayloadFormatVersion"] not in ("1.0", "2.0"):
        raise InvalidParameterValue("Invalid PayloadFormatVersion specified. Supported values are 1.0 and 2.0")
    if kind == "AWS_PROXY" and not members.get("IntegrationSubtype") and function_of(members) is None:
        raise InvalidParameterValue("Invalid function ARN or invalid uri")
    if members.get("ConnectionType") == "VPC_LINK":
        raise InvalidParameterValue("Triggerfish does not emulate VPC links: give the integration a URL of its own")
    if is_http:
        if members.get("IntegrationSubtype"):
            check_service_parameters(members["IntegrationSubtype"], members.get("RequestParameters") or {})
        else:
            check_request_parameters(members.get("RequestParameters") or {})
        check_response_parameters(members.get("ResponseParameters") or {})
    if kind == "HTTP_PROXY" and not str(members.get("IntegrationUri", "")).startswith(("http://", "https://", "arn:")):
        raise InvalidParameterValue("Invalid HTTP endpoint specified for URI")


def _check_authorizer(members: Mapping[str, Any]) -> None:
    if members.get("AuthorizerType") not in ("REQUEST", "JWT"):
        raise InvalidParameterValue("Invalid authorizer type specified. Must be one of [REQUEST, JWT]")
    if members["AuthorizerType"] == "JWT":
        if not (members.get("JwtConfiguration") or {}).get("Issuer"):
            raise InvalidParameterValue("The issuer is required for JWT authorizers")
    elif members.get("AuthorizerPayloadFormatVersion") not in ("1.0", "2.0"):
        raise InvalidParameterValue(
            "AuthorizerPayloadFormatVersion is a required parameter for REQUEST authorizer. Supported values are 1.0 "
            "and 2.0"
        )
    if not 0 <= members.get("AuthorizerResultTtlInSeconds", 0) <= 3_600:
        raise InvalidParameterValue("AuthorizerResultTtlInSeconds should be between 0 and 3600")
    if members.get("AuthorizerResultTtlInSeconds", 0) and not members.get("IdentitySource"):
        # What is kept of an answer is kept by its identities (HTTP API guide, http-api-lambda-authorizer).
        raise InvalidParameterValue("An identity source is required where authorizer results are cached")


# What they compile to -------------------------------------------------------------------------------


def compiled_routes(resources: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> tuple[Route, ...]:
    """The routes of an HTTP API as they would be deployed now."""
    authorizers = {key: _authorizer(key, members) for key, members in resources["Authorizer"].items()}
    return tuple(
        Route(
            _route_key(members["RouteKey"]),
            _integration(resources["Integration"].get((members.get("Target") or "").removeprefix("integrations/"))),
            members.get("AuthorizationType", "NONE"),
            authorizers.get(members.get("AuthorizerId", "")),
            tuple(members.get("AuthorizationScopes") or ()),
            key,
        )
        for key, members in resources["Route"].items()
    )


def function_of(members: Mapping[str, Any], key: str = "IntegrationUri") -> Arn | None:
    """The function that a URI leads to: its ARN itself, or the path under which API Gateway invokes it."""
    uri = str(members.get(key) or "")
    found = _FUNCTION_PATH.fullmatch(uri)
    arn = found["arn"] if found is not None else uri
    return arn if ":lambda:" in arn and ":function:" in arn else None


def _integration(members: Mapping[str, Any] | None) -> Integration | None:
    if members is None:
        return None
    kind = members["IntegrationType"]
    return Integration(
        kind,
        function_of(members) if kind == "AWS_PROXY" and not members.get("IntegrationSubtype") else None,
        members.get("IntegrationUri") if kind == "HTTP_PROXY" else None,
        members.get("IntegrationMethod"),
        members.get("IntegrationSubtype"),
        members["PayloadFormatVersion"],
        members["TimeoutInMillis"],
        dict(members.get("RequestParameters") or {}),
        dict(members.get("ResponseParameters") or {}),
        has_role=bool(members.get("CredentialsArn")),
    )


def _authorizer(id: str, members: Mapping[str, Any]) -> Authorizer:
    jwt = members.get("JwtConfiguration") or {}
    return Authorizer(
        id,
        members.get("Name", id),
        members["AuthorizerType"],
        tuple(members.get("IdentitySource") or ()),
        jwt.get("Issuer", ""),
        tuple(jwt.get("Audience") or ()),
        None,
        function_of(members, "AuthorizerUri"),
        members.get("AuthorizerPayloadFormatVersion", "2.0"),
        bool(members.get("EnableSimpleResponses", False)),
        members.get("AuthorizerResultTtlInSeconds", 0),
    )


def _route_key(text: str) -> RouteKey:
    try:
        return parse_route_key(text)
    except ValueError as error:
        raise InvalidParameterValue(
            f"The provided route key is not formatted properly for HTTP protocol. {error}"
        ) from None
