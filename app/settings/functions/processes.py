"""Functions that run in local processes."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from app.settings.functions.common import Common, read_environments
from app.settings.reading import Field, Table
from app.settings.values.functions import MEMORY_WAYS, Language, LoggingSettings, ProcessFunction

PROCESS_ENVIRONMENTS = 4
"""How many processes a function may have when its settings do not say: what a laptop bears with several functions."""
_PYTHON = re.compile(r"python3(\.\d+)?")
_NODE = re.compile(r"nodejs(\d+\.x)?")
_PROVIDED = re.compile(r"provided(\.al2|\.al2023)?")
PROCESS_KEYS = (
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


def read_process(table: Table, common: Common) -> ProcessFunction | None:
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
        environments=read_environments(table, PROCESS_ENVIRONMENTS),
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
