"""APIs of API Gateway as targets of rules and pipes, and as a pipe's enrichment: called over HTTP, at this service."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from app.core.chain import Chains
from app.core.delivery.http_replies import Replied, reply_in
from app.core.delivery.outside import Outside
from app.core.delivery.outside_calls import HttpAnswered, HttpCall, OutsideAnswer
from app.core.delivery.targets import Parcel, Settled
from app.core.errors import DeliveryFailed, InvalidParameterValue
from app.core.names import Arn, parse_arn
from app.core.time import Instant

# The longest that an integration may take is 29 seconds (API Gateway's quotas).
TIMEOUT_MS = 30_000
_AGENT = "Amazon/EventBridge/ApiGateway"
_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(slots=True)
class ApiTarget:
    """`arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/PATH`; each `*` of the path is one of the target's
    `PathParameterValues`. What the API asks of its callers it asks here too: calls are not signed."""

    outside: Outside
    chains: Chains

    def exists(self, arn: Arn) -> bool:
        """Who answers for an API is not known here; one that is not there says so with its status."""
        return True

    def deliver(self, parcel: Parcel, now: Instant, settled: Settled) -> None:
        self.ask(parcel, now, lambda reply, at: settled(None if isinstance(reply, HttpAnswered) else reply, at))

    def ask(self, parcel: Parcel, now: Instant, replied: Replied) -> None:
        """The same with the API's answer."""
        api, stage, method, path = (parse_arn(parcel.target).resource.split("/", 3) + [""] * 3)[:4]
        if not stage or not method:
            told = InvalidParameterValue(f"{parcel.target} names no method of an API")
            replied(DeliveryFailed(told.message, "INVALID_PARAMETER", is_retried=False), now)
            return
        hop = parcel.cause.hop
        header = self.chains.header_of(hop) if hop else parcel.trace_header
        call = _request(f"/_aws/execute-api/{api}/{stage}", "POST" if method == "*" else method, path, parcel, header)

        def then(answer: OutsideAnswer, at: Instant) -> None:
            replied(reply_in(answer, "The API"), at)

        self.outside.call(call, then)


def _request(base: str, method: str, path: str, parcel: Parcel, trace_header: str | None) -> HttpCall:
    given: Mapping[str, Mapping[str, str]] = parcel.http or {}
    for value in (parcel.http or {}).get("PathParameterValues") or ():
        path = path.replace("*", quote(str(value), safe=""), 1)
    query = urlencode(list((given.get("QueryStringParameters") or {}).items()))
    headers = {"content-type": "application/json", "user-agent": _AGENT}
    headers |= {name.lower(): value for name, value in (given.get("HeaderParameters") or {}).items()}
    if trace_header is not None:
        headers["x-amzn-trace-id"] = trace_header
    url = f"{base}/{path}" + (f"?{query}" if query else "")
    body = b"" if method in _WITHOUT_BODY else parcel.body
    return HttpCall(method, url, tuple(headers.items()), body, TIMEOUT_MS)
