"""Routes of functions: what they are, adding one, invoking it, what it printed."""

import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from app.core.commands import Invoke, Invoked, RefuseInvocations
from app.core.function import Function
from app.core.invocation import (
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
from app.engine.driver import Engine
from app.web.control.disconnect import unless_gone
from app.web.control.errors import BadRequest
from app.web.control.models import (
    Entry,
    EnvironmentsView,
    FunctionView,
    InvokedView,
    LostEnvironmentView,
    RefusalEntry,
    RefusalView,
)
from app.web.control.parts import ControlParts
from app.web.control.views import environments_view


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
