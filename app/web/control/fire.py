"""Routes of events that are fired: their templates, and one verb for all of their sources."""

from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from typing import Any, Literal, TypeAlias
from uuid import uuid4

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from app.core.awslambda.invocation import InvocationType
from app.core.commands import ChangeObject, FireEvent, HandedOver, Invoke, Invoked, Routed, SendMessage, TellVerdict
from app.core.errors import Refused
from app.core.fire import (
    PRINCIPALS,
    Setting,
    Shot,
    Template,
    contract_of,
    judge,
    judge_callback,
    prepare,
)
from app.core.fire.real import Wish, bucket_events, bus_events, queue_messages, topic_messages
from app.core.fire.settings import parse_path
from app.core.names import Arn, name_of
from app.engine.driver import Engine
from app.web.control.address import ROOT
from app.web.control.buckets import RouteView, route_view
from app.web.control.disconnect import unless_gone
from app.web.control.errors import BadRequest
from app.web.control.functions import InvokedView, invoked_view
from app.web.control.models import Taken
from app.web.control.parts import ControlParts


class Fire(Taken):
    """An event of a source, from its template, to a function or another target."""

    source: str = Field(min_length=1, max_length=100, examples=["cognito", "cloudwatch-logs"])
    name: str | None = Field(default=None, examples=["PreSignUp"], description="Null takes the source's first.")
    set: dict[str, Any] = Field(
        default={}, description="Paths from the event's root, and what to set there: `request.userAttributes.email`."
    )
    function: str | None = Field(default=None, description="The function that the source invokes, by name or ARN.")
    target: str | None = Field(
        default=None,
        description="Any target by its ARN; for s3, sqs, sns and eventbridge also the name of a bucket, queue, topic "
        "or bus, and the event goes the real way from there.",
    )
    type: Literal["RequestResponse", "Event"] | None = Field(
        default=None, description="How to invoke; null is as the source does."
    )
    repeat: int = Field(default=1, ge=1, le=1_000, description="How often; each is an event of its own.")
    dry_run: bool = Field(default=False, description="Only show the event.")


class VerdictView(BaseModel):
    would_accept: bool | None = Field(description="Null where the source waits for no answer.")
    text: str = Field(examples=["Cognito would take this answer"])
    problems: list[str]


class ShotView(BaseModel):
    """One event and what it caused."""

    event: Any
    routes: list[RouteView]
    chain: str | None = None
    invoked: InvokedView | None = Field(default=None, description="Of a function that was invoked.")
    verdict: VerdictView | None = None


class FiredView(BaseModel):
    source: str
    name: str
    invocation: str = Field(description="How the source invokes a function.")
    new_paths: list[str] = Field(description="Paths that were set and that the template does not have: a typo?")
    shots: list[ShotView]


class TemplateView(BaseModel):
    source: str
    name: str
    description: str
    invocation: str = Field(description="How the source invokes: RequestResponse or Event.")
    documentation: str
    contract: str | None = Field(description="Who waits for the answer, and what is looked at.")


class TemplateWithEvent(TemplateView):
    event: Any


Asking: TypeAlias = Callable[[Coroutine[Any, Any, Any]], Coroutine[Any, Any, Any]]
"""Waits for an answer as long as the client does."""


def fire_routes(engine: Engine, parts: ControlParts) -> APIRouter:
    router = APIRouter(tags=["events"])
    callbacks = _Callbacks()

    @router.get("/templates", summary="The events that can be fired")
    async def list_templates(source: str | None = None) -> list[TemplateView]:
        catalogue = parts.templates()
        templates = catalogue.templates if source is None else catalogue.of(source)
        return [_template_view(template) for template in templates]

    @router.get("/templates/{source}/{name}", summary="One of them, with its event")
    async def show_template(source: str, name: str) -> TemplateWithEvent:
        template, settings = parts.templates().find(source, name)
        shot = prepare(template, settings).shot(engine.clock.now(), _new_id)
        return TemplateWithEvent(**_template_view(template).model_dump(), event=shot.event)

    @router.post("/fire", summary="Fire an event as its source would, and judge the answer as it would")
    async def fire(wanted: Fire, request: Request) -> FiredView:
        template, named = parts.templates().find(wanted.source, wanted.name)
        given = tuple(Setting(parse_path(path), value) for path, value in wanted.set.items())
        firing = prepare(template, (*named, *given))
        gun = _Gun(engine, parts, template, wanted)
        may_answer = template.source == _ANSWERED and wanted.function is not None and parts.token is None
        shots: list[ShotView] = []
        new_paths: tuple[str, ...] = ()
        for _ in range(wanted.repeat):
            shot = firing.shot(engine.clock.now(), _new_id)
            new_paths = shot.new
            if may_answer and not any(path == "ResponseURL" for path in wanted.set):
                shot = callbacks.expect(shot, parts.function_arn(wanted.function or ""), str(request.base_url))
            view = ShotView(event=shot.event, routes=[])
            if not wanted.dry_run:
                view = await gun.fire(shot, lambda asked: unless_gone(request, asked))
            shots.append(view)
        return FiredView(
            source=template.source, name=template.name, invocation=template.invocation,
            new_paths=list(new_paths), shots=shots,
        )  # fmt: skip

    @router.put("/fire/answers/{number}", include_in_schema=False)
    async def answer(number: str, request: Request) -> Response:
        """Where an event's ResponseURL leads: the body is the answer, whatever its type is said to be."""
        expected = callbacks.waiting.pop(number, None)
        if expected is None:
            raise BadRequest("nobody waits for this answer, or it was given before")
        function, event = expected
        verdict = judge_callback(_ANSWERED, event, await request.body())
        told = TellVerdict(_ANSWERED, function, bool(verdict.would_accept), verdict.text)
        engine.submit(told)
        return Response(verdict.text, 200 if verdict.would_accept else 400, media_type="text/plain")

    return router


class _Callbacks:
    """The events that are still to be answered with a request of the function's own."""

    def __init__(self) -> None:
        self.waiting: dict[str, tuple[Arn, Any]] = {}

    def expect(self, shot: Shot, function: Arn, base_url: str) -> Shot:
        """The shot, whose ResponseURL leads to us. Of many that nobody answers the oldest are forgotten."""
        number = _new_id()
        event = {**shot.event, "ResponseURL": f"{base_url.rstrip('/')}{ROOT}/api/fire/answers/{number}"}
        self.waiting[number] = (function, event)
        if len(self.waiting) > _ANSWERS_KEPT:
            del self.waiting[next(iter(self.waiting))]
        return replace(shot, event=event)


_ANSWERS_KEPT = 10_000
_ANSWERED = "cloudformation"
"""The one source that is answered so."""


class _Gun:
    """Where one request's events go. Raises BadRequest when that is not said, or said twice."""

    def __init__(self, engine: Engine, parts: ControlParts, template: Template, wanted: Fire) -> None:
        self._engine, self._parts, self._template, self._wanted = engine, parts, template, wanted
        if wanted.dry_run:
            return
        if wanted.function is not None and wanted.target is not None:
            raise BadRequest("an event goes to a function or to another target, not to both")
        if wanted.function is None and wanted.target is None and template.source != "s3":
            raise BadRequest(f"say where {template.title} goes: to a function, or to another target")

    async def fire(self, shot: Shot, asking: Asking) -> ShotView:
        target = self._target(shot)
        if target.startswith("arn:") and ":lambda:" in target:
            return await self._invoke(target, shot, asking)
        view = ShotView(event=shot.event, routes=[])
        for wish in self._wishes(target, shot):
            await self._carry_out(wish, view)
        return view

    def _target(self, shot: Shot) -> str:
        """An ARN, or the name of a bucket."""
        wanted, source, scope = self._wanted, self._template.source, self._parts.scope
        if wanted.function is not None:
            return self._parts.function_arn(wanted.function)
        name = wanted.target
        if name is None:
            return str(_bucket_in(shot.event))
        if name.startswith("arn:"):
            return name
        match source:
            case "s3":
                return name.removeprefix("s3://").partition("/")[0]
            case "sqs":
                return self._parts.queue_arn(name)
            case "sns":
                return self._parts.topic_arn(name)
            case "eventbridge":
                return f"arn:aws:events:{scope.region}:{scope.account}:event-bus/{name}"
        raise BadRequest(f"'{name}' is no ARN; only events of s3, sqs, sns and eventbridge go to a name of their own")

    async def _invoke(self, function: Arn, shot: Shot, asking: Asking) -> ShotView:
        template = self._template
        kind = InvocationType(self._wanted.type or template.invocation)
        command = Invoke(self._parts.scope, function, shot.payload, kind, station=template.title)
        view = ShotView(event=shot.event, routes=[])
        name = name_of(function)
        try:
            invoked = await asking(self._engine.ask(command))
        except Refused as refusal:
            view.routes.append(
                RouteView(target=function, name=name, rule_id="direct", taken=False, reason=refusal.message)
            )
            return view
        assert isinstance(invoked, Invoked), f"an invocation was answered with {invoked!r}"
        view.routes.append(RouteView(target=function, name=name, rule_id="direct", taken=True, reason=None))
        view.invoked = invoked_view(invoked)
        verdict = judge(template, shot.event, invoked.outcome)
        view.verdict = VerdictView(
            would_accept=verdict.would_accept, text=verdict.text, problems=list(verdict.problems)
        )
        return view

    def _wishes(self, target: str, shot: Shot) -> Iterator[Wish]:
        """The commands that this becomes; on the real way where the target is of the source's own kind."""
        template, scope = self._template, self._parts.scope
        service = target.split(":")[2] if target.startswith("arn:") else "s3"
        match template.source, service:
            case "s3", "s3":
                return bucket_events(shot.event, target.removeprefix("arn:aws:s3:::"), scope)
            case "sqs", "sqs":
                return queue_messages(shot.event, target)
            case "sns", "sns":
                return topic_messages(template, shot.event, target)
            case "eventbridge", "events":
                return bus_events(template, shot.event, target)
        principal = PRINCIPALS.get(template.source)
        return iter([FireEvent(target, shot.payload, template.title, principal)])

    async def _carry_out(self, wish: Wish, view: ShotView) -> None:
        match wish:
            case ChangeObject():
                routed = self._engine.submit(wish)
                assert isinstance(routed, Routed), f"an object event was answered with {routed!r}"
                view.chain = routed.chain_id
                view.routes += [route_view(route) for route in routed.routes]
            case SendMessage(queue=queue):
                try:
                    self._engine.submit(wish)
                except Refused as refusal:
                    view.routes.append(_way(queue, refusal.message))
                else:
                    view.routes.append(_way(queue, None))
            case FireEvent(target=target):
                fired = self._engine.submit(wish)
                assert isinstance(fired, HandedOver), f"an event was answered with {fired!r}"
                view.chain = fired.chain_id
                view.routes.append(_way(target, fired.refusal))


def _way(target: Arn, reason: str | None) -> RouteView:
    return RouteView(target=target, name=name_of(target), rule_id="direct", taken=reason is None, reason=reason)


def _bucket_in(event: Any) -> str:
    """The bucket that a notification tells of."""
    try:
        return str(event["Records"][0]["s3"]["bucket"]["name"])
    except (KeyError, IndexError, TypeError):
        raise BadRequest("the event names no bucket; say where it goes: to a function, or to another target") from None


def _template_view(template: Template) -> TemplateView:
    contract = contract_of(template.source, template.name)
    expects = None
    if contract is not None:
        expects = f"{contract.who} waits"
        expects += f" for {contract.within_s:g} seconds" if contract.within_s is not None else ""
        expects += f"; it looks at {contract.note}" if contract.note else ""
    return TemplateView(
        source=template.source, name=template.name, description=template.description,
        invocation=template.invocation.value, documentation=template.documentation, contract=expects,
    )  # fmt: skip


def _new_id() -> str:
    return str(uuid4())
