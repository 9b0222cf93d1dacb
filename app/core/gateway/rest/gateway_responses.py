"""Gateway responses: what a REST API says itself when no integration does, and how it may change that."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from app.core.gateway.paths import query_items
from app.core.gateway.request import GatewayAnswer, GatewayRequest


@dataclass(frozen=True, slots=True)
class ResponseType:
    """A kind of refusal: its status, the name in `x-amzn-ErrorType`, and its message."""

    status: int
    error_type: str
    message: str | None
    member: str = "message"


TYPES: Mapping[str, ResponseType] = {
    "ACCESS_DENIED": ResponseType(
        403, "AccessDeniedException", "User is not authorized to access this resource", "Message"
    ),
    "API_CONFIGURATION_ERROR": ResponseType(500, "InternalServerErrorException", "Internal server error"),
    "AUTHORIZER_CONFIGURATION_ERROR": ResponseType(500, "AuthorizerConfigurationException", None),
    "AUTHORIZER_FAILURE": ResponseType(500, "AuthorizerConfigurationException", "Internal server error"),
    "BAD_REQUEST_BODY": ResponseType(400, "BadRequestException", "Invalid request body"),
    "BAD_REQUEST_PARAMETERS": ResponseType(400, "BadRequestException", "Missing required request parameters"),
    # Of a stage that is not there, and of an endpoint that is disabled; nobody can change what is said.
    "FORBIDDEN": ResponseType(403, "ForbiddenException", "Forbidden"),
    "INTEGRATION_FAILURE": ResponseType(500, "InternalServerErrorException", "Internal server error"),
    "INTEGRATION_TIMEOUT": ResponseType(504, "InternalServerErrorException", "Endpoint request timed out"),
    "INVALID_API_KEY": ResponseType(403, "ForbiddenException", "Forbidden"),
    "MISSING_AUTHENTICATION_TOKEN": ResponseType(
        403, "MissingAuthenticationTokenException", "Missing Authentication Token"
    ),
    "QUOTA_EXCEEDED": ResponseType(429, "LimitExceededException", "Limit Exceeded"),
    "REQUEST_TOO_LARGE": ResponseType(413, "RequestTooLargeException", "Request Too Long"),
    "THROTTLED": ResponseType(429, "TooManyRequestsException", "Too Many Requests"),
    "UNAUTHORIZED": ResponseType(401, "UnauthorizedException", "Unauthorized"),
    "UNSUPPORTED_MEDIA_TYPE": ResponseType(415, "BadRequestException", "Unsupported Media Type"),
    # AWS has no type of its own for an answer that is none; it is DEFAULT_5XX that may change it.
    "MALFORMED_RESPONSE": ResponseType(502, "InternalServerErrorException", "Internal server error"),
    "URI_TOO_LONG": ResponseType(414, "RequestTooLongException", "Request URI too long"),
}

_NO_VARIABLES: Mapping[str, str] = {}
_JSON = "application/json"
_SPACED = {"Internal server error", "Endpoint request timed out", "Network error communicating with endpoint"}
"""Messages that were recorded with a blank after the colon; the others stand without."""
_VARIABLE = re.compile(r"\$(context|stageVariables)\.([A-Za-z0-9_.-]*[A-Za-z0-9_])")


@dataclass(frozen=True, slots=True)
class GatewayResponse:
    """What an API says instead. `parameters` are by `gatewayresponse.header.…`, `templates` by media type."""

    status: int | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    templates: Mapping[str, str] = field(default_factory=dict)


class GatewayError(Exception):
    """A request that ends at the gateway. `type` is one of TYPES; `problem` is for the journal, `status` where it is
    not that of the type."""

    def __init__(self, type: str, problem: str, message: str | None = None, *, status: int | None = None) -> None:
        super().__init__(problem)
        self.status = status if status is not None else TYPES[type].status
        self.type = type
        self.problem = problem
        self.text = message if message is not None else TYPES[type].message


def answer_to(
    error: GatewayError, changed: Mapping[str, GatewayResponse], request: GatewayRequest,
    context: Mapping[str, Any], stage_variables: Mapping[str, str], variables: Mapping[str, str] = _NO_VARIABLES,
) -> GatewayAnswer:  # fmt: skip
    """The answer, as the API's own gateway responses change it; those for a whole class hold where there is none for
    the type."""
    kind = TYPES[error.type]
    ours = changed.get(error.type) or changed.get(f"DEFAULT_{kind.status // 100}XX")
    headers = [("x-amzn-ErrorType", kind.error_type)]
    if ours is None:
        return GatewayAnswer(error.status, (*headers, ("Content-Type", _JSON)), _default_body(error, kind))
    told = {**context, "error": {"message": error.text, "messageString": _quoted(error.text),
                                 "responseType": error.type, "validationErrorString": error.problem}}  # fmt: skip
    headers += _parameters(ours, request, told, stage_variables, variables)
    content_type, template = _chosen(ours.templates, request)
    if template is None:
        body = _default_body(error, kind)
    else:
        body = _substituted(template, told, stage_variables).encode()
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", content_type))
    return GatewayAnswer(ours.status or error.status, tuple(headers), body)


def _default_body(error: GatewayError, kind: ResponseType) -> bytes:
    blank = " " if error.text in _SPACED else ""
    return f'{{"{kind.member}":{blank}{_quoted(error.text)}}}'.encode()


def _quoted(text: str | None) -> str:
    return orjson.dumps(text).decode()


def _chosen(templates: Mapping[str, str], request: GatewayRequest) -> tuple[str, str | None]:
    """The template for what the client accepts, else the one for JSON, else any."""
    accepted = (request.header("accept") or "").partition(",")[0].partition(";")[0].strip().lower()
    for content_type in (accepted, _JSON, *templates):
        if content_type in templates:
            return content_type, templates[content_type]
    return _JSON, None


def _parameters(
    ours: GatewayResponse,
    request: GatewayRequest,
    context: Mapping[str, Any],
    stage_variables: Mapping[str, str],
    variables: Mapping[str, str],
) -> list[tuple[str, str]]:
    headers = []
    for name, source in ours.parameters.items():
        if not name.startswith("gatewayresponse.header."):
            continue
        value = _value_of(source, request, context, stage_variables, variables)
        if value is not None:
            headers.append((name.removeprefix("gatewayresponse.header."), value))
    return headers


def _value_of(
    source: str, request: GatewayRequest, context: Mapping[str, Any], stage_variables: Mapping[str, str],
    variables: Mapping[str, str],
) -> str | None:  # fmt: skip
    if len(source) >= 2 and source[0] == source[-1] == "'":
        return source[1:-1]
    if source.startswith("method.request.header."):
        return request.header(source.removeprefix("method.request.header.").lower())
    if source.startswith("method.request.querystring."):
        return dict(query_items(request.query)).get(source.removeprefix("method.request.querystring."))
    if source.startswith("method.request.path."):
        return variables.get(source.removeprefix("method.request.path."))
    found = looked_up(source, {"context": context, "stageVariables": stage_variables})
    return None if found is None else str(found)


def looked_up(path: str, names: Mapping[str, Any]) -> Any:
    """The value at a dotted path, None where there is none."""
    value: Any = names
    for step in path.split("."):
        if not isinstance(value, Mapping) or step not in value:
            return None
        value = value[step]
    return value


def _substituted(template: str, context: Mapping[str, Any], stage_variables: Mapping[str, str]) -> str:
    """Variables only: a gateway response's template is no Velocity (API Gateway guide, gateway responses)."""

    def fill(found: "re.Match[str]") -> str:
        names = context if found[1] == "context" else stage_variables
        value = looked_up(found[2], names)
        return "" if value is None else value if isinstance(value, str) else _quoted(value)

    return _VARIABLE.sub(fill, template)
