"""Resource policies of functions: AddPermission, RemovePermission, GetPolicy."""

from app.core.commands import AddFunctionPermission, RemoveFunctionPermission
from app.core.errors import InvalidParameterValue
from app.wire.awslambda.names import named
from app.wire.calls import Call, Caller, Params, Readable, Result


def add_permission(params: Params, caller: Caller) -> Call:
    arn, qualifier = named(params, caller)
    given = {name: value for name, value in params.items() if name not in ("FunctionName", "Qualifier")}
    if given.get("FunctionUrlAuthType") is not None and given["Action"] != "lambda:InvokeFunctionUrl":
        raise InvalidParameterValue("FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action")
    return Call(AddFunctionPermission(arn, qualifier, given), lambda statement: {"Statement": statement})


def remove_permission(params: Params, caller: Caller) -> Call:
    arn, qualifier = named(params, caller)
    command = RemoveFunctionPermission(arn, qualifier, params["StatementId"], params.get("RevisionId"))
    return Call(command, lambda _: {})


def get_policy(params: Params, caller: Caller, engine: Readable) -> Result:
    arn, qualifier = named(params, caller)
    policy, revision = engine.world.families.policy(arn, qualifier)
    return {"Policy": policy.document, "RevisionId": revision}
