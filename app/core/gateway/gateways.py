"""The fronts of the world: which there are, and what is told of each request."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from app.core.chain import Cause
from app.core.commands.gateway import ChangeUsage, CloseRequest, Opened, OpenRequest, PutFront, RemoveFront
from app.core.commands.origin import Origin
from app.core.errors import InvalidParameterValue, ResourceNotFound
from app.core.facts import Configured, Effect, RequestAnswered, RequestReceived, RequestUnrouted
from app.core.gateway.authorizers import AuthorizerCache
from app.core.gateway.fronts import Front
from app.core.gateway.http_api import HttpApi, Stage, Throttle
from app.core.gateway.load_balancer import LoadBalancer
from app.core.gateway.rest.usage import Usage
from app.core.ids import Ids
from app.core.names import Scope
from app.core.rate import Allowance
from app.core.time import SECOND_MS, Instant

_ID_DIGITS = 10


@dataclass(slots=True)
class Gateways:
    """All fronts by id; effects go to `outbox`, `cause_of` tells what a request is caused by."""

    ids: Ids
    outbox: list[Effect]
    cause_of: Callable[[Origin, str | None, Instant], Cause]
    authorized: AuthorizerCache = field(default_factory=AuthorizerCache)
    _usage: dict[Scope, Usage] = field(default_factory=dict)
    changed: Callable[[Instant], None] = lambda _: None
    _fronts: dict[str, Front] = field(default_factory=dict)
    _by_name: dict[str, str] = field(default_factory=dict)
    _allowances: dict[tuple[str, ...], Allowance] = field(default_factory=dict)

    def verbs(self) -> dict[type[Any], Callable[[Any, Instant], Any]]:
        return {
            PutFront: self.put,
            RemoveFront: self.remove,
            OpenRequest: self.open,
            CloseRequest: self.close,
            ChangeUsage: self.change_usage,
        }

    # Reading --------------------------------------------------------------------------------------------

    def get(self, address: str) -> Front | None:
        """The front with this id, or else with this name."""
        return self._fronts.get(address) or self._fronts.get(self._by_name.get(address, ""))

    def all(self) -> list[Front]:
        return sorted(self._fronts.values(), key=lambda front: (front.kind, front.name))

    def usage_of(self, scope: Scope) -> Usage:
        """The API keys and usage plans of an account and region, and what was used of them."""
        return self._usage.setdefault(scope, Usage())

    def change_usage(self, command: ChangeUsage, now: Instant) -> None:
        self.usage_of(command.scope).change(command.keys, command.plans)

    # Fronts ---------------------------------------------------------------------------------------------

    def put(self, command: PutFront, now: Instant) -> None:
        """Raises InvalidParameterValue when another front has the name, or the port."""
        front = command.front
        for other in self._fronts.values():
            if other.id != front.id and front.port is not None and other.port == front.port:
                raise InvalidParameterValue(f"port {front.port} is that of {other.kind} {other.name} already")
        before = self._fronts.get(front.id)
        is_new = before is None
        if before is not None and before.name != front.name and self._by_name.get(before.name) == front.id:
            del self._by_name[before.name]
        self._fronts[front.id] = front
        self._by_name.setdefault(front.name, front.id)
        self._start_anew(front.id)
        if isinstance(front, LoadBalancer):
            self.changed(now)
        self.outbox.append(Configured(f"{front.kind} {front.name} {'created' if is_new else 'changed'}"))

    def remove(self, command: RemoveFront, now: Instant) -> None:
        """Raises ResourceNotFound."""
        front = self._fronts.pop(command.id, None)
        if front is None:
            raise ResourceNotFound(f"there is no front with the id {command.id}")
        if self._by_name.get(front.name) == front.id:
            del self._by_name[front.name]
        self._start_anew(front.id)
        if isinstance(front, LoadBalancer):
            self.changed(now)
        self.outbox.append(Configured(f"{front.kind} {front.name} deleted"))

    def _start_anew(self, front: str) -> None:
        """What was remembered of a front's requests holds no longer: it is another front now, or none."""
        self.authorized.forget(front)
        for key in [key for key in self._allowances if key[0] == front]:
            del self._allowances[key]

    def admits(self, api: HttpApi, stage: Stage, route_key: str, now: Instant) -> bool:
        """Whether the throttle of the stage, or of its route, lets one more request through; that one is counted.

        A stage without a throttle has none: on a clock that stands, all requests would be of one second.
        """
        throttle = stage.throttle_of(route_key)
        if throttle.rate is None and throttle.burst is None:
            return True
        own = route_key if route_key in stage.route_throttles else ""
        key = (api.id, stage.name, own)
        allowance = self._allowances.get(key)
        if allowance is None:
            allowance = self._allowances[key] = _allowance_of(throttle)
        if not allowance.has_one(now):
            return False
        allowance.take_one(now)
        return True

    # Requests -------------------------------------------------------------------------------------------

    def open(self, command: OpenRequest, now: Instant) -> Opened:
        origin = command.origin
        cause = self.cause_of(origin, origin.trace_header, now)
        request_id, extended = self.ids.uuid(), _short_id(self.ids)
        self.outbox.append(
            RequestReceived(command.front, command.name, request_id, cause.chain, command.method, command.path)
        )
        if cause.hop is None:
            # A chain that began here goes on under this root.
            root = f"Root={cause.chain}"
            header = origin.trace_header if origin.trace_header and root in origin.trace_header else root
            origin = Origin(header)
        return Opened(request_id, extended, cause.chain, origin)

    def close(self, command: CloseRequest, now: Instant) -> None:
        if command.unrouted is not None:
            self.outbox.append(
                RequestUnrouted(
                    command.front, command.name, command.request_id, command.chain, command.method, command.path,
                    command.unrouted,
                )
            )  # fmt: skip
        self.outbox.append(
            RequestAnswered(
                command.front, command.name, command.request_id, command.chain, command.method, command.path,
                command.status, command.duration_ms, command.route, command.problem,
            )
        )  # fmt: skip


def _allowance_of(throttle: Throttle) -> Allowance:
    """A burst of so many, filled up again at the rate; where one is not said it is the other."""
    rate = throttle.rate if throttle.rate is not None else float(throttle.burst or 0)
    burst = throttle.burst if throttle.burst is not None else max(1, round(rate))
    return Allowance(burst, max(1, round(burst / rate * SECOND_MS)) if rate > 0 else _NEVER_MS)


_NEVER_MS = 2**53


def new_front_id(ids: Ids) -> str:
    """Ten letters and digits, as API Gateway's."""
    return letters(ids, _ID_DIGITS)


def letters(ids: Ids, count: int) -> str:
    """So many small letters and digits."""
    number, text = int(ids.hex(64), 16), ""
    for _ in range(count):
        number, digit = divmod(number, 36)
        text += "0123456789abcdefghijklmnopqrstuvwxyz"[digit]
    return text


def _short_id(ids: Ids) -> str:
    """Like `JKJaXmPLvHcESHA=`: fifteen characters of base64 and its padding."""
    number, text = int(ids.hex(24), 16), ""
    for _ in range(15):
        number, digit = divmod(number, 64)
        text += "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[digit]
    return f"{text}="
