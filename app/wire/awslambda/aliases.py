"""Aliases: create, get, list, update, delete."""

from app.core.awslambda.aliases import Alias
from app.core.awslambda.families import alias_revision
from app.core.commands import CreateAlias, DeleteAlias, UpdateAlias
from app.core.names import Arn
from app.wire.awslambda.names import page_of, unqualified
from app.wire.calls import Call, Caller, Params, Readable, Result


def create_alias(params: Params, caller: Caller) -> Call:
    arn = unqualified(params, caller)
    return Call(CreateAlias(arn, _given(params)), lambda alias: _view(arn, alias))


def update_alias(params: Params, caller: Caller) -> Call:
    arn = unqualified(params, caller)
    return Call(UpdateAlias(arn, params["Name"], _given(params)), lambda alias: _view(arn, alias))


def delete_alias(params: Params, caller: Caller) -> Call:
    return Call(DeleteAlias(unqualified(params, caller), params["Name"]), lambda _: {})


def get_alias(params: Params, caller: Caller, engine: Readable) -> Result:
    arn = unqualified(params, caller)
    return _view(arn, engine.world.families.alias(arn, params["Name"]))


def list_aliases(params: Params, caller: Caller, engine: Readable) -> Result:
    arn, version = unqualified(params, caller), params.get("FunctionVersion")
    aliases = engine.world.families.aliases(arn)
    told = [_view(arn, alias) for alias in aliases if version is None or version in alias.versions]
    page, marker = page_of(told, "Name", params)
    return ({"NextMarker": marker} if marker else {}) | {"Aliases": page}


def _given(params: Params) -> dict[str, object]:
    return {name: value for name, value in params.items() if name != "FunctionName"}


def _view(arn: Arn, alias: Alias) -> Result:
    result: Result = {
        "AliasArn": f"{arn}:{alias.name}",
        "Name": alias.name,
        "FunctionVersion": alias.version,
        "Description": alias.description,
        "RevisionId": alias_revision(arn, alias),
    }
    if alias.second is not None:
        result["RoutingConfig"] = {"AdditionalVersionWeights": {alias.second: alias.share}}
    return result
