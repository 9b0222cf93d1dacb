"""Non-proxy integrations: which template, which response, and which parameters go where."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from app.core.gateway.rest.api import IntegrationResponse, RestIntegration
from app.core.gateway.rest.gateway_responses import GatewayError, looked_up
from app.core.gateway.rest.templates import Rendered, TemplateFailed, TemplateInput, render
from app.core.json_text import dump

_JSON = "application/json"
_HEADER = "method.request.header."
_PLACEHOLDER = re.compile(r"\{([A-Za-z0-9._$-]+)\+?\}")


@dataclass(frozen=True, slots=True)
class Answered:
    """What an integration answered, whatever its kind. `selector` is what a response's pattern is asked with: a
    function's error message, or a status; None is a success without one."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    selector: str | None = None


def with_path_parameters(uri: str, parameters: Mapping[str, str]) -> str:
    """`http://host/{proxy}` with the integration's path parameters."""
    return _PLACEHOLDER.sub(lambda found: parameters.get(found[1], found[0]), uri)


def request_body(integration: RestIntegration, body: str, content_type: str | None, given: TemplateInput) -> Rendered:
    """The body for the integration: by the template for the content type, or as it came. Raises GatewayError.

    Without a content type it is JSON. What has no template passes as `passthrough` says.
    """
    kind = (content_type or _JSON).partition(";")[0].strip().lower()
    template = integration.templates.get(kind)
    if template is not None:
        return _render(template, given, is_request=True)
    passes = integration.passthrough == "WHEN_NO_MATCH" or (
        integration.passthrough == "WHEN_NO_TEMPLATES" and not integration.templates
    )
    if not passes:
        raise GatewayError("UNSUPPORTED_MEDIA_TYPE", f"there is no template for {kind}, and nothing passes without one")
    return Rendered(body)


def request_parameters(integration: RestIntegration, names: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """The integration's own parameters by place (`path`, `querystring`, `header`). `names` has `method.request.…`,
    `context` and `stageVariables`."""
    placed: dict[str, dict[str, str]] = {"path": {}, "querystring": {}, "header": {}}
    for target, source in integration.parameters.items():
        place, _, name = target.removeprefix("integration.request.").partition(".")
        value = evaluated(source, names)
        if place in placed and value is not None:
            placed[place][name] = value
    return placed


def chosen_response(responses: Sequence[IntegrationResponse], selector: str | None) -> IntegrationResponse:
    """The response whose pattern fits all of the selector, else the default. Raises GatewayError without either."""
    if selector is not None:
        for response in responses:
            if not response.is_default and _fits(str(response.pattern), selector):
                return response
    default = next((response for response in responses if response.is_default), None)
    if default is None:
        told = f"'{selector}'" if selector is not None else "a success"
        raise GatewayError("API_CONFIGURATION_ERROR", f"no integration response is for {told}, and there is no default")
    return default


def response_body(response: IntegrationResponse, answered: Answered, given: TemplateInput) -> tuple[Rendered, str]:
    """The body for the client and its media type. The template for JSON is taken, else the first (as recorded where the
    client accepts anything). Raises GatewayError."""
    for kind in (_JSON, *response.templates):
        if kind in response.templates:
            return _render(response.templates[kind], given, is_request=False), kind
    return Rendered(answered.body.decode(errors="replace")), _JSON


def response_headers(response: IntegrationResponse, answered: Answered, names: Mapping[str, Any]) -> dict[str, str]:
    """The headers that the response's parameters give."""
    headers = {}
    for target, source in response.parameters.items():
        if not target.startswith("method.response.header."):
            continue
        value = _of_answer(source, answered) if source.startswith("integration.response.") else evaluated(source, names)
        if value is not None:
            headers[target.removeprefix("method.response.header.")] = value
    return headers


def evaluated(source: str, names: Mapping[str, Any]) -> str | None:
    """`'a literal'`, `method.request.header.x`, `context.stage`, `stageVariables.v`; None where nothing is there."""
    if len(source) >= 2 and source[0] == source[-1] == "'":
        return source[1:-1]
    if source.startswith(_HEADER):
        source = _HEADER + source.removeprefix(_HEADER).lower()
    if source.startswith("method.request.body"):
        return _at(source.removeprefix("method.request.body").lstrip("."), looked_up("method.request.body", names))
    found = _direct(source, names)
    if found is None or isinstance(found, Mapping):
        return None
    return found if isinstance(found, str) else dump(found)


def _direct(source: str, names: Mapping[str, Any]) -> Any:
    """Names of parameters may have dots of their own."""
    for place in ("method.request.header", "method.request.querystring", "method.request.path", "stageVariables"):
        if source.startswith(f"{place}."):
            among = looked_up(place, names)
            return among.get(source.removeprefix(f"{place}.")) if isinstance(among, Mapping) else None
    return looked_up(source, names)


def _of_answer(source: str, answered: Answered) -> str | None:
    inner = source.removeprefix("integration.response.")
    if inner.startswith("header."):
        return answered.headers.get(inner.removeprefix("header.").lower())
    return _at(inner.removeprefix("body").lstrip("."), answered.body.decode(errors="replace"))


def _at(path: str, body: Any) -> str | None:
    if not path:
        return str(body)
    try:
        found = looked_up(path, orjson.loads(str(body)))
    except orjson.JSONDecodeError:
        return None
    return None if found is None else found if isinstance(found, str) else dump(found)


def _fits(pattern: str, selector: str) -> bool:
    try:
        return re.fullmatch(pattern, selector, re.DOTALL) is not None
    except re.error:
        return False


def _render(template: str, given: TemplateInput, *, is_request: bool) -> Rendered:
    try:
        return render(template, given, is_request=is_request)
    except TemplateFailed as failed:
        raise GatewayError("API_CONFIGURATION_ERROR", str(failed)) from None
