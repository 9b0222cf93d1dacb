"""What an explanation is made of: steps, each with a verdict, and the conclusion they lead to."""

from dataclasses import dataclass, field
from enum import StrEnum

from app.core.names import Arn
from app.core.time import Instant, format_instant


class Verdict(StrEnum):
    """What a step says: it goes on, it ends here, it waits here; a note decides nothing."""

    YES = "yes"
    NO = "no"
    WAIT = "wait"
    NOTE = "note"


class About(StrEnum):
    """What a step looks at."""

    BUCKET = "bucket"
    TOPIC = "topic"
    SUBSCRIPTION = "subscription"
    BUS = "bus"
    EVENT = "event"
    RULE = "rule"
    TARGET = "target"
    QUEUE = "queue"
    MESSAGE = "message"
    DUPLICATE = "duplicate"
    DELAY = "delay"
    VISIBILITY = "visibility"
    GROUP = "group"
    RETENTION = "retention"
    REDRIVE = "redrive"
    IN_FLIGHT = "in flight"
    RECEIVER = "receiver"
    MAPPING = "mapping"
    FILTER = "filter"
    POLLERS = "pollers"
    BATCH = "batch"
    FUNCTION = "function"
    PAYLOAD = "payload"
    LOOP = "loop"
    CONCURRENCY = "concurrency"
    ENVIRONMENT = "environment"
    RETRIES = "retries"
    SCHEDULE = "schedule"
    PIPE = "pipe"
    HISTORY = "history"
    FRONT = "front"
    ROUTE = "route"
    AUTHORIZER = "authorizer"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was looked at. `words` is the sentence, `until` when a wait ends by itself.

    `queue` and `function` are ARNs, `mapping` a UUID, `message` a message id, `rule` a notification rule's id or the
    ARN of a bus's rule, `request` an invocation's id, `at` when something happened. `count` of `limit` is how full
    something is. `code` is the name of a refusal.
    """

    verdict: Verdict
    about: About
    words: str
    queue: Arn | None = None
    function: Arn | None = None
    mapping: str | None = None
    message: str | None = None
    rule: str | None = None
    request: str | None = None
    at: Instant | None = None
    until: Instant | None = None
    count: int | None = None
    limit: int | None = None
    code: str | None = None

    @property
    def text(self) -> str:
        when = f"{format_instant(self.at)} " if self.at is not None else ""
        until = f", until {format_instant(self.until)}" if self.until is not None else ""
        return f"{when}{self.words}{until}"


@dataclass(frozen=True, slots=True)
class Conclusion:
    """Whether a function would be invoked (yes), will be later (wait) or not (no), and what decides that.

    `at` is when it is invoked, or when what it waits for ends by itself; None where nobody can tell. `batch` is how
    many messages the invocation gets.
    """

    verdict: Verdict
    about: About
    text: str
    at: Instant | None = None
    queue: Arn | None = None
    function: Arn | None = None
    mapping: str | None = None
    batch: int | None = None

    @classmethod
    def of(cls, step: Step) -> "Conclusion":
        """What a step that ends the way, or waits, leads to."""
        if step.verdict is Verdict.NO:
            text = f"would not fire: {step.words}"
        elif step.until is not None:
            text = f"waits until {format_instant(step.until)}: {step.words}"
        else:
            text = f"waits: {step.words}"
        return cls(step.verdict, step.about, text, step.until, step.queue, step.function, step.mapping)


@dataclass(frozen=True, slots=True)
class Explanation:
    steps: tuple[Step, ...]
    conclusion: Conclusion


@dataclass(slots=True)
class Trail:
    """The steps so far, at the instant `now`; `path` names the places on the way to the function."""

    now: Instant
    path: tuple[str, ...] = ()
    steps: list[Step] = field(default_factory=list)

    def add(self, step: Step) -> Step:
        self.steps.append(step)
        return step

    def end(self, step: Step) -> Conclusion:
        """Add the step that decides."""
        return Conclusion.of(self.add(step))


def progress(fate: Conclusion) -> int:
    """Of several ways, one that leads to an invocation, then one that waits, then one that was at least taken."""
    if fate.verdict is Verdict.NO:
        return 0 if fate.about in (About.RULE, About.SUBSCRIPTION) else 1
    return 3 if fate.verdict is Verdict.YES else 2
