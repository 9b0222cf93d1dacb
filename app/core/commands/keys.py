"""What the world is told of KMS keys, whose store is elsewhere."""

from collections.abc import Mapping

from app.core.names import Arn, Scope
from app.core.time import Instant
from app.core.value import value


@value(frozen=True, slots=True)
class KeyState:
    """KMS's word for the state; when it is deleted, if that was scheduled; its policy, JSON text; what it is for and of
    which kind it is, in KMS's words. `arn` is the key's own where it is known by an alias."""

    state: str
    deleted_at: Instant | None = None
    policy: str = ""
    usage: str = "ENCRYPT_DECRYPT"
    spec: str = "SYMMETRIC_DEFAULT"
    arn: Arn = ""


@value(frozen=True, slots=True)
class DescribeKeys:
    """All keys and aliases of an account and region, by ARN; from the key store, never from outside."""

    scope: Scope
    keys: Mapping[Arn, KeyState]
