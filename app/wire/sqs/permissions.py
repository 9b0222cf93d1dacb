"""AddPermission and RemovePermission."""

from app.core.commands import AddPermission, RemovePermission
from app.wire.calls import Call, Caller, Params
from app.wire.sqs.messages import nothing
from app.wire.sqs.params import queue_of, required


def add_permission(params: Params, caller: Caller) -> Call:
    command = AddPermission(
        queue_of(params, caller),
        params.get("Label") or "",
        tuple(params.get("AWSAccountIds") or ()),
        tuple(params.get("Actions") or ()),
    )
    return Call(command, nothing)


def remove_permission(params: Params, caller: Caller) -> Call:
    return Call(RemovePermission(queue_of(params, caller), required(params, "Label")), nothing)
