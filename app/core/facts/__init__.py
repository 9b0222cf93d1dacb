"""What happened, in the past tense, and what the world wishes done: the effects a verb gives back.

Facts go to the journal; wishes (`CallFunction`, `Answered`, `ReceiveAt`, …) are carried out by the engine. Fields with
one name mean one thing everywhere: `queue` and `function` are ARNs, `message` is a message id, `chain` a chain id.
"""

from typing import TypeAlias

from app.core.facts.access import AccessFact, CallerLacksAccess, QueueKeyUnknown
from app.core.facts.common import AccessMissing, Configured
from app.core.facts.environments import EnvironmentEnded, EnvironmentFact, EnvironmentStarted
from app.core.facts.events import (
    EventArrived,
    EventDeadLettered,
    EventDelivered,
    EventDeliveryFailed,
    EventLost,
    EventsFact,
    ReplayMoved,
)
from app.core.facts.fire import AnswerJudged, EventFired, FireFact
from app.core.facts.functions import (
    DestinationFailed,
    DestinationTold,
    EnvironmentFound,
    EnvironmentLost,
    EnvironmentsProvisioned,
    EventAccepted,
    EventDropped,
    EventRetried,
    FunctionFact,
    InvocationEnded,
    InvocationMoved,
    InvocationsRefused,
    InvocationStarted,
    InvocationThrottled,
    PermissionMissing,
)
from app.core.facts.gateway import (
    GatewayFact,
    RequestAnswered,
    RequestReceived,
    RequestUnrouted,
    SocketClosed,
    SocketOpened,
    TargetHealthChanged,
)
from app.core.facts.loops import LoopSuspected, LoopWarned
from app.core.facts.mappings import BatchAbandoned, BatchFormed, MappingFact, MessagesFiltered, PollersScaled
from app.core.facts.pipes import PipeBegan, PipeEnded, PipeEnriched, PipeFact
from app.core.facts.remote_queues import (
    BrokerBack,
    BrokerLost,
    DeleteRefused,
    MappingBlocked,
    MessagesLeft,
    RemoteQueueFact,
)
from app.core.facts.s3 import NotificationFailed, NotificationSent, ObjectChanged, S3Fact
from app.core.facts.scheduler import (
    ScheduleCompleted,
    ScheduleDeadLettered,
    ScheduleDelivered,
    ScheduleDropped,
    ScheduleFired,
    ScheduleRetried,
    SchedulerFact,
)
from app.core.facts.sns import (
    ConfirmationAsked,
    DuplicatePublished,
    MessagePublished,
    NotificationDeadLettered,
    NotificationDelivered,
    NotificationDropped,
    NotificationFiltered,
    NotificationRecorded,
    NotificationRetried,
    SnsFact,
    TextRecorded,
)
from app.core.facts.sqs import (
    MessageDeleted,
    MessageExpired,
    MessageMoved,
    MessageReceived,
    MessageReturned,
    MessageSent,
    QueueCallsRefused,
    QueuePurged,
    SqsFact,
    VisibilityChanged,
)
from app.core.facts.wishes import (
    Answered,
    BrokerWish,
    CallFunction,
    CallOutside,
    DeleteAt,
    ReceiveAt,
    RecycleEnvironment,
    ReleaseEndpoint,
    StopReceiving,
    WarmEnvironments,
    WatchQueue,
    Wish,
)

Fact: TypeAlias = (
    EventsFact
    | AccessMissing
    | AccessFact
    | Configured
    | SqsFact
    | MappingFact
    | RemoteQueueFact
    | S3Fact
    | SchedulerFact
    | SnsFact
    | FunctionFact
    | PipeFact
    | EnvironmentFact
    | GatewayFact
    | LoopSuspected
    | LoopWarned
    | FireFact
)
Effect: TypeAlias = Fact | Wish

__all__ = [
    "AccessMissing",
    "AnswerJudged",
    "Answered",
    "BatchAbandoned",
    "BatchFormed",
    "BrokerBack",
    "BrokerLost",
    "BrokerWish",
    "CallFunction",
    "CallOutside",
    "CallerLacksAccess",
    "Configured",
    "ConfirmationAsked",
    "DeleteAt",
    "DeleteRefused",
    "DestinationFailed",
    "DestinationTold",
    "DuplicatePublished",
    "Effect",
    "EnvironmentEnded",
    "EnvironmentFound",
    "EnvironmentLost",
    "EnvironmentStarted",
    "EnvironmentsProvisioned",
    "EventAccepted",
    "EventArrived",
    "EventDeadLettered",
    "EventDelivered",
    "EventDeliveryFailed",
    "EventDropped",
    "EventFired",
    "EventLost",
    "EventRetried",
    "Fact",
    "InvocationEnded",
    "InvocationMoved",
    "InvocationStarted",
    "InvocationThrottled",
    "InvocationsRefused",
    "LoopSuspected",
    "LoopWarned",
    "MappingBlocked",
    "MessageDeleted",
    "MessageExpired",
    "MessageMoved",
    "MessagePublished",
    "MessageReceived",
    "MessageReturned",
    "MessageSent",
    "MessagesFiltered",
    "MessagesLeft",
    "NotificationDeadLettered",
    "NotificationDelivered",
    "NotificationDropped",
    "NotificationFailed",
    "NotificationFiltered",
    "NotificationRecorded",
    "NotificationRetried",
    "NotificationSent",
    "ObjectChanged",
    "PermissionMissing",
    "PipeBegan",
    "PipeEnded",
    "PipeEnriched",
    "PollersScaled",
    "QueueCallsRefused",
    "QueueKeyUnknown",
    "QueuePurged",
    "ReceiveAt",
    "RecycleEnvironment",
    "ReleaseEndpoint",
    "ReplayMoved",
    "RequestAnswered",
    "RequestReceived",
    "RequestUnrouted",
    "ScheduleCompleted",
    "ScheduleDeadLettered",
    "ScheduleDelivered",
    "ScheduleDropped",
    "ScheduleFired",
    "ScheduleRetried",
    "SocketClosed",
    "SocketOpened",
    "StopReceiving",
    "TargetHealthChanged",
    "TextRecorded",
    "VisibilityChanged",
    "WarmEnvironments",
    "WatchQueue",
    "Wish",
]
