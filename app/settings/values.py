"""The settings as values: what the file and the environment said, checked, with every default filled in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal, TypeAlias

from app.core.function import Script
from app.core.gateway.fronts import Front
from app.core.lifecycle import LifecycleRule
from app.core.limits import DEFAULT_LIMITS, Limits
from app.core.names import DEFAULT_ACCOUNT, DEFAULT_REGION, Arn, Scope, bucket_arn
from app.core.time import Instant

DEFAULT_SEED = 1
DEFAULT_JOURNAL_FACTS = 100_000

# The service ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Listen:
    """Where the service listens; port 0 is any that is free."""

    host: str = "127.0.0.1"
    port: int = 4566

    @property
    def is_loopback(self) -> bool:
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Wall:
    """The clock goes as the one on the wall."""


@dataclass(frozen=True, slots=True)
class Auto:
    """The clock jumps to the next wake-up whenever nothing real is in flight."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """The clock stands at `at` and moves only when told."""

    at: Instant


ClockSetting: TypeAlias = Wall | Auto | Frozen


@dataclass(frozen=True, slots=True)
class Security:
    """What a service that listens beyond loopback asks for.

    `token` is the control API's bearer token; `credentials` are the secrets of the access keys that may sign
    AWS calls. `trust_private_network` waives both.
    """

    token: str | None = field(default=None, repr=False)
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    trust_private_network: bool = False


# Functions ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DestinationSettings:
    """Where asynchronous events end: the name of a queue, a function, a topic, a bus or a bucket, or any ARN, as `to`
    says."""

    to: Literal["queue", "function", "topic", "bus", "bucket", "arn"]
    target: str

    def arn(self, scope: Scope) -> Arn:
        match self.to:
            case "queue":
                return queue_arn_of(self.target, scope)
            case "function":
                return function_arn_of(self.target, scope)
            case "topic":
                return topic_arn_of(self.target, scope)
            case "bus":
                return self.target if self.target.startswith("arn:") else scope.bus_arn(self.target)
            case "bucket":
                return bucket_arn(self.target)
            case "arn":
                return self.target


Language: TypeAlias = Literal["python", "node", "provided"]
MemoryWay: TypeAlias = Literal["off", "watch", "rlimit", "cgroup"]
MEMORY_WAYS: tuple[MemoryWay, ...] = ("off", "watch", "rlimit", "cgroup")


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionCommon:
    """What is said of a function wherever it runs. `environments` is how many invocations run at once."""

    name: str
    timeout_s: int = 3
    memory_mb: int = 128
    environments: int
    recursive_loop: Literal["Terminate", "Allow"] = "Terminate"
    reserved_concurrency: int | None = None
    maximum_retry_attempts: int = 2
    maximum_event_age_s: int = 21_600
    on_success: DestinationSettings | None = None
    on_failure: DestinationSettings | None = None
    dead_letter: DestinationSettings | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class LoggingSettings:
    """AWS's LoggingConfig; the levels hold for JSON. An empty group is `/aws/lambda/` and the function's name."""

    log_format: Literal["Text", "JSON"] = "Text"
    application_log_level: str = ""
    system_log_level: str = "INFO"
    log_group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessFunction(FunctionCommon):
    """Runs in local processes, which speak the Runtime API.

    `code` is its folder, `layers` are folders as they lie under /opt. `runtime` is AWS's name or "" when the
    file did not say; `language` chooses the bootstrap, and a `command` replaces it.

    `watch` starts environments anew when files changed, `freeze` stops their processes between invocations;
    `idle_timeout_ms` and `max_age_ms` end them, None never.
    """

    language: Language
    code: Path
    handler: str = ""
    runtime: str = ""
    layers: tuple[Path, ...] = ()
    command: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    watch: bool = True
    freeze: bool = False
    idle_timeout_ms: int | None = None
    max_age_ms: int | None = None
    enforce_memory: MemoryWay = "off"
    ephemeral_storage_mb: int = 512
    logging: LoggingSettings = LoggingSettings()


@dataclass(frozen=True, slots=True, kw_only=True)
class RieFunction(FunctionCommon):
    """Runs behind classic Runtime Interface Emulators, one environment a URL.

    `access_key_ids`, one a URL or none, are the `AWS_ACCESS_KEY_ID` each emulator was started with. With `resolve`,
    each address of a URL's host is an environment.
    """

    urls: tuple[str, ...]
    access_key_ids: tuple[str, ...] = ()
    resolve: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcurrentRieFunction(FunctionCommon):
    """Runs behind emulators in concurrent mode (`AWS_LAMBDA_MAX_CONCURRENCY`), each with `environments` at once."""

    urls: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InvokeApiFunction(FunctionCommon):
    """Runs behind a Lambda Invoke API, or several: SAM, cargo-lambda, LocalStack, AWS itself. Each has `environments`.

    Calls are signed when there is an access key; `region` is None for the service's own.
    """

    urls: tuple[str, ...]
    function_name: str
    region: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpFunction(FunctionCommon):
    """Any HTTP servers that take the event as the body of a POST, each `environments` at once."""

    urls: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedFunction(FunctionCommon):
    """Runs nowhere: what comes of it is written down."""

    script: Script


FunctionSettings: TypeAlias = (
    ProcessFunction | RieFunction | ConcurrentRieFunction | InvokeApiFunction | HttpFunction | ScriptedFunction
)


@dataclass(frozen=True, slots=True)
class ImageSettings:
    """Which endpoint runs functions whose `ImageUri` is like `pattern`, with `*` for any run of characters."""

    pattern: str
    endpoint: FunctionSettings


# Sources --------------------------------------------------------------------------------------------


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


# All of it ------------------------------------------------------------------------------------------


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


def queue_arn_of(queue: str, scope: Scope) -> Arn:
    """The ARN of a queue that the settings give by name or ARN."""
    return queue if queue.startswith("arn:") else scope.queue_arn(queue)


def topic_arn_of(topic: str, scope: Scope) -> Arn:
    """The ARN of a topic that the settings give by name or ARN."""
    return topic if topic.startswith("arn:") else scope.topic_arn(topic)


def function_arn_of(function: str, scope: Scope) -> Arn:
    """The ARN of a function that the settings give by name or ARN."""
    return function if function.startswith("arn:") else scope.function_arn(function)
