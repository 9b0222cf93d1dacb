"""The route that says why something would not fire, or did not; asking changes nothing."""

import json
import sys
from collections.abc import Sequence
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.core.awslambda.invocation import InvocationType
from app.core.commands import ChangeObject, EventEntry, Invoke, Origin, Publish, SendMessage
from app.core.explain import (
    Conclusion,
    Explanation,
    OfEvent,
    OfInvoke,
    OfMessage,
    OfObject,
    OfPipe,
    OfPublish,
    OfRequest,
    OfSchedule,
    OfSend,
    Question,
    Step,
    Verdict,
)
from app.core.explain import (
    explain as explained,
)
from app.core.facts import Fact
from app.core.gateway.request import GatewayRequest
from app.core.names import Arn, name_of
from app.core.time import Instant, format_instant
from app.engine.driver import Engine
from app.web.control.errors import BadRequest
from app.web.control.models import Attribute, InstantText, Taken
from app.web.control.parts import ControlParts
from app.web.control.queues import message_attribute
from app.web.gateway.address import address_for, by_domain


class Explain(Taken):
    """One of: `queue` and `body`; `topic` and `body`; `bucket` and `key`; `source` and `detail_type`; `message`;
    `schedule`; `pipe`, with `body` or without; `url` and `method`; or `function` alone, invoked."""

    queue: str | None = Field(default=None, description="A message as it would be sent to this queue.")
    body: str | None = Field(default=None, description="Its body.")
    attributes: dict[str, Attribute] = Field(default={}, description="Its message attributes.")
    delay: int | None = Field(default=None, description="Its delay in seconds; null takes the queue's.")
    group: str | None = Field(default=None, description="Its MessageGroupId.")
    deduplication_id: str | None = Field(default=None, description="Its MessageDeduplicationId.")
    topic: str | None = Field(default=None, description="A message as it would be published to this topic.")
    subject: str | None = Field(default=None, description="Of a published message: its subject.")
    structure: str | None = Field(default=None, description='Of a published message: "json" has one for each protocol.')
    bucket: str | None = Field(default=None, description="An object event as it would happen in this bucket.")
    key: str | None = Field(default=None, description="The object's key.")
    event: str | None = Field(default=None, description="The object event.", examples=["ObjectRemoved:Delete"])
    size: int | None = Field(default=None, ge=0, description="The object's size in bytes.")
    source: str | None = Field(default=None, description="An event as it would be put on a bus: its source.")
    detail_type: str | None = Field(default=None, description="The event's detail-type.")
    detail: dict[str, Any] | str | None = Field(default=None, description="The event's detail, or its JSON text.")
    bus: str | None = Field(default=None, description="The event's bus; the default one where it is not given.")
    resources: list[str] | None = Field(default=None, description="The event's resources.")
    message: str | None = Field(default=None, description="A message that was sent, by its id.")
    schedule: str | None = Field(default=None, description="A schedule, or a rule that has one, by name or ARN.")
    pipe: str | None = Field(default=None, description="A pipe by name; with `body`, a message for its queue.")
    url: str | None = Field(default=None, description="An HTTP request as it would be made to a front: its URL.")
    method: str | None = Field(default=None, description="Its method.", examples=["GET"])
    api: str | None = Field(default=None, description="The front, by id or name; the URL is a path then.")
    function: str | None = Field(
        default=None, description="Alone: a function as it would be invoked. Else: only what concerns this function."
    )
    payload: Any = Field(default=None, description="What it would be invoked with; null stands for no payload.")
    type: Literal["RequestResponse", "Event"] = Field(default="RequestResponse", description="How it would be invoked.")
    target: str | None = Field(default=None, description="Of a bucket or a bus: only rules to this target, an ARN.")
    trace_header: str | None = Field(default=None, description="The X-Amzn-Trace-Id that the request would bring.")


class StepView(BaseModel):
    """One thing that was looked at; a member that says nothing here is left out."""

    verdict: Literal["yes", "no", "wait", "note"]
    about: str = Field(examples=["queue", "filter", "environment"], description="What the step looks at.")
    text: str
    queue: str | None = None
    function: str | None = None
    mapping: str | None = Field(default=None, description="A mapping's UUID.")
    message: str | None = Field(default=None, description="A message id.")
    rule: str | None = Field(default=None, description="The id of a bucket's notification rule, or the ARN of a bus's.")
    request: str | None = Field(default=None, description="An invocation's request id.")
    at: str | None = Field(default=None, description="When it happened.")
    until: str | None = Field(default=None, description="When a wait ends by itself.")
    count: int | None = None
    limit: int | None = Field(default=None, description="What `count` is at most.")
    code: str | None = Field(default=None, description="The name of a refusal.")


class ConclusionView(BaseModel):
    verdict: Literal["yes", "no", "wait"] = Field(description="A function is invoked now, is not, or later.")
    about: str = Field(description="What decides it.")
    text: str = Field(examples=["would fire: orders → worker, in a batch of 3, now"])
    at: str | None = Field(
        description="When it is invoked, or when what it waits for ends by itself, if that is known."
    )
    queue: str | None
    function: str | None
    mapping: str | None
    batch: int | None = Field(description="How many messages the invocation gets.")


class ExplanationView(BaseModel):
    now: InstantText
    conclusion: ConclusionView
    steps: list[StepView]


History: TypeAlias = Sequence[tuple[Instant, Fact]]

_ALL = sys.maxsize
# What each kind of question is named by, needs, and may have besides.
_KINDS: dict[str, tuple[set[str], set[str]]] = {
    "queue": ({"body"}, {"attributes", "delay", "group", "deduplication_id", "function", "trace_header"}),
    "topic": (
        {"body"},
        {"attributes", "subject", "structure", "group", "deduplication_id", "function", "trace_header"},
    ),
    "bucket": ({"key"}, {"event", "size", "function", "target", "trace_header"}),
    "source": ({"detail_type"}, {"detail", "bus", "resources", "function", "target", "trace_header"}),
    "message": (set(), {"function"}),
    "schedule": (set(), set()),
    "pipe": (set(), {"body", "attributes", "delay", "group", "deduplication_id", "trace_header"}),
    "url": ({"method"}, {"api"}),
    "function": (set(), {"payload", "type", "trace_header"}),
}


def explain_routes(engine: Engine, parts: ControlParts) -> APIRouter:
    router = APIRouter(tags=["explanations"])

    @router.post(
        "/explain",
        response_model_exclude_none=True,
        summary="Why would this not fire, or why did it not? Nothing happens",
    )
    async def explain(wanted: Explain) -> ExplanationView:
        now = engine.clock.now()
        question = _question(wanted, parts, engine)
        history: History = ()
        if isinstance(question, OfMessage):
            entries = engine.journal.entries(message=question.message_id, limit=_ALL)
            history = [(entry.at, entry.fact) for entry in entries]
        return _view(explained(engine.world, question, now=now, history=history), now)

    return router


def _question(wanted: Explain, parts: ControlParts, engine: Engine) -> Question:
    _check_kind(wanted)
    origin = Origin(wanted.trace_header)
    function = None if wanted.function is None else parts.function_arn(wanted.function)
    if wanted.queue is not None:
        return OfSend(_message(wanted, parts.queue_arn(wanted.queue)), function)
    if wanted.pipe is not None:
        pipe = engine.world.pipes.get(parts.scope, wanted.pipe)
        return OfPipe(pipe.arn, None if wanted.body is None else _message(wanted, pipe.spec.source))
    if wanted.topic is not None:
        attributes = {name: message_attribute(name, value) for name, value in wanted.attributes.items()}
        publish = Publish(
            parts.topic_arn(wanted.topic), wanted.body or "", wanted.subject, wanted.structure, attributes,
            wanted.group, wanted.deduplication_id, origin,
        )  # fmt: skip
        return OfPublish(publish, function)
    if wanted.bucket is not None:
        event = (wanted.event or "ObjectCreated:Put").removeprefix("s3:")
        change = ChangeObject(parts.scope, wanted.bucket, event, wanted.key or "", wanted.size, origin=origin)
        return OfObject(change, wanted.target or function)
    if wanted.source is not None:
        detail = wanted.detail if isinstance(wanted.detail, str) else json.dumps(wanted.detail or {})
        entry = EventEntry(
            wanted.source, wanted.detail_type, detail, wanted.bus, tuple(wanted.resources or ()),
            trace_header=wanted.trace_header,
        )  # fmt: skip
        return OfEvent(entry, parts.scope, wanted.target or function)
    if wanted.schedule is not None:
        return OfSchedule(wanted.schedule)
    if wanted.message is not None:
        return OfMessage(wanted.message, function)
    if wanted.url is not None:
        return _of_request(wanted.method or "GET", wanted.url, wanted.api, engine)
    assert wanted.function is not None, "one of the nine is there"
    payload = b"" if wanted.payload is None else json.dumps(wanted.payload).encode()
    return OfInvoke(Invoke(parts.scope, wanted.function, payload, InvocationType(wanted.type), origin=origin))


def _message(wanted: Explain, queue: Arn) -> SendMessage:
    attributes = {name: message_attribute(name, value) for name, value in wanted.attributes.items()}
    return SendMessage(
        queue, wanted.body or "", wanted.delay, attributes, group_id=wanted.group,
        deduplication_id=wanted.deduplication_id, origin=Origin(wanted.trace_header),
    )  # fmt: skip


def _of_request(method: str, url: str, api: str | None, engine: Engine) -> OfRequest:
    """A URL as a client would ask it; with `api` only a path, which that API gets."""
    parts = urlsplit(url)
    path, host = parts.path or "/", parts.netloc
    if api is not None:
        return OfRequest(api, GatewayRequest(method, path, parts.query, (("host", host),)), by_port=True)
    ports = {front.port: front.id for front in engine.world.gateways.all() if front.port is not None}
    address = address_for(host, path, parts.port, ports)
    if address is None and parts.hostname is not None:
        address = by_domain(engine.world.domains, engine.world.gateways, parts.hostname, path)
    if address is None:
        return OfRequest(None, GatewayRequest(method, path, parts.query))
    request = GatewayRequest(method, address.path, parts.query, (("host", host),), host=parts.hostname or "")
    return OfRequest(address.front, request, by_port=address.by_port)


def _check_kind(wanted: Explain) -> None:
    given = {name for name in wanted.model_fields_set if getattr(wanted, name) is not None}
    kinds = [kind for kind in _KINDS if kind in given]
    if len(kinds) > 1 and kinds[-1] == "function":
        kinds.pop()
    if len(kinds) != 1:
        raise BadRequest(
            "say one of queue or topic (with body), bucket (with key), source (with detail_type), message, "
            "pipe, schedule and, alone, function"
        )
    needed, possible = _KINDS[kinds[0]]
    if missing := sorted(needed - given):
        raise BadRequest(f"{kinds[0]} needs {missing[0]}")
    if foreign := sorted(given - {kinds[0]} - needed - possible):
        raise BadRequest(f"{foreign[0]} does not go with {kinds[0]}")


def _view(explanation: Explanation, now: Instant) -> ExplanationView:
    return ExplanationView(
        now=format_instant(now),
        conclusion=_conclusion_view(explanation.conclusion),
        steps=[_step_view(step) for step in explanation.steps],
    )


def _conclusion_view(conclusion: Conclusion) -> ConclusionView:
    return ConclusionView(
        verdict=_VERDICTS[conclusion.verdict],
        about=conclusion.about.value,
        text=conclusion.text,
        at=_instant(conclusion.at),
        queue=_name(conclusion.queue),
        function=_name(conclusion.function),
        mapping=conclusion.mapping,
        batch=conclusion.batch,
    )


def _step_view(step: Step) -> StepView:
    return StepView(
        verdict=step.verdict.value,
        about=step.about.value,
        text=step.text,
        queue=_name(step.queue),
        function=_name(step.function),
        mapping=step.mapping,
        message=step.message,
        rule=step.rule,
        request=step.request,
        at=_instant(step.at),
        until=_instant(step.until),
        count=step.count,
        limit=step.limit,
        code=step.code,
    )


_VERDICTS: dict[Verdict, Literal["yes", "no", "wait"]] = {
    Verdict.YES: "yes",
    Verdict.NO: "no",
    Verdict.WAIT: "wait",
}


def _name(arn: Arn | None) -> str | None:
    return None if arn is None else name_of(arn)


def _instant(at: Instant | None) -> str | None:
    return None if at is None else format_instant(at)
