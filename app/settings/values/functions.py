"""Functions as values: where each runs, and what AWS lets one say of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from app.core.awslambda.function import Script
from app.core.names import Arn, Scope, bucket_arn
from app.settings.values.names import function_arn_of, queue_arn_of, topic_arn_of


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
