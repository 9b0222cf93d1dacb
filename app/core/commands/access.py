"""What the world is told of who there is, whose store is elsewhere, and asked of who may do what with a queue."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from app.core.names import Arn
from app.core.value import value


@value(frozen=True, slots=True)
class Caller:
    """Who asks: the account and the key of a request as it says, and whether it came over TLS."""

    account: str
    access_key_id: str | None
    is_secure: bool = False


@value(frozen=True, slots=True)
class Admit:
    """Do `command` if the caller may do `operation` with the queue; None where the wire only reads. The answer is the
    command's."""

    queue: Arn
    operation: str
    caller: Caller
    command: Any = None


@value(frozen=True, slots=True)
class Identity:
    """A user or a role. `policies` are all that count for it, each JSON text: its own, attached ones and its groups';
    `boundary` is its permissions boundary."""

    arn: Arn
    policies: tuple[str, ...]
    boundary: str | None = None


@value(frozen=True, slots=True)
class KeyOwner:
    """Whose an access key is. `shown_as` is the ARN that refusals name: a session's, where a role was assumed."""

    identity: Arn
    shown_as: Arn


@value(frozen=True, slots=True)
class DescribeIdentities:
    """All users and roles of every account, by ARN, and their access keys; from the identity store, never from
    outside."""

    identities: Mapping[Arn, Identity]
    keys: Mapping[str, KeyOwner]


AccessCommand: TypeAlias = Admit | DescribeIdentities
