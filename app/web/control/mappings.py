"""Routes of event source mappings, in AWS's shapes."""

from typing import Any

from fastapi import APIRouter

from app.core.commands import DeleteEventSourceMapping, UpdateEventSourceMapping
from app.core.mappings.mapping import Mapping
from app.core.names import Scope, parse_arn
from app.engine.driver import Engine
from app.web.control.errors import BadRequest
from app.web.control.parts import ControlParts


def mapping_routes(engine: Engine, parts: ControlParts) -> APIRouter:
    router = APIRouter(prefix="/mappings", tags=["mappings"])

    @router.get("", summary="Every mapping, as GetEventSourceMapping shows it, with its tags and counts")
    async def list_mappings() -> list[dict[str, Any]]:
        return [mapping_view(mapping) for mapping in engine.world.mappings.all()]

    @router.post("", status_code=201, summary="Create a mapping; an entry as in the settings file")
    async def create_mapping(entry: dict[str, Any]) -> dict[str, Any]:
        try:
            return await parts.add_mapping(entry)
        except ValueError as error:
            raise BadRequest(str(error)) from error

    @router.patch("/{uuid}", summary="Change a mapping; members as of UpdateEventSourceMapping")
    async def update_mapping(uuid: str, parameters: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = engine.submit(UpdateEventSourceMapping(_scope_of(uuid), uuid, parameters))
        return answer

    @router.delete("/{uuid}", summary="Delete a mapping")
    async def delete_mapping(uuid: str) -> dict[str, Any]:
        answer: dict[str, Any] = engine.submit(DeleteEventSourceMapping(_scope_of(uuid), uuid))
        return answer

    def _scope_of(uuid: str) -> Scope:
        """The scope of the mapping with that id; ours when there is none, and the world refuses it there."""
        mapping = next((mapping for mapping in engine.world.mappings.all() if mapping.uuid == uuid), None)
        return parts.scope if mapping is None else scope_of(mapping)

    return router


def scope_of(mapping: Mapping) -> Scope:
    """A mapping belongs where its function is; its queue may be another account's."""
    return parse_arn(mapping.function).scope


def mapping_view(mapping: Mapping) -> dict[str, Any]:
    """As GetEventSourceMapping shows it, its tags, and what it has done under the names of CloudWatch's metrics."""
    counts = mapping.count.view()
    if mapping.parameters.provisioned is not None:
        counts["ProvisionedPollers"] = mapping.pollers
    scale = {
        "Pollers": mapping.pollers,
        "BatchesInFlight": mapping.in_flight,
        "BatchesAtMost": mapping.concurrency_limit,
    }
    return {**mapping.view(scope_of(mapping)), "Tags": dict(mapping.tags), "Metrics": counts, "Scale": scale}
