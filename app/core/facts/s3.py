"""What happened in buckets, and who was notified."""

from typing import TypeAlias

from app.core.names import Arn, name_of
from app.core.value import value


@value(frozen=True, slots=True)
class ObjectChanged:
    bucket: str
    key: str
    event: str
    chain: str
    size: int | None = None

    @property
    def text(self) -> str:
        return f"s3://{self.bucket}/{self.key} {self.event}"


@value(frozen=True, slots=True)
class NotificationSent:
    bucket: str
    key: str
    target: Arn
    rule: str
    chain: str

    @property
    def text(self) -> str:
        return f"s3://{self.bucket}/{self.key} notified {name_of(self.target)} (rule {self.rule})"


@value(frozen=True, slots=True)
class NotificationFailed:
    """The rule applied, but its target is gone or refused."""

    bucket: str
    key: str
    target: Arn
    reason: str
    chain: str

    @property
    def text(self) -> str:
        return f"s3://{self.bucket}/{self.key} could not notify {name_of(self.target)}: {self.reason}"


S3Fact: TypeAlias = ObjectChanged | NotificationSent | NotificationFailed
