"""Functions: where each runs, and AWS's settings of it."""

import json
import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypedDict

from app.core.function import (
    FailAfter,
    FailEvery,
    FunctionSpec,
    RefuseAsThrottled,
    ReportBatchItems,
    Script,
    SucceedAfter,
)
from app.core.names import Scope
from app.settings.reading import Field, Table
from app.settings.values import (
    MEMORY_WAYS,
    ConcurrentRieFunction,
    DestinationSettings,
    FunctionSettings,
    HttpFunction,
    ImageSettings,
    InvokeApiFunction,
    Language,
    LoggingSettings,
    ProcessFunction,
    RieFunction,
    ScriptedFunction,
)

PROCESS_ENVIRONMENTS = 4
"""How many processes a function may have when its settings do not say: what a laptop bears with several functions."""
REMOTE_ENVIRONMENTS = 10
_ONCE = "say with `environments` how many invocations it runs at once"
SCRIPTED_ENVIRONMENTS = 1_000
"""AWS's account concurrency: a scripted function costs nothing."""

_Named: TypeAlias = Literal["queue", "function", "topic", "bus", "bucket"]

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")  # AWS API reference: CreateFunction, FunctionName
_PYTHON = re.compile(r"python3(\.\d+)?")
_NODE = re.compile(r"nodejs(\d+\.x)?")
_PROVIDED = re.compile(r"provided(\.al2|\.al2023)?")

_COMMON = (
    "Timeout",
    "MemorySize",
    "RecursiveLoop",
    "ReservedConcurrentExecutions",
    "MaximumRetryAttempts",
    "MaximumEventAgeInSeconds",
    "DestinationConfig",
    "DeadLetterConfig",
    "Description",
    "environments",
)
_PROCESS = (
    "CodeUri",
    "Handler",
    "Runtime",
    "Layers",
    "Environment",
    "EphemeralStorage",
    "LoggingConfig",
    "command",
    "watch",
    "freeze",
    "idle_timeout",
    "max_age",
    "enforce_memory",
)
_LOG_LEVELS = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
_MAKES_A_PROCESS = ("CodeUri", "Handler", "command")
_INVOKE_API = ("invoke_api", "function_name", "region", "access_key_id", "secret_access_key")


class Common(TypedDict):
    """The arguments of every kind of function but `environments`, whose default is the kind's."""

    name: str
    timeout_s: int
    memory_mb: int
    recursive_loop: Any
    reserved_concurrency: int | None
    maximum_retry_attempts: int
    maximum_event_age_s: int
    on_success: DestinationSettings | None
    on_failure: DestinationSettings | None
    dead_letter: DestinationSettings | None
    description: str


def read_function(name: str, field: Field) -> FunctionSettings | None:
    """One entry of `functions`; None when what is wrong leaves no function. Ranges are those of AWS's API reference."""
    if not _NAME.fullmatch(name):
        field.wrong("a function's name has 1 to 64 letters, digits, hyphens and underscores")
    kinds = [kind for kind in _KINDS if _has(field, kind)]
    if any(_has(field, key) for key in _MAKES_A_PROCESS):
        kinds.insert(0, "CodeUri and Handler")
    if len(kinds) > 1:
        field.wrong(f"a function runs at one kind of endpoint; this one has {' and '.join(kinds)}")
        return None
    if not kinds:
        field.table(KEYS)  # a misspelt key is the likely reason
        field.wrong(f"nothing says where it runs: give it CodeUri and Handler, or one of {', '.join(_KINDS)}")
        return None
    keys, make = _KINDS.get(kinds[0], (_PROCESS, _process))
    table = field.table((*keys, *_COMMON))
    return make(table, _common(name, table))


def spec_of(function: FunctionSettings, scope: Scope, *, access_key_ids: tuple[str, ...] = ()) -> FunctionSpec:
    """What the core must know of the function.

    `access_key_ids` are those given to its environments, one a slot; those an emulator was started with win.
    """
    is_rie = isinstance(function, RieFunction)
    return FunctionSpec(
        arn=scope.function_arn(function.name),
        timeout_s=function.timeout_s,
        memory_mb=function.memory_mb,
        environments=function.environments * members_of(function),
        script=function.script if isinstance(function, ScriptedFunction) else None,
        reserved_concurrency=function.reserved_concurrency,
        recursive_loop=function.recursive_loop,
        maximum_retry_attempts=function.maximum_retry_attempts,
        maximum_event_age_s=function.maximum_event_age_s,
        on_success=function.on_success.arn(scope) if function.on_success else None,
        on_failure=function.on_failure.arn(scope) if function.on_failure else None,
        dead_letter_target=function.dead_letter.arn(scope) if function.dead_letter else None,
        access_key_ids=(function.access_key_ids if isinstance(function, RieFunction) else ()) or access_key_ids,
        passes_trace_header=not is_rie,
        description=function.description,
        idle_timeout_ms=function.idle_timeout_ms if isinstance(function, ProcessFunction) else None,
        environment_age_ms=function.max_age_ms if isinstance(function, ProcessFunction) else None,
    )


def members_of(function: FunctionSettings) -> int:
    """How many servers are its environments' in equal parts; of an emulator, each URL is one environment already."""
    match function:
        case ConcurrentRieFunction(urls=urls) | InvokeApiFunction(urls=urls) | HttpFunction(urls=urls):
            return len(urls)
        case _:
            return 1


def _has(field: Field, key: str) -> bool:
    return isinstance(field.value, Mapping) and key in field.value


def _common(name: str, table: Table) -> Common:
    destinations = table.read("DestinationConfig", _destinations) or {}
    return Common(
        name=name,
        timeout_s=table.integer("Timeout", 3, least=1, most=900),
        memory_mb=table.integer("MemorySize", 128, least=128, most=10_240),
        recursive_loop=table.word("RecursiveLoop", "Terminate", ("Terminate", "Allow")),
        reserved_concurrency=table.read("ReservedConcurrentExecutions", lambda entry: entry.integer(0)),
        maximum_retry_attempts=table.integer("MaximumRetryAttempts", 2, least=0, most=2),
        maximum_event_age_s=table.integer("MaximumEventAgeInSeconds", 21_600, least=60, most=21_600),
        on_success=destinations.get("OnSuccess"),
        on_failure=destinations.get("OnFailure"),
        dead_letter=table.read("DeadLetterConfig", partial(_destination, ("queue", "topic"), "TargetArn")),
        description=table.text("Description", ""),
    )


def _destinations(field: Field) -> dict[str, DestinationSettings]:
    """AWS's DestinationConfig: OnSuccess and OnFailure, each a destination. A bucket takes failures only."""
    table = field.table(("OnSuccess", "OnFailure"))
    kinds: dict[str, tuple[_Named, ...]] = {
        "OnSuccess": ("queue", "function", "topic", "bus"),
        "OnFailure": ("queue", "function", "topic", "bus", "bucket"),
    }
    read = {name: table.read(name, partial(_destination, kinds[name], "Destination")) for name in table.entries}
    return {name: destination for name, destination in read.items() if destination is not None}


def _destination(kinds: tuple[_Named, ...], arn_key: str, field: Field) -> DestinationSettings | None:
    """Something by name, or an ARN under AWS's own key."""
    table = field.table((*kinds, arn_key))
    given = [name for name in (*kinds, arn_key) if name in table.entries]
    if len(given) != 1:
        field.wrong(f"must have one of {', '.join(kinds)} and {arn_key}")
        return None
    target = table.read(given[0], Field.text)
    if target is None:
        return None
    return DestinationSettings(next((kind for kind in kinds if kind == given[0]), "arn"), target)


def _environments(table: Table, default: int) -> int:
    return table.integer("environments", default, least=1, most=10_000)


# Local processes ------------------------------------------------------------------------------------


def _process(table: Table, common: Common) -> ProcessFunction | None:
    command = table.texts("command")
    code_field = table.must("CodeUri")
    code = code_field.existing_folder() if code_field is not None else None
    handler_field = table.get("Handler") if command else table.must("Handler")
    handler = (handler_field.text() if handler_field is not None else None) or ""
    runtime = table.text("Runtime", "")
    language = _language(table, runtime, handler, code, command)
    if language in ("python", "node") and handler and handler_field is not None and "." not in handler:
        handler_field.wrong(f"must be module.function, like app.handler, not {handler!r}")
    layers = table.get("Layers")
    folders = [item.existing_folder() for item in layers.items()] if layers is not None else []
    if code is None or language is None:
        return None
    return ProcessFunction(
        **common,
        environments=_environments(table, PROCESS_ENVIRONMENTS),
        language=language,
        code=code,
        handler=handler,
        runtime=runtime,
        layers=tuple(folder for folder in folders if folder is not None),
        command=command,
        variables=_variables(table),
        watch=table.flag("watch", True),
        freeze=table.flag("freeze", False),
        idle_timeout_ms=table.read("idle_timeout", _positive_duration_ms),
        max_age_ms=table.read("max_age", _positive_duration_ms),
        enforce_memory=table.word("enforce_memory", "off", MEMORY_WAYS),
        ephemeral_storage_mb=table.read("EphemeralStorage", _ephemeral_storage_mb) or 512,
        logging=table.read("LoggingConfig", _logging) or LoggingSettings(),
    )


def _positive_duration_ms(field: Field) -> int | None:
    duration_ms = field.duration_ms()
    if duration_ms == 0:
        field.wrong("must be longer than nothing")
        return None
    return duration_ms


def _ephemeral_storage_mb(field: Field) -> int:
    """AWS's EphemeralStorage: `{Size: 1024}`."""
    return field.table(("Size",)).integer("Size", 512, least=512, most=10_240)


def _logging(field: Field) -> LoggingSettings:
    """AWS's LoggingConfig."""
    table = field.table(("LogFormat", "ApplicationLogLevel", "SystemLogLevel", "LogGroup"))
    formats: tuple[Literal["Text", "JSON"], ...] = ("Text", "JSON")
    log_format = table.word("LogFormat", formats[0], formats)
    for name in ("ApplicationLogLevel", "SystemLogLevel"):
        if log_format == "Text" and (level := table.get(name)) is not None:
            level.wrong("is for LogFormat JSON")
    return LoggingSettings(
        log_format=log_format,
        application_log_level=table.word("ApplicationLogLevel", "", ("", *_LOG_LEVELS)),
        system_log_level=table.word("SystemLogLevel", "INFO", ("DEBUG", "INFO", "WARN")),
        log_group=table.text("LogGroup", ""),
    )


def _language(table: Table, runtime: str, handler: str, code: Path | None, command: tuple[str, ...]) -> Language | None:
    if command or _PROVIDED.fullmatch(runtime):
        return "provided"
    if _PYTHON.fullmatch(runtime):
        return "python"
    if _NODE.fullmatch(runtime):
        return "node"
    if runtime:
        table.entries["Runtime"].wrong(
            f"{runtime} has no bootstrap here; python3.x, nodejs20.x and provided.al2023 have. "
            "Another runs with a `command` that starts its runtime client, or behind `rie`"
        )
        return None
    module = handler.rpartition(".")[0]
    is_node = code is not None and any((code / f"{module}{ending}").is_file() for ending in (".mjs", ".js", ".cjs"))
    return "node" if is_node and module else "python"


def _variables(table: Table) -> dict[str, str]:
    """`Environment`, also in CloudFormation's way, with `Variables` in between."""
    environment = table.get("Environment")
    if environment is None:
        return {}
    entries = dict(environment.entries())
    if set(entries) == {"Variables"} and isinstance(entries["Variables"].value, Mapping):
        return entries["Variables"].text_entries()
    return environment.text_entries()


# Endpoints elsewhere --------------------------------------------------------------------------------


def _rie(table: Table, common: Common) -> RieFunction | None:
    field = table.entries["rie"]
    read = _urls(field, "an emulator takes one call at a time, so each URL is one environment")
    if (environments := table.get("environments")) is not None:
        environments.wrong("is not for `rie`: each URL is one environment")
    keys = table.texts("access_key_ids")
    count = len(field.value) if isinstance(field.value, list | tuple) else 1
    if keys and len(keys) != count:
        table.entries["access_key_ids"].wrong(f"must be one for each URL: {count}, not {len(keys)}")
    resolve = table.flag("resolve", True)
    if not read:
        return None
    return RieFunction(**common, environments=len(read), urls=read, access_key_ids=keys, resolve=resolve)


def _urls(field: Field, why_once: str) -> tuple[str, ...]:
    """One URL or several; `why_once` says why one cannot be there twice."""
    items = field.items() if isinstance(field.value, list | tuple) else [field]
    if not items:
        field.wrong("must have at least one URL")
    urls = tuple(url for item in items if (url := item.url()) is not None)
    if len(set(urls)) < len(urls):
        field.wrong(f"has one URL twice; {why_once}")
    return urls


def _concurrent_rie(table: Table, common: Common) -> ConcurrentRieFunction | None:
    urls = _urls(table.entries["concurrent_rie"], _ONCE)
    environments = _environments(table, REMOTE_ENVIRONMENTS)
    return ConcurrentRieFunction(**common, environments=environments, urls=urls) if urls else None


def _invoke_api(table: Table, common: Common) -> InvokeApiFunction | None:
    urls = _urls(table.entries["invoke_api"], _ONCE)
    access_key_id = table.read("access_key_id", Field.text)
    secret_access_key = table.read("secret_access_key", Field.text)
    if (access_key_id is None) != (secret_access_key is None):
        table.field.wrong("access_key_id and secret_access_key belong together")
    environments = _environments(table, REMOTE_ENVIRONMENTS)
    function_name = table.text("function_name", common["name"])
    region = table.read("region", Field.text)
    if not urls:
        return None
    return InvokeApiFunction(
        **common,
        environments=environments,
        urls=urls,
        function_name=function_name,
        region=region,
        access_key_id=access_key_id,
        secret_access_key=secret_access_key,
    )


def _http(table: Table, common: Common) -> HttpFunction | None:
    urls = _urls(table.entries["http"], _ONCE)
    environments = _environments(table, REMOTE_ENVIRONMENTS)
    return HttpFunction(**common, environments=environments, urls=urls) if urls else None


def read_image(pattern: str, field: Field) -> ImageSettings | None:
    """The endpoint that stands for images like `pattern`, written as a function's is."""
    endpoint = read_function("image", field)
    if isinstance(endpoint, ScriptedFunction):
        field.wrong("an image needs an endpoint that runs it: a script cannot stand for one")
        return None
    return ImageSettings(pattern, endpoint) if endpoint is not None else None


# Scripts --------------------------------------------------------------------------------------------


def _scripted(table: Table, common: Common) -> ScriptedFunction | None:
    script = read_script(table.entries["script"])
    environments = _environments(table, SCRIPTED_ENVIRONMENTS)
    return ScriptedFunction(**common, environments=environments, script=script) if script else None


def read_script(field: Field) -> Script | None:
    """What comes of every invocation, written down: one of `succeed_after`, `fail_after`, `fail_every`, …"""
    kinds = [kind for kind in _SCRIPTS if _has(field, kind)]
    if len(kinds) != 1:
        field.wrong(f"must have one of {', '.join(_SCRIPTS)}")
        return None
    more, read = _SCRIPTS[kinds[0]]
    return read(field.table((kinds[0], *more)))


def _succeed_after(table: Table) -> Script:
    payload = table.get("payload")
    answer = json.dumps(payload.value if payload is not None else None, ensure_ascii=False, separators=(",", ":"))
    return SucceedAfter(after_ms=table.duration_ms("succeed_after", 0), payload=answer.encode())


def _fail_after(table: Table) -> Script:
    return FailAfter(
        after_ms=table.duration_ms("fail_after", 0),
        error_type=table.text("error_type", "Exception"),
        message=table.text("message", "scripted failure"),
    )


def _fail_every(table: Table) -> Script:
    return FailEvery(every=table.integer("fail_every", 1, least=1), after_ms=table.duration_ms("after", 0))


def _report(table: Table) -> Script:
    report = table.entries["report"].table(("bodies", "message_ids"))
    return ReportBatchItems(
        bodies=report.texts("bodies"),
        message_ids=report.texts("message_ids"),
        after_ms=table.duration_ms("after", 0),
    )


def _throttle(table: Table) -> Script:
    count = table.entries["throttle"]
    return RefuseAsThrottled(None if count.value == "forever" else count.integer(1))


_SCRIPTS: dict[str, tuple[tuple[str, ...], Callable[[Table], Script]]] = {
    "succeed_after": (("payload",), _succeed_after),
    "fail_after": (("error_type", "message"), _fail_after),
    "fail_every": (("after",), _fail_every),
    "report": (("after",), _report),
    "throttle": ((), _throttle),
}
"""What a script may say, with the keys that may stand beside it."""

_KINDS: dict[str, tuple[tuple[str, ...], Callable[[Table, Common], FunctionSettings | None]]] = {
    "rie": (("rie", "access_key_ids", "resolve"), _rie),
    "concurrent_rie": (("concurrent_rie",), _concurrent_rie),
    "invoke_api": (_INVOKE_API, _invoke_api),
    "http": (("http",), _http),
    "script": (("script",), _scripted),
}
"""The endpoints that one key names, with the keys they have; whatever else is a process."""

KEYS = (*dict.fromkeys((*_COMMON, *_PROCESS, *(key for keys, _ in _KINDS.values() for key in keys))),)
"""Every key that a function can have."""
