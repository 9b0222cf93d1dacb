"""The operations of API Gateway v1 by name: beside documents, each is a change of one resource, or tells of some."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from app.core import errors as core
from app.core.commands.gateway import ChangeRest
from app.core.errors import InvalidParameterValue, ResourceNotFound
from app.core.gateway.domains import shown_domain, shown_mapping
from app.core.gateway.rest.definition import accounts, responses, tree
from app.core.gateway.rest.definition.apis import CHANGES, RestApis
from app.core.gateway.rest.definition.kinds import OF_ACCOUNTS, OF_APIS, Kind
from app.core.gateway.rest.definition.patches import Members
from app.core.gateway.rest.definition.stages import shown_stage
from app.wire.apigateway.documents import read_document, read_documentation
from app.wire.apigateway.exporting import exported
from app.wire.apigateway.sample import sample_template
from app.wire.calls import Call, Caller, Params, Readable, Result, Service
from app.wire.constraints import check_by_place
from app.wire.errors import AwsError, ErrorTable
from app.wire.events.signing import CERTIFICATE

_DEFAULT_PAGE, _LARGEST_PAGE = 25, 500
_CERTIFICATE_YEAR_MS = 365 * 86_400_000

ERRORS: ErrorTable = {
    core.ResourceNotFound: AwsError("NotFoundException", 404),
    core.ResourceConflict: AwsError("ConflictException", 409),
    core.InvalidParameterValue: AwsError("BadRequestException"),
    core.AccessDenied: AwsError("AccessDeniedException", 403),
}
"""A value that the model does not allow is a ValidationException, as everywhere."""


def _change(operation: str, params: Params, caller: Caller) -> Call:
    return Call(ChangeRest(caller.scope, operation, params), dict)


# Documents ------------------------------------------------------------------------------------------


def _import(params: Params, caller: Caller) -> Call:
    parts = _read(params)
    return Call(ChangeRest(caller.scope, "ImportRestApi", {"parts": parts}), dict)


def _put(params: Params, caller: Caller) -> Call:
    given = {"restApiId": params["restApiId"], "mode": params.get("mode", "merge"), "parts": _read(params)}
    return Call(ChangeRest(caller.scope, "PutRestApi", given), dict)


def _read(params: Params) -> Members:
    parts = read_document(params["body"], params.get("parameters") or {})
    if params.get("failOnWarnings") and parts["Warnings"]:
        raise InvalidParameterValue("Warnings found during import:\n" + "\n".join(parts["Warnings"]))
    return parts


def _import_documentation(params: Params, caller: Caller) -> Call:
    given = {"restApiId": params["restApiId"], "mode": params.get("mode", "merge"),
             "documentation": read_documentation(params["body"])}  # fmt: skip
    return Call(ChangeRest(caller.scope, "ImportDocumentationParts", given), dict)


def _import_keys(params: Params, caller: Caller) -> Call:
    """A file of comma-separated values, its first line naming them (API Gateway guide, api-key-file-format)."""
    if params.get("format") != "csv":
        raise InvalidParameterValue("Invalid API key import format. Must be csv")
    text = bytes(params["body"]).decode("utf-8", errors="replace")
    rows = [
        {str(name).strip().lower(): value for name, value in row.items()} for row in csv.DictReader(io.StringIO(text))
    ]
    if not rows or not {"name", "key"} <= rows[0].keys():
        raise InvalidParameterValue("Invalid API key file. It must have the columns name and key")
    given = {"rows": rows, "failOnWarnings": params.get("failOnWarnings", False)}
    return Call(ChangeRest(caller.scope, "ImportApiKeys", given), dict)


def _export(params: Params, caller: Caller, engine: Readable) -> Result:
    api = engine.world.rest_apis.get(caller.scope, params["restApiId"])
    stage = api.found(OF_APIS["Stage"], params["stageName"])
    snapshot = api.deployed[stage["deploymentId"]].snapshot
    accepts = params.get("accepts") or "application/json"
    kind = params["exportType"]
    documentation = list(api.kinds["DocumentationPart"].values()) if "documentationVersion" in stage else []
    body = exported(api, stage, snapshot, kind, accepts, params.get("parameters") or {}, documentation)
    suffix = "yaml" if "yaml" in accepts else "json"
    name = f"{kind}_{stage['createdDate']:%Y-%m-%dT%H:%M:%SZ}.{suffix}"
    return {"contentType": accepts, "contentDisposition": f'attachment; filename="{name}"', "body": body}


# Telling --------------------------------------------------------------------------------------------


def _paged(items: Sequence[Members], params: Params) -> Result:
    """`position` is the number of the first item that is not told yet."""
    start = str(params.get("position") or "0")
    limit = int(params.get("limit") or _DEFAULT_PAGE)
    if not start.isdecimal():
        raise InvalidParameterValue("Invalid position parameter specified")
    if not 1 <= limit <= _LARGEST_PAGE:
        raise InvalidParameterValue(f"Invalid limit specified. Must be between 1 and {_LARGEST_PAGE}")
    end = int(start) + limit
    told: Result = {"items": [dict(item) for item in items[int(start) : end]]}
    return told | ({"position": str(end)} if end < len(items) else {})


def _apis(engine: Readable) -> RestApis:
    return engine.world.rest_apis


def _get_apis(params: Params, caller: Caller, engine: Readable) -> Result:
    return _paged([api.members for api in _apis(engine).all(caller.scope)], params)


def _get_api(params: Params, caller: Caller, engine: Readable) -> Result:
    return dict(_apis(engine).get(caller.scope, params["restApiId"]).members)


def _get_resources(params: Params, caller: Caller, engine: Readable) -> Result:
    """By their paths (recorded 2024-04-15)."""
    api = _apis(engine).get(caller.scope, params["restApiId"])
    with_methods = "methods" in (params.get("embed") or ())
    ordered = sorted(api.resources.values(), key=lambda resource: str(resource["path"]))
    return _paged([tree.shown_resource(resource, with_methods=with_methods) for resource in ordered], params)


def _of_tree(operation: str, params: Params, caller: Caller, engine: Readable) -> Result:
    return tree.READINGS[operation](_apis(engine).with_tree(caller.scope, params["restApiId"]), dict(params))


def _get_kind(kind: Kind, params: Params, caller: Caller, engine: Readable) -> Result:
    return _shown(kind, _apis(engine).one(caller.scope, kind, params), params)


def _list_kind(kind: Kind, params: Params, caller: Caller, engine: Readable) -> Result:
    api = _apis(engine).get(caller.scope, params["restApiId"])
    found = [_shown(kind, members, params) for members in api.kinds[kind.name].values()]
    if kind.name == "DocumentationPart":
        found = [part for part in found if _is_asked_for(part, params)]
    return _paged(found, params)


def _shown(kind: Kind, members: Members, params: Params) -> Result:
    if kind.name == "Deployment" and "apisummary" in (params.get("embed") or ()):
        return {**members, "apiSummary": {}}
    return dict(members)


def _is_asked_for(part: Members, params: Params) -> bool:
    location = part["location"]
    wanted = {"type": params.get("type"), "name": params.get("nameQuery"), "path": params.get("path")}
    return all(value is None or location.get(name) == value for name, value in wanted.items())


def _get_deployment(params: Params, caller: Caller, engine: Readable) -> Result:
    """With `embed=apisummary`, what of authorizers and keys the methods have."""
    told = _get_kind(OF_APIS["Deployment"], params, caller, engine)
    if "apiSummary" in told:
        api = _apis(engine).get(caller.scope, params["restApiId"])
        snapshot = api.deployed[params["deploymentId"]].snapshot
        told["apiSummary"] = {
            resource["path"]: {
                name: {"authorizationType": method["authorizationType"], "apiKeyRequired": method["apiKeyRequired"]}
                for name, method in resource["resourceMethods"].items()
            }
            for resource in snapshot.resources.values()
            if resource.get("resourceMethods")
        }
    return told


def _get_stages(params: Params, caller: Caller, engine: Readable) -> Result:
    api = _apis(engine).get(caller.scope, params["restApiId"])
    wanted = params.get("deploymentId")
    return {"item": [shown_stage(stage) for stage in api.kinds["Stage"].values()
                     if wanted in (None, stage["deploymentId"])]}  # fmt: skip


def _get_stage(params: Params, caller: Caller, engine: Readable) -> Result:
    return shown_stage(_apis(engine).one(caller.scope, OF_APIS["Stage"], params))


def _get_response(params: Params, caller: Caller, engine: Readable) -> Result:
    return responses.shown_response(_apis(engine).get(caller.scope, params["restApiId"]), params["responseType"])


def _get_responses(params: Params, caller: Caller, engine: Readable) -> Result:
    """All of them at once: there are fewer than a page has."""
    return _paged(responses.all_responses(_apis(engine).get(caller.scope, params["restApiId"])), params)


def _get_model_template(params: Params, caller: Caller, engine: Readable) -> Result:
    model = _apis(engine).one(caller.scope, OF_APIS["Model"], params)
    return {"value": sample_template(model["schema"])}


def _get_of_account(kind: Kind, params: Params, caller: Caller, engine: Readable) -> Result:
    found = _apis(engine).account(caller.scope).found(kind.name, params[kind.parameter])
    hides_value = kind.name == "ApiKey" and not params.get("includeValue")
    return {"tags": {}, **{name: value for name, value in found.items() if not (hides_value and name == "value")}}


def _list_of_account(kind: Kind, params: Params, caller: Caller, engine: Readable) -> Result:
    account = _apis(engine).account(caller.scope)
    found = list(account.kinds[kind.name].values())
    if kind.name == "ApiKey":
        return _api_keys(found, params)
    if kind.name == "UsagePlan" and params.get("keyId") is not None:
        found = [plan for plan in found if params["keyId"] in account.plan_keys.get(plan["id"], ())]
    return _paged(found, params)


def _api_keys(found: Sequence[Members], params: Params) -> Result:
    name, customer = params.get("nameQuery"), params.get("customerId")
    wanted = [key for key in found if str(key.get("name", "")).startswith(name or "")
              and customer in (None, key.get("customerId"))]  # fmt: skip
    shown = [{name: value for name, value in key.items() if name != "value" or params.get("includeValues")}
             for key in wanted]  # fmt: skip
    return _paged(shown, params)


def _get_plan_key(params: Params, caller: Caller, engine: Readable) -> Result:
    return accounts.plan_key_of(_apis(engine).account(caller.scope), dict(params))


def _get_plan_keys(params: Params, caller: Caller, engine: Readable) -> Result:
    account = _apis(engine).account(caller.scope)
    account.found("UsagePlan", params["usagePlanId"])
    keys = [account.found("ApiKey", key) for key in account.plan_keys.get(params["usagePlanId"], ())]
    wanted = [key for key in keys if str(key.get("name", "")).startswith(params.get("nameQuery") or "")]
    return _paged([accounts.shown_plan_key(key) for key in wanted], params)


def _get_usage(params: Params, caller: Caller, engine: Readable) -> Result:
    try:
        return _apis(engine).usage(caller.scope, params)
    except ValueError:
        raise InvalidParameterValue("Invalid date specified. Must be like 2026-11-27") from None


def _get_account(_: Params, caller: Caller, engine: Readable) -> Result:
    return dict(_apis(engine).account(caller.scope).settings)


def _get_domain(params: Params, caller: Caller, engine: Readable) -> Result:
    return shown_domain(engine.world.domains.get(caller.scope, params["domainName"]))


def _get_domains(params: Params, caller: Caller, engine: Readable) -> Result:
    return _paged([shown_domain(domain) for domain in engine.world.domains.all(caller.scope)], params)


def _get_mapping(params: Params, caller: Caller, engine: Readable) -> Result:
    return shown_mapping(engine.world.domains.mapping_at(caller.scope, params["domainName"], params["basePath"]))


def _get_mappings(params: Params, caller: Caller, engine: Readable) -> Result:
    domain = engine.world.domains.get(caller.scope, params["domainName"])
    return _paged([shown_mapping(mapping) for mapping in domain.mappings.values()], params)


def _get_tags(params: Params, caller: Caller, engine: Readable) -> Result:
    return {"tags": dict(_apis(engine).tagged(caller.scope, params["resourceArn"]).get("tags", {}))}


def _generate_certificate(params: Params, caller: Caller, engine: Readable) -> Call:
    """The certificate that all fronts here would show: backends can be told to trust it, its key is public."""
    now_s = engine.clock.now() / 1_000
    given = {**params, "pemEncodedCertificate": CERTIFICATE, "expirationDate": now_s + _CERTIFICATE_YEAR_MS / 1_000}
    return Call(ChangeRest(caller.scope, "GenerateClientCertificate", given), dict)


def _create_association(params: Params, caller: Caller, engine: Readable) -> Call:
    domain = str(params["domainNameArn"]).rpartition("/domainnames/")[2]
    engine.world.domains.get(caller.scope, domain.partition("+")[0])
    arn = (f"arn:aws:apigateway:{caller.scope.region}:{caller.scope.account}:/domainnameaccessassociations/domainname/"
           f"{domain}/vpcesource/{params['accessAssociationSource']}")  # fmt: skip
    given = {**params, "domainNameAccessAssociationArn": arn}
    return Call(ChangeRest(caller.scope, "CreateDomainNameAccessAssociation", given), dict)


# What there is no such thing as ---------------------------------------------------------------------


_SDKS = (
    ("java", "Java SDK", "Java SDK"), ("android", "Android", "Android SDK"), ("objectivec", "iOS (Objective-C)",
     "iOS SDK for Objective-C"), ("swift", "iOS (Swift)", "iOS SDK for Swift"), ("javascript", "JavaScript",
     "JavaScript SDK"), ("ruby", "Ruby", "Ruby SDK"),
)  # fmt: skip


def _sdk_types(params: Params, _: Caller, __: Readable) -> Result:
    return _paged([_sdk_type(sdk) for sdk in _SDKS], params)


def _get_sdk_type(params: Params, _: Caller, __: Readable) -> Result:
    for sdk in _SDKS:
        if sdk[0] == params["id"]:
            return _sdk_type(sdk)
    raise ResourceNotFound("Invalid SDK type specified")


def _sdk_type(sdk: tuple[str, str, str]) -> Members:
    return {"id": sdk[0], "friendlyName": sdk[1], "description": sdk[2]}


def _no_sdk(params: Params, caller: Caller, engine: Readable) -> Result:
    """SDKs are made from an export by anybody's generator."""
    _apis(engine).get(caller.scope, params["restApiId"]).found(OF_APIS["Stage"], params["stageName"])
    raise InvalidParameterValue(
        "Triggerfish does not generate SDKs. Export the API (GetExport, oas30) and generate one from that."
    )


_ORDERS: Mapping[str, Callable[[Params, Caller], Call]] = {
    **{operation: partial(_change, operation) for operation in CHANGES},
    "ImportRestApi": _import,
    "PutRestApi": _put,
    "ImportDocumentationParts": _import_documentation,
    "ImportApiKeys": _import_keys,
}

_READINGS: Mapping[str, Callable[[Params, Caller, Readable], Call | Result]] = {
    "GetRestApi": _get_api,
    "GetRestApis": _get_apis,
    "GetResources": _get_resources,
    **{operation: partial(_of_tree, operation) for operation in tree.READINGS},
    **{f"Get{name}": partial(_get_kind, kind) for name, kind in OF_APIS.items()},
    **{f"Get{name}s": partial(_list_kind, kind) for name, kind in OF_APIS.items()},
    **{f"Get{name}": partial(_get_of_account, kind) for name, kind in OF_ACCOUNTS.items()},
    **{f"Get{name}s": partial(_list_of_account, kind) for name, kind in OF_ACCOUNTS.items()},
    "GetDeployment": _get_deployment,
    "GetStage": _get_stage,
    "GetStages": _get_stages,
    "GetGatewayResponse": _get_response,
    "GetGatewayResponses": _get_responses,
    "GetModelTemplate": _get_model_template,
    "GetUsagePlanKey": _get_plan_key,
    "GetUsagePlanKeys": _get_plan_keys,
    "GetUsage": _get_usage,
    "GetAccount": _get_account,
    "GetDomainName": _get_domain,
    "GetDomainNames": _get_domains,
    "GetBasePathMapping": _get_mapping,
    "GetBasePathMappings": _get_mappings,
    "GetTags": _get_tags,
    "GetExport": _export,
    "GetSdk": _no_sdk,
    "GetSdkType": _get_sdk_type,
    "GetSdkTypes": _sdk_types,
    "GenerateClientCertificate": _generate_certificate,
    "CreateDomainNameAccessAssociation": _create_association,
}

APIGATEWAY = Service(
    "API Gateway",
    {name: order for name, order in _ORDERS.items() if name not in _READINGS},
    _READINGS,
    model="apigateway",
    errors=ERRORS,
    check=check_by_place,
)
