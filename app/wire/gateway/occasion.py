"""What an event tells besides the request itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from app.core.gateway.request import GatewayRequest
from app.core.time import SECOND_MS, Instant, to_datetime

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Occasion:
    """The API, stage and route that a request came to, when, and who may be behind it.

    `path` is without the stage; `variables` are decoded. `authorizer` is the member of that name under
    `requestContext`, in the shape of the event's own format; None is none.
    """

    account: str
    api_id: str
    stage: str
    route_key: str
    path: str
    request_id: str
    now: Instant
    trace_header: str
    domain: str
    variables: Mapping[str, str] = field(default_factory=dict)
    stage_variables: Mapping[str, str] = field(default_factory=dict)
    authorizer: Mapping[str, Any] | None = None
    payload_version: str = "2.0"
    base_path: str | None = None
    """What leads here of a path under a custom domain name; None under a name of the API's own."""

    @property
    def prefix(self) -> str:
        """What stands before the path in events: the stage, or the base path."""
        if self.base_path is not None:
            return self.base_path
        return "" if self.stage == "$default" else f"/{self.stage}"

    @property
    def is_v1(self) -> bool:
        return self.payload_version == "1.0"

    def as_context(self, request: GatewayRequest) -> dict[str, Any]:
        """What `$context.` selects in a parameter mapping (HTTP API guide, http-api-logging-variables)."""
        return {
            "accountId": self.account,
            "apiId": self.api_id,
            "authorizer": _told_of(self.authorizer or {}),
            "domainName": self.domain,
            "domainPrefix": self.domain.partition(".")[0],
            "httpMethod": request.method,
            "identity": {"sourceIp": request.source_ip, "userAgent": request.header("user-agent") or ""},
            "path": self.path,
            "protocol": request.protocol,
            "requestId": self.request_id,
            "requestTime": clf_time(self.now),
            "requestTimeEpoch": str(self.now),
            "routeKey": self.route_key,
            "stage": self.stage,
        }


def _told_of(authorizer: Mapping[str, Any]) -> Mapping[str, Any]:
    """`$context.authorizer.claims.sub` and `$context.authorizer.tenant`, whichever format the event has."""
    inner = authorizer.get("lambda") or authorizer.get("jwt") or authorizer
    return inner if isinstance(inner, Mapping) else {}


def clf_time(now: Instant) -> str:
    """`12/Mar/2020:19:03:58 +0000`, the time of the Common Log Format."""
    return _clf_time(now // SECOND_MS)


@lru_cache(maxsize=64)
def _clf_time(now_s: int) -> str:
    at = to_datetime(now_s * SECOND_MS)
    return f"{at.day:02d}/{_MONTHS[at.month - 1]}/{at.year}:{at.hour:02d}:{at.minute:02d}:{at.second:02d} +0000"
