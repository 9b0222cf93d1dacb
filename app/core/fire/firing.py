"""One firing: the event as it goes out, and what its source would say to what came back."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, assert_never

from app.core.awslambda.invocation import (
    Exited,
    HandlerFailed,
    InitFailed,
    Outcome,
    Succeeded,
    Throttled,
    TimedOut,
    Unreachable,
)
from app.core.awslambda.outcomes import error_of, word_of
from app.core.fire.contracts import CALLBACKS, Contract, contract_of
from app.core.fire.settings import Setting, apply
from app.core.fire.shapes import problems
from app.core.fire.templates import Template
from app.core.sqs.checksums import md5_of_body
from app.core.time import Instant, format_instant

_TOLD_MOST = 5
"""Of an answer's problems; whoever mends these will fire again."""


@dataclass(frozen=True, slots=True)
class Shot:
    """An event ready to go. `new` are the paths that were set and that the template does not have."""

    event: Any
    new: tuple[str, ...] = ()

    @property
    def payload(self) -> bytes:
        return json.dumps(self.event, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the source would make of it: True, False, or None where it asks for no answer. `text` says it."""

    would_accept: bool | None
    text: str
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Firing:
    """A template and what is set in it; every shot of it is an event of its own."""

    template: Template
    settings: tuple[Setting, ...] = ()

    def shot(self, now: Instant, new_id: Callable[[], str]) -> Shot:
        """Raises SettingRefused. Ids and times that differ from event to event are fresh, unless they were set."""
        fresh = [Setting(path, make(now, new_id)) for path, make in _FRESH.get(self.template.source, ())]
        made, _ = apply(self.template.event, [one for one in fresh if _has(self.template.event, one.path)], "")
        event, new = apply(made, self.settings, self.template.source)
        if self.template.source == "sqs":
            _digest(event)
        return Shot(event, tuple(new))


def prepare(template: Template, settings: Iterable[Setting]) -> Firing:
    return Firing(template, tuple(settings))


def judge(template: Template, event: Any, outcome: Outcome | None) -> Verdict:
    """What the source would say to the outcome of a function that it invoked with the event."""
    contract = contract_of(template.source, template.name)
    if contract is None or outcome is None:
        return Verdict(None, "the source waits for no answer")
    match outcome:
        case Succeeded(payload=payload, ran=ran):
            found = [*_too_late(contract, ran.duration_ms), *_in_answer(contract, event, payload)]
        case HandlerFailed() | InitFailed() | TimedOut() | Exited():
            error_type, message = error_of(outcome)
            found = [f"the function {word_of(outcome)}: {error_type}: {message}"]
        case Throttled() | Unreachable():
            found = [f"the function could not be invoked: {error_of(outcome)[1]}"]
        case _:
            assert_never(outcome)
    if not found:
        looked_at = f" (it looks at {contract.note})" if contract.note else ""
        return Verdict(True, f"{contract.who} would take this answer{looked_at}")
    more = f"; and {len(found) - _TOLD_MOST} more" if len(found) > _TOLD_MOST else ""
    what = "this answer" if isinstance(outcome, Succeeded) else "this"
    return Verdict(
        False, f"{contract.who} would reject {what} because {'; '.join(found[:_TOLD_MOST])}{more}", tuple(found)
    )


def judge_callback(source: str, event: Any, body: bytes) -> Verdict:
    """What the source would say to the request that it is answered with; for sources in CALLBACKS."""
    contract = CALLBACKS[source]
    found = tuple(_in_answer(contract, event, body))
    if not found:
        return Verdict(True, f"{contract.who} would take this answer")
    return Verdict(False, f"{contract.who} would reject this answer because {'; '.join(found[:_TOLD_MOST])}", found)


def _too_late(contract: Contract, took_ms: float) -> Iterable[str]:
    if contract.within_s is not None and took_ms > contract.within_s * 1_000:
        yield f"it came after {took_ms / 1_000:.1f} seconds, and it waits {contract.within_s:g}"


def _in_answer(contract: Contract, event: Any, payload: bytes) -> Iterable[str]:
    if contract.at_most_bytes is not None and len(payload) > contract.at_most_bytes:
        yield f"it has {len(payload)} bytes, more than {contract.at_most_bytes}"
    try:
        answer = json.loads(payload or b"null")
    except ValueError:
        yield "it is no JSON"
        return
    of_shape = list(problems(contract.shape, answer))
    yield from of_shape
    if not of_shape and contract.check is not None:
        yield from contract.check(event, answer)


def _seconds(now: Instant, _: Callable[[], str]) -> str:
    return format_instant(now)[:19] + "Z"


def _id(_: Instant, new_id: Callable[[], str]) -> str:
    return new_id()


_FRESH: dict[str, tuple[tuple[tuple[str, ...], Callable[[Instant, Callable[[], str]], Any]], ...]] = {
    "eventbridge": ((("id",), _id), (("time",), _seconds)),
    "cloudformation": ((("RequestId",), _id),),
    "firehose": ((("invocationId",), _id),),
    "s3-batch": ((("invocationId",), _id),),
    "sqs": ((("Records", "0", "messageId"), _id),),
    "sns": ((("Records", "0", "Sns", "MessageId"), _id),),
    "secrets-manager": ((("ClientRequestToken",), _id),),
    "codepipeline": ((("CodePipeline.job", "id"), _id),),
}
"""By source: what no two of its events share."""


def _has(event: Any, path: tuple[str, ...]) -> bool:
    for name in path:
        if isinstance(event, list) and name.isdecimal() and int(name) < len(event):
            event = event[int(name)]
        elif isinstance(event, dict) and name in event:
            event = event[name]
        else:
            return False
    return True


def _digest(event: Any) -> None:
    """The bodies may have been set: their digests follow."""
    records = event.get("Records") if isinstance(event, dict) else None
    for record in records if isinstance(records, list) else ():
        if isinstance(record, dict) and isinstance(record.get("body"), str):
            record["md5OfBody"] = md5_of_body(record["body"])
