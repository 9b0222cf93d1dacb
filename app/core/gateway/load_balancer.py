"""An Application Load Balancer as a value: listeners with rules in their order, target groups of one function each."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import TypeAlias
from urllib.parse import unquote_plus

from app.core.gateway.paths import matches_glob, raw_query_items
from app.core.gateway.request import GatewayRequest
from app.core.names import Arn, Scope

DEFAULT_INTERVAL_S = 35
"""Health checks of a Lambda target group where none is said (UNCONFIRMED: the guide names 35 s)."""

HTTP_PORT = 80

_PART = re.compile(r"#\{(protocol|host|port|path|query)\}")


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """Off unless it is asked for (ELB user guide, lambda-functions)."""

    path: str = "/"
    interval_s: int = DEFAULT_INTERVAL_S
    timeout_s: int = 30
    healthy_threshold: int = 5
    unhealthy_threshold: int = 2
    statuses: tuple[tuple[int, int], ...] = ((200, 200),)


@dataclass(frozen=True, slots=True)
class TargetGroup:
    """A Lambda target group; without a function nothing is registered in it."""

    name: str
    arn: Arn
    function: Arn | None
    multi_value_headers: bool = False
    health_check: HealthCheck | None = None


# What a rule does -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Forward:
    """To one of the groups, each as often as its weight says."""

    groups: tuple[tuple[TargetGroup, int], ...]

    def chosen(self, number: int) -> TargetGroup | None:
        """The group for a number that falls anywhere; None where no group has a weight."""
        total = sum(weight for _, weight in self.groups)
        rest = number % total if total else 0
        for group, weight in self.groups:
            if rest < weight:
                return group
            rest -= weight
        return None


@dataclass(frozen=True, slots=True)
class FixedAnswer:
    status: int
    content_type: str
    body: str


@dataclass(frozen=True, slots=True)
class Redirect:
    """Its parts may have `#{protocol}`, `#{host}`, `#{port}`, `#{path}` and `#{query}` in them; those that say nothing
    else stay as they were asked."""

    status: int = 302
    protocol: str = "#{protocol}"
    host: str = "#{host}"
    port: str = "#{port}"
    path: str = "/#{path}"
    query: str = "#{query}"

    def location(self, request: GatewayRequest, port: int) -> str:
        """Where a client is sent that asked at this port."""
        known = {
            "protocol": request.scheme,
            "host": request.host,
            "port": str(port),
            "path": request.path[1:],
            "query": request.query,
        }
        protocol, host, target, path, query = (
            _filled(part, known) for part in (self.protocol, self.host, self.port, self.path, self.query)
        )
        return f"{protocol.lower()}://{host}:{target}{path}{'?' if query else ''}{query}"


@dataclass(frozen=True, slots=True)
class NotEmulatedAction:
    """`authenticate-oidc` and its like."""

    kind: str


Action: TypeAlias = Forward | FixedAnswer | Redirect | NotEmulatedAction

NO_TARGET = Forward(())


# Which requests it takes ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rule:
    """Takes a request that fits all of what it says; of each one pattern is enough, with `*` and `?`.

    `headers` are (name in lower case, patterns), `queries` lists of (key or None, pattern) of which one must be there,
    `sources` are networks (`10.0.0.0/8`). Paths and methods mind the case, all else does not.
    """

    paths: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    action: Action = NO_TARGET
    headers: tuple[tuple[str, tuple[str, ...]], ...] = ()
    queries: tuple[tuple[tuple[str | None, str], ...], ...] = ()
    sources: tuple[str, ...] = ()
    name: str = ""

    def takes(self, request: GatewayRequest) -> bool:
        return next(self._misses(request), None) is None

    def misses(self, request: GatewayRequest) -> list[str]:
        """What of the rule the request does not fit, in words."""
        return list(self._misses(request))

    def _misses(self, request: GatewayRequest) -> Iterator[str]:
        if self.methods and request.method not in self.methods:
            yield f"the method is not {_either(self.methods)}"
        if self.hosts and not _fits(self.hosts, request.host):
            yield f"host {request.host} does not fit {_either(self.hosts)}"
        if self.paths and not any(matches_glob(pattern, request.path) for pattern in self.paths):
            yield f"path {request.path} does not fit {_either(self.paths)}"
        for name, patterns in self.headers:
            if not any(_fits(patterns, value) for value in request.all_of(name)):
                yield f"no header {name} fits {_either(patterns)}"
        for wanted in self.queries:
            if not _has_one(wanted, request.query):
                yield f"the query has no {_either([_query_text(key, pattern) for key, pattern in wanted])}"
        if self.sources and not any(_is_in(request.source_ip, network) for network in self.sources):
            yield f"address {request.source_ip} is not in {_either(self.sources)}"

    @property
    def text(self) -> str:
        said = [
            *self.methods,
            *(f"host {host}" for host in self.hosts),
            *(f"path {path}" for path in self.paths),
            *(f"header {name}: {' or '.join(patterns)}" for name, patterns in self.headers),
            *(f"query {' or '.join(_query_text(*pair) for pair in wanted)}" for wanted in self.queries),
            *(f"from {network}" for network in self.sources),
        ]
        return " ".join(said) or "anything"

    @property
    def groups(self) -> tuple[TargetGroup, ...]:
        return tuple(group for group, _ in self.action.groups) if isinstance(self.action, Forward) else ()


@dataclass(frozen=True, slots=True)
class Listener:
    """A port with rules; the last one, of a listener that was made over the API, takes everything."""

    port: int = HTTP_PORT
    rules: tuple[Rule, ...] = ()
    protocol: str = "HTTP"


@dataclass(frozen=True, slots=True)
class LoadBalancer:
    """All of its listeners answer at one place here: the one whose port the client asks for, or else the first."""

    id: str
    name: str
    scope: Scope
    listeners: tuple[Listener, ...] = ()
    port: int | None = None
    arn: Arn | None = None

    kind = "load balancer"

    @property
    def rules(self) -> tuple[Rule, ...]:
        return tuple(rule for listener in self.listeners for rule in listener.rules)

    def listener_at(self, port: int | None) -> Listener | None:
        """Who takes a request whose client asked for that port."""
        first = self.listeners[0] if self.listeners else None
        return next((listener for listener in self.listeners if listener.port == port), first)


def rule_for(listener: Listener, request: GatewayRequest) -> Rule | None:
    """The first that takes the request."""
    return next((rule for rule in listener.rules if rule.takes(request)), None)


def why_untaken(balancer: LoadBalancer, listener: Listener | None, request: GatewayRequest) -> str:
    """Why no rule takes the request, the one that nearly does first: for the journal and for `explain`."""
    if listener is None:
        return f"{balancer.name} has no listener"
    there = "; ".join(rule.text for rule in listener.rules) or "none"
    reason = f"no rule takes {request.method} {request.path} of host {request.host}"
    if not listener.rules:
        return f"{reason}; rules: {there}"
    nearest = min(listener.rules, key=lambda rule: len(rule.misses(request)))
    return f"{reason}; nearest is {nearest.text}: {' and '.join(nearest.misses(request))}; rules: {there}"


def groups_of(rules: Sequence[Rule]) -> list[TargetGroup]:
    """Each target group once, in the order of the rules."""
    found = {group.arn: group for rule in rules for group in rule.groups}
    return list(found.values())


def _fits(patterns: Sequence[str], text: str) -> bool:
    return any(matches_glob(pattern.lower(), text.lower()) for pattern in patterns)


def _has_one(wanted: Sequence[tuple[str | None, str]], query: str) -> bool:
    """Patterns are of the decoded query (UNCONFIRMED), and a key is a pattern too."""
    items = [(unquote_plus(name), unquote_plus(value)) for name, value in raw_query_items(query)]
    return any(
        (key is None or _fits((key,), name)) and _fits((pattern,), value)
        for key, pattern in wanted
        for name, value in items
    )


@lru_cache(maxsize=1_024)
def _is_in(address: str, network: str) -> bool:
    try:
        return ip_address(address) in ip_network(network, strict=False)
    except ValueError:
        return False


def _filled(part: str, known: Mapping[str, str]) -> str:
    return _PART.sub(lambda found: known[found[1]], part)


def _query_text(key: str | None, pattern: str) -> str:
    return pattern if key is None else f"{key}={pattern}"


def _either(words: Sequence[str]) -> str:
    return " or ".join(words)
