"""What is needed of an object store: the port, and the values that cross it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from app.core.awslambda.deployment import Code
from app.core.delivery.outside_calls import BucketSwept, SweepBucket
from app.core.names import Scope
from app.core.s3.object_event import NO_DETAILS, Details
from app.wire.http import HttpAnswer, HttpRequest


@dataclass(frozen=True, slots=True)
class StoreRequest:
    """An S3 request, path style: `path` is `/bucket/key` as it was on the wire, percent-encoded.

    `headers` have lower-case names. `scope` is the caller's account and the region that was signed for.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""
    scope: Scope = field(default_factory=Scope)


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """Something happened to an object. `event_name` is without the `s3:`, `etag` without quotes.

    `version_id` is None where the bucket keeps no versions. `scope` is the bucket's.
    """

    scope: Scope
    bucket: str
    event_name: str
    key: str
    size: int | None = None
    etag: str | None = None
    version_id: str | None = None
    details: Details = NO_DETAILS


@dataclass(frozen=True, slots=True)
class BucketCreated:
    scope: Scope
    bucket: str


@dataclass(frozen=True, slots=True)
class BucketDeleted:
    bucket: str


StoreChange: TypeAlias = ObjectChange | BucketCreated | BucketDeleted


@dataclass(frozen=True, slots=True)
class StoreAnswer:
    """The response, and what the request changed, in that order. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    changes: tuple[StoreChange, ...] = ()


class ObjectStorage(Protocol):
    """Where objects are. It decides nothing about events; it says what changed."""

    async def handle(self, request: StoreRequest) -> StoreAnswer:
        """Answer an S3 request. Never raises for what the caller did wrong: that is an answer too."""
        ...

    async def create_bucket(self, scope: Scope, bucket: str, *, versioning: bool = False) -> None:
        """Make a bucket that was declared elsewhere; nothing happens when it is there. Reports no change."""
        ...

    async def remove_bucket(self, bucket: str) -> None:
        """Forget a bucket and all in it; nothing happens when it is not there. Reports no change."""
        ...

    async def sweep(self, call: SweepBucket) -> BucketSwept:
        """Do what lifecycle rules want in a bucket; nothing where it is not there."""
        ...

    async def close(self) -> None:
        """End what runs in the background. The store is not used afterwards."""
        ...


class Backstop(Protocol):
    """The services that only store: IAM, STS, CloudWatch Logs, …; nothing here decides about events."""

    def handles(self, service: str) -> bool:
        """Whether a service, by its signing name, is kept here."""
        ...

    async def handle(self, service: str, request: HttpRequest, scope: Scope) -> HttpAnswer:
        """Answer a request for one account and region. Never raises for what the caller did wrong."""
        ...

    async def close(self) -> None:
        """End what runs in the background. It is not used afterwards."""
        ...


class CodeStorage(Protocol):
    """Where deployment packages are."""

    async def keep(self, package: bytes) -> Code:
        """Keep a zip. Raises InvalidParameterValue for what is none, or would not be a function's."""
        ...

    def arrived(self, code: Code) -> None:
        """The package that was kept is deployed now, or was refused."""
        ...

    def tidy(self) -> None:
        """Remove what no function, version or layer has any more, and nothing runs."""
        ...

    async def read(self, digest: str) -> bytes | None:
        """The package with this SHA-256 in hexadecimal digits, if it is there."""
        ...

    def image(self, uri: str) -> Code | None:
        """What stands for an image; None where no setting gives it an endpoint."""
        ...
