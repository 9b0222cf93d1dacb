"""Chains: which invocation caused which, and how often a function stands on the path to itself.

Every stimulus from outside starts a chain. An invocation is a hop; its trace header's Parent names it, so an AWS call
that brings the header back continues the path from there. Counting is along the path, not over the whole chain:
a function that fans out to twenty others is no loop.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b

from msgspec.structs import replace

from app.core.ids import Ids
from app.core.names import Arn
from app.core.time import SECOND_MS, Instant
from app.core.value import Value

_STATIONS_KEPT = 64


@dataclass(frozen=True, slots=True, eq=False)
class Hop:
    """An invocation on its path: `times` counts each function up to and including this one.

    `seen_times` counts only as far back as AWS could follow: it starts anew where the trace header was lost.
    `stations` tells the path in words, oldest first, with what lies between: `s3 photos/in`, `thumbnail`, …
    """

    chain: str
    id: str
    function: Arn
    request_id: str
    times: Mapping[Arn, int]
    seen_times: Mapping[Arn, int]
    stations: tuple[str, ...]


class Cause(Value):
    """Where something comes from: a chain, the hop that did it if a function did, and the places passed since.

    `is_seen` is False where AWS could not tell, because the call did not carry the trace header though a current
    SDK in a current environment would have sent it.
    """

    chain: str
    hop: Hop | None = None
    is_seen: bool = True
    through: tuple[str, ...] = ()

    def via(self, station: str) -> "Cause":
        """The same cause, one place further on its way to the next function."""
        return replace(self, through=(*self.through, station))


@dataclass(frozen=True, slots=True)
class TraceHeader:
    """The fields of an `X-Amzn-Trace-Id`; unknown ones are kept in `others`, in their order."""

    root: str | None = None
    parent: str | None = None
    sampled: str | None = None
    lineage: str | None = None
    others: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str) -> "TraceHeader":
        """Reads a header value; what is no `Key=value` field is left out."""
        known: dict[str, str] = {}
        others: list[tuple[str, str]] = []
        for part in text.split(";"):
            key, separator, value = part.strip().partition("=")
            if separator and key in _FIELDS:
                known[_FIELDS[key]] = value
            elif separator:
                others.append((key, value))
        return cls(**known, others=tuple(others))

    def __str__(self) -> str:
        fields = [(key, getattr(self, member)) for key, member in _FIELDS.items()]
        return ";".join(f"{key}={value}" for key, value in [*fields, *self.others] if value is not None)


_FIELDS = {"Root": "root", "Parent": "parent", "Sampled": "sampled", "Lineage": "lineage"}


@dataclass(slots=True)
class Chains:
    """The hops the world remembers, the newest `kept` of them; a forgotten one is treated as outside."""

    ids: Ids
    kept: int
    _hops: OrderedDict[str, Hop] = field(default_factory=OrderedDict)

    def start(self, trace_header: str | None, *, now: Instant) -> Cause:
        """A new chain, under the root of the header the outside sent, if it sent one."""
        root = TraceHeader.parse(trace_header).root if trace_header else None
        return Cause(root or f"1-{now // SECOND_MS & 0xFFFFFFFF:08x}-{self.ids.hex(24)}")

    def cause_of_header(self, trace_header: str | None) -> Cause | None:
        """The cause that a trace header tells, or None if it names no invocation of ours."""
        if not trace_header:
            return None
        header = TraceHeader.parse(trace_header)
        hop = self._hops.get(header.parent or "")
        if hop is None or hop.chain != header.root:
            return None
        return Cause(hop.chain, hop)

    def extend(self, cause: Cause, *, function: Arn, request_id: str) -> Hop:
        """The hop of a new invocation caused by `cause`. Not yet kept."""
        before = cause.hop
        times = _counted(before.times if before else {}, function)
        # Of the first of a chain they are one and the same: most hops are, and all of them are kept.
        seen = times if before is None else _counted(_seen_before(cause), function)
        name = function.rsplit(":function:", 1)[-1].split(":")[0]
        stations = (*(before.stations if before else ()), *cause.through, name)[-_STATIONS_KEPT:]
        return Hop(cause.chain, self.ids.hex(16), function, request_id, times, seen, stations)

    def keep(self, hop: Hop) -> None:
        self._hops[hop.id] = hop
        if len(self._hops) > self.kept:
            self._hops.popitem(last=False)

    def header_of(self, hop: Hop) -> str:
        """`X-Amzn-Trace-Id` for the invocation: Lineage in its second form, the hash stable per function.

        How AWS counts is not documented; here the first number is how often the path has come to this function, the
        last how many invocations it has.
        """
        digest = _digest_of(hop.function)
        loops = min(hop.seen_times[hop.function] - 1, 32_767)
        requests = min(sum(hop.seen_times.values()) - 1, 255)
        return f"Root={hop.chain};Parent={hop.id};Sampled=0;Lineage={loops}:{digest}:{requests}"


@lru_cache(maxsize=10_000)
def _digest_of(function: Arn) -> str:
    return blake2b(function.encode(), digest_size=4).hexdigest()


def times_seen(cause: Cause, function: Arn) -> int:
    """How often the path would have come to the function, as far as AWS could follow it, if `cause` invoked it now."""
    return _seen_before(cause).get(function, 0) + 1


def _seen_before(cause: Cause) -> Mapping[Arn, int]:
    return cause.hop.seen_times if cause.hop and cause.is_seen else {}


def _counted(times: Mapping[Arn, int], function: Arn) -> Mapping[Arn, int]:
    return {**times, function: times.get(function, 0) + 1}
