"""What must be known of a function to run it as a local process."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from app.adapters.limits import INIT_LIMIT_MS
from app.core.names import DEFAULT_ACCOUNT, DEFAULT_REGION, Arn

RUNTIMES = ("python", "node", "provided")


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """One function as a process.

    `runtime` is one of `RUNTIMES`; `provided` runs `command`, or else the `bootstrap` file of the code folder or
    of a layer, and a `command` given with another runtime is run in place of our bootstrap. `code` is the folder
    that becomes LAMBDA_TASK_ROOT and the working directory. `handler` is `module.function`. `environment` are the
    user's variables; reserved ones among them are passed over. `access_key_ids` has one entry a slot.

    `runtime_name` is AWS's identifier (`nodejs20.x`), where one was given. `freeze` stops the processes between
    invocations. `enforce_memory` is off, watch, rlimit or cgroup. `log_format` is Text or JSON, the levels are AWS's.
    `watch` starts an environment anew when its files changed.
    """

    function_arn: Arn
    name: str
    code: Path
    runtime: str = "python"
    handler: str = ""
    command: tuple[str, ...] = ()
    layers: tuple[Path, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    timeout_ms: int = 3_000
    memory_mb: int = 128
    environments: int = 1
    region: str = DEFAULT_REGION
    account: str = DEFAULT_ACCOUNT
    endpoint_url: str = ""
    access_key_ids: tuple[str, ...] = ()
    secret_access_key: str = "triggerfish"  # noqa: S105  as made up as the key id
    init_limit_ms: int = INIT_LIMIT_MS
    version: str = "$LATEST"
    runtime_name: str = ""
    initialization_type: str = "on-demand"
    freeze: bool = False
    enforce_memory: str = "off"
    ephemeral_storage_mb: int = 512
    log_format: str = "Text"
    application_log_level: str = ""
    system_log_level: str = "INFO"
    log_group: str = ""
    watch: bool = True
