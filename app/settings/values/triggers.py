"""What triggers functions, and what carries events there, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from app.core.names import Arn, Scope
from app.core.s3.lifecycle import LifecycleRule


@dataclass(frozen=True, slots=True)
class RedriveSettings:
    """To which dead-letter queue, by name or ARN, a message goes after how many receives."""

    dead_letter_queue: str
    max_receive_count: int


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """A queue. `attributes` are AWS's names and texts, all but `RedrivePolicy`."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    redrive: RedriveSettings | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RemoteQueueSettings:
    """A queue that another broker keeps. `endpoint` is its URL, or None for Amazon SQS itself; `url` is the queue's
    own URL where the broker cannot be asked for it. `region` and `account` are None for the service's own."""

    name: str
    endpoint: str | None = None
    url: str | None = None
    region: str | None = None
    account: str | None = None

    def arn_in(self, scope: Scope) -> Arn:
        return Scope(self.account or scope.account, self.region or scope.region).queue_arn(self.name)


@dataclass(frozen=True, slots=True)
class NotificationSettings:
    """One rule of a bucket; `target` is a function's, queue's or topic's name or ARN, as `to` says."""

    id: str
    events: tuple[str, ...]
    to: Literal["function", "queue", "topic"]
    target: str
    prefix: str = ""
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class BucketSettings:
    """`event_bridge` tells the default bus of everything, `versioning` keeps versions from the start."""

    name: str
    notifications: tuple[NotificationSettings, ...] = ()
    event_bridge: bool = False
    versioning: bool = False
    lifecycle: tuple[LifecycleRule, ...] = ()


@dataclass(frozen=True, slots=True)
class SubscriptionSettings:
    """Whom a topic tells: a queue's or function's name or ARN, a URL, an address, as `to` says. `attributes` are AWS's
    names and texts, all but the RedrivePolicy of a `dead_letter_queue` that is given by name."""

    to: str
    endpoint: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    dead_letter_queue: str | None = None


@dataclass(frozen=True, slots=True)
class TopicSettings:
    """A topic. `attributes` are AWS's names and texts."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    subscriptions: tuple[SubscriptionSettings, ...] = ()


@dataclass(frozen=True, slots=True)
class BusSettings:
    """An event bus. `policy` is JSON text; `archives` have their parameters by name."""

    name: str
    description: str | None = None
    policy: str | None = None
    archives: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TargetSettings:
    """A target of a rule: a name or ARN of what `to` says. `given` are AWS's other members."""

    id: str
    to: str
    target: str
    given: Mapping[str, Any] = field(default_factory=dict)
    dead_letter_queue: str | None = None


@dataclass(frozen=True, slots=True)
class RuleSettings:
    """A rule of a bus. `given` are PutRule's members but its names."""

    name: str
    bus: str
    given: Mapping[str, Any]
    targets: tuple[TargetSettings, ...] = ()


@dataclass(frozen=True, slots=True)
class ScheduleSettings:
    """A schedule; `target` is a function's, a queue's or a topic's name or ARN, as `to` says, or any target's ARN.

    `parameters` are CreateSchedule's other members, `of_target` its target's, with JSON values.
    """

    name: str
    to: str
    target: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    of_target: Mapping[str, Any] = field(default_factory=dict)
    dead_letter_queue: str | None = None


@dataclass(frozen=True, slots=True)
class PipeSettings:
    """A pipe; `source` is a queue's name or ARN, `enrichment` a function's name or any ARN, and `target` a name or an
    ARN of what `to` says. `parameters` are CreatePipe's other members."""

    name: str
    source: str
    to: str
    target: str
    enrichment: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MappingSettings:
    """An event source mapping; `parameters` are AWS's other ones, with JSON values."""

    queue: str
    function: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
