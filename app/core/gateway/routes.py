"""Route keys, and a trie of them: how many routes there are does not show in how long one takes to be found."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Generic, TypeVar

from app.core.gateway.paths import decoded, segments_of
from app.core.value import value

T = TypeVar("T")

DEFAULT = "$default"
ANY = "ANY"
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", ANY)

_MOST_NEAR = 8

_VARIABLE = re.compile(r"\{([A-Za-z0-9._$:-]+)(\+)?\}")


@value(frozen=True, slots=True)
class RouteKey:
    """`GET /pets/{id}`, `ANY /{proxy+}`; `$default` has neither method nor path."""

    text: str
    method: str = ""
    path: str = ""

    @property
    def is_default(self) -> bool:
        return self.text == DEFAULT

    @property
    def shape(self) -> str:
        """The same for keys that take the same requests: what variables are called makes no difference."""
        return self.method + _VARIABLE.sub(lambda found: "{+}" if found[2] else "{}", self.path) or self.text


def parse_route_key(text: str) -> RouteKey:
    """Raises ValueError, with a sentence, for what is no route key of an HTTP API."""
    if text == DEFAULT:
        return RouteKey(text)
    method, _, path = text.partition(" ")
    if method not in METHODS or not path.startswith("/"):
        raise ValueError(f"'{text}' is no route key: it is like GET /pets/{{id}}, ANY /{{proxy+}} or {DEFAULT}")
    check_template(path)
    return RouteKey(text, method, path)


def check_template(path: str) -> None:
    """Raises ValueError, with a sentence, for a path whose variables cannot be told."""
    names = set()
    segments = segments_of(path)
    for number, segment in enumerate(segments):
        if "{" not in segment and "}" not in segment:
            continue
        found = _VARIABLE.fullmatch(segment)
        if found is None:
            raise ValueError(f"'{path}' has a variable that is not a whole segment")
        if found[1] in names:
            raise ValueError(f"'{path}' has the variable {found[1]} twice")
        if found[2] and number < len(segments) - 1:
            raise ValueError(f"'{path}' goes on after its greedy variable")
        names.add(found[1])


@value(frozen=True, slots=True)
class Matched(Generic[T]):
    """The route that takes a request; `variables` are as the path has them, percent-encoded."""

    route: T
    variables: Mapping[str, str]


@dataclass(slots=True)
class _Node(Generic[T]):
    """`here` are the routes that end here, by method, each with the names of its variables."""

    fixed: dict[str, "_Node[T]"] = field(default_factory=dict)
    variable: "_Node[T] | None" = None
    greedy: "_Node[T] | None" = None
    here: dict[str, tuple[T, tuple[str, ...]]] = field(default_factory=dict)

    def for_method(self, method: str) -> tuple[T, tuple[str, ...]] | None:
        return self.here.get(method) or self.here.get(ANY)


class Routes(Generic[T]):
    """Routes by method and path template. A fixed segment goes before a variable, and that before the rest of the path.

    `greedy_last` looks for a route of the whole path everywhere before it looks for one with a greedy variable, as HTTP
    APIs do; REST APIs decide segment by segment. Trailing slashes are the caller's business.
    """

    def __init__(self, *, greedy_last: bool = True) -> None:
        self._root: _Node[T] = _Node()
        self._greedy_last = greedy_last
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __repr__(self) -> str:
        return f"<Routes: {self._count}>"

    def add(self, method: str, path: str, route: T) -> None:
        """Raises ValueError when a route of this method takes the same paths."""
        node, names = self._root, []
        for segment in segments_of(path):
            found = _VARIABLE.fullmatch(segment)
            if found is None:
                node = node.fixed.setdefault(segment, _Node())
                continue
            names.append(found[1])
            if found[2]:
                node.greedy = node = node.greedy or _Node()
            else:
                node.variable = node = node.variable or _Node()
        if method in node.here:
            raise ValueError(f"there is another route for {method} {path}")
        node.here[method] = (route, tuple(names))
        self._count += 1

    def match(self, method: str, path: str) -> Matched[T] | None:
        """The route for a percent-encoded path."""
        segments = segments_of(path)
        if self._greedy_last:
            return self._find(method, segments, greedy=False) or self._find(method, segments, greedy=True)
        return self._find(method, segments, greedy=None)

    def methods_at(self, path: str) -> list[str]:
        """For which methods there is a route that takes the path; for people and for CORS."""
        found = {method for node, _ in self._walk(segments_of(path), None) for method in node.here}
        return sorted(found)

    def reach(self, path: str) -> tuple[str, list[str]]:
        """How much of a path that no route takes there is a route for, and what may follow there; for people."""
        segments = segments_of(path)
        best, deepest = self._root, 0
        nodes = [(self._root, 0)]
        while nodes:
            node, at = nodes.pop()
            if at > deepest:
                best, deepest = node, at
            if at == len(segments):
                continue
            if node.variable is not None and segments[at]:
                nodes.append((node.variable, at + 1))
            fixed = node.fixed.get(segments[at]) or node.fixed.get(decoded(segments[at]))
            if fixed is not None:
                nodes.append((fixed, at + 1))
        more = [
            *islice(best.fixed, _MOST_NEAR + 1),
            *(["{…}"] if best.variable else []),
            *(["{…+}"] if best.greedy else []),
        ]
        return "/" + "/".join(segments[:deepest]), more

    def _find(self, method: str, segments: Sequence[str], *, greedy: bool | None) -> Matched[T] | None:
        for node, values in self._walk(segments, greedy):
            found = node.for_method(method)
            if found is not None:
                route, names = found
                return Matched(route, dict(zip(names, values, strict=True)))
        return None

    def _walk(self, segments: Sequence[str], greedy: bool | None) -> Iterator[tuple[_Node[T], tuple[str, ...]]]:
        """The nodes that take the path, the most specific first: without greedy variables, only with one, or both."""
        # A stack of its own: a path may have thousands of segments, and Python's stack has a thousand frames.
        stack: list[tuple[_Node[T], int, tuple[str, ...], bool]] = [(self._root, 0, (), False)]
        while stack:
            node, at, values, is_greedy = stack.pop()
            if is_greedy or at == len(segments):
                if node.here and (greedy is None or greedy is is_greedy):
                    yield node, values
                continue
            # What is pushed last is looked at first.
            if node.greedy is not None and greedy is not False:
                rest = "/".join(segments[at:])
                if rest.strip("/"):
                    stack.append((node.greedy, len(segments), (*values, rest), True))
            if node.variable is not None and segments[at]:
                stack.append((node.variable, at + 1, (*values, segments[at]), False))
            fixed = node.fixed.get(segments[at])
            if fixed is None and "%" in segments[at]:
                fixed = node.fixed.get(decoded(segments[at]))
            if fixed is not None:
                stack.append((fixed, at + 1, values, False))


def nearest(routes: Routes[T], path: str) -> str:
    """Where a path that no route takes leaves the routes, and how it might have gone on; for the journal."""
    fits, more = routes.reach(path)
    if not more:
        return f": it fits as far as {fits}, where nothing more comes"
    shown = ", ".join(more[:_MOST_NEAR]) + (" and others" if len(more) > _MOST_NEAR else "")
    return f": it fits as far as {fits}, where {shown} may follow"
