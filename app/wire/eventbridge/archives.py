"""Operations on archives and replays."""

from app.core.buses.archive import Archive
from app.core.buses.replay import Replay
from app.core.commands import CancelReplay, CreateArchive, DeleteArchive, StartReplay, UpdateArchive
from app.core.errors import ValidationFailed
from app.core.time import SECOND_MS
from app.wire.calls import Call, Caller, Params, Readable, Result
from app.wire.eventbridge.buses import nothing
from app.wire.eventbridge.paging import page


def create_archive(params: Params, caller: Caller) -> Call:
    return Call(CreateArchive(caller.scope, params), _archive)


def update_archive(params: Params, caller: Caller) -> Call:
    return Call(UpdateArchive(caller.scope, params), _archive)


def delete_archive(params: Params, caller: Caller) -> Call:
    return Call(DeleteArchive(caller.scope, params["ArchiveName"]), nothing)


def describe_archive(params: Params, caller: Caller, engine: Readable) -> Result:
    archive = engine.world.event_bridge.archives.get(caller.scope, params["ArchiveName"])
    return archive.view(engine.clock.now())


def list_archives(params: Params, caller: Caller, engine: Readable) -> Result:
    _check_one_filter("ListArchives", params)
    bridge, now = engine.world.event_bridge, engine.clock.now()
    source, state = params.get("EventSourceArn"), params.get("State") or "ENABLED"
    if source is not None:
        bridge.registry.bus(caller.scope, source, now)
    archives = [
        archive
        for archive in bridge.archives.all(caller.scope)
        if archive.name.startswith(params.get("NamePrefix") or "")
        and source in (None, archive.source)
        and state == "ENABLED"
    ]
    return page(params, archives, lambda archive: archive.name, "Archives", lambda archive: archive.summary(now))


def start_replay(params: Params, caller: Caller) -> Call:
    def render(replay: Replay) -> Result:
        return {
            "ReplayArn": replay.arn,
            "State": replay.state,
            "ReplayStartTime": replay.started_at / SECOND_MS,
        }

    return Call(StartReplay(caller.scope, params), render)


def cancel_replay(params: Params, caller: Caller) -> Call:
    command = CancelReplay(caller.scope, params["ReplayName"])
    return Call(command, lambda replay: {"ReplayArn": replay.arn, "State": replay.state})


def describe_replay(params: Params, caller: Caller, engine: Readable) -> Result:
    return engine.world.event_bridge.replays.get(caller.scope, params["ReplayName"]).view()


def list_replays(params: Params, caller: Caller, engine: Readable) -> Result:
    _check_one_filter("ListReplays", params)
    replays = [
        replay
        for replay in engine.world.event_bridge.replays.all(caller.scope)
        if replay.name.startswith(params.get("NamePrefix") or "")
        and params.get("State") in (None, replay.state)
        and params.get("EventSourceArn") in (None, replay.archive)
    ]
    return page(params, replays, lambda replay: replay.name, "Replays", Replay.summary)


def _archive(archive: Archive) -> Result:
    return {"ArchiveArn": archive.arn, "State": "ENABLED", "CreationTime": archive.created_at / SECOND_MS}


def _check_one_filter(operation: str, params: Params) -> None:
    if sum(params.get(name) is not None for name in ("State", "EventSourceArn", "NamePrefix")) > 1:
        raise ValidationFailed(
            f"At most one filter is allowed for {operation}. Use either : State, EventSourceArn, or NamePrefix."
        )
