"""What can be asked of sources that are only played."""

from collections.abc import Mapping
from dataclasses import field
from typing import TypeAlias

from app.core.commands.origin import OUTSIDE, Origin
from app.core.names import Arn
from app.core.sqs.message import MessageAttribute
from app.core.value import value


@value(frozen=True, slots=True)
class FireEvent:
    """Hand an event to a target by its ARN, as `source` (in words: `cognito pre-sign-up`) would. Answers `HandedOver`.

    `body`, `subject`, `attributes`, `group_id` and `deduplication_id` are as in a `Parcel`.
    """

    target: Arn
    body: bytes
    source: str
    principal: str | None = None
    source_arn: Arn | None = None
    subject: str | None = None
    attributes: Mapping[str, MessageAttribute] = field(default_factory=dict)
    group_id: str | None = None
    deduplication_id: str | None = None
    origin: Origin = OUTSIDE


@value(frozen=True, slots=True)
class HandedOver:
    """`refusal` says why the target did not take it, where that is known at once."""

    chain_id: str
    refusal: str | None = None


@value(frozen=True, slots=True)
class TellVerdict:
    """What a source would say to the answer of `function`, which came later, is to be known."""

    source: str
    function: Arn
    would_accept: bool
    text: str


FireCommand: TypeAlias = FireEvent | TellVerdict
