"""A request through a distribution: functions at the edge around an origin. Nothing is cached."""

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote, urlsplit

from app.core.awslambda.invocation import TimedOut
from app.core.commands import Asker, Opened
from app.core.delivery.outside_calls import HttpAnswered, HttpCall
from app.core.errors import TooManyRequests
from app.core.gateway.distribution import Behavior, Distribution, Origin
from app.core.gateway.request import GatewayAnswer, GatewayRequest
from app.engine.driver import Engine
from app.engine.ports import OutsideWorld
from app.web.gateway.address import Address, by_host
from app.web.gateway.invoking import Failed, Rejected, Returned, invoke
from app.web.gateway.outcome import RequestLimits, Result
from app.wire.gateway.edge import (
    TIMEOUT_MS,
    EdgeRequest,
    EdgeResponse,
    InvalidAtEdge,
    edge_event,
    edge_headers,
    error_page,
    flat,
    read_result,
)
from app.wire.gateway.headers import HOP_BY_HOP, BadHeader, answer_headers, forwarded_for

_PRINCIPAL = "edgelambda.amazonaws.com"
_ORIGIN_TIMEOUT_MS = 30_000
_NOT_ALLOWED = "This distribution is not configured to allow the HTTP request method that was used for this request."
_FIRST_ERROR = 400
"""From this status of the origin on, the function for viewer responses is not asked."""


class _Stopped(Exception):
    """A function at the edge failed; CloudFront answers for it."""

    def __init__(self, answer: GatewayAnswer, problem: str) -> None:
        super().__init__(problem)
        self.answer, self.problem = answer, problem


class DistributionFront:
    """Answers requests to distributions. `own_url` is where buckets of ours are."""

    # CloudFront quotas: a URL of 8,192 bytes, headers of 32 KB; the body's is the origin's business.
    limits = RequestLimits(
        20_971_520, 8_192, 32_768, error_page(413, "Request body too large.", "Error"),
        error_page(414, "The URL is too long.", "Error"), error_page(494, "The headers are too large.", "Error"),
    )  # fmt: skip

    def __init__(self, engine: Engine, outside: OutsideWorld, own_url: str) -> None:
        self._engine = engine
        self._outside = outside
        self._own_url = own_url

    async def answer(
        self, distribution: Distribution, request: GatewayRequest, address: Address, opened: Opened
    ) -> Result:
        behavior = distribution.behavior_for(request.path)
        if behavior.methods and request.method not in behavior.methods:
            problem = f"behavior {behavior.path} takes {', '.join(behavior.methods)}"
            return Result(error_page(403, _NOT_ALLOWED, "Error"), behavior.path, problem=problem)
        domain = address.domain or f"{distribution.id}.cloudfront.net"
        pairs = [(name, value) for name, value in request.headers if name.lower() not in HOP_BY_HOP]
        asked = EdgeRequest(
            request.method, request.path, request.query, edge_headers(pairs), request.source_ip, request.body
        )
        edge = _Edge(self._engine, distribution, behavior, domain, opened, f"{request.method} {request.path}")
        try:
            response = await self._through(edge, asked, request)
            if (page := distribution.error_pages.get(response.status)) is not None:
                response = await self._instead(distribution, asked, page, response)
        except _Stopped as stopped:
            return Result(stopped.answer, behavior.path, problem=stopped.problem)
        try:
            headers = answer_headers(flat(response.headers))
        except BadHeader as bad:
            return Result(error_page(502, "The origin's answer is not valid.", "Error"), problem=str(bad))
        ours = (("x-cache", "Miss from cloudfront"), ("via", f"1.1 {domain} (CloudFront)"),
                ("x-amz-cf-id", opened.request_id))  # fmt: skip
        return Result(GatewayAnswer(response.status, (*headers, *ours), response.body), behavior.path)

    async def _through(self, edge: "_Edge", asked: EdgeRequest, request: GatewayRequest) -> EdgeResponse:
        """Viewer request, origin request, origin, origin response, viewer response; a response ends the way in."""
        made = await edge.on_request("viewer-request", asked)
        if isinstance(made, EdgeResponse):
            return made  # what is made for a viewer request goes out as it is
        if made.uri == "/" and edge.root_object:
            made = replace(made, uri=f"/{edge.root_object}")
        asked = _towards_origin(made, edge.behavior.origin, forwarded_for(request))
        at_origin = await edge.on_request("origin-request", asked)
        if isinstance(at_origin, EdgeResponse):
            response = at_origin
        else:
            asked = at_origin
            response = await self._ask_origin(asked)
            response = await edge.on_response("origin-response", asked, response)
        if response.status < _FIRST_ERROR:
            response = await edge.on_response("viewer-response", made, response)
        return response

    async def _instead(
        self, distribution: Distribution, asked: EdgeRequest, page: tuple[str, int], response: EdgeResponse
    ) -> EdgeResponse:
        """The page for an error of the origin's, or the error itself where the page is not there either."""
        path, status = page
        wanted = replace(asked, method="GET", uri=path, querystring="", body=b"")
        origin = distribution.behavior_for(path).origin
        shown = await self._ask_origin(_towards_origin(wanted, origin, asked.client_ip))
        return response if shown.status >= _FIRST_ERROR else replace(shown, status=status)

    async def _ask_origin(self, asked: EdgeRequest) -> EdgeResponse:
        origin = asked.origin
        assert origin is not None, "a request on its way to the origin knows which"
        base = self._base_of(origin)
        query = f"?{asked.querystring}" if asked.querystring and origin.bucket is None else ""
        headers = {
            name: ("; " if name == "cookie" else ",").join(pair["value"] for pair in pairs)
            for name, pairs in asked.headers.items()
        }
        headers |= {name.lower(): value for name, value in origin.custom_headers.items()}
        headers.pop("content-length", None)
        if origin.bucket is not None:
            headers.pop("host", None)
            headers.pop("authorization", None)
        url = f"{base.rstrip('/')}{origin.path}{asked.uri}{query}"
        answer = await self._outside.make(
            HttpCall(asked.method, url, tuple(headers.items()), asked.body, _ORIGIN_TIMEOUT_MS)
        )
        if not isinstance(answer, HttpAnswered):
            problem = f"the origin did not answer: {getattr(answer, 'message', '')}"
            raise _Stopped(error_page(502, "CloudFront wasn't able to connect to the origin.", "Error"), problem)
        left_out = HOP_BY_HOP | {"content-length", "content-encoding", "set-cookie"}
        pairs = [(name, value) for name, value in answer.headers.items() if name not in left_out]
        pairs += [("set-cookie", cookie) for cookie in answer.cookies]
        return EdgeResponse(answer.status, edge_headers(pairs), answer.body)

    def _base_of(self, origin: Origin) -> str:
        """Where an origin is asked. One that is a front of ours by its name is here, whatever the machine's resolver
        makes of that, and on whatever port."""
        if origin.url is None:
            return f"{self._own_url}/{quote(origin.bucket or '', safe='')}"
        address = by_host(urlsplit(origin.url).netloc, "/")
        is_ours = address is not None and self._engine.world.gateways.get(address.front) is not None
        return self._own_url if is_ours else origin.url


class _Edge:
    """The functions of one behavior, asked for one request."""

    def __init__(
        self, engine: Engine, distribution: Distribution, behavior: Behavior, domain: str, opened: Opened, station: str
    ) -> None:
        self.behavior = behavior
        self._engine, self._distribution, self._domain, self._opened = engine, distribution, domain, opened
        self._station = station
        self.root_object = distribution.root_object

    async def on_request(self, kind: str, asked: EdgeRequest) -> EdgeRequest | EdgeResponse:
        if kind not in self.behavior.functions:
            return asked
        return await self._ask(kind, asked, None)

    async def on_response(self, kind: str, asked: EdgeRequest, response: EdgeResponse) -> EdgeResponse:
        if kind not in self.behavior.functions:
            return response
        made = await self._ask(kind, asked, response)
        assert isinstance(made, EdgeResponse), "a response event gives a response"
        return made

    async def _ask(self, kind: str, asked: EdgeRequest, response: EdgeResponse | None) -> EdgeRequest | EdgeResponse:
        """What the function made of it. Raises _Stopped."""
        functions: Mapping[str, str] = self.behavior.functions
        told_id = self._distribution.told_id or self._distribution.id
        event = edge_event(
            kind, asked, response, distribution=told_id, domain=self._domain,
            request_id=self._opened.request_id, includes_body=self.behavior.includes_body,
        )  # fmt: skip
        station = f"{kind} {self._station} of {self._distribution.name}"
        ending = await invoke(
            self._engine, functions[kind], event, self._distribution.scope, self._opened.origin, station,
            TIMEOUT_MS[kind], asker=Asker(_PRINCIPAL),
        )  # fmt: skip
        if isinstance(ending, Returned):
            try:
                return read_result(kind, ending.payload, asked, response)
            except InvalidAtEdge as invalid:
                words = f"The Lambda function result failed validation: {invalid}."
                raise _Stopped(error_page(502, words, "LambdaValidationError"), f"{kind}: {invalid}") from None
        problem = f"{kind}: {ending.text}"
        if isinstance(ending, Failed) and not isinstance(ending.outcome, TimedOut):
            # A failed function is 502 in the guide's list and 500 in its table of errors; the table is taken.
            raise _Stopped(error_page(500, "The Lambda function threw an exception.", "LambdaExecutionError"), problem)
        is_throttled = isinstance(ending, Rejected) and isinstance(ending.refusal, TooManyRequests)
        cache = "LambdaLimitExceeded" if is_throttled else "LambdaExecutionError"
        raise _Stopped(error_page(503, "The Lambda function could not be executed in time.", cache), problem)


def _towards_origin(made: EdgeRequest, origin: Origin, forwarded: str) -> EdgeRequest:
    """An origin is asked under its own name, which a function for origin requests may change."""
    host = f"{origin.bucket}.s3.amazonaws.com" if origin.bucket is not None else urlsplit(origin.url or "").netloc
    ours = {
        "x-forwarded-for": [{"key": "X-Forwarded-For", "value": forwarded}],
        "host": [{"key": "Host", "value": host}],
    }
    return EdgeRequest(
        made.method, made.uri, made.querystring, {**made.headers, **ours}, made.client_ip, made.body, origin
    )
