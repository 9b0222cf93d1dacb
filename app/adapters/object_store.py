"""The object store: moto's S3 on one thread of its own, loaded when it is first used."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from app.core.names import Scope
from app.core.outside_calls import BucketSwept, SweepBucket
from app.core.time import Instant
from app.engine.storage import StoreAnswer, StoreRequest

if TYPE_CHECKING:
    from app.adapters.moto_s3 import MotoS3

T = TypeVar("T")


class ObjectStore:
    """`engine.storage.ObjectStorage` over moto.

    moto is neither asynchronous nor safe to use from two threads, so that one thread does all its work and a large
    body does not stall the loop. moto keeps its state in the process: only the newest store is to be used.
    """

    def __init__(self, now: Callable[[], Instant]) -> None:
        """`now` stamps what is stored (LastModified, CreationDate); it is called on the store's thread."""
        self._now = now
        self._thread: ThreadPoolExecutor | None = None
        self._moto: MotoS3 | None = None

    @property
    def is_loaded(self) -> bool:
        """Whether moto's S3 has been imported for this store."""
        return self._moto is not None

    async def handle(self, request: StoreRequest) -> StoreAnswer:
        return await self._do(lambda moto: moto.handle(request))

    async def create_bucket(self, scope: Scope, bucket: str, *, versioning: bool = False) -> None:
        await self._do(lambda moto: moto.create_bucket(scope, bucket, versioning))

    async def sweep(self, call: SweepBucket) -> BucketSwept:
        if not self.is_loaded:  # nothing was ever stored
            return BucketSwept(())
        return await self._do(lambda moto: moto.sweep(call))

    async def remove_bucket(self, bucket: str) -> None:
        await self._do(lambda moto: moto.remove_bucket(bucket))

    async def close(self) -> None:
        if self._thread is not None:
            if self._moto is not None:
                await self._do(lambda moto: moto.close())
            self._thread.shutdown()
            self._thread = None

    async def _do(self, work: "Callable[[MotoS3], T]") -> T:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="s3")
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._on_thread, work)

    def _on_thread(self, work: "Callable[[MotoS3], T]") -> T:
        if self._moto is None:
            # Half a second and about 50 MB (moto 5.2.5, 2026-11-21) that a service without S3 should not pay.
            from app.adapters.moto_s3 import MotoS3

            self._moto = MotoS3(self._now)
        return work(self._moto)
