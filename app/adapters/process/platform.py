"""The platform's own lines in a function's log, as text or as JSON, and the same as telemetry (spec: C5, G4).

Texts as recorded from AWS; the JSON ones are those of the developer guide, monitoring-cloudwatchlogs-logformat and
telemetry-schema-reference.
"""

import json
import math
import platform
from collections.abc import Callable, Collection, Mapping
from typing import Any

from app.adapters.process.output import InvocationLog
from app.adapters.process.spec import ProcessSpec
from app.adapters.process.telemetry import Telemetry
from app.core.awslambda.invocation import Invocation
from app.core.time import Instant, format_instant

_DEBUG = frozenset({"platform.initRuntimeDone", "platform.initReport", "platform.runtimeDone"})
"""What is logged at the system log level DEBUG only, unless it tells of a failure."""


class PlatformLog:
    """Tells of one environment. `log` is the log of the invocation in progress, or of the one that began the init."""

    def __init__(self, spec: ProcessSpec, telemetry: Telemetry, now: Callable[[], Instant], log: InvocationLog) -> None:
        self.log = log
        self._spec = spec
        self._telemetry = telemetry
        self._now = now
        self._is_json = spec.log_format == "JSON"

    def init_started(self, phase: str, environment: str) -> None:
        version = runtime_version(self._spec)
        record = {
            "initializationType": self._spec.initialization_type,
            "phase": phase,
            "runtimeVersion": version,
            "functionName": self._spec.name,
            "functionVersion": self._spec.version,
            "instanceId": environment.rpartition("]")[2],
        }
        self._tell("platform.initStart", record, f"INIT_START Runtime Version: {version}\n")

    def init_done(self, phase: str, duration_ms: float, status: str, error_type: str = "") -> None:
        """The end of an init; a line of text only if it failed. `status` is success, error or timeout."""
        record: dict[str, Any] = {"initializationType": self._spec.initialization_type, "phase": phase}
        done = {**record, "status": status, **({"errorType": error_type} if error_type else {})}
        self._tell("platform.initRuntimeDone", done)
        text = ""
        if status != "success":
            text = f"INIT_REPORT Init Duration: {duration_ms:.2f} ms\tPhase: {phase}\tStatus: {status}"
            text += f"\tError Type: {error_type}\n" if error_type else "\n"
        self._tell("platform.initReport", {**done, "metrics": {"durationMs": round(duration_ms, 3)}}, text)

    def started(self, invocation: Invocation) -> None:
        text = f"START RequestId: {invocation.request_id} Version: {invocation.version}\n"
        if self._is_plain:
            self.log.write_line(text.encode())
            return
        record = {"requestId": invocation.request_id, "version": invocation.version, **_tracing(invocation)}
        self._tell("platform.start", record, text)

    def runtime_done(
        self, invocation: Invocation, duration_ms: float, produced_bytes: int | None, status: str, error_type: str
    ) -> None:
        """The runtime has answered, or failed to; extensions may go on."""
        if self._is_plain:
            return
        metrics: dict[str, Any] = {"durationMs": round(duration_ms, 3)}
        if produced_bytes is not None:
            metrics["producedBytes"] = produced_bytes
        record: dict[str, Any] = {"requestId": invocation.request_id, "status": status}
        if error_type:
            record["errorType"] = error_type
        self._tell("platform.runtimeDone", {**record, "metrics": metrics, **_tracing(invocation)})

    def reported(
        self, invocation: Invocation, duration_ms: float, init_ms: float | None, memory_mb: int, status: str,
        error_type: str,
    ) -> None:  # fmt: skip
        """END and REPORT. `status` is success, failure (the handler's own error), error or timeout."""
        request_id = invocation.request_id
        billed_ms = math.ceil(duration_ms)
        text = (
            f"END RequestId: {request_id}\nREPORT RequestId: {request_id}\tDuration: {duration_ms:.2f} ms\t"
            f"Billed Duration: {billed_ms} ms\tMemory Size: {self._spec.memory_mb} MB\t"
            f"Max Memory Used: {memory_mb} MB\t"
        )
        if init_ms is not None:
            text += f"Init Duration: {init_ms:.2f} ms\t"
        if status in ("error", "timeout"):
            text += f"Status: {status}"
            text += f"\tError Type: {error_type}" if error_type else ""
        text += "\n"
        if self._is_plain:
            self.log.write_line(text.encode())
            return
        metrics: dict[str, Any] = {
            "durationMs": round(duration_ms, 3),
            "billedDurationMs": billed_ms,
            "memorySizeMB": self._spec.memory_mb,
            "maxMemoryUsedMB": memory_mb,
        }
        if init_ms is not None:
            metrics["initDurationMs"] = round(init_ms, 3)
        record: dict[str, Any] = {"requestId": request_id, "status": status, "metrics": metrics}
        if error_type:
            record["errorType"] = error_type
        self._tell("platform.report", {**record, **_tracing(invocation)}, text)

    def extension(self, name: str, state: str, events: Collection[str], error_type: str = "") -> None:
        record: dict[str, Any] = {"name": name, "state": state, "events": list(events)}
        text = f"EXTENSION\tName: {name}\tState: {state}\tEvents: [{', '.join(events)}]"
        if error_type:
            record["errorType"] = error_type
            text += f"\tError Type: {error_type}"
        self._tell("platform.extension", record, text + "\n")

    def telemetry_subscribed(self, name: str, types: Collection[str]) -> None:
        words = ", ".join(sorted(types))
        record = {"name": name, "state": "Subscribed", "types": sorted(types)}
        self._tell(
            "platform.telemetrySubscription", record, f"TELEMETRY\tName: {name}\tState: Subscribed\tTypes: [{words}]\n"
        )

    def note(self, text: str) -> None:
        """A line of ours, which AWS would not write."""
        self.log.write_line(f"[triggerfish] {text}\n".encode())

    @property
    def _is_plain(self) -> bool:
        """Whether there is nothing to write but text."""
        return not self._is_json and not self._telemetry.is_heard

    def _tell(self, event_type: str, record: Mapping[str, Any], text: str = "") -> None:
        if not self._is_json:
            if text:
                self.log.write_line(text.encode())
        elif self._is_logged(event_type, record):
            line = {"time": format_instant(self._now()), "type": event_type, "record": record}
            self.log.write_line(json.dumps(line, separators=(",", ":")).encode() + b"\n")
        self._telemetry.tell_platform(event_type, record)

    def _is_logged(self, event_type: str, record: Mapping[str, Any]) -> bool:
        has_failed = bool(record.get("status", "success") != "success")
        match self._spec.system_log_level:
            case "DEBUG":
                return True
            case "WARN":
                return has_failed
            case _:
                return has_failed or event_type not in _DEBUG


def runtime_version(spec: ProcessSpec) -> str:
    """As INIT_START tells it."""
    return f"python:{platform.python_version()}" if spec.runtime == "python" else spec.runtime


def _tracing(invocation: Invocation) -> dict[str, Any]:
    if not invocation.trace_header:
        return {}
    return {"tracing": {"type": "X-Amzn-Trace-Id", "value": invocation.trace_header}}
