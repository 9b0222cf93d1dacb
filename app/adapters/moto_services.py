"""The services that only store, kept by moto on one thread of its own, loaded when they are first used."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from app.adapters.moto_thread import MotoThread
from app.core.names import Scope
from app.core.time import Instant
from app.wire.http import HttpAnswer, HttpRequest

if TYPE_CHECKING:
    from app.adapters.moto_backends import MotoBackends

T = TypeVar("T")

STORED = frozenset(
    {
        "acm", "cloudfront", "cognito-idp", "dynamodb", "ec2", "elasticloadbalancing", "firehose", "iam",
        "kinesis", "kms", "logs", "monitoring", "secretsmanager", "ssm", "states", "sts",
    }
)  # fmt: skip
"""By the name that requests are signed for. What moto serves only with Docker is not among them."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A request that one of the services took, and its answer."""

    service: str
    scope: Scope
    request: HttpRequest
    answer: HttpAnswer


Follower: TypeAlias = tuple[Callable[[Any, Scope], Any], Callable[[Any], None]]
"""What reads a service's state, and who is told."""

Guard: TypeAlias = tuple[Callable[[HttpRequest], Any], Callable[[Any, Scope], None]]
"""What reads a request, and who refuses what it comes to."""

Observer: TypeAlias = Callable[[Stored], None]
Preparation: TypeAlias = Callable[[Scope], Callable[[], None]]


class MotoServices:
    """`engine.storage.Backstop` over moto, which keeps its state in the process: only the newest is to be used."""

    def __init__(self, now: Callable[[], Instant]) -> None:
        """`now` stamps what is stored; it is called on the thread."""
        self._now = now
        self._thread: MotoThread[MotoBackends] = MotoThread("services", self._load)
        self._observers: dict[str, list[Observer]] = {}
        self._preparations: dict[str, Preparation] = {}
        self._followers: dict[str, Follower] = {}
        self._guards: dict[str, Guard] = {}
        self._mended: dict[str, Callable[[], None]] = {}

    @property
    def is_loaded(self) -> bool:
        """Whether anything of moto has been imported for this."""
        return self._thread.is_loaded

    def handles(self, service: str) -> bool:
        return service in STORED

    def observe(self, service: str, observer: Observer) -> None:
        """Tell `observer` of each request of the service that succeeded, and may have changed something.

        It is told on the event loop, before the answer goes out.
        """
        self._observers.setdefault(service, []).append(observer)

    def prepare(self, service: str, preparation: Preparation) -> None:
        """Before each request of the service call `preparation` on the event loop, and what it gives on the thread."""
        self._preparations[service] = preparation

    def follow(self, service: str, read: Callable[[Any, Scope], T], then: Callable[[T], None]) -> None:
        """After each request of the service that may have changed something, `read` moto's own object on the thread;
        what that gives is told to `then` on the event loop, before the answer goes out."""
        self._followers[service] = (read, then)

    def guard(self, service: str, read: Callable[[HttpRequest], T | None], check: Callable[[T, Scope], None]) -> None:
        """Before each request of the service `read` it on the thread; what that gives, if anything, is told on the
        event loop to `check`, which raises a `Refused` for what must not reach moto."""
        self._guards[service] = (read, check)

    def mend(self, service: str, put_in_place: Callable[[], None]) -> None:
        """When moto's part for the service is loaded, call `put_in_place` on the thread before it does anything."""
        self._mended[service] = put_in_place

    async def handle(self, service: str, request: HttpRequest, scope: Scope) -> HttpAnswer:
        """Raises NotEmulated for what moto lacks, ServiceFailed for what it fails at."""
        if (guard := self._guards.get(service)) is not None:
            reads, check = guard
            wanted = await self._thread.do(lambda _: reads(request))
            if wanted is not None:
                check(wanted, scope)
        preparation = self._preparations.get(service)
        prepare = preparation(scope) if preparation is not None else None

        read, then = self._followers.get(service, (None, None))

        def work(moto: "MotoBackends") -> tuple[HttpAnswer, Any]:
            if prepare is not None:
                prepare()
            answer = moto.handle(service, request, scope)
            is_followed = read is not None and answer.status < 300 and request.method != "GET"
            return answer, read(moto.backend(service, scope), scope) if read is not None and is_followed else None

        answer, told = await self._thread.do(work)
        if answer.status < 300 and request.method != "GET":
            if then is not None and told is not None:
                then(told)
            for observer in self._observers.get(service, ()):
                observer(Stored(service, scope, request, answer))
        return answer

    async def use(self, service: str, scope: Scope, work: Callable[[Any], T]) -> T:
        """What `work` gives for moto's own backend of a service (`backend.put_log_events(…)`), on the thread."""
        return await self._thread.do(lambda moto: work(moto.backend(service, scope)))

    async def close(self) -> None:
        await self._thread.close()

    def _load(self) -> "MotoBackends":
        # Half a second (moto 5.2.5) that a service without these should not pay.
        from app.adapters.moto_backends import MotoBackends

        return MotoBackends(self._now, self._mended)
