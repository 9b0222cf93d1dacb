"""What the engine tells of queues that another broker keeps."""

from typing import TypeAlias

from app.core.names import Arn
from app.core.sqs.message import Delivery
from app.core.value import value


@value(frozen=True, slots=True)
class DeclareRemoteQueue:
    """Make a queue known that another broker keeps; `broker` says in a few words where. Its settings are asked for."""

    queue: Arn
    broker: str


@value(frozen=True, slots=True)
class RemoteAttributes:
    """What a broker says of its queue; a count is None where it does not say."""

    visibility_timeout_s: int
    visible: int | None = None
    in_flight: int | None = None
    delayed: int | None = None


@value(frozen=True, slots=True)
class DescribeRemoteQueue:
    """What the broker says of the queue now; from the engine, as are all that follow here."""

    queue: Arn
    attributes: RemoteAttributes


@value(frozen=True, slots=True)
class SettleReceive:
    """A receive came back from the broker, maybe with nothing. The causes of the messages are not known yet."""

    queue: Arn
    poll: int
    deliveries: tuple[Delivery, ...] = ()


@value(frozen=True, slots=True)
class SettleDeletes:
    """The broker answered a delete: receipt handles it took, and those it refused with its reason."""

    queue: Arn
    deleted: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()


@value(frozen=True, slots=True)
class ReportBrokerFailure:
    """The broker did not answer, or with an error; `poll` is the receive that ended so, if it was one."""

    queue: Arn
    error: str
    poll: int | None = None


RemoteQueueCommand: TypeAlias = (
    DeclareRemoteQueue | DescribeRemoteQueue | SettleReceive | SettleDeletes | ReportBrokerFailure
)
