"""Routes of functions: what they are, adding one, invoking it, what it printed."""

import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from app.core.awslambda.function import Function
from app.core.awslambda.invocation import (
    Exited,
    HandlerFailed,
    InitFailed,
    InvocationType,
    Outcome,
    Succeeded,
    Throttled,
    TimedOut,
    Unreachable,
)
from app.core.commands import Invoke, Invoked, RefuseInvocations
from app.core.time import format_instant
from app.engine.driver import Engine
from app.engine.ports import EndpointStatus, EnvironmentStatus
from app.web.control.disconnect import unless_gone
from app.web.control.errors import BadRequest
from app.web.control.models import Entry, InstantText
from app.web.control.parts import ControlParts


class LostEnvironmentView(BaseModel):
    environment: int
    where: str
    why: str


class RefusalEntry(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    with_: str = Field(
        alias="with", description="The name of an exception of Invoke's, or a reason of TooManyRequestsException."
    )
    times: int | None = Field(None, ge=1, description="How many invocations; without it, all until it is taken back.")
    message: str | None = Field(None, description="Instead of AWS's own words.")


class RefusalView(BaseModel):
    code: str
    left: int | None = Field(description="How many more invocations; null is until it is taken back.")


class FunctionView(BaseModel):
    name: str
    arn: str
    endpoint: str = Field(description="Where it runs, in words.")
    timeout_s: int
    memory_mb: int
    environments: int = Field(description="How many invocations its endpoint can run at once.")
    lost: list[LostEnvironmentView] = Field(description="Those of its environments where nothing can run now.")
    in_flight: int
    waiting: int = Field(description="Invocations that stand in line for a free environment.")
    events_waiting: int = Field(description="Asynchronous events that wait for their next attempt.")
    recursive_loop: str
    refusal: RefusalView | None = Field(description="How its next invocations are refused, if somebody said so.")


class InvokedView(BaseModel):
    request_id: str
    outcome: str | None = Field(description="In a word or two; null when the invocation was only accepted.")
    payload: Any = Field(default=None, description="What the handler returned, or the error as its caller sees it.")
    error_type: str | None = None
    error_message: str | None = None
    duration_ms: float | None = None
    log_tail: str = Field(default="", description="The last 4 KB of what the invocation printed.")


class EnvironmentView(BaseModel):
    slot: int
    environment: str = Field(description="Its log stream.")
    state: str = Field(examples=["starting", "running", "idle", "frozen", "ended"])
    pid: int | None
    began_at: InstantText
    init_ms: float | None = Field(description="How long the last init took, in real time.")
    invocations: int
    last_request: str | None
    last_used_at: str | None
    max_memory_mb: int
    extensions: list[str]


class EnvironmentsView(BaseModel):
    """The environments of a function that runs in local processes."""

    function: str
    cold_starts: int
    warm_starts: int = Field(description="Invocations that found a warm environment.")
    ended: dict[str, int] = Field(description="How many environments ended, by reason.")
    environments: list[EnvironmentView]


def function_routes(engine: Engine, parts: ControlParts) -> APIRouter:
    router = APIRouter(prefix="/functions", tags=["functions"])

    @router.get("", summary="Every function, by name")
    async def list_functions() -> list[FunctionView]:
        return [function_view(function, engine, parts) for function in engine.world.functions.all()]

    @router.post("", status_code=201, summary="Add a function, or change it; an entry as in the settings file")
    async def add_function(entry: Entry) -> FunctionView:
        try:
            await parts.add_function(entry.name, entry.settings())
        except ValueError as error:
            raise BadRequest(str(error)) from error
        return function_view(engine.world.functions[parts.function_arn(entry.name)], engine, parts)

    @router.get("/{name}", summary="One function, by name or ARN")
    async def show_function(name: str) -> FunctionView:
        return function_view(engine.world.functions[parts.function_arn(name)], engine, parts)

    @router.delete("/{name}", status_code=204, summary="Forget a function and stop its environments")
    async def delete_function(name: str) -> None:
        await parts.remove_function(engine.world.functions[parts.function_arn(name)].spec.arn)

    @router.get("/{name}/environments", summary="Its environments now, and how they came and went")
    async def environments(name: str) -> EnvironmentsView:
        spec = engine.world.functions[parts.function_arn(name)].spec
        return environments_view(spec.name, parts.environments_of(spec.arn))

    @router.put("/{name}/refusal", summary="Refuse its next invocations in AWS's words instead of running them")
    async def refuse(name: str, entry: RefusalEntry) -> FunctionView:
        arn = parts.function_arn(name)
        await engine.ask(RefuseInvocations(arn, entry.with_, entry.times, entry.message))
        return function_view(engine.world.functions[arn], engine, parts)

    @router.delete("/{name}/refusal", summary="Let it run again")
    async def stop_refusing(name: str) -> FunctionView:
        arn = parts.function_arn(name)
        await engine.ask(RefuseInvocations(arn, "ServiceException", 0))
        return function_view(engine.world.functions[arn], engine, parts)

    @router.post("/{name}/invoke", summary="Invoke it; the body is the event")
    async def invoke(
        name: str,
        request: Request,
        response: Response,
        type: Annotated[Literal["RequestResponse", "Event"], Query()] = "RequestResponse",
    ) -> InvokedView:
        payload = await request.body() or b"{}"
        command = Invoke(parts.scope, parts.function_arn(name), payload, InvocationType(type))
        invoked = await unless_gone(request, engine.ask(command))
        assert isinstance(invoked, Invoked), f"an invocation was answered with {invoked!r}"
        if invoked.outcome is None:
            response.status_code = 202
        return invoked_view(invoked)

    return router


def function_view(function: Function, engine: Engine, parts: ControlParts) -> FunctionView:
    spec = function.spec
    return FunctionView(
        name=spec.name,
        arn=spec.arn,
        endpoint=parts.describe_function(spec.arn),
        timeout_s=spec.timeout_s,
        memory_mb=spec.memory_mb,
        environments=spec.environments,
        lost=[
            LostEnvironmentView(environment=slot, where=function.slots.states[slot].where, why=why)
            for slot, why in function.slots.out.items()
        ],
        in_flight=function.in_flight,
        waiting=function.waiting,
        events_waiting=len(engine.world.invocations.events.waiting_for(spec.arn)),
        recursive_loop=spec.recursive_loop,
        refusal=_refusal_view(function),
    )


def _refusal_view(function: Function) -> RefusalView | None:
    rehearsal = function.main.rehearsal
    return None if rehearsal is None else RefusalView(code=rehearsal.code, left=rehearsal.left)


def invoked_view(invoked: Invoked) -> InvokedView:
    """Every outcome is a 200: the invocation was made, and this is what came of it."""
    view = InvokedView(request_id=invoked.request_id, outcome=None)
    outcome = invoked.outcome
    match outcome:
        case None:
            return view
        case Succeeded():
            view.outcome, view.payload = "succeeded", _parsed(outcome.payload)
        case HandlerFailed() | InitFailed():
            view.outcome = "failed" if isinstance(outcome, HandlerFailed) else "init failed"
            view.payload = _parsed(outcome.payload)
            view.error_type, view.error_message = outcome.error_type, outcome.message
        case TimedOut():
            view.outcome, view.error_type = "timed out", "Sandbox.Timedout"
            view.error_message = f"Task timed out after {outcome.after_ms / 1_000:.2f} seconds"
        case Exited():
            view.outcome, view.error_type = "exited", "Runtime.ExitError"
            view.error_message = f"Runtime exited: {outcome.status or 'without an error'}"
        case Throttled():
            view.outcome, view.error_type, view.error_message = "throttled", outcome.reason, outcome.message
        case Unreachable(code=code):
            view.outcome = "refused" if code else "unreachable"
            view.error_type, view.error_message = code or None, outcome.message
    return _with_run(view, outcome)


def _with_run(view: InvokedView, outcome: Outcome) -> InvokedView:
    if not isinstance(outcome, Throttled | Unreachable):
        view.duration_ms, view.log_tail = outcome.ran.duration_ms, outcome.ran.log_tail
    return view


def _parsed(payload: bytes) -> Any:
    """The payload as JSON, or as text where an endpoint answered something else."""
    try:
        return json.loads(payload)
    except ValueError:
        return payload.decode(errors="replace")


def environments_view(function: str, status: EndpointStatus | None) -> EnvironmentsView:
    """An endpoint that cannot tell has none to show."""
    if status is None:
        return EnvironmentsView(function=function, cold_starts=0, warm_starts=0, ended={}, environments=[])
    return EnvironmentsView(
        function=function,
        cold_starts=status.cold_starts,
        warm_starts=status.warm_starts,
        ended=dict(status.ended),
        environments=[_environment_view(environment) for environment in status.environments],
    )


def _environment_view(status: EnvironmentStatus) -> EnvironmentView:
    return EnvironmentView(
        slot=status.slot,
        environment=status.environment,
        state=status.state,
        pid=status.pid,
        began_at=format_instant(status.began_at),
        init_ms=status.init_ms,
        invocations=status.invocations,
        last_request=status.last_request,
        last_used_at=None if status.last_used_at is None else format_instant(status.last_used_at),
        max_memory_mb=status.max_memory_mb,
        extensions=list(status.extensions),
    )
