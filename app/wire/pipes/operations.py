"""The operations of EventBridge Pipes by name (pipes 2015-10-07)."""

from app.core import errors as core
from app.core.commands.pipes import CreatePipe, DeletePipe, StartPipe, StopPipe, TagPipe, UntagPipe, UpdatePipe
from app.wire.calls import Call, Caller, Params, Readable, Result, Service
from app.wire.errors import AwsError, ErrorTable
from app.wire.pipes.constraints import check_schema

_PAGE = 100

ERRORS: ErrorTable = {
    core.ResourceNotFound: AwsError("NotFoundException", 404),
    core.ResourceConflict: AwsError("ConflictException", 409),
}


def create_pipe(params: Params, caller: Caller) -> Call:
    return Call(CreatePipe(caller.scope, params["Name"], _without_name(params)), _as_it_is)


def update_pipe(params: Params, caller: Caller) -> Call:
    return Call(UpdatePipe(caller.scope, params["Name"], _without_name(params)), _as_it_is)


def delete_pipe(params: Params, caller: Caller) -> Call:
    return Call(DeletePipe(caller.scope, params["Name"]), _as_it_is)


def start_pipe(params: Params, caller: Caller) -> Call:
    return Call(StartPipe(caller.scope, params["Name"]), _as_it_is)


def stop_pipe(params: Params, caller: Caller) -> Call:
    return Call(StopPipe(caller.scope, params["Name"]), _as_it_is)


def tag_resource(params: Params, _: Caller) -> Call:
    return Call(TagPipe(params["resourceArn"], params["tags"]), _nothing)


def untag_resource(params: Params, _: Caller) -> Call:
    return Call(UntagPipe(params["resourceArn"], tuple(params["tagKeys"])), _nothing)


def describe_pipe(params: Params, caller: Caller, engine: Readable) -> Result:
    return engine.world.pipes.get(caller.scope, params["Name"]).view()


def list_tags_for_resource(params: Params, _: Caller, engine: Readable) -> Result:
    return {"tags": dict(engine.world.pipes.at(params["resourceArn"]).tags)}


def list_pipes(params: Params, caller: Caller, engine: Readable) -> Result:
    """By name. The token is the name of the last one seen."""
    most = params.get("Limit") or _PAGE
    after = params.get("NextToken") or ""
    entries = [
        entry for pipe in engine.world.pipes.all(caller.scope) if _is_asked_for(entry := pipe.list_entry(), params)
    ]
    rest = [entry for entry in entries if entry["Name"] > after]
    more = {"NextToken": rest[most - 1]["Name"]} if len(rest) > most else {}
    return {"Pipes": rest[:most], **more}


def _is_asked_for(entry: Result, params: Params) -> bool:
    return (
        entry["Name"].startswith(params.get("NamePrefix") or "")
        and entry["Source"].startswith(params.get("SourcePrefix") or "")
        and entry["Target"].startswith(params.get("TargetPrefix") or "")
        and params.get("DesiredState") in (None, entry["DesiredState"])
        and params.get("CurrentState") in (None, entry["CurrentState"])
    )


def _without_name(params: Params) -> Params:
    return {name: value for name, value in params.items() if name != "Name"}


def _as_it_is(answer: Result) -> Result:
    return answer


def _nothing(_: object) -> Result:
    return {}


PIPES = Service(
    "EventBridge Pipes",
    orders={
        "CreatePipe": create_pipe,
        "UpdatePipe": update_pipe,
        "DeletePipe": delete_pipe,
        "StartPipe": start_pipe,
        "StopPipe": stop_pipe,
        "TagResource": tag_resource,
        "UntagResource": untag_resource,
    },
    readings={
        "DescribePipe": describe_pipe,
        "ListPipes": list_pipes,
        "ListTagsForResource": list_tags_for_resource,
    },
    model="pipes",
    errors=ERRORS,
    check=check_schema,
)
