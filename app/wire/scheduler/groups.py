"""Operations on schedule groups and their tags."""

from app.core.commands import CreateScheduleGroup, DeleteScheduleGroup, TagScheduleGroup, UntagScheduleGroup
from app.core.names import Arn
from app.wire.calls import Call, Caller, Params, Readable, Result
from app.wire.scheduler.schedules import nothing, page


def create_schedule_group(params: Params, caller: Caller) -> Call:
    tags = {tag["Key"]: tag["Value"] for tag in params.get("Tags") or ()}

    def render(arn: Arn) -> Result:
        return {"ScheduleGroupArn": arn}

    return Call(CreateScheduleGroup(caller.scope, params["Name"], tags, params.get("ClientToken")), render)


def delete_schedule_group(params: Params, caller: Caller) -> Call:
    return Call(DeleteScheduleGroup(caller.scope, params["Name"], params.get("ClientToken")), nothing)


def get_schedule_group(params: Params, caller: Caller, engine: Readable) -> Result:
    return engine.world.scheduler.schedules.group(caller.scope, params["Name"], engine.clock.now()).view()


def list_schedule_groups(params: Params, caller: Caller, engine: Readable) -> Result:
    prefix = params.get("NamePrefix") or ""
    groups = engine.world.scheduler.schedules.groups(caller.scope, engine.clock.now())
    found = [group for group in groups if group.name.startswith(prefix)]
    return page(params, found, lambda group: group.arn, "ScheduleGroups", lambda group: group.view())


def tag_resource(params: Params, _caller: Caller) -> Call:
    tags = {tag["Key"]: tag["Value"] for tag in params["Tags"]}
    return Call(TagScheduleGroup(params["ResourceArn"], tags), nothing)


def untag_resource(params: Params, _caller: Caller) -> Call:
    return Call(UntagScheduleGroup(params["ResourceArn"], tuple(params["TagKeys"])), nothing)


def list_tags_for_resource(params: Params, _caller: Caller, engine: Readable) -> Result:
    tags = engine.world.scheduler.schedules.group_of_arn(params["ResourceArn"]).tags
    return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
