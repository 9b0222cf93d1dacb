"""The one value that the file and the environment come to."""

from dataclasses import dataclass, field

from app.core.gateway.fronts import Front
from app.core.limits import DEFAULT_LIMITS, Limits
from app.core.names import DEFAULT_ACCOUNT, DEFAULT_REGION, Scope
from app.settings.values.functions import FunctionSettings, ImageSettings, MemoryWay
from app.settings.values.service import DEFAULT_JOURNAL_FACTS, DEFAULT_SEED, ClockSetting, Listen, Security, Wall
from app.settings.values.triggers import (
    BucketSettings,
    BusSettings,
    MappingSettings,
    PipeSettings,
    QueueSettings,
    RemoteQueueSettings,
    RuleSettings,
    ScheduleSettings,
    TopicSettings,
)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the service is told at its start. A dead-letter queue stands before the queues that name it."""

    listen: Listen = field(default_factory=Listen)
    hosts: tuple[str, ...] = ()
    account: str = DEFAULT_ACCOUNT
    region: str = DEFAULT_REGION
    seed: int = DEFAULT_SEED
    clock: ClockSetting = field(default_factory=Wall)
    journal_facts: int = DEFAULT_JOURNAL_FACTS
    limits: Limits = DEFAULT_LIMITS
    security: Security = field(default_factory=Security)
    enforces_permissions: bool = False
    enforce_memory: MemoryWay = "off"
    """Of functions that are created over the Lambda API."""
    images: tuple[ImageSettings, ...] = ()
    functions: tuple[FunctionSettings, ...] = ()
    queues: tuple[QueueSettings, ...] = ()
    remote_queues: tuple[RemoteQueueSettings, ...] = ()
    topics: tuple[TopicSettings, ...] = ()
    schedules: tuple[ScheduleSettings, ...] = ()
    buckets: tuple[BucketSettings, ...] = ()
    mappings: tuple[MappingSettings, ...] = ()
    fronts: tuple[Front, ...] = ()
    buses: tuple[BusSettings, ...] = ()
    rules: tuple[RuleSettings, ...] = ()
    pipes: tuple[PipeSettings, ...] = ()

    @property
    def scope(self) -> Scope:
        return Scope(self.account, self.region)
