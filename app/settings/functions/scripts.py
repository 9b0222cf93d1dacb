"""Functions that run nowhere: what comes of each invocation is written down."""

import json
from collections.abc import Callable

from app.core.awslambda.function import (
    FailAfter,
    FailEvery,
    RefuseAsThrottled,
    ReportBatchItems,
    Script,
    SucceedAfter,
)
from app.settings.functions.common import Common, has, read_environments
from app.settings.reading import Field, Table
from app.settings.values.functions import (
    ScriptedFunction,
)

SCRIPTED_ENVIRONMENTS = 1_000
"""AWS's account concurrency: a scripted function costs nothing."""


def read_scripted(table: Table, common: Common) -> ScriptedFunction | None:
    script = read_script(table.entries["script"])
    environments = read_environments(table, SCRIPTED_ENVIRONMENTS)
    return ScriptedFunction(**common, environments=environments, script=script) if script else None


def read_script(field: Field) -> Script | None:
    """What comes of every invocation, written down: one of `succeed_after`, `fail_after`, `fail_every`, …"""
    kinds = [kind for kind in _SCRIPTS if has(field, kind)]
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
