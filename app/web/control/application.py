"""Joins the routes into one ASGI app under `/_triggerfish`, guarded."""

from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from app.engine.driver import Engine
from app.web.control.address import ROOT
from app.web.control.brokers import broker_routes
from app.web.control.buckets import bucket_routes
from app.web.control.clock import clock_routes
from app.web.control.dead_letters import dead_letter_routes
from app.web.control.errors import install_error_handlers
from app.web.control.events import event_routes
from app.web.control.explain import explain_routes
from app.web.control.fire import fire_routes
from app.web.control.functions import function_routes
from app.web.control.guard import Guard
from app.web.control.journal import journal_routes
from app.web.control.logs import log_routes
from app.web.control.mappings import mapping_routes
from app.web.control.metrics import metrics_routes
from app.web.control.parts import ControlParts
from app.web.control.pipes import pipe_routes
from app.web.control.queues import queue_routes
from app.web.control.schedules import schedule_routes
from app.web.control.status import status_routes
from app.web.control.topics import topic_routes
from app.web.page import page_routes
from app.web.reference import reference_routes

_ABOUT = """\
Everything a test or a person can ask of a running Triggerfish. Bodies and answers are JSON; times are ISO 8601 in UTC.

What is wrong to ask is answered as `{"error": {"code", "message"}}`. Queues and functions are given by name, or by ARN
where they belong to another account or region.
"""


def build_control_app(engine: Engine, parts: ControlParts) -> ASGIApp:
    """The ASGI app that answers `/_triggerfish/…`, and `/` for browsers; nothing else is to be sent to it."""
    app = FastAPI(
        title="Triggerfish control API",
        version=parts.version,
        description=_ABOUT,
        openapi_url=f"{ROOT}/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    install_error_handlers(app)
    api = APIRouter(prefix=f"{ROOT}/api")
    api.include_router(status_routes(engine, parts))
    api.include_router(clock_routes(engine))
    api.include_router(function_routes(engine, parts))
    api.include_router(metrics_routes(engine, parts))
    api.include_router(log_routes(engine, parts))
    api.include_router(queue_routes(engine, parts))
    api.include_router(broker_routes(engine, parts))
    api.include_router(dead_letter_routes(engine, parts))
    api.include_router(mapping_routes(engine, parts))
    api.include_router(topic_routes(engine, parts))
    api.include_router(event_routes(engine, parts))
    api.include_router(bucket_routes(engine, parts))
    api.include_router(fire_routes(engine, parts))
    api.include_router(schedule_routes(engine, parts))
    api.include_router(pipe_routes(engine, parts))
    api.include_router(journal_routes(engine))
    api.include_router(explain_routes(engine, parts))
    app.include_router(api)
    app.include_router(page_routes(ROOT))
    app.include_router(reference_routes(ROOT, app.openapi))
    return Guard(as_json(app), token=parts.token, host_names=parts.host_names, body_limit_bytes=parts.body_limit_bytes)


def as_json(app: ASGIApp) -> ASGIApp:
    """`app`, told that every body is JSON: `curl -d '{…}'` says it is a form, and nothing here takes forms."""

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = [header for header in scope["headers"] if header[0] != b"content-type"]
            scope = {**scope, "headers": [*headers, (b"content-type", b"application/json")]}
        await app(scope, receive, send)

    return call
