"""The route that tells everything at a glance."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.core.facts.scheduler import told as told_of_schedule
from app.core.facts.sns import told
from app.core.names import name_of
from app.engine.driver import Engine
from app.web.control.brokers import RemoteQueueView, remote_queue_view
from app.web.control.clock import ClockView, clock_view
from app.web.control.functions import FunctionView, function_view
from app.web.control.parts import ControlParts
from app.web.control.queues import QueueView, queue_view


class StatusView(BaseModel):
    """Everything at a glance."""

    version: str
    listen: str
    clock: ClockView
    journal_entries: int = Field(description="The number of the newest entry.")
    functions: list[FunctionView]
    triggers: list[str] = Field(description="Every mapping and notification, in words.")
    queues: list[QueueView]
    brokers: list[RemoteQueueView] = Field(description="Queues that another broker keeps.")
    buckets: list[str]
    warnings: int


def status_routes(engine: Engine, parts: ControlParts) -> APIRouter:
    router = APIRouter(tags=["status"])

    @router.get("/status", summary="Everything at a glance")
    async def show_status() -> StatusView:
        world = engine.world
        return StatusView(
            version=parts.version,
            listen=parts.listen,
            clock=clock_view(engine),
            journal_entries=engine.journal.last_number,
            functions=[function_view(function, engine, parts) for function in world.functions.all()],
            triggers=_triggers(engine),
            queues=[queue_view(queue, engine) for queue in world.queues.all()],
            brokers=[remote_queue_view(queue) for queue in world.remote_queues.all()],
            buckets=sorted(world.buckets.all),
            warnings=len(engine.warnings()),
        )

    return router


def _triggers(engine: Engine) -> list[str]:
    """`queue orders → order-worker`, `bucket photos in/* → thumbnail`: what leads to which function or queue."""
    lines = [
        f"queue {name_of(mapping.queue)} → {name_of(mapping.function_arn)}" for mapping in engine.world.mappings.all()
    ]
    lines += [f"pipe {pipe.name}: {pipe.way}" for pipe in engine.world.pipes.all()]
    for topic in engine.world.topics.all():
        subscribed = topic.subscriptions.values()
        lines += [f"topic {topic.name} → {told(one.protocol, one.endpoint)}" for one in subscribed]
    for bus in engine.world.event_bridge.registry.all():
        for each in bus.rules.values():
            lines += [f"rule {each.label} → {name_of(target.arn)}" for target in each.targets.values()]
    for bucket in sorted(engine.world.buckets.all):
        configuration = engine.world.buckets[bucket].configuration
        for rule in configuration.rules:
            keys = f"{rule.prefix}*{rule.suffix}"
            lines.append(f"bucket {bucket} {keys} ({', '.join(rule.events)}) → {name_of(rule.target)}")
        if configuration.event_bridge:
            lines.append(f"bucket {bucket} → default event bus")
    for timed in engine.world.scheduler.schedules.all():
        target = name_of(timed.plan.target.arn)
        lines.append(f"{told_of_schedule(timed.arn)} ({timed.plan.text}) → {target}")
    return lines
