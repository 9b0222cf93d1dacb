"""The operations of API Gateway v2 by name. Beside import, each is a change of one resource or the telling of some."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from app.core import errors as core
from app.core.commands import ChangeApi
from app.core.errors import InvalidParameterValue
from app.core.gateway.api_resources import KINDS
from app.core.gateway.apis import Members
from app.wire.apigatewayv2.openapi import import_api
from app.wire.calls import Call, Caller, Params, Readable, Result, Service
from app.wire.errors import AwsError, ErrorTable

SIGNED_AS, NAME = "apigateway", "apigatewayv2"
"""Two APIs are signed for under one name; this one's paths begin with `/v2/`."""

_MOST_OF_A_PAGE = 1_000

ERRORS: ErrorTable = {
    core.ResourceNotFound: AwsError("NotFoundException", 404),
    core.ResourceConflict: AwsError("ConflictException", 409),
    core.InvalidParameterValue: AwsError("BadRequestException"),
    core.ValidationFailed: AwsError("BadRequestException"),
    core.AccessDenied: AwsError("AccessDeniedException", 403),
}


def _change(operation: str, params: Params, caller: Caller) -> Call:
    return Call(ChangeApi(caller.scope, operation, params, endpoint_host(caller)), dict)


def endpoint_host(caller: Caller) -> str:
    """Under which name APIs answer: AWS's, with this service's end and port."""
    parts = urlsplit(caller.base_url)
    end = "localhost.localstack.cloud" if (parts.hostname or "").endswith("localstack.cloud") else "localhost"
    return f"{end}:{parts.port}" if parts.port else end


def _get_api(params: Params, caller: Caller, engine: Readable) -> Result:
    return dict(engine.world.apis.get(caller.scope, params["ApiId"]).members)


def _get_apis(params: Params, caller: Caller, engine: Readable) -> Result:
    return _paged([api.members for api in engine.world.apis.all(caller.scope)], params)


def _get(kind: str, params: Params, caller: Caller, engine: Readable) -> Result:
    return dict(engine.world.apis.resource(caller.scope, kind, params))


def _list(kind: str, params: Params, caller: Caller, engine: Readable) -> Result:
    return _paged(engine.world.apis.resources(caller.scope, kind, params), params)


def _paged(items: list[Members], params: Params) -> Result:
    """`NextToken` is the number of the first item that is not told yet."""
    start, most = str(params.get("NextToken") or "0"), str(params.get("MaxResults") or _MOST_OF_A_PAGE)
    if not start.isdecimal() or not most.isdecimal() or int(most) < 1:
        raise InvalidParameterValue("Invalid NextToken or MaxResults specified")
    end = int(start) + int(most)
    told: Result = {"Items": [dict(item) for item in items[int(start) : end]]}
    return told | ({"NextToken": str(end)} if end < len(items) else {})


def _get_tags(params: Params, caller: Caller, engine: Readable) -> Result:
    return {"Tags": dict(engine.world.apis.get(caller.scope, _api_of(params)).members.get("Tags", {}))}


def _tag(params: Params, caller: Caller) -> Call:
    return Call(ChangeApi(caller.scope, "TagResource", {"ApiId": _api_of(params), "Tags": params["Tags"]}), _nothing)


def _untag(params: Params, caller: Caller) -> Call:
    given = {"ApiId": _api_of(params), "TagKeys": params["TagKeys"]}
    return Call(ChangeApi(caller.scope, "UntagResource", given), _nothing)


def _nothing(_: Any) -> Result:
    return {}


def _api_of(params: Params) -> str:
    """The API in `arn:aws:apigateway:us-east-1::/apis/a1b2c3d4e5`."""
    _, found, rest = str(params["ResourceArn"]).partition("/apis/")
    if not found:
        raise InvalidParameterValue("Invalid resource ARN specified")
    return rest.partition("/")[0]


_CHANGES = [
    *(f"{verb}{kind}" for verb in ("Create", "Update", "Delete") for kind in ("Api", *KINDS)),
    "DeleteCorsConfiguration",
]

_ORDERS: Mapping[str, Callable[[Params, Caller], Call]] = {
    **{operation: partial(_change, operation) for operation in _CHANGES},
    "ImportApi": partial(import_api, endpoint_host),
    "TagResource": _tag,
    "UntagResource": _untag,
}

_READINGS: Mapping[str, Callable[[Params, Caller, Readable], Call | Result]] = {
    "GetApi": _get_api,
    "GetApis": _get_apis,
    "GetTags": _get_tags,
    **{f"Get{kind}": partial(_get, kind) for kind in KINDS},
    **{f"Get{kind}s": partial(_list, kind) for kind in KINDS},
}

APIGATEWAYV2 = Service("API Gateway v2", _ORDERS, _READINGS, model=NAME, errors=ERRORS)
