"""A CloudFront distribution as a value: an origin, and functions at the edge before and after it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.core.gateway.paths import matches_glob
from app.core.names import Arn, Scope

EVENT_TYPES = ("viewer-request", "origin-request", "origin-response", "viewer-response")


@dataclass(frozen=True, slots=True)
class Origin:
    """A URL, or a bucket of ours; `path` is put before what is asked for."""

    url: str | None = None
    bucket: str | None = None
    path: str = ""
    custom_headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Behavior:
    """What happens to requests whose path fits `path` (`*` and `?`): functions by event type, with body or without.
    `methods` are those that it takes; empty takes all."""

    path: str
    origin: Origin
    functions: Mapping[str, Arn] = field(default_factory=dict)
    includes_body: bool = False
    methods: tuple[str, ...] = ()

    def takes(self, path: str) -> bool:
        return matches_glob(self.path if self.path.startswith(("/", "*")) else f"/{self.path}", path)


@dataclass(frozen=True, slots=True)
class Distribution:
    """The first behavior that takes a path is its; the last one takes everything. `told_id` is the id that functions
    are told, where it is another; `root_object` is asked of the origin for `/`. `error_pages` are
    by the origin's status the path of a page to show instead, and its own status."""

    id: str
    name: str
    scope: Scope
    behaviors: tuple[Behavior, ...]
    port: int | None = None
    told_id: str | None = None
    root_object: str = ""
    error_pages: Mapping[int, tuple[str, int]] = field(default_factory=dict)

    kind = "distribution"

    def behavior_for(self, path: str) -> Behavior:
        return next((behavior for behavior in self.behaviors if behavior.takes(path)), self.behaviors[-1])
