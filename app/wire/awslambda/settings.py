"""What is set on a function apart from its deployment: event-invoke config and reserved concurrency (spec D2, E)."""

from app.core.commands import DeleteEventInvokeConfig, PutEventInvokeConfig, PutReservedConcurrency
from app.core.errors import InvalidParameterValue, ResourceNotFound
from app.core.names import Arn
from app.wire.awslambda.names import function_arn
from app.wire.calls import Call, Caller, Params, Readable, Result

_ONLY_UNQUALIFIED = (
    "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. "
    "Please specify either a function name or an unqualified function ARN."
)


def put_event_invoke_config(params: Params, caller: Caller) -> Call:
    return Call(PutEventInvokeConfig(_function(params, caller), _given(params)), dict)


def update_event_invoke_config(params: Params, caller: Caller) -> Call:
    return Call(PutEventInvokeConfig(_function(params, caller), _given(params), merges=True), dict)


def delete_event_invoke_config(params: Params, caller: Caller) -> Call:
    return Call(DeleteEventInvokeConfig(_function(params, caller)), lambda _: {})


def get_event_invoke_config(params: Params, caller: Caller, engine: Readable) -> Result:
    function = _function(params, caller)
    return engine.world.event_invoke(function).view(function)


def list_event_invoke_configs(params: Params, caller: Caller, engine: Readable) -> Result:
    function = _function(params, caller)
    engine.world.function(function)
    try:
        return {"FunctionEventInvokeConfigs": [engine.world.event_invoke(function).view(function)]}
    except ResourceNotFound:
        return {"FunctionEventInvokeConfigs": []}


def put_function_concurrency(params: Params, caller: Caller) -> Call:
    reserved = params["ReservedConcurrentExecutions"]
    command = PutReservedConcurrency(_unqualified(params, caller), reserved)
    return Call(command, lambda _: {"ReservedConcurrentExecutions": reserved})


def delete_function_concurrency(params: Params, caller: Caller) -> Call:
    return Call(PutReservedConcurrency(_unqualified(params, caller), None), lambda _: {})


def get_function_concurrency(params: Params, caller: Caller, engine: Readable) -> Result:
    reserved = engine.world.function(_unqualified(params, caller)).spec.reserved_concurrency
    return {} if reserved is None else {"ReservedConcurrentExecutions": reserved}


def _function(params: Params, caller: Caller) -> Arn:
    """The unqualified ARN; without versions and aliases only $LATEST can be meant by a qualifier."""
    arn, derived = _split(function_arn(params["FunctionName"], caller.scope))
    asked = params.get("Qualifier")
    if asked and derived and asked != derived:
        raise InvalidParameterValue(
            "The derived qualifier from the function name does not match the specified qualifier."
        )
    if (asked or derived or "$LATEST") != "$LATEST":
        raise ResourceNotFound("The function doesn't exist.")
    return arn


def _unqualified(params: Params, caller: Caller) -> Arn:
    arn, derived = _split(function_arn(params["FunctionName"], caller.scope))
    if derived:
        raise InvalidParameterValue(_ONLY_UNQUALIFIED)
    return arn


def _split(arn: Arn) -> tuple[Arn, str]:
    """The unqualified ARN and the qualifier, "" if there is none."""
    parts = arn.split(":")
    return ":".join(parts[:7]), ":".join(parts[7:])


def _given(params: Params) -> dict[str, object]:
    return {name: value for name, value in params.items() if name not in ("FunctionName", "Qualifier")}
