"""The journal: numbered facts, the newest of them kept, read by filter and followed live."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count, islice
from typing import Any, TypeAlias

from app.core.facts import (
    AccessMissing,
    CallerLacksAccess,
    Fact,
    LoopSuspected,
    LoopWarned,
    PermissionMissing,
    QueueKeyUnknown,
)
from app.core.names import name_of
from app.core.time import Instant, format_instant
from app.core.value import value

_ARNS = {"queue", "function", "destination", "target", "topic"}
_SUBSCRIBER_BACKLOG = 10_000
_WARNINGS = frozenset({LoopWarned, LoopSuspected, PermissionMissing, AccessMissing, CallerLacksAccess, QueueKeyUnknown})
_WARNINGS_KEPT = 1_000
_Record: TypeAlias = tuple[int, Instant, Sequence[Fact]]
"""How many entries there were before, and the facts of one instant that came then."""


@value(frozen=True, slots=True)
class Entry:
    """A fact, its number (from 1, without gaps) and its instant."""

    number: int
    at: Instant
    fact: Fact

    def as_json(self) -> dict[str, Any]:
        """The fact's own fields; ARNs shortened to names in `queue`, `function`, …, whole in `queue_arn`, …."""
        shown: dict[str, Any] = {
            "number": self.number,
            "at": format_instant(self.at),
            "fact": type(self.fact).__name__,
            "text": self.fact.text,
        }
        for name in type(self.fact).__match_args__:
            value = getattr(self.fact, name)
            if name in _ARNS and value is not None:
                shown[name] = name_of(value)
                shown[f"{name}_arn"] = value
            else:
                shown[name] = value
        return shown


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries are wanted; None wants all. `queue` and `function` are names or ARNs."""

    queue: str | None = None
    function: str | None = None
    message: str | None = None
    chain: str | None = None
    kinds: frozenset[str] | None = None

    def admits(self, entry: Entry) -> bool:
        fact = entry.fact
        return (
            (self.kinds is None or type(fact).__name__ in self.kinds)
            and (self.queue is None or _is_named(fact, ("queue", "destination", "target"), self.queue))
            and (self.function is None or _is_named(fact, ("function", "target"), self.function))
            and (self.message is None or _concerns(fact, self.message))
            and (self.chain is None or getattr(fact, "chain", None) == self.chain)
        )


class Journal:
    """At most `kept` entries; older ones are forgotten, their numbers are not given again."""

    def __init__(self, *, kept: int = 100_000) -> None:
        self._most = kept
        # As they were recorded: most are never looked at, so an `Entry` is made for who does. What came at once goes at
        # once, so that a few may stand here that are not kept any more.
        self._records: deque[_Record] = deque()
        self._last = 0
        self._subscribers: set[asyncio.Queue[Entry | None]] = set()
        self._is_closed = False
        self._warnings: deque[Entry] = deque(maxlen=_WARNINGS_KEPT)

    @property
    def last_number(self) -> int:
        return self._last

    def record(self, at: Instant, facts: Sequence[Fact], kinds: AbstractSet[type] | None = None) -> None:
        """`facts` must not change any more. `kinds` are their types, where they are known; others may be among
        them."""
        records = self._records
        records.append((self._last, at, facts))
        oldest_kept = self._last + len(facts) - self._most
        while records[0][0] + len(records[0][2]) <= oldest_kept:
            records.popleft()
        if self._subscribers or not _WARNINGS.isdisjoint(map(type, facts) if kinds is None else kinds):
            for number, fact in enumerate(facts, self._last + 1):
                self._tell(Entry(number, at, fact))
        self._last += len(facts)

    def entries(
        self,
        *,
        after: int = 0,
        limit: int = 1_000,
        queue: str | None = None,
        function: str | None = None,
        message: str | None = None,
        chain: str | None = None,
        kinds: Iterable[str] | None = None,
        newest: bool = False,
    ) -> list[Entry]:
        """The first `limit` wanted entries behind number `after`, in order; with `newest` the last ones."""
        wanted = Filter(queue, function, message, chain, None if kinds is None else frozenset(kinds))
        chosen: list[Entry] = []
        for entry in self._newest_first(after) if newest else self._oldest_first(after):
            if wanted.admits(entry):
                chosen.append(entry)
                if len(chosen) == limit:
                    break
        return chosen[::-1] if newest else chosen

    @property
    def warnings(self) -> list[Entry]:
        """The newest warning of each loop, by chain, function and kind, and of each endpoint that one is suspected
        of and each permission that is missing."""
        latest: dict[tuple[str | None, ...], Entry] = {}
        for entry in self._warnings:
            match entry.fact:
                case LoopWarned(chain=chain, function=function, kind=kind):
                    latest[chain, function, kind] = entry
                case LoopSuspected(target=endpoint):
                    latest[endpoint, "suspected"] = entry
                case PermissionMissing(function=target) | AccessMissing(target=target) as missing:
                    latest[target, missing.principal, missing.source, "permission"] = entry
                case QueueKeyUnknown(queue=queue, key=key):
                    latest[queue, key, "key"] = entry
                case CallerLacksAccess(target=target, principal=principal, action=action):
                    latest[target, principal, action, "permission"] = entry
        return list(latest.values())

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[AsyncIterator[Entry]]:
        """What is recorded from now on, as it happens, until the journal is closed."""
        # One more than is ever recorded into it, so that there is room for the end.
        backlog: asyncio.Queue[Entry | None] = asyncio.Queue(_SUBSCRIBER_BACKLOG + 1)
        self._subscribers.add(backlog)
        if self._is_closed:
            backlog.put_nowait(None)
        try:
            yield _drained(backlog)
        finally:
            self._subscribers.discard(backlog)

    def close(self) -> None:
        """End what is followed live; reading goes on."""
        if not self._is_closed:
            self._is_closed = True
            for subscriber in self._subscribers:
                subscriber.put_nowait(None)

    def _tell(self, entry: Entry) -> None:
        if type(entry.fact) in _WARNINGS:
            self._warnings.append(entry)
        for subscriber in self._subscribers:
            # A reader that does not keep up misses entries, told by the gap in their numbers; nobody waits for it.
            if subscriber.qsize() < _SUBSCRIBER_BACKLOG:
                subscriber.put_nowait(entry)

    def _oldest_first(self, after: int) -> Iterator[Entry]:
        after = max(after, self._last - self._most)
        for before, at, facts in self._records:
            if before + len(facts) > after:
                skipped = max(0, after - before)
                for number, fact in enumerate(islice(facts, skipped, None), before + skipped + 1):
                    yield Entry(number, at, fact)

    def _newest_first(self, after: int) -> Iterator[Entry]:
        after = max(after, self._last - self._most)
        for before, at, facts in reversed(self._records):
            for number, fact in zip(count(before + len(facts), -1), reversed(facts), strict=False):
                if number <= after:
                    return
                yield Entry(number, at, fact)


async def _drained(backlog: "asyncio.Queue[Entry | None]") -> AsyncIterator[Entry]:
    while (entry := await backlog.get()) is not None:
        yield entry


def _is_named(fact: Fact, members: tuple[str, ...], wanted: str) -> bool:
    for member in members:
        value = getattr(fact, member, None)
        if value is not None and (value == wanted or name_of(value) == wanted):
            return True
    return False


def _concerns(fact: Fact, message: str) -> bool:
    return getattr(fact, "message", None) == message or message in getattr(fact, "messages", ())
