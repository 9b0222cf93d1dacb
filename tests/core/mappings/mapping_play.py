"""A case of a mapping's behaviour, played on the clock: messages in, a function whose outcomes are written down, and
what it saw, what the queues hold and what the journal says. The form is told in tests/conformance/README.md."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.core import facts
from app.core.awslambda.invocation import (
    Exited,
    HandlerFailed,
    InitFailed,
    Invocation,
    Outcome,
    Succeeded,
    Throttled,
    TimedOut,
)
from app.core.commands import (
    DeleteEventSourceMapping,
    DeleteFunction,
    DeleteMessage,
    DeleteQueue,
    DescribeKeys,
    KeyState,
    PutFunction,
    PutReservedConcurrency,
    RefuseQueueCalls,
    SendMessage,
    SendMessageBatch,
    SetQueueAttributes,
    UpdateEventSourceMapping,
)
from app.core.commands.origin import Origin
from app.core.facts import Effect
from app.core.limits import Limits
from app.core.names import Arn
from app.core.time import Instant, parse_duration_ms
from tests.core.roles import deployed_with, roles
from tests.core.stage import SCOPE, Stage

_AT_ONCE = 10
FAILURES: dict[str, Outcome] = {
    "exception": HandlerFailed("Exception", "no", b"{}"),
    "timeout": TimedOut(3_000),
    "crash": Exited("exit status 1"),
    "start": InitFailed("Runtime.ImportModuleError", "no module", b"{}"),
    "throttle": Throttled("ConcurrentInvocationLimitExceeded"),
}


class MappingPlay(Stage):
    """`outcomes` are those of one invocation after another; the last holds for all that come after it."""

    def __init__(self, case: Mapping[str, Any]) -> None:
        super().__init__(limits=Limits(**case.get("limits", {})), enforces_permissions=case.get("enforced", False))
        self.outcomes: list[Mapping[str, Any]] = list(case.get("outcomes", [{"returns": "null"}]))
        self.ending: list[tuple[Instant, Invocation, Mapping[str, Any]]] = []
        self.saw: list[list[dict[str, Any]]] = []
        self.uuid = ""
        for name, attributes in case["queues"].items():
            texts = {key: json.dumps(value) if isinstance(value, dict) else value for key, value in attributes.items()}
            self.queue(name, **{key: text.replace("<arn:", SCOPE.queue_arn("")).replace(">", "")
                                for key, text in texts.items()})  # fmt: skip
        for name, spec in case["functions"].items():
            self.function(name, **spec)
        for name, role in case.get("roles_of", {}).items():
            spec = self.world.functions[SCOPE.function_arn(name)].spec
            self.submit(PutFunction(replace(spec, deployment=deployed_with(SCOPE, role))))
        if "roles" in case:
            self.do_roles(case["roles"])
        self._mapping: Mapping[str, Any] = case["mapping"]
        if not case.get("sends_first"):
            self.create()

    def create(self) -> None:
        given = dict(self._mapping)
        queue, function = SCOPE.queue_arn(given.pop("queue")), SCOPE.function_arn(given.pop("function"))
        self.uuid = self.mapping(queue, function, **given)
        self.end_what_is_due()

    def step(self, step: Mapping[str, Any]) -> None:
        """One step: its only member says what it is."""
        ((verb, given),) = step.items()
        getattr(self, f"do_{verb}")(given)
        self.end_what_is_due()

    # Acting ---------------------------------------------------------------------------------------------

    def do_send(self, given: Mapping[str, Any]) -> None:
        """`bodies` to `queue`, each `times` over and padded to `bytes`; a FIFO queue's are `[group, body]`."""
        queue = SCOPE.queue_arn(given["queue"])
        bodies = [body for body in given["bodies"] for _ in range(given.get("times", 1))]
        messages = [self._message(queue, body, given.get("bytes", 0)) for body in bodies]
        for first in range(0, len(messages), _AT_ONCE):
            chunk = messages[first : first + _AT_ONCE]
            if given.get("bytes"):
                for message in chunk:
                    self.submit(message)
            else:
                self.submit(SendMessageBatch(queue, tuple((str(n), message) for n, message in enumerate(chunk))))

    def do_create(self, _: object) -> None:
        self.create()

    def do_advance(self, duration: str) -> None:
        target = self.now + parse_duration_ms(duration)
        while self.ending and (at := min(end for end, _, _ in self.ending)) <= target:
            self._go(at)
            self.end_what_is_due()
        self._go(target)

    def do_update(self, given: Mapping[str, Any]) -> None:
        self.submit(UpdateEventSourceMapping(SCOPE, self.uuid, given))

    def do_delete_mapping(self, _: object) -> None:
        self.submit(DeleteEventSourceMapping(SCOPE, self.uuid))

    def do_delete_queue(self, name: str) -> None:
        self.submit(DeleteQueue(SCOPE.queue_arn(name)))

    def do_delete_function(self, name: str) -> None:
        self.submit(DeleteFunction(SCOPE.function_arn(name)))

    def do_roles(self, given: Mapping[str, list[str]]) -> None:
        self.submit(roles(SCOPE, given))

    def do_keys(self, given: Mapping[str, Mapping[str, Any]]) -> None:
        """The keys that KMS has from then on, by ARN."""
        self.submit(DescribeKeys(SCOPE, {name: KeyState(**key) for name, key in given.items()}))

    def do_fail(self, given: Mapping[str, Any]) -> None:
        """A queue refuses from then on."""
        told = {**given, "queue": SCOPE.queue_arn(given["queue"])}
        self.submit(RefuseQueueCalls(**told))

    def do_reserve(self, given: Mapping[str, int]) -> None:
        for name, count in given.items():
            self.submit(PutReservedConcurrency(SCOPE.function_arn(name), count))

    def do_set_attributes(self, given: Mapping[str, Mapping[str, str]]) -> None:
        for name, attributes in given.items():
            self.submit(SetQueueAttributes(SCOPE.queue_arn(name), attributes))

    # Looking --------------------------------------------------------------------------------------------

    def do_saw(self, expected: list[Any]) -> None:
        """The bodies of each invocation since it was asked last; `body (2)` where it was received more than once."""
        saw, self.saw = self.saw, []
        _same([[_as_told(record) for record in records] for records in saw], expected, "what was seen")

    def do_sizes(self, expected: list[int]) -> None:
        """How many messages each invocation had since it was asked last."""
        saw, self.saw = self.saw, []
        _same([len(records) for records in saw], expected, "sizes of batches")

    def do_holds(self, expected: Mapping[str, Mapping[str, Any]]) -> None:
        for name, counts in expected.items():
            queue = self.at(SCOPE.queue_arn(name))
            told = {
                "visible": queue.visible_count,
                "in_flight": queue.in_flight_count,
                "bodies": [message.content.body[:20] for message in queue],
                "counts": [message.receive_count for message in queue],
            }
            _same({key: told[key] for key in counts}, counts, name)

    def do_journal(self, expected: Mapping[str, Any]) -> None:
        """The facts of some kinds since it was read last, with their times."""
        kinds = tuple(getattr(facts, name) for name in expected["kinds"])
        _same(self.timed_story(*kinds), expected["lines"], "the journal")

    def do_mapping(self, expected: Mapping[str, Any]) -> None:
        mapping = self.the_mapping(self.uuid)
        view = {**mapping.view(SCOPE), "running": len(mapping.running), "pollers": mapping.pollers,
                "metrics": mapping.count.view()}  # fmt: skip
        _same({key: view.get(key) for key in expected}, expected, "the mapping")

    # Inside ---------------------------------------------------------------------------------------------

    def end_what_is_due(self) -> None:
        """Let every invocation end whose time has come."""
        while due := [ending for ending in self.ending if ending[0] <= self.now]:
            ending = min(due, key=lambda each: each[0])
            self.ending.remove(ending)
            self._end(ending[1], ending[2])

    def _go(self, target: Instant) -> None:
        # What is called on the way and ends at once, ends there.
        while (at := self.world.next_wakeup()) is not None and at <= target:
            self._wake_until(at)
            self.now = max(self.now, at)
            if self.ending and min(end for end, _, _ in self.ending) <= self.now:
                self.end_what_is_due()
        self.now = max(self.now, target)

    def _absorb(self, effects: list[Effect], at: Instant) -> None:
        known = len(self.calls)
        super()._absorb(effects, at)
        for invocation in self.calls[known:]:
            self.saw.append(json.loads(invocation.payload)["Records"])
            outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
            self.ending.append((at + parse_duration_ms(outcome.get("after", "0s")), invocation, outcome))

    def _end(self, invocation: Invocation, outcome: Mapping[str, Any]) -> None:
        records = json.loads(invocation.payload)["Records"]
        if (sent := outcome.get("sends")) is not None:
            origin = Origin(trace_header=invocation.trace_header)
            self.submit(SendMessage(SCOPE.queue_arn(sent["queue"]), sent["body"], origin=origin))
        for record in records:
            if record["body"] in outcome.get("deletes", ()):
                self.submit(DeleteMessage(record["eventSourceARN"], record["receiptHandle"]))
        self.settle(_outcome_of(outcome, records), call=invocation)

    def _message(self, queue: Arn, body: Any, size_bytes: int) -> SendMessage:
        group, text = body if isinstance(body, list) else (None, body)
        number = f"{self.now}-{text}" if group is not None else None
        return SendMessage(queue, text.ljust(size_bytes, "."), group_id=group, deduplication_id=number)


def _outcome_of(outcome: Mapping[str, Any], records: list[dict[str, Any]]) -> Outcome:
    if "fails" in outcome:
        return FAILURES[outcome["fails"]]
    answer: str = outcome.get("returns", "null")
    for record in records:
        answer = answer.replace(f"<{record['body']}>", record["messageId"])
    return Succeeded(answer.encode())


def _as_told(record: Mapping[str, Any]) -> str:
    count = record["attributes"]["ApproximateReceiveCount"]
    return str(record["body"]) if count == "1" else f"{record['body']} ({count})"


def _same(got: object, expected: object, what: str) -> None:
    assert got == expected, f"{what}: {got!r}, not {expected!r}"


VERBS: tuple[str, ...] = tuple(name.removeprefix("do_") for name in dir(MappingPlay) if name.startswith("do_"))
"""What a step may be."""
