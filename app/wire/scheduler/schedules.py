"""Operations on schedules."""

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from app.core.commands import CreateSchedule, DeleteSchedule, UpdateSchedule
from app.core.errors import ValidationFailed
from app.core.names import Arn
from app.wire.calls import Call, Caller, Params, Readable, Result
from app.wire.scheduler.universal import check_request

T = TypeVar("T")

_PAGE = 100


def create_schedule(params: Params, caller: Caller) -> Call:
    check_request(params["Target"])
    return Call(CreateSchedule(caller.scope, params, caller.origin), _arn)


def update_schedule(params: Params, caller: Caller) -> Call:
    check_request(params["Target"])
    return Call(UpdateSchedule(caller.scope, params, caller.origin), _arn)


def delete_schedule(params: Params, caller: Caller) -> Call:
    command = DeleteSchedule(caller.scope, params["Name"], params.get("GroupName"), params.get("ClientToken"))
    return Call(command, nothing)


def get_schedule(params: Params, caller: Caller, engine: Readable) -> Result:
    schedules = engine.world.scheduler.schedules
    schedules.group(caller.scope, params.get("GroupName"))
    return schedules.get(caller.scope, params["Name"], params.get("GroupName")).view()


def list_schedules(params: Params, caller: Caller, engine: Readable) -> Result:
    schedules, group = engine.world.scheduler.schedules, params.get("GroupName")
    if group is not None:
        schedules.group(caller.scope, group)
    prefix, state = params.get("NamePrefix") or "", params.get("State")
    found = [
        schedule
        for schedule in schedules.all(caller.scope)
        if schedule.name.startswith(prefix) and group in (None, schedule.group) and state in (None, schedule.plan.state)
    ]
    found.sort(key=lambda schedule: schedule.arn)
    return page(params, found, lambda schedule: schedule.arn, "Schedules", lambda schedule: schedule.summary())


def page(
    params: Params, items: Sequence[T], arn_of: Callable[[T], Arn], member: str, view: Callable[[T], Any]
) -> Result:
    """The items of a page under `member`, and the token of the next if there is one. Raises ValidationFailed for a
    token that is none of ours."""
    begin = 0
    if params.get("NextToken"):
        after = _read(str(params["NextToken"]))
        arns = [arn_of(item) for item in items]
        begin = next((place for place, arn in enumerate(arns) if arn > after), len(arns))
    end = begin + (params.get("MaxResults") or _PAGE)
    shown = items[begin:end]
    told: Result = {"NextToken": _written(arn_of(shown[-1]))} if end < len(items) else {}
    return {**told, member: [view(item) for item in shown]}


def nothing(_answer: object) -> Result:
    """The result of an operation that has none."""
    return {}


def _arn(arn: Arn) -> Result:
    return {"ScheduleArn": arn}


def _written(arn: Arn) -> str:
    return urlsafe_b64encode(arn.encode()).decode()


def _read(token: str) -> str:
    try:
        return b64decode(token.encode(), altchars=b"-_", validate=True).decode()
    except ValueError:
        raise ValidationFailed("Invalid NextToken.") from None  # the text is UNCONFIRMED
