"""Provisioned concurrency configs: put, get, list, delete."""

from app.core.awslambda.provisioned import ProvisionedConcurrency
from app.core.commands import PutProvisionedConcurrency
from app.core.errors import InvalidParameterValue
from app.core.time import Instant
from app.wire.awslambda.configuration import timestamp
from app.wire.awslambda.names import named, page_of
from app.wire.calls import Call, Caller, Params, Readable, Result


def put_provisioned_concurrency_config(params: Params, caller: Caller) -> Call:
    arn, qualifier = named(params, caller)
    requested = params["ProvisionedConcurrentExecutions"]
    command = PutProvisionedConcurrency(arn, qualifier or "$LATEST", requested)
    # What was asked for a moment ago is in progress, however short that is.
    return Call(command, lambda config: _view(config, config.modified_at - 1))


def delete_provisioned_concurrency_config(params: Params, caller: Caller) -> Call:
    arn, qualifier = named(params, caller)
    return Call(PutProvisionedConcurrency(arn, _required(qualifier), None), lambda _: {})


def get_provisioned_concurrency_config(params: Params, caller: Caller, engine: Readable) -> Result:
    arn, qualifier = named(params, caller)
    return _view(engine.world.families.provisioned(arn, _required(qualifier)), engine.clock.now())


def list_provisioned_concurrency_configs(params: Params, caller: Caller, engine: Readable) -> Result:
    arn, _ = named(params, caller)
    configs = engine.world.families.all_provisioned(arn)
    told = [{"FunctionArn": f"{arn}:{name}", **_view(configs[name], engine.clock.now())} for name in sorted(configs)]
    page, marker = page_of(told, "FunctionArn", params)
    return ({"NextMarker": marker} if marker else {}) | {"ProvisionedConcurrencyConfigs": page}


def _required(qualifier: str | None) -> str:
    if qualifier is None:
        raise InvalidParameterValue("The function resource provided must be an alias or a published version.")
    return qualifier


def _view(config: ProvisionedConcurrency, now: Instant) -> Result:
    available = config.available(now)
    result: Result = {
        "RequestedProvisionedConcurrentExecutions": config.requested,
        "AvailableProvisionedConcurrentExecutions": available,
        "AllocatedProvisionedConcurrentExecutions": available,
        "Status": config.status(now),
        "LastModified": timestamp(config.modified_at),
    }
    return result if config.failure is None else result | {"StatusReason": config.failure}
