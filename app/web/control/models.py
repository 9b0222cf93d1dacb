"""What the control API takes and gives, as pydantic models: they parse, and they make the documentation."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

InstantText = Annotated[str, Field(examples=["2026-11-21T12:00:00.000Z"], description="ISO 8601, UTC.")]
Name = Annotated[str, Field(min_length=1, max_length=256)]


class Taken(BaseModel):
    """A request body: a member that nobody knows is an error, so that a typo is not silently ignored."""

    model_config = ConfigDict(extra="forbid")


class Entry(BaseModel):
    """A named entry, with whatever members its kind has in the settings file."""

    model_config = ConfigDict(extra="allow")

    name: Name = Field(description="Its name; every other member is as in the settings file.")

    def settings(self) -> dict[str, Any]:
        """The entry as the settings file would have it, without the name."""
        return dict(self.__pydantic_extra__ or {})


# Clock ----------------------------------------------------------------------------------------------


class HoldView(BaseModel):
    """A real call in flight, which keeps a frozen or automatic clock from moving."""

    request_id: str
    function: str
    since: InstantText


class ClockView(BaseModel):
    way: Literal["wall", "frozen", "auto"] = Field(description="How the clock goes.")
    now: InstantText
    next_wakeup: str | None = Field(description="When something is next due; null when nothing is.")
    holds: list[HoldView] = Field(description="Calls to real functions that the clock waits for.")


class SetClock(Taken):
    way: Literal["wall", "frozen", "auto"] = Field(
        description="`wall`: real time. `frozen`: stands still until it is advanced. `auto`: jumps to whatever is "
        "due next whenever no real call is in flight."
    )
    at: str | None = Field(default=None, examples=["2026-11-21T12:00:00Z"], description="Where to set it; never back.")


class Advance(Taken):
    duration: str = Field(examples=["10m", "1h30m", "250ms", "45"], description="How far; a bare number is seconds.")


class AdvancedView(BaseModel):
    now: InstantText
    woken: int = Field(description="Wake-ups carried out.")
    facts: int = Field(description="Entries the journal gained meanwhile.")


# Functions ------------------------------------------------------------------------------------------


class LostEnvironmentView(BaseModel):
    environment: int
    where: str
    why: str


class RefusalEntry(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    with_: str = Field(
        alias="with", description="The name of an exception of Invoke's, or a reason of TooManyRequestsException."
    )
    times: int | None = Field(None, ge=1, description="How many invocations; without it, all until it is taken back.")
    message: str | None = Field(None, description="Instead of AWS's own words.")


class RefusalView(BaseModel):
    code: str
    left: int | None = Field(description="How many more invocations; null is until it is taken back.")


class FunctionView(BaseModel):
    name: str
    arn: str
    endpoint: str = Field(description="Where it runs, in words.")
    timeout_s: int
    memory_mb: int
    environments: int = Field(description="How many invocations its endpoint can run at once.")
    lost: list[LostEnvironmentView] = Field(description="Those of its environments where nothing can run now.")
    in_flight: int
    waiting: int = Field(description="Invocations that stand in line for a free environment.")
    events_waiting: int = Field(description="Asynchronous events that wait for their next attempt.")
    recursive_loop: str
    refusal: RefusalView | None = Field(description="How its next invocations are refused, if somebody said so.")


class MetricView(BaseModel):
    name: str = Field(description="CloudWatch's name.")
    unit: str
    samples: int
    sum: float
    average: float
    minimum: float
    maximum: float


class FunctionMetricsView(BaseModel):
    function: str
    arn: str
    metrics: list[MetricView] = Field(description="Over all time; what was never counted is not among them.")


class InvokedView(BaseModel):
    request_id: str
    outcome: str | None = Field(description="In a word or two; null when the invocation was only accepted.")
    payload: Any = Field(default=None, description="What the handler returned, or the error as its caller sees it.")
    error_type: str | None = None
    error_message: str | None = None
    duration_ms: float | None = None
    log_tail: str = Field(default="", description="The last 4 KB of what the invocation printed.")


class LogsView(BaseModel):
    function: str
    lines: list[str]
    last: int = Field(description="The number of the last entry there is; the stream can go on behind it.")


class LogEntryView(BaseModel):
    """Whole lines that a function printed at once."""

    number: int
    at: InstantText
    function: str
    request_id: str
    stream: str = Field(description="The log stream, which is the environment's own.")
    text: str


class EnvironmentView(BaseModel):
    slot: int
    environment: str = Field(description="Its log stream.")
    state: str = Field(examples=["starting", "running", "idle", "frozen", "ended"])
    pid: int | None
    began_at: InstantText
    init_ms: float | None = Field(description="How long the last init took, in real time.")
    invocations: int
    last_request: str | None
    last_used_at: str | None
    max_memory_mb: int
    extensions: list[str]


class EnvironmentsView(BaseModel):
    """The environments of a function that runs in local processes."""

    function: str
    cold_starts: int
    warm_starts: int = Field(description="Invocations that found a warm environment.")
    ended: dict[str, int] = Field(description="How many environments ended, by reason.")
    environments: list[EnvironmentView]


# Queues and messages --------------------------------------------------------------------------------


class QueueView(BaseModel):
    name: str
    arn: str
    visible: int
    in_flight: int
    delayed: int
    attributes: dict[str, str] = Field(description="As GetQueueAttributes shows them.")
    tags: dict[str, str]


class Attribute(Taken):
    data_type: str = Field(examples=["String", "Number", "Binary.png"])
    value: str = Field(description="Base64 when the type is Binary.")


class Send(Taken):
    body: str
    delay_s: int | None = Field(default=None, description="Null takes the queue's own delay.")
    attributes: dict[str, Attribute] = {}
    group_id: str | None = None
    deduplication_id: str | None = None


class SentView(BaseModel):
    message_id: str
    md5_of_body: str
    sequence_number: str | None = None


class AttemptView(BaseModel):
    """One receive of a message and what became of it."""

    number: int
    at: InstantText
    by: str = Field(description="The function of the mapping, or ReceiveMessage.")
    request_id: str | None
    outcome: str = Field(description='"" while nothing is known.')
    error_type: str | None
    error_message: str | None
    log_tail: str


class MoveView(BaseModel):
    at: InstantText
    source: str
    destination: str
    reason: str


class MessageView(BaseModel):
    """A message as it lies in its queue. Looking at it counts as no receive."""

    message_id: str
    queue: str
    state: str = Field(examples=["visible", "in flight", "delayed"])
    body: str
    attributes: dict[str, Attribute]
    sender_id: str
    sent_at: InstantText
    available_at: InstantText
    receive_count: int
    first_received_at: str | None
    trace_header: str | None
    group_id: str | None
    source: str | None = Field(description="The queue it came from, for a dead letter.")
    attempts: list[AttemptView]
    moves: list[MoveView]
    story: list[str] = Field(description="What happened to it, in readable lines.")


class FoundMessage(BaseModel):
    message_id: str
    queue: str | None
    state: str = Field(description='"gone" when it is in no queue any more, "published to …" when a topic got it.')
    message: MessageView | None
    story: list[str]


class DeadLetterQueueView(BaseModel):
    name: str
    arn: str
    visible: int
    in_flight: int
    delayed: int
    sources: list[str] = Field(description="The queues whose redrive policy names it.")


class Redrive(Taken):
    message_ids: list[str] | None = Field(default=None, description="Which ones; null means all.")
    bodies: dict[str, str] = Field(default={}, description="New bodies by message id, for those to be edited.")
    destination: str | None = Field(default=None, description="A queue; null sends each to the queue it came from.")


class RedrivenView(BaseModel):
    """As at AWS, each is sent again as a new message, with an id of its own."""

    message_ids: list[str] = Field(description="The ids they had in the dead-letter queue.")


class PurgedView(BaseModel):
    queue: str
    messages: int = Field(description="How many messages it held.")


class RemoteQueueView(BaseModel):
    """A queue that another broker keeps."""

    name: str
    arn: str
    broker: str = Field(description="Where it is, in words.")
    state: str = Field(examples=["connected", "lost", "unknown"])
    error: str | None = Field(description="Why the broker is lost; null while it answers.")
    lost_at: str | None
    visibility_timeout_s: int | None = Field(description="What the broker said last, as are the counts; else null.")
    visible: int | None
    in_flight: int | None
    delayed: int | None
    polls: int = Field(description="Receives under way there.")


# Buckets --------------------------------------------------------------------------------------------


class Notification(Taken):
    """One rule of a bucket: exactly one of `function`, `queue` and `topic`."""

    Id: str | None = None
    Events: list[str] = Field(min_length=1, examples=[["s3:ObjectCreated:*"]])
    prefix: str = ""
    suffix: str = ""
    function: str | None = None
    queue: str | None = None
    topic: str | None = None


class NotificationView(BaseModel):
    Id: str
    Events: list[str]
    prefix: str
    suffix: str
    function: str | None = None
    queue: str | None = None
    topic: str | None = None
    target: str


class BucketView(BaseModel):
    name: str
    notifications: list[NotificationView]
    event_bridge: bool = Field(description="Whether the default bus is told of everything.")
    lifecycle_rules: int = Field(description="How many rules are carried out at midnight UTC.")


class FakeObject(Taken):
    """An object event to be believed: no object is stored or looked for."""

    bucket: Name
    key: str = Field(min_length=1, max_length=1024)
    size: int | None = Field(default=None, ge=0)
    etag: str | None = None
    event: str | None = Field(default=None, examples=["ObjectCreated:Put", "ObjectRemoved:DeleteMarkerCreated"])
    version_id: str | None = Field(default=None, max_length=1024)
    function: str | None = Field(default=None, description="Go straight to this function, past the bucket's rules.")


class RouteView(BaseModel):
    target: str
    name: str
    rule_id: str
    taken: bool
    reason: str | None = Field(description="Why the rule did not apply; null when it did.")


class RoutedView(BaseModel):
    chain: str = Field(description="The chain this event began.")
    routes: list[RouteView]


# Events of sources that are only played --------------------------------------------------------------


class Fire(Taken):
    """An event of a source, from its template, to a function or another target."""

    source: str = Field(min_length=1, max_length=100, examples=["cognito", "cloudwatch-logs"])
    name: str | None = Field(default=None, examples=["PreSignUp"], description="Null takes the source's first.")
    set: dict[str, Any] = Field(
        default={}, description="Paths from the event's root, and what to set there: `request.userAttributes.email`."
    )
    function: str | None = Field(default=None, description="The function that the source invokes, by name or ARN.")
    target: str | None = Field(
        default=None,
        description="Any target by its ARN; for s3, sqs, sns and eventbridge also the name of a bucket, queue, topic "
        "or bus, and the event goes the real way from there.",
    )
    type: Literal["RequestResponse", "Event"] | None = Field(
        default=None, description="How to invoke; null is as the source does."
    )
    repeat: int = Field(default=1, ge=1, le=1_000, description="How often; each is an event of its own.")
    dry_run: bool = Field(default=False, description="Only show the event.")


class VerdictView(BaseModel):
    would_accept: bool | None = Field(description="Null where the source waits for no answer.")
    text: str = Field(examples=["Cognito would take this answer"])
    problems: list[str]


class ShotView(BaseModel):
    """One event and what it caused."""

    event: Any
    routes: list[RouteView]
    chain: str | None = None
    invoked: InvokedView | None = Field(default=None, description="Of a function that was invoked.")
    verdict: VerdictView | None = None


class FiredView(BaseModel):
    source: str
    name: str
    invocation: str = Field(description="How the source invokes a function.")
    new_paths: list[str] = Field(description="Paths that were set and that the template does not have: a typo?")
    shots: list[ShotView]


class TemplateView(BaseModel):
    source: str
    name: str
    description: str
    invocation: str = Field(description="How the source invokes: RequestResponse or Event.")
    documentation: str
    contract: str | None = Field(description="Who waits for the answer, and what is looked at.")


class TemplateWithEvent(TemplateView):
    event: Any


# Explanations ---------------------------------------------------------------------------------------


class Explain(Taken):
    """One of: `queue` and `body`; `topic` and `body`; `bucket` and `key`; `source` and `detail_type`; `message`;
    `schedule`; `pipe`, with `body` or without; `url` and `method`; or `function` alone, invoked."""

    queue: str | None = Field(default=None, description="A message as it would be sent to this queue.")
    body: str | None = Field(default=None, description="Its body.")
    attributes: dict[str, Attribute] = Field(default={}, description="Its message attributes.")
    delay: int | None = Field(default=None, description="Its delay in seconds; null takes the queue's.")
    group: str | None = Field(default=None, description="Its MessageGroupId.")
    deduplication_id: str | None = Field(default=None, description="Its MessageDeduplicationId.")
    topic: str | None = Field(default=None, description="A message as it would be published to this topic.")
    subject: str | None = Field(default=None, description="Of a published message: its subject.")
    structure: str | None = Field(default=None, description='Of a published message: "json" has one for each protocol.')
    bucket: str | None = Field(default=None, description="An object event as it would happen in this bucket.")
    key: str | None = Field(default=None, description="The object's key.")
    event: str | None = Field(default=None, description="The object event.", examples=["ObjectRemoved:Delete"])
    size: int | None = Field(default=None, ge=0, description="The object's size in bytes.")
    source: str | None = Field(default=None, description="An event as it would be put on a bus: its source.")
    detail_type: str | None = Field(default=None, description="The event's detail-type.")
    detail: dict[str, Any] | str | None = Field(default=None, description="The event's detail, or its JSON text.")
    bus: str | None = Field(default=None, description="The event's bus; the default one where it is not given.")
    resources: list[str] | None = Field(default=None, description="The event's resources.")
    message: str | None = Field(default=None, description="A message that was sent, by its id.")
    schedule: str | None = Field(default=None, description="A schedule, or a rule that has one, by name or ARN.")
    pipe: str | None = Field(default=None, description="A pipe by name; with `body`, a message for its queue.")
    url: str | None = Field(default=None, description="An HTTP request as it would be made to a front: its URL.")
    method: str | None = Field(default=None, description="Its method.", examples=["GET"])
    api: str | None = Field(default=None, description="The front, by id or name; the URL is a path then.")
    function: str | None = Field(
        default=None, description="Alone: a function as it would be invoked. Else: only what concerns this function."
    )
    payload: Any = Field(default=None, description="What it would be invoked with; null stands for no payload.")
    type: Literal["RequestResponse", "Event"] = Field(default="RequestResponse", description="How it would be invoked.")
    target: str | None = Field(default=None, description="Of a bucket or a bus: only rules to this target, an ARN.")
    trace_header: str | None = Field(default=None, description="The X-Amzn-Trace-Id that the request would bring.")


class StepView(BaseModel):
    """One thing that was looked at; a member that says nothing here is left out."""

    verdict: Literal["yes", "no", "wait", "note"]
    about: str = Field(examples=["queue", "filter", "environment"], description="What the step looks at.")
    text: str
    queue: str | None = None
    function: str | None = None
    mapping: str | None = Field(default=None, description="A mapping's UUID.")
    message: str | None = Field(default=None, description="A message id.")
    rule: str | None = Field(default=None, description="The id of a bucket's notification rule, or the ARN of a bus's.")
    request: str | None = Field(default=None, description="An invocation's request id.")
    at: str | None = Field(default=None, description="When it happened.")
    until: str | None = Field(default=None, description="When a wait ends by itself.")
    count: int | None = None
    limit: int | None = Field(default=None, description="What `count` is at most.")
    code: str | None = Field(default=None, description="The name of a refusal.")


class ConclusionView(BaseModel):
    verdict: Literal["yes", "no", "wait"] = Field(description="A function is invoked now, is not, or later.")
    about: str = Field(description="What decides it.")
    text: str = Field(examples=["would fire: orders → worker, in a batch of 3, now"])
    at: str | None = Field(
        description="When it is invoked, or when what it waits for ends by itself, if that is known."
    )
    queue: str | None
    function: str | None
    mapping: str | None
    batch: int | None = Field(description="How many messages the invocation gets.")


class ExplanationView(BaseModel):
    now: InstantText
    conclusion: ConclusionView
    steps: list[StepView]


# Journal --------------------------------------------------------------------------------------------


class ChainView(BaseModel):
    chain: str
    entries: list[dict[str, Any]]


class StatusView(BaseModel):
    """Everything at a glance."""

    version: str
    listen: str
    clock: ClockView
    journal_entries: int = Field(description="The number of the newest entry.")
    functions: list[FunctionView]
    triggers: list[str] = Field(description="Every mapping and notification, in words.")
    queues: list[QueueView]
    brokers: list[RemoteQueueView] = Field(description="Queues that another broker keeps.")
    buckets: list[str]
    warnings: int
