"""Loops that leave us: through somebody's HTTP endpoint and back in, without a trace header to tell by.

AWS does not see them, and nothing here stops them. What comes back is taken for a consequence of a delivery where it
came while the endpoint was being told, and nobody else was; or where what it leads to carries the id of the event or
message that the endpoint was told of. That is a suspicion: it is told with its path, and no more.
"""

import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import orjson

from app.core.chain import Cause
from app.core.delivery.outside_calls import HttpCall
from app.core.facts import Effect, LoopSuspected
from app.core.names import Arn

_ID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_LOOKED_THROUGH_BYTES = 64 * 1024
_KEPT = 10_000
_STATIONS_KEPT = 64
TOLD_AT = (3, 10, 100, 1_000)
"""How many times round a loop is when it is told of: once may be chance, and twice."""


@dataclass(frozen=True, slots=True, eq=False)
class Leaving:
    """One delivery to an endpoint: `times` counts those to it on the way here, `path` is that way in words."""

    target: Arn
    chain: str
    times: Mapping[Arn, int]
    path: tuple[str, ...]


@dataclass(slots=True)
class Rounds:
    """The deliveries to HTTP endpoints that are remembered: by the id they carried, and by the chain that came back."""

    outbox: list[Effect]
    _under_way: dict[int, Leaving] = field(default_factory=dict)
    _by_id: OrderedDict[bytes, Leaving] = field(default_factory=OrderedDict)
    _by_chain: OrderedDict[str, Leaving] = field(default_factory=OrderedDict)
    _told: OrderedDict[str, Leaving] = field(default_factory=OrderedDict)

    def begin_chain(self, chain: str) -> None:
        """Something came in that nobody of ours is known to have caused."""
        if len(self._under_way) == 1:
            (leaving,) = self._under_way.values()
            _keep(self._by_chain, chain, leaving)

    def leave(self, number: int, call: HttpCall, target: Arn, name: str, cause: Cause) -> None:
        """The call of this number tells the endpoint, which is called `name`, of something that `cause` led to."""
        own, others = _ids_in(call)
        before = self._by_chain.get(cause.chain)
        why = "it was called while the endpoint was being told"
        if before is None:
            found = (self._by_id[other] for other in others if other in self._by_id)
            before = next((each for each in found if each.chain != cause.chain), None)
            why = "what it led to carries the id that the endpoint was told"
        times = dict(before.times) if before is not None else {}
        times[target] = times.get(target, 0) + 1
        stations = (*(cause.hop.stations if cause.hop else ()), *cause.through, name)
        path = (*(before.path if before is not None else ()), *stations)[-_STATIONS_KEPT:]
        leaving = self._under_way[number] = Leaving(target, cause.chain, times, path)
        if own is not None:
            _keep(self._by_id, own, leaving)
        told = f"{cause.chain} {target}"
        if times[target] in TOLD_AT and told not in self._told:
            # A delivery that is tried again is no other round.
            _keep(self._told, told, leaving)
            self.outbox.append(LoopSuspected(target, name, cause.chain, times[target], path, why))

    def back(self, number: int) -> None:
        """The endpoint answered, or will not."""
        self._under_way.pop(number, None)


_Key = TypeVar("_Key", bytes, str)


def _keep(kept: OrderedDict[_Key, Leaving], key: _Key, leaving: Leaving) -> None:
    kept[key] = leaving
    if len(kept) > _KEPT:
        kept.popitem(last=False)


def _ids_in(call: HttpCall) -> tuple[bytes | None, list[bytes]]:
    """The id of what is told, an event's or a message's, and those that it speaks of besides."""
    body = call.body[:_LOOKED_THROUGH_BYTES]
    own = next((value.encode() for name, value in call.headers if name.lower() == "x-amz-sns-message-id"), None)
    if own is None and body.startswith(b"{"):
        try:
            told = orjson.loads(call.body).get("id")
        except orjson.JSONDecodeError:
            told = None
        own = told.encode() if isinstance(told, str) and _ID.fullmatch(told.encode()) else None
    return own, [found for found in dict.fromkeys(_ID.findall(body)) if found != own]
