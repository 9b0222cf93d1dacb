"""PatchOperations: the paths that a resource has, what may be done there, and in which words the rest is refused."""

from typing import Any

import pytest

from app.core.errors import InvalidParameterValue, Refused
from app.core.gateway.rest.definition.kinds import (
    GATEWAY_RESPONSE,
    METHOD,
    METHOD_RESPONSE,
    OF_APIS,
    RESOURCE,
    REST_API,
)
from app.core.gateway.rest.definition.patches import Patch, Patches, patched

MODEL = OF_APIS["Model"].patches


@pytest.mark.parametrize(
    ("table", "before", "patch", "after"),
    [
        (REST_API, {"binaryMediaTypes": ["image/png", "image/jpeg"]},
         Patch("replace", "/binaryMediaTypes/image~1png", "image/gif"),
         {"binaryMediaTypes": ["image/jpeg", "image/gif"]}),
        (REST_API, {}, Patch("add", "/binaryMediaTypes/image~1png"), {"binaryMediaTypes": ["image/png"]}),
        (REST_API, {"binaryMediaTypes": ["a/b"]}, Patch("remove", "/binaryMediaTypes/a~1b"), {}),
        (REST_API, {"description": "a"}, Patch("remove", "/description"), {}),
        (REST_API, {}, Patch("replace", "/minimumCompressionSize", "10"), {"minimumCompressionSize": 10}),
        (METHOD, {"apiKeyRequired": True}, Patch("replace", "/apiKeyRequired", "whatever"), {"apiKeyRequired": False}),
        (METHOD, {}, Patch("add", "/requestParameters/method.request.querystring.q", "true"),
         {"requestParameters": {"method.request.querystring.q": True}}),
        (METHOD, {"requestModels": {"application/json": "a"}}, Patch("remove", "/requestModels/application~1json"), {}),
    ],
)  # fmt: skip
def test_what_a_patch_makes(table: Patches, before: dict[str, Any], patch: Patch, after: dict[str, Any]) -> None:
    kept = {**before}

    assert patched(before, [patch], table) == after
    assert before == kept


@pytest.mark.parametrize(
    ("table", "patch", "words"),
    [
        (RESOURCE, Patch("replace", "/invalid"),
         "Invalid patch path  '/invalid' specified for op 'replace'. Must be one of: [/parentId, /pathPart]"),
        (RESOURCE, Patch("remove", "/pathPart"),
         "Invalid patch path  '/pathPart' specified for op 'remove'. Please choose supported operations"),
        (MODEL, Patch("add", "/wrong-path"),
         "Invalid patch path  '/wrong-path' specified for op 'add'. Please choose supported operations"),
        (MODEL, Patch("replace", "/name"),
         "Invalid patch path  '/name' specified for op 'replace'. Must be one of: [/description, /schema]"),
        (REST_API, Patch("add", "/binaryMediaTypes"), "Invalid patch path /binaryMediaTypes"),
        (REST_API, Patch("add", "/minimumCompressionSize"),
         "Invalid patch operation specified. Must be one of: [replace]"),
        (METHOD, Patch("replace", "/httpMethod", "GET"), "Invalid patch path /httpMethod"),
        (METHOD, Patch("add", "/requestModels/application/json"), "Invalid patch path /requestModels/application/json"),
        (METHOD_RESPONSE, Patch("remove", "/responseParameters/a"), "Invalid parameter name specified"),
        (METHOD_RESPONSE, Patch("remove", "/responseModels/a"), "Content-Type specified was not found"),
        (GATEWAY_RESPONSE, Patch("replace", None), "Invalid patch path null"),
        (GATEWAY_RESPONSE, Patch("replace", "/wrongPath"), "Invalid patch path /wrongPath"),
        (GATEWAY_RESPONSE, Patch("add", "/responseTemplates/a~1b"),
         "Invalid null or empty value in responseTemplates"),
    ],
)  # fmt: skip
def test_what_a_patch_is_refused_with(table: Patches, patch: Patch, words: str) -> None:
    with pytest.raises(Refused) as caught:
        patched({}, [patch], table)

    assert caught.value.message == words


def test_a_number_has_to_be_one() -> None:
    with pytest.raises(InvalidParameterValue):
        patched({}, [Patch("replace", "/minimumCompressionSize", "many")], REST_API)
