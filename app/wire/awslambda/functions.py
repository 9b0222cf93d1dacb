"""Functions, to be looked at, and their recursion setting, to be changed."""

from dataclasses import replace

from app.core.commands import PutFunction
from app.core.errors import ResourceNotFound, ValidationFailed
from app.core.function import FunctionSpec
from app.core.names import parse_arn
from app.wire.awslambda.names import function_arn, page_of
from app.wire.calls import Call, Caller, Params, Readable, Result


def list_functions(params: Params, caller: Caller, engine: Readable) -> Result:
    configurations = [_configuration(function.spec) for function in engine.world.functions(caller.scope)]
    page, marker = page_of(sorted(configurations, key=lambda each: str(each["FunctionName"])), "FunctionName", params)
    return ({"NextMarker": marker} if marker else {}) | {"Functions": page}


def get_function(params: Params, caller: Caller, engine: Readable) -> Result:
    spec = _spec(params, caller, engine)
    result: Result = {"Configuration": _configuration(spec), "Code": {}, "Tags": {}}
    if spec.reserved_concurrency is not None:
        result["Concurrency"] = {"ReservedConcurrentExecutions": spec.reserved_concurrency}
    return result


def get_function_configuration(params: Params, caller: Caller, engine: Readable) -> Result:
    return _configuration(_spec(params, caller, engine))


def get_function_recursion_config(params: Params, caller: Caller, engine: Readable) -> Result:
    return {"RecursiveLoop": _spec(params, caller, engine).recursive_loop}


def put_function_recursion_config(params: Params, caller: Caller, engine: Readable) -> Call:
    loop = params.get("RecursiveLoop")
    if loop not in ("Allow", "Terminate"):
        raise ValidationFailed(
            f"1 validation error detected: Value '{loop}' at 'recursiveLoop' failed to satisfy constraint: "
            "Member must satisfy enum value set: [Terminate, Allow]"
        )
    changed = replace(_spec(params, caller, engine), recursive_loop=loop)
    return Call(PutFunction(changed), lambda _: {"RecursiveLoop": loop})


def _spec(params: Params, caller: Caller, engine: Readable) -> FunctionSpec:
    arn = function_arn(params["FunctionName"], caller.scope)
    name = parse_arn(arn).name
    own = parse_arn(arn).scope.function_arn(name)
    try:
        return engine.world.function(own).spec
    except ResourceNotFound:
        raise ResourceNotFound(f"Function not found: {arn}") from None


def _configuration(spec: FunctionSpec) -> Result:
    """What is known of a function; what only a deployment has (role, runtime, code) is left out."""
    return {
        "FunctionName": spec.name,
        "FunctionArn": spec.arn,
        "Description": spec.description,
        "Timeout": spec.timeout_s,
        "MemorySize": spec.memory_mb,
        "Version": "$LATEST",
        "TracingConfig": {"Mode": "PassThrough"},
        "State": "Active",
        "LastUpdateStatus": "Successful",
    }
