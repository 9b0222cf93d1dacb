"""A bucket's notification configuration: which object events go to which function or queue."""

from dataclasses import dataclass
from typing import TypeAlias

from app.core.names import Arn


@dataclass(frozen=True, slots=True)
class NotificationRule:
    """One configuration entry. `target` is a function or queue ARN; an empty prefix or suffix admits all keys."""

    id: str
    target: Arn
    events: tuple[str, ...]
    prefix: str = ""
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class NotificationConfiguration:
    """All of a bucket's rules, in the order they were given."""

    rules: tuple[NotificationRule, ...] = ()


@dataclass(frozen=True, slots=True)
class ObjectEvent:
    """One thing that happened to an object; `name` is without the `s3:` (`ObjectCreated:Put`).

    `key` is as the user wrote it, not encoded. `sequencer` rises per key.
    """

    name: str
    bucket: str
    key: str
    size: int | None = None
    etag: str | None = None
    version_id: str | None = None
    sequencer: str | None = None
    request_id: str = ""
    host_id: str = ""
    source_ip: str = "127.0.0.1"
    principal_id: str = "AWS:AIDAQTRIGGERFISHLOCAL"
    owner_id: str = "A1TRIGGERFISH"


@dataclass(frozen=True, slots=True)
class RouteTaken:
    target: Arn
    rule_id: str


@dataclass(frozen=True, slots=True)
class RouteRefused:
    """A rule that did not apply, and why, in words for people."""

    target: Arn
    rule_id: str
    reason: str


Route: TypeAlias = RouteTaken | RouteRefused
