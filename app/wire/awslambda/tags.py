"""Tags of functions and of event source mappings: TagResource, UntagResource and ListTags with their ARNs."""

import re

from app.core.commands import TagFunction, TagMapping, UntagFunction, UntagMapping
from app.core.errors import InvalidParameterValue, ResourceNotFound, ValidationFailed
from app.core.names import Arn, Scope
from app.wire.calls import Call, Caller, Params, Readable, Result
from app.wire.refusals import NotEmulated

_PATTERN = (
    r"arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:"
    r"(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|code-signing-config:csc-[a-z0-9]{17}"
    r"|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
    r"|(capacity-provider|network-connector):[a-zA-Z0-9-_]{1,64})"
)


def list_tags(params: Params, _caller: Caller, engine: Readable) -> Result:
    resource = params["Resource"]
    scope, uuid = _mapping(resource, engine)
    return {"Tags": dict(engine.world.mappings.get(scope, uuid).tags if uuid else engine.world.families.tags(resource))}


def tag_resource(params: Params, _caller: Caller, engine: Readable) -> Call:
    resource, tags = params["Resource"], params.get("Tags")
    scope, uuid = _mapping(resource, engine)
    if not tags:
        raise InvalidParameterValue("An error occurred and the request cannot be processed.")
    return Call(TagMapping(scope, uuid, tags) if uuid else TagFunction(resource, tags), lambda _: {})


def untag_resource(params: Params, _caller: Caller, engine: Readable) -> Call:
    resource, keys = params["Resource"], tuple(params.get("TagKeys") or ())
    scope, uuid = _mapping(resource, engine)
    if not keys:
        raise ValidationFailed(
            "1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member must not be null"
        )
    return Call(UntagMapping(scope, uuid, keys) if uuid else UntagFunction(resource, keys), lambda _: {})


def _mapping(resource: Arn, engine: Readable) -> tuple[Scope, str]:
    """The scope and UUID of the mapping; no UUID for a function. Raises what AWS raises for what is neither."""
    if re.fullmatch(_PATTERN, resource) is None:
        raise ValidationFailed(
            f"1 validation error detected: Value '{resource}' at 'resource' failed to satisfy constraint: "
            f"Member must satisfy regular expression pattern: {_PATTERN}"
        )
    _, _, _, region, account, kind, name, *qualifier = resource.split(":")
    scope = Scope(account, region)
    if kind == "event-source-mapping":
        return scope, engine.world.mappings.get(scope, name).uuid
    if kind != "function":
        raise NotEmulated(f"Triggerfish does not emulate the tags of a {kind}.")
    if qualifier:
        raise InvalidParameterValue(
            "Tags on function aliases and versions are not supported. Please specify a function ARN."
        )
    try:
        engine.world.functions[resource]
    except ResourceNotFound:
        raise ResourceNotFound(f"Function not found: {resource}") from None
    return scope, ""
