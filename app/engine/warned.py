"""What people are warned of, as JSON: loops, and what the code may do here and not on AWS."""

from typing import Any

from app.core.facts import (
    AccessMissing,
    CallerLacksAccess,
    LoopSuspected,
    LoopWarned,
    PermissionMissing,
    QueueKeyUnknown,
)
from app.core.names import name_of
from app.core.time import format_instant
from app.engine.journal import Entry


def warning_of(entry: Entry) -> dict[str, Any]:
    """As JSON; a permission that is missing (`kind` permission) has no chain, and its source for a path."""
    told: dict[str, Any]
    match entry.fact:
        case LoopWarned() as loop:
            told = {
                "function": name_of(loop.function), "kind": loop.kind, "hops": loop.times, "path": list(loop.path),
                "chain": loop.chain,
            }  # fmt: skip
        case LoopSuspected() as suspected:
            told = {
                "function": suspected.name, "kind": "suspected", "hops": suspected.times, "path": list(suspected.path),
                "chain": suspected.chain,
            }  # fmt: skip
        case PermissionMissing(function=target) | AccessMissing(target=target) as missing:
            source = missing.source or missing.principal
            told = {"function": name_of(target), "kind": "permission", "hops": 0, "path": [source], "chain": None}
        case QueueKeyUnknown(queue=queue, key=key):
            told = {"function": name_of(queue), "kind": "key", "hops": 0, "path": [key], "chain": None}
        case CallerLacksAccess(target=target, principal=principal):
            told = {"function": name_of(target), "kind": "permission", "hops": 0, "path": [principal], "chain": None}
        case _:
            raise AssertionError("nothing else is kept as a warning")
    return {**told, "at": format_instant(entry.at), "text": entry.fact.text}
