"""The emulators behind a function's URLs, one a slot: which there are, which are lost, and when one is back."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

from app.core.awslambda.environment_state import EnvironmentState
from app.core.urls import without_password

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host for a port. Raises OSError where there are none."""

_CONNECT_TIMEOUT_S = 2.0

_BUSY: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
"""One lock an emulator, whoever calls it: a second call at once makes the emulator panic (measured), and a
function may be configured anew while the old endpoint's call still runs."""


async def addresses_of(host: str, port: int) -> Sequence[str]:
    """What the system says. Where there are IPv4 addresses only these: `localhost` is one machine, not two."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    by_family: dict[int, set[str]] = {}
    for family, *_, address in found:
        by_family.setdefault(family, set()).add(str(address[0]))
    return sorted(by_family.get(socket.AF_INET) or by_family.get(socket.AF_INET6) or ())


@dataclass(slots=True)
class Emulator:
    """One emulator. `url` has its address, `host` is what the URL of the settings calls it."""

    origin: int
    host: str
    address: str
    url: str
    lock: asyncio.Lock
    why_out: str | None = None
    is_gone: bool = False

    def __repr__(self) -> str:
        return f"<Emulator {self.shown}: {self.why_out or 'in'}>"

    @property
    def shown(self) -> str:
        """Its URL as it is told."""
        return without_password(self.url)

    @property
    def where(self) -> str:
        return self.shown if self.host == self.address else f"{self.shown} ({self.host})"


@dataclass(slots=True, eq=False)
class Emulators:
    """All emulators of a function. A slot keeps its emulator for as long as its host has that address.

    `retry_first_s` to `retry_most_s` is how long to wait, doubling, before a lost one is looked for again;
    `resolve_every_s` how often hosts are asked for their addresses. Both are real time: an emulator is a process.
    """

    urls: Sequence[str]
    access_key_ids: Sequence[str] = ()
    resolve: Resolve | None = addresses_of
    resolve_every_s: float = 5.0
    retry_first_s: float = 0.25
    retry_most_s: float = 30.0
    _slots: list[Emulator] = field(default_factory=list)
    _tell: Callable[[tuple[EnvironmentState, ...]], None] | None = None
    _told: tuple[EnvironmentState, ...] = ()
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.urls = [url.rstrip("/") for url in self.urls]
        self._slots = [_emulator(origin, url, _parts(url)[0]) for origin, url in enumerate(self.urls)]
        self._told = self.states

    def __len__(self) -> int:
        return len(self._slots)

    def __getitem__(self, slot: int) -> Emulator | None:
        """The one in a slot; None where there is none any more."""
        return self._slots[slot] if slot < len(self._slots) else None

    @property
    def states(self) -> tuple[EnvironmentState, ...]:
        """All of them, as the core is told."""
        keys = self.access_key_ids
        return tuple(
            EnvironmentState(
                emulator.where, emulator.why_out, keys[emulator.origin] if emulator.origin < len(keys) else None
            )
            for emulator in self._slots
        )

    def watch(self, tell: Callable[[tuple[EnvironmentState, ...]], None]) -> None:
        """Tell of every change from now on."""
        self._tell = tell
        self._changed()
        if self._hosts():
            self._do("resolve", self._resolve_again)

    async def resolve_now(self) -> None:
        """Ask all hosts for their addresses, and go by what they say. A host that cannot be asked keeps what it had."""
        if self.resolve is None:
            return
        for origin, host, port in self._hosts():
            try:
                addresses = await self.resolve(host, port)
            except OSError:
                continue
            self._reconcile(origin, host, addresses)
        self._changed()

    def lose(self, emulator: Emulator, why: str) -> None:
        """Nothing can run there; it is looked for until it is back."""
        if emulator.is_gone:
            return
        emulator.why_out = why
        self._changed()
        self._do(emulator.url, lambda: self._look_for(emulator))

    def occupy(self, emulator: Emulator, why: str) -> None:
        """It is busy with what nobody waits for any more."""
        if emulator.why_out is None:
            emulator.why_out = why
            self._changed()

    def recover(self, emulator: Emulator) -> None:
        """It is there, and idle."""
        if emulator.why_out is not None and not emulator.is_gone:
            emulator.why_out = None
            self._changed()

    async def close(self) -> None:
        self._tell = None
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # Inside ---------------------------------------------------------------------------------------------

    def _hosts(self) -> list[tuple[int, str, int]]:
        """The URLs that name a host, by their number: host and port. TLS needs the name itself."""
        parts = ((origin, *_parts(url)) for origin, url in enumerate(self.urls) if url.startswith("http:"))
        return [(origin, host, port) for origin, host, port in parts if self.resolve and not _is_address(host)]

    def _reconcile(self, origin: int, host: str, addresses: Sequence[str]) -> None:
        for emulator in self._slots:
            if emulator.origin == origin and emulator.address not in addresses and not emulator.is_gone:
                emulator.is_gone, emulator.why_out = True, f"{host} has no such address any more"
        for address in addresses:
            url = _with_address(self.urls[origin], address)
            # Whatever two names an emulator has, it takes one call at a time.
            known = next(
                (slot for slot, emulator in enumerate(self._slots) if _place_of(emulator.url) == _place_of(url)), None
            )
            if known is not None:
                emulator = self._slots[known]
                if emulator.is_gone:
                    emulator.is_gone, emulator.why_out = False, None
                continue
            self._place(_emulator(origin, self.urls[origin], address))
        while len(self._slots) > 1 and self._slots[-1].is_gone and not self._slots[-1].lock.locked():
            self._slots.pop()

    def _place(self, emulator: Emulator) -> None:
        """Into the slot of one that is gone and idle, of its own URL if there is one; else a new slot."""
        idle = [slot for slot, old in enumerate(self._slots) if old.is_gone and not old.lock.locked()]
        idle.sort(key=lambda slot: self._slots[slot].origin != emulator.origin)
        if idle:
            self._slots[idle[0]] = emulator
        else:
            self._slots.append(emulator)

    def _changed(self) -> None:
        states = self.states
        if self._tell is not None and states != self._told:
            self._told = states
            self._tell(states)

    def _do(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """One task of a name at a time."""
        if name in self._tasks and not self._tasks[name].done():
            return
        self._tasks[name] = asyncio.get_running_loop().create_task(work(), name=f"RIE {without_password(name)}")

    async def _resolve_again(self) -> None:
        while True:
            await asyncio.sleep(self.resolve_every_s)
            await self.resolve_now()

    async def _look_for(self, emulator: Emulator) -> None:
        delay_s = self.retry_first_s
        while not emulator.is_gone:
            await asyncio.sleep(delay_s)
            delay_s = min(delay_s * 2, self.retry_most_s)
            # A container that was started anew may have another address.
            await self.resolve_now()
            if not emulator.lock.locked() and await is_there(emulator.url):
                self.recover(emulator)
                return


async def is_there(url: str) -> bool:
    """Whether somebody takes a connection. Nothing is sent: the emulator would take it for a call."""
    host, port = _parts(url)
    try:
        async with asyncio.timeout(_CONNECT_TIMEOUT_S):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True


def _emulator(origin: int, url: str, address: str) -> Emulator:
    own = _with_address(url, address)
    return Emulator(origin, _parts(url)[0], address, own, _BUSY.setdefault(_place_of(own), asyncio.Lock()))


def _parts(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def _with_address(url: str, address: str) -> str:
    parts = urlsplit(url)
    shown = f"[{address}]" if ":" in address else address
    port = f":{parts.port}" if parts.port is not None else ""
    user, at, _ = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user}{at}{shown}{port}").geturl()


def _place_of(url: str) -> str:
    """The URL without the user in it: where the emulator is, whoever asks it."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _is_address(host: str) -> bool:
    for family in (socket.AF_INET, socket.AF_INET6):
        with contextlib.suppress(OSError):
            socket.inet_pton(family, host)
            return True
    return False
