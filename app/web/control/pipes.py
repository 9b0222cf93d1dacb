"""Routes of pipes: which there are, and making one."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.core.names import name_of
from app.core.pipes.pipe import Pipe
from app.engine.driver import Engine
from app.web.control.errors import BadRequest
from app.web.control.models import Entry
from app.web.control.parts import ControlParts


class PipeView(BaseModel):
    name: str
    arn: str
    state: str
    why: str | None = Field(description="Why it is in a state that it should not be in.")
    source: str
    filters: list[str] = Field(description="Its filters' patterns as JSON text; none takes everything.")
    enrichment: str | None
    target: str


def pipe_routes(engine: Engine, parts: ControlParts) -> APIRouter:
    router = APIRouter(prefix="/pipes", tags=["pipes"])

    @router.get("", summary="Every pipe, and where it leads")
    async def list_pipes() -> list[PipeView]:
        return [_view(pipe) for pipe in engine.world.pipes.all()]

    @router.post("", status_code=201, summary="Create a pipe; an entry as in the settings file")
    async def create_pipe(entry: Entry) -> PipeView:
        try:
            await parts.add_pipe(entry.name, entry.settings())
        except ValueError as error:
            raise BadRequest(str(error)) from error
        return _view(engine.world.pipes.get(parts.scope, entry.name))

    return router


def _view(pipe: Pipe) -> PipeView:
    spec = pipe.spec
    return PipeView(
        name=pipe.name,
        arn=pipe.arn,
        state=pipe.state,
        why=pipe.failure.reason if pipe.failure is not None else None,
        source=name_of(spec.source),
        filters=spec.patterns,
        enrichment=name_of(spec.enrichment) if spec.enrichment else None,
        target=name_of(spec.target),
    )
