"""The object store: moto's S3 on one thread of its own, loaded when it is first used."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from app.adapters.moto_thread import MotoThread
from app.core.delivery.outside_calls import BucketSwept, SweepBucket
from app.core.names import Scope
from app.core.time import Instant
from app.engine.storage import StoreAnswer, StoreRequest

if TYPE_CHECKING:
    from app.adapters.moto_s3 import MotoS3


class ObjectStore:
    """`engine.storage.ObjectStorage` over moto, which keeps its state in the process: only the newest is to be used."""

    def __init__(self, now: Callable[[], Instant]) -> None:
        """`now` stamps what is stored (LastModified, CreationDate); it is called on the store's thread."""
        self._now = now
        self._thread: MotoThread[MotoS3] = MotoThread("s3", self._load)

    @property
    def is_loaded(self) -> bool:
        """Whether moto's S3 has been imported for this store."""
        return self._thread.is_loaded

    async def handle(self, request: StoreRequest) -> StoreAnswer:
        return await self._thread.do(lambda moto: moto.handle(request))

    async def create_bucket(self, scope: Scope, bucket: str, *, versioning: bool = False) -> None:
        await self._thread.do(lambda moto: moto.create_bucket(scope, bucket, versioning))

    async def sweep(self, call: SweepBucket) -> BucketSwept:
        if not self.is_loaded:  # nothing was ever stored
            return BucketSwept(())
        return await self._thread.do(lambda moto: moto.sweep(call))

    async def remove_bucket(self, bucket: str) -> None:
        await self._thread.do(lambda moto: moto.remove_bucket(bucket))

    async def close(self) -> None:
        await self._thread.close()

    def _load(self) -> "MotoS3":
        # Half a second and about 50 MB (moto 5.2.5, 2026-11-21) that a service without S3 should not pay.
        from app.adapters.moto_s3 import MotoS3

        return MotoS3(self._now)
