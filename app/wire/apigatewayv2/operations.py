"""The operations of API Gateway v2 by name. Beside import, each is a change of one resource or the telling of some."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from app.core import errors as core
from app.core.commands import ChangeApi
from app.core.errors import InvalidParameterValue
from app.core.gateway.api import Members
from app.core.gateway.api_mappings import mapping_of, shown_domain, shown_mapping
from app.core.gateway.api_resources import KINDS
from app.core.gateway.apis import MORE_CHANGES
from app.wire.apigateway.sample import sample_template
from app.wire.apigatewayv2.exporting import exported
from app.wire.apigatewayv2.openapi import import_api, reimport_api
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


def _get_model_template(params: Params, caller: Caller, engine: Readable) -> Result:
    model = engine.world.apis.resource(caller.scope, "Model", params)
    return {"Value": sample_template(model.get("Schema", "{}"))}


def _get_domain(params: Params, caller: Caller, engine: Readable) -> Result:
    return shown_domain(engine.world.domains.get(caller.scope, params["DomainName"]))


def _get_domains(params: Params, caller: Caller, engine: Readable) -> Result:
    return _paged([shown_domain(domain) for domain in engine.world.domains.all(caller.scope)], params)


def _get_mapping(params: Params, caller: Caller, engine: Readable) -> Result:
    return shown_mapping(mapping_of(engine.world.domains, caller.scope, params))


def _get_mappings(params: Params, caller: Caller, engine: Readable) -> Result:
    domain = engine.world.domains.get(caller.scope, params["DomainName"])
    return _paged([shown_mapping(mapping) for mapping in domain.mappings.values()], params)


def _get_link(params: Params, caller: Caller, engine: Readable) -> Result:
    return dict(engine.world.apis.links.get(caller.scope, params["VpcLinkId"]))


def _get_links(params: Params, caller: Caller, engine: Readable) -> Result:
    return _paged(engine.world.apis.links.all(caller.scope), params)


def _export(params: Params, caller: Caller, engine: Readable) -> Result:
    return {"body": exported(engine.world.apis.get(caller.scope, params["ApiId"]), params)}


def _not_there(what: str, _: Params, __: Caller, ___: Readable) -> Result:
    raise InvalidParameterValue(f"Triggerfish does not emulate {what}: no function is behind them")


_PAGES = ("Portal", "PortalProduct", "ProductPage", "ProductRestEndpointPage")
_PORTALS = (
    *(f"{verb}{kind}" for kind in _PAGES for verb in ("Create", "Get", "Update", "Delete")),
    *(f"List{kind}s" for kind in _PAGES), "PublishPortal", "PreviewPortal", "DisablePortal",
    *(f"{verb}PortalProductSharingPolicy" for verb in ("Get", "Put", "Delete")),
)  # fmt: skip
_RULES = (*(f"{verb}RoutingRule" for verb in ("Create", "Get", "Put", "Delete")), "ListRoutingRules")

_CHANGES = [
    *(f"{verb}{kind}" for verb in ("Create", "Update", "Delete") for kind in ("Api", *KINDS)),
    "DeleteCorsConfiguration",
    *MORE_CHANGES,
]

_ORDERS: Mapping[str, Callable[[Params, Caller], Call]] = {
    **{operation: partial(_change, operation) for operation in _CHANGES},
    "ImportApi": partial(import_api, endpoint_host),
    "ReimportApi": reimport_api,
    "TagResource": _tag,
    "UntagResource": _untag,
}

_READINGS: Mapping[str, Callable[[Params, Caller, Readable], Call | Result]] = {
    "GetApi": _get_api,
    "GetApis": _get_apis,
    "GetTags": _get_tags,
    **{f"Get{kind}": partial(_get, kind) for kind in KINDS},
    **{f"Get{kind}s": partial(_list, kind) for kind in KINDS},
    "GetModelTemplate": _get_model_template,
    "GetDomainName": _get_domain,
    "GetDomainNames": _get_domains,
    "GetApiMapping": _get_mapping,
    "GetApiMappings": _get_mappings,
    "GetVpcLink": _get_link,
    "GetVpcLinks": _get_links,
    "ExportApi": _export,
    **{operation: partial(_not_there, "portals") for operation in _PORTALS},
    **{operation: partial(_not_there, "routing rules") for operation in _RULES},
}

APIGATEWAYV2 = Service("API Gateway v2", _ORDERS, _READINGS, model=NAME, errors=ERRORS)
