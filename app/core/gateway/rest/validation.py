"""Request validators: the parameters that must be there, and bodies held against models."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson

from app.core.gateway.rest.api import RestMethod
from app.core.gateway.rest.gateway_responses import GatewayError

_JSON = "application/json"


def check_request(
    method: RestMethod, parameters: Mapping[str, Mapping[str, str]], body: bytes, content_type: str | None
) -> None:
    """Raises GatewayError as the method's validator says. `parameters` are by place and name; header names in lower
    case."""
    if method.validator.parameters:
        _check_parameters(method, parameters)
    if method.validator.body and method.models:
        _check_body(method, body, content_type)


def _check_parameters(method: RestMethod, parameters: Mapping[str, Mapping[str, str]]) -> None:
    missing = []
    for required in method.required:
        place, _, name = required.removeprefix("method.request.").partition(".")
        given = parameters.get(place, {}).get(name.lower() if place == "header" else name)
        if not given:
            missing.append(name)
    if missing:
        words = f"Missing required request parameters: [{', '.join(missing)}]"
        raise GatewayError("BAD_REQUEST_PARAMETERS", words, words)


def _check_body(method: RestMethod, body: bytes, content_type: str | None) -> None:
    kind = (content_type or _JSON).partition(";")[0].strip().lower()
    schema = method.models.get(kind)
    if schema is None:
        # A model for another media type says nothing of this one.
        return
    try:
        document = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise GatewayError("BAD_REQUEST_BODY", f"the body is no JSON: {error}") from None
    for fault in _validator(orjson.dumps(schema)).iter_errors(document):
        where = "/".join(str(step) for step in fault.absolute_path)
        raise GatewayError("BAD_REQUEST_BODY", f"the body does not fit the model{f' at {where}' if where else ''}: "
                           f"{fault.message}")  # fmt: skip


@lru_cache(maxsize=256)
def _validator(schema: bytes) -> Any:
    """API Gateway's models are JSON schema draft 4."""
    from jsonschema import Draft4Validator

    return Draft4Validator(orjson.loads(schema))


def is_schema(document: Any) -> bool:
    """Whether it is one that API Gateway takes for a model."""
    from jsonschema import Draft4Validator
    from jsonschema.exceptions import SchemaError

    try:
        Draft4Validator.check_schema(document)
    except SchemaError:
        return False
    return isinstance(document, dict)
