"""Routes of schedules: what comes next, and firing one now."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from app.core.commands import Fired, FireSchedule
from app.core.names import name_of
from app.core.schedule import local_time
from app.core.schedule.scheduler import Upcoming
from app.core.time import format_instant
from app.engine.driver import Engine
from app.web.control.errors import BadRequest
from app.web.control.models import Entry
from app.web.control.parts import ControlParts


class TimeView(BaseModel):
    at: str = Field(description="The instant, in UTC.")
    local: str = Field(description="What the clock of the schedule's zone shows then, with its offset.")


class ScheduleView(BaseModel):
    name: str = Field(description="With its group before it, if that is not the default one.")
    arn: str
    kind: str = Field(description="`schedule`, or `rule` for a rule of the default event bus.")
    expression: str
    zone: str
    enabled: bool
    targets: list[str]
    next: list[TimeView]
    why_not: str | None = Field(description="Why it does not fire any more, or not yet; null when nothing is wrong.")


class FireWanted(BaseModel):
    name: str = Field(description="The schedule's or the rule's name, `group/name`, or ARN.")


class FiredView(BaseModel):
    name: str
    at: str
    chain: str | None
    execution: str | None = Field(description="Its id, for a schedule.")
    failures: list[str] = Field(description="What targets said that refused at once.")


def schedule_routes(engine: Engine, parts: ControlParts) -> APIRouter:
    router = APIRouter(prefix="/schedules", tags=["schedules"])

    @router.get("", summary="Every schedule, and every rule that has one, with their next times")
    async def list_schedules(
        name: Annotated[str | None, Query(description="Only this one: name, `group/name` or ARN.")] = None,
        count: Annotated[int, Query(ge=0, le=1_000, description="How many times of each.")] = 10,
    ) -> list[ScheduleView]:
        scheduler, now = engine.world.scheduler, engine.clock.now()
        found = scheduler.upcoming(count, now) if name is None else scheduler.upcoming_of(name, count, now)
        return [_view(each) for each in found]

    @router.post("", status_code=201, summary="Create a schedule; an entry as in the settings file")
    async def create_schedule(entry: Entry) -> ScheduleView:
        try:
            await parts.add_schedule(entry.name, entry.settings())
        except ValueError as error:
            raise BadRequest(str(error)) from error
        return _view(engine.world.scheduler.upcoming_of(entry.name, 10, engine.clock.now())[0])

    @router.post("/fire", summary="Fire a schedule now, whatever its times and its state")
    async def fire_schedule(wanted: FireWanted) -> FiredView:
        found = engine.world.scheduler.upcoming_of(wanted.name, 0, engine.clock.now())
        if len(found) > 1:
            arns = ", ".join(each.arn for each in found)
            raise BadRequest(f"several schedules are named '{wanted.name}': {arns}")
        fired: Fired = engine.submit(FireSchedule(found[0].arn))
        return FiredView(
            name=_name(found[0].arn), at=format_instant(fired.at), chain=fired.chain, execution=fired.execution,
            failures=list(fired.failures),
        )  # fmt: skip

    return router


def _view(upcoming: Upcoming) -> ScheduleView:
    return ScheduleView(
        name=_name(upcoming.arn),
        arn=upcoming.arn,
        kind="rule" if ":events:" in upcoming.arn else "schedule",
        expression=upcoming.expression,
        zone=upcoming.zone,
        enabled=upcoming.is_enabled,
        targets=[name_of(target) for target in upcoming.targets],
        next=[TimeView(at=format_instant(at), local=local_time(at, upcoming.zone)) for at in upcoming.times],
        why_not=upcoming.why_not,
    )


def _name(arn: str) -> str:
    return arn.rsplit(":", 1)[-1].partition("/")[2].removeprefix("default/")
