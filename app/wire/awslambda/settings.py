"""What is set on a function apart from its deployment: event-invoke config and reserved concurrency."""

from app.core.commands import DeleteEventInvokeConfig, PutEventInvokeConfig, PutReservedConcurrency
from app.core.names import LATEST, Arn
from app.wire.awslambda.names import function_arn, named, page_of, split, unqualified
from app.wire.calls import Call, Caller, Params, Readable, Result

_MOST_CONFIGS = 50  # botocore's model: MaxFunctionEventInvokeConfigListItems


def put_event_invoke_config(params: Params, caller: Caller) -> Call:
    function, qualifier = _qualified(params, caller)
    return Call(PutEventInvokeConfig(function, _given(params), qualifier=qualifier), dict)


def update_event_invoke_config(params: Params, caller: Caller) -> Call:
    function, qualifier = _qualified(params, caller)
    return Call(PutEventInvokeConfig(function, _given(params), merges=True, qualifier=qualifier), dict)


def delete_event_invoke_config(params: Params, caller: Caller) -> Call:
    return Call(DeleteEventInvokeConfig(*_qualified(params, caller)), lambda _: {})


def get_event_invoke_config(params: Params, caller: Caller, engine: Readable) -> Result:
    function, qualifier = _qualified(params, caller)
    return engine.world.functions.event_invoke_of(function, qualifier).view(function, qualifier)


def list_event_invoke_configs(params: Params, caller: Caller, engine: Readable) -> Result:
    """Every version and alias of the function that has one, whatever qualifier the name carries."""
    function, _ = split(function_arn(params["FunctionName"], caller.scope))
    views = [
        config.view(function, qualifier)
        for qualifier, config in engine.world.functions.event_invokes_of(function).items()
    ]
    page, marker = page_of(views, "FunctionArn", params, most=_MOST_CONFIGS)
    return ({"NextMarker": marker} if marker else {}) | {"FunctionEventInvokeConfigs": page}


def put_function_concurrency(params: Params, caller: Caller) -> Call:
    reserved = params["ReservedConcurrentExecutions"]
    command = PutReservedConcurrency(unqualified(params, caller), reserved)
    return Call(command, lambda _: {"ReservedConcurrentExecutions": reserved})


def delete_function_concurrency(params: Params, caller: Caller) -> Call:
    return Call(PutReservedConcurrency(unqualified(params, caller), None), lambda _: {})


def get_function_concurrency(params: Params, caller: Caller, engine: Readable) -> Result:
    reserved = engine.world.functions[unqualified(params, caller)].spec.reserved_concurrency
    return {} if reserved is None else {"ReservedConcurrentExecutions": reserved}


def _qualified(params: Params, caller: Caller) -> tuple[Arn, str]:
    """The unqualified ARN, and the version or alias that is meant."""
    arn, qualifier = named(params, caller)
    return arn, qualifier or LATEST


def _given(params: Params) -> dict[str, object]:
    return {name: value for name, value in params.items() if name not in ("FunctionName", "Qualifier")}
