"""A request through a function URL: CORS, who may come in, the function, and its answer whole or streamed."""

import asyncio
from dataclasses import replace

from starlette.types import Send

from app.core.commands import Asker, Opened
from app.core.errors import AccessDenied, TooManyRequests
from app.core.gateway.cors import answer_headers, is_preflight, preflight_headers, without_cors
from app.core.gateway.function_url import FunctionUrl
from app.core.gateway.request import GatewayAnswer, GatewayRequest, Headers
from app.engine.driver import Engine
from app.web.gateway.address import Address
from app.web.gateway.invoking import ByHand, Ending, Rejected, Returned, invoke
from app.web.gateway.outcome import RequestLimits, Result, Streamed
from app.web.gateway.sending import encoded_headers, send_answer
from app.web.gateway.signing import NotSigned, Signatures, identity_of
from app.wire.credentials import Credential
from app.wire.gateway import function_url as answers
from app.wire.gateway.occasion import Occasion
from app.wire.gateway.results import BadResult

_ROUTE = "$default"


class FunctionUrlFront:
    """Answers requests to function URLs."""

    # Lambda quotas: 6 MB in and out. Lengths of paths and headers are UNCONFIRMED.
    limits = RequestLimits(
        6_291_456, 10_240, 65_536, answers.BODY_TOO_LARGE, answers.URI_TOO_LONG, answers.HEADERS_TOO_LARGE
    )

    def __init__(self, engine: Engine | ByHand, signatures: Signatures) -> None:
        self._engine = engine
        self._signatures = signatures

    def waits_only_for_functions(self, url: FunctionUrl, request: GatewayRequest, address: Address) -> bool:
        """Whether `answer` is whole."""
        return not url.streams

    async def answer(self, url: FunctionUrl, request: GatewayRequest, address: Address, opened: Opened) -> Result:
        """The answer of the function, or of Lambda in its place."""
        trace_header = opened.origin.trace_header or ""
        ours: Headers = (("x-amzn-RequestId", opened.request_id), ("X-Amzn-Trace-Id", trace_header))
        if url.cors is not None and is_preflight(request):
            # Answered without the function; that the status is 200 is UNCONFIRMED.
            return Result(GatewayAnswer(200, (*preflight_headers(url.cors, request), *ours)), route="CORS")
        signer = self._signatures.signer_of(request, "lambda") if url.auth_type == "AWS_IAM" else None
        if isinstance(signer, NotSigned):
            answer = answers.FORBIDDEN if signer.words is None else answers.unsigned(signer.words)
            return Result(_with(url, request, answer, ours), problem=signer.problem)
        authorizer = {"iam": identity_of(signer)} if signer is not None else None
        occasion = Occasion(
            url.scope.account, url.id, "$default", _ROUTE, request.path, opened.request_id, self._engine.clock.now(),
            trace_header, address.domain or f"{url.id}.lambda-url.{url.scope.region}.on.aws", authorizer=authorizer,
        )  # fmt: skip
        event = answers.url_event(request, occasion)
        asker = _asker(url, signer)
        station = f"{request.method} {request.path} of {url.name}"
        if url.streams:
            stream = _Stream(url, request, ours)
            running = asyncio.create_task(
                invoke(
                    self._engine, url.function, event, url.scope, opened.origin, station, None, stream,
                    asker=asker, request_id=opened.request_id,
                )
            )  # fmt: skip
            return await stream.result(running)
        ending = await invoke(
            self._engine, url.function, event, url.scope, opened.origin, station, None,
            asker=asker, request_id=opened.request_id,
        )  # fmt: skip
        result = _result_of(ending)
        assert isinstance(result.answer, GatewayAnswer), "a buffered answer is whole"
        return replace(result, answer=_with(url, request, result.answer, ours))


def _asker(url: FunctionUrl, signer: Credential | None) -> Asker | None:
    """Whom the function's policy has to allow (Lambda guide, urls-auth): everybody, where nobody has to sign; else
    accounts other than its own, whose identities have policies of their own.

    Since October 2025 it takes two permissions: for the URL, and to invoke the function by way of it.
    """
    if signer is not None and signer.scope.account == url.scope.account:
        return None
    principal = "*" if signer is None else f"arn:aws:iam::{signer.scope.account}:root"
    through = Asker(principal, context=(("lambda:InvokedViaFunctionUrl", "true"),))
    context = (("lambda:FunctionUrlAuthType", url.auth_type),)
    return Asker(principal, action="lambda:InvokeFunctionUrl", context=context, also=through)


def _result_of(ending: Ending) -> Result:
    if isinstance(ending, Returned):
        try:
            return Result(answers.answer_of_result(ending.payload), _ROUTE)
        except BadResult as bad:
            return Result(answers.FAILED, _ROUTE, problem=str(bad))
    return Result(_refusal_of(ending), _ROUTE, problem=ending.text)


def _refusal_of(ending: Ending) -> GatewayAnswer:
    match ending:
        case Rejected(refusal=AccessDenied()):
            return answers.FORBIDDEN
        case Rejected(refusal=TooManyRequests()):
            return answers.THROTTLED
        case _:
            return answers.FAILED


def _with(url: FunctionUrl, request: GatewayRequest, answer: GatewayAnswer, ours: Headers) -> GatewayAnswer:
    headers = answer.headers
    if url.cors is not None:
        headers = (*without_cors(headers), *answer_headers(url.cors, request))
    return replace(answer, headers=(*headers, *ours))


class _Stream:
    """Takes what a handler streams, and gives it on as the client takes it. `engine.ports.ResponseSink`."""

    def __init__(self, url: FunctionUrl, request: GatewayRequest, ours: Headers) -> None:
        self._url, self._request, self._ours = url, request, ours
        self._chunks: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._begun = asyncio.Event()
        self._content_type = ""

    def begin(self, content_type: str) -> None:
        self._content_type = content_type
        self._begun.set()

    def write(self, chunk: bytes) -> None:
        self._chunks.put_nowait(chunk)

    async def result(self, running: "asyncio.Task[Ending]") -> Result:
        """The answer once its head is known: streamed if the handler streams, whole if it only returns."""
        running.add_done_callback(lambda _: self._chunks.put_nowait(None))
        beginning = asyncio.create_task(self._begun.wait())
        await asyncio.wait((running, beginning), return_when=asyncio.FIRST_COMPLETED)
        beginning.cancel()
        if not self._begun.is_set():
            return self._whole(await running)
        try:
            head, first = await self._head()
        except BadResult as bad:
            return Result(_with(self._url, self._request, answers.FAILED, self._ours), _ROUTE, problem=str(bad))
        head = _with(self._url, self._request, head, self._ours)
        return Result(Streamed(lambda send: self._send(send, head, first, running), head.status), _ROUTE)

    def _whole(self, ending: Ending) -> Result:
        """A handler that only returns is not read as an answer here: what it returns is the body (recorded)."""
        if isinstance(ending, Returned):
            answer = GatewayAnswer(200, (("content-type", "application/json"),), ending.payload)
            return Result(_with(self._url, self._request, answer, self._ours), _ROUTE)
        return Result(_with(self._url, self._request, _refusal_of(ending), self._ours), _ROUTE, problem=ending.text)

    async def _head(self) -> tuple[GatewayAnswer, bytes]:
        """Status and headers, and what of the body came with them. Raises BadResult."""
        if self._content_type != answers.INTEGRATION_TYPE:
            kind = self._content_type or "application/octet-stream"
            return answers.head_of(200, [("content-type", kind)]), b""
        received = b""
        while (chunk := await self._chunks.get()) is not None:
            received += chunk
            parts = answers.split_prelude(received)
            if parts is not None:
                return answers.head_of_prelude(parts[0]), parts[1]
        self._chunks.put_nowait(None)
        raise BadResult("the stream ended before its body began")

    async def _send(self, send: Send, head: GatewayAnswer, first: bytes, running: "asyncio.Task[Ending]") -> None:
        """Everything that comes, as it comes. A handler that fails in the middle cuts the answer off."""
        if self._request.method == "HEAD":
            await send_answer(send, head, "HEAD")
            return
        await send({"type": "http.response.start", "status": head.status, "headers": encoded_headers(head.headers)})
        if first:
            await send({"type": "http.response.body", "body": first, "more_body": True})
        while (chunk := await self._chunks.get()) is not None:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        ending = await running
        if isinstance(ending, Returned):
            await send({"type": "http.response.body", "body": ending.payload if _is_rest(ending) else b""})


def _is_rest(ending: Returned) -> bool:
    """What was not streamed of a stream; a handler that streamed everything leaves `null` or nothing."""
    return ending.payload not in (b"", b"null")
