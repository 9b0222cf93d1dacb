"""What the core has to know of a function."""

from app.core.awslambda.function import (
    FunctionSpec,
)
from app.core.names import Scope
from app.settings.values.functions import (
    ConcurrentRieFunction,
    FunctionSettings,
    HttpFunction,
    InvokeApiFunction,
    ProcessFunction,
    RieFunction,
    ScriptedFunction,
)


def spec_of(function: FunctionSettings, scope: Scope, *, access_key_ids: tuple[str, ...] = ()) -> FunctionSpec:
    """What the core must know of the function.

    `access_key_ids` are those given to its environments, one a slot; those an emulator was started with win.
    """
    is_rie = isinstance(function, RieFunction)
    return FunctionSpec(
        arn=scope.function_arn(function.name),
        timeout_s=function.timeout_s,
        memory_mb=function.memory_mb,
        environments=function.environments * members_of(function),
        script=function.script if isinstance(function, ScriptedFunction) else None,
        reserved_concurrency=function.reserved_concurrency,
        recursive_loop=function.recursive_loop,
        maximum_retry_attempts=function.maximum_retry_attempts,
        maximum_event_age_s=function.maximum_event_age_s,
        on_success=function.on_success.arn(scope) if function.on_success else None,
        on_failure=function.on_failure.arn(scope) if function.on_failure else None,
        dead_letter_target=function.dead_letter.arn(scope) if function.dead_letter else None,
        access_key_ids=(function.access_key_ids if isinstance(function, RieFunction) else ()) or access_key_ids,
        passes_trace_header=not is_rie,
        description=function.description,
        idle_timeout_ms=function.idle_timeout_ms if isinstance(function, ProcessFunction) else None,
        environment_age_ms=function.max_age_ms if isinstance(function, ProcessFunction) else None,
    )


def members_of(function: FunctionSettings) -> int:
    """How many servers are its environments' in equal parts; of an emulator, each URL is one environment already."""
    match function:
        case ConcurrentRieFunction(urls=urls) | InvokeApiFunction(urls=urls) | HttpFunction(urls=urls):
            return len(urls)
        case _:
            return 1
