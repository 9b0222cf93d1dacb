"""Archives: what a bus took, kept to be sent again."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.core.buses.bus import Bus
from app.core.buses.event import BusEvent
from app.core.buses.registry import Registry
from app.core.commands import CreateArchive, DeleteArchive, UpdateArchive
from app.core.errors import ResourceAlreadyExists, ResourceNotFound
from app.core.facts import Configured, Effect
from app.core.limits import Limits
from app.core.names import Arn, Scope, parse_arn
from app.core.pattern import Pattern, compile_pattern
from app.core.time import DAY_MS, SECOND_MS, Instant, parse_instant


@dataclass(frozen=True, slots=True)
class Kept:
    """An event in an archive: when the bus took it, the time that it tells itself, and what it was. `size` in bytes."""

    at: Instant
    time: Instant
    document: Mapping[str, Any]
    size: int


@dataclass(slots=True, eq=False)
class Archive:
    """`retention_days` 0 keeps for ever. What is too old is let go of whenever somebody looks."""

    arn: Arn
    name: str
    source: Arn
    created_at: Instant
    description: str | None = None
    pattern: Pattern | None = None
    retention_days: int = 0
    kms_key: str | None = None
    _kept: deque[Kept] = field(default_factory=deque)
    _size: int = 0

    def keep(self, event: BusEvent, now: Instant) -> None:
        self._let_go(now)
        if self.pattern is None or self.pattern.matches(event.document):
            kept = Kept(
                now,
                parse_instant(event.document["time"]),
                event.document,
                len(event.text.encode("utf-8", "surrogatepass")),
            )
            self._kept.append(kept)
            self._size += kept.size

    def events(self, now: Instant) -> list[Kept]:
        """What there is now, the oldest first."""
        self._let_go(now)
        return list(self._kept)

    def summary(self, now: Instant) -> dict[str, Any]:
        """The archive as ListArchives has it."""
        self._let_go(now)
        return {
            "ArchiveName": self.name,
            "EventSourceArn": self.source,
            "State": "ENABLED",
            "RetentionDays": self.retention_days,
            "SizeBytes": self._size,
            "EventCount": len(self._kept),
            "CreationTime": self.created_at / SECOND_MS,
        }

    def view(self, now: Instant) -> dict[str, Any]:
        """The archive as DescribeArchive has it."""
        pattern = self.pattern.text if self.pattern is not None else None
        more = {"Description": self.description, "EventPattern": pattern, "KmsKeyIdentifier": self.kms_key}
        given = {name: value for name, value in more.items() if value is not None}
        return {"ArchiveArn": self.arn, **self.summary(now), **given}

    def _let_go(self, now: Instant) -> None:
        if not self.retention_days:
            return
        oldest = now - self.retention_days * DAY_MS
        while self._kept and self._kept[0].at < oldest:
            self._size -= self._kept.popleft().size

    def __repr__(self) -> str:
        return f"<Archive {self.name}: {len(self._kept)} events>"


@dataclass(slots=True)
class Archives:
    """All archives by account, region and name."""

    limits: Limits
    outbox: list[Effect]
    registry: Registry
    _archives: dict[tuple[Scope, str], Archive] = field(default_factory=dict)
    _of_bus: dict[Arn, dict[str, Archive]] = field(default_factory=dict)

    def create(self, command: CreateArchive, now: Instant) -> Archive:
        given, name = command.given, str(command.given["ArchiveName"])
        bus = self.registry.bus(command.scope, str(given["EventSourceArn"]), now)
        if (command.scope, name) in self._archives:
            raise ResourceAlreadyExists(f"Archive {name} already exists.")
        arn = f"arn:aws:events:{command.scope.region}:{command.scope.account}:archive/{name}"
        archive = Archive(arn, name, bus.arn, now)
        self._change(archive, given)
        self._archives[command.scope, name] = archive
        self._of_bus.setdefault(bus.arn, {})[name] = archive
        self.outbox.append(Configured(f"archive {name} of event bus {bus.name} created"))
        return archive

    def update(self, command: UpdateArchive, now: Instant) -> Archive:
        """A recording has InternalException for one that is not there; what the API reference names is kinder."""
        archive = self.get(command.scope, str(command.given["ArchiveName"]))
        self._change(archive, command.given)
        self.outbox.append(Configured(f"archive {archive.name} changed"))
        return archive

    def delete(self, command: DeleteArchive, now: Instant) -> None:
        archive = self.get(command.scope, command.name)
        del self._archives[command.scope, command.name]
        of_bus = self._of_bus[archive.source]
        del of_bus[archive.name]
        if not of_bus:
            del self._of_bus[archive.source]
        self.outbox.append(Configured(f"archive {archive.name} deleted"))

    def get(self, scope: Scope, name: str) -> Archive:
        """Raises ResourceNotFound."""
        try:
            return self._archives[scope, name]
        except KeyError:
            raise ResourceNotFound(f"Archive {name} does not exist.") from None

    def all(self, scope: Scope) -> list[Archive]:
        """Those of an account and region, by name."""
        found = (archive for (of, _), archive in self._archives.items() if of == scope)
        return sorted(found, key=lambda archive: archive.name)

    def find(self, arn: Arn) -> Archive | None:
        parsed = parse_arn(arn)
        return self._archives.get((parsed.scope, parsed.resource.removeprefix("archive/")))

    def took(self, bus: Bus, event: BusEvent, now: Instant) -> None:
        """Keep an event that the bus took, where an archive of it wants it."""
        for archive in self._of_bus.get(bus.arn, {}).values():
            archive.keep(event, now)

    def _change(self, archive: Archive, given: Mapping[str, Any]) -> None:
        """What is given takes the place of what was. Raises InvalidEventPattern, and then nothing changed."""
        pattern = given.get("EventPattern")
        compiled = compile_pattern(pattern, limits=self.limits) if pattern else archive.pattern
        archive.pattern = compiled
        archive.description = given.get("Description", archive.description)
        archive.retention_days = given.get("RetentionDays", archive.retention_days)
        archive.kms_key = given.get("KmsKeyIdentifier", archive.kms_key)
