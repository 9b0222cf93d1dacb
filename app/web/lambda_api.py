"""Lambda's API behind the AWS endpoint: invocations, whole and streamed, and everything that its model describes."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from urllib.parse import quote
from xml.etree import ElementTree

from starlette.types import Receive, Send

from app.core.awslambda.deployment import Code
from app.core.commands import Command, Invoke, Invoked, Waiting
from app.core.errors import InvalidParameterValue, Refused, RequestTooLarge
from app.core.names import Scope
from app.engine.driver import Engine
from app.engine.storage import CodeStorage, ObjectStorage, StoreRequest
from app.web.asgi import read_body, send_answer
from app.web.at_once import Reply
from app.web.waiting import while_connected
from app.wire import protocol
from app.wire.awslambda.code import CODE, CODE_PATH, Image, Package, StoredObject, Zip, object_missing, package_of
from app.wire.awslambda.constraints import check_constraints
from app.wire.awslambda.errors import refuse
from app.wire.awslambda.invoke import parse_invoke, parse_invoke_async, render_invoked
from app.wire.awslambda.operations import LAMBDA, NOT_BY_MODEL
from app.wire.awslambda.streaming import STREAM_TYPE, chunk, complete, parse_streaming_invoke
from app.wire.calls import Call, Caller, Result
from app.wire.http import HttpAnswer, HttpRequest
from app.wire.refusals import BodyTooLarge, NotEmulated

MAX_BODY_BYTES = 70_167_211
"""As recorded for CreateFunction: a zip of 50 MB in base64, and what stands around it."""

_READS = ("Get", "List")

_CHECKED_ELSEWHERE = {"Runtime", "InvokeMode"}
"""Members whose constraint Lambda tells in words of its own."""


@dataclass(frozen=True, slots=True)
class LambdaParts:
    """What Lambda's API needs beside the engine; without `code` nothing can be deployed."""

    code: CodeStorage | None = None
    objects: ObjectStorage | None = None


class LambdaApi:
    """Answers requests that are signed for Lambda, or have one of its paths."""

    def __init__(
        self,
        engine: Engine,
        parts: LambdaParts,
        *,
        verify: Callable[[HttpRequest], None],
        load: Callable[[str], Awaitable[None]],
        answer_to: Callable[[Command, Receive], Awaitable[object]],
    ) -> None:
        self._engine = engine
        self._parts = parts
        self._verify = verify
        self._load = load
        self._answer_to = answer_to

    async def __call__(
        self, request: HttpRequest, caller: Caller, request_id: bytes, receive: Receive, send: Send
    ) -> None:
        try:
            request = replace(request, body=await _body(receive))
            self._verify(request)
            streaming = parse_streaming_invoke(request, caller)
            if streaming is not None:
                await self._stream(streaming, request, receive, send)
                return
            answer, request_id = await self._answer(request, caller, request_id, receive)
        except Refused as refused:
            answer = refuse(refused)
        await send_answer(send, answer, request_id)

    def answer_later(
        self, request: HttpRequest, caller: Caller, request_id: bytes, reply: Reply
    ) -> Callable[[], None] | None:
        """Take an Invoke and answer it when its function has; gives back what gives up the wait. None if it is none.

        It proves nothing: for where nobody has to.
        """
        try:
            invoke = parse_invoke(request, caller)
            if invoke is None:
                return None
        except Refused as refused:
            reply(refuse(refused), request_id)
            return _nothing

        def then(invoked: Invoked | Refused) -> None:
            try:
                if isinstance(invoked, Refused):
                    raise invoked
                with_log = request.headers.get("x-amz-log-type") == "Tail"
                reply(render_invoked(invoked, invoke, with_log=with_log), invoked.request_id.encode())
            except Refused as refused:
                reply(refuse(refused), request_id)

        try:
            answer = self._engine.submit(invoke, then)
        except Refused as refused:
            reply(refuse(refused), request_id)
            return _nothing
        if isinstance(answer, Waiting):
            return partial(self._engine.give_up, answer)
        then(answer)
        return _nothing

    async def package(self, request: HttpRequest, request_id: bytes, send: Send) -> None:
        """A deployment package, at the URL that was told of it."""
        digest = request.path.removeprefix(CODE_PATH).removesuffix(".zip")
        content = await self._parts.code.read(digest) if self._parts.code is not None else None
        if content is None:
            answer = HttpAnswer(404, b"there is no such package\n", "text/plain")
        else:
            answer = HttpAnswer(200, content, "application/zip")
        await send_answer(send, answer, request_id)

    # Invoking -------------------------------------------------------------------------------------------

    async def _answer(
        self, request: HttpRequest, caller: Caller, request_id: bytes, receive: Receive
    ) -> tuple[HttpAnswer, bytes]:
        """The answer and its request id, which of an invocation is the one that the function sees."""
        invoke = parse_invoke(request, caller)
        if invoke is not None:
            invoked = await self._answer_to(invoke, receive)
            assert isinstance(invoked, Invoked), "this is what an Invoke is answered with"
            with_log = request.headers.get("x-amz-log-type") == "Tail"
            return render_invoked(invoked, invoke, with_log=with_log), invoked.request_id.encode()
        old = parse_invoke_async(request, caller)
        if old is not None:
            await self._answer_to(old, receive)
            return HttpAnswer(202, b'{"Status":202}', "application/json"), request_id
        return await self._by_model(request, caller, request_id, receive), request_id

    async def _stream(self, invoke: Invoke, request: HttpRequest, receive: Receive, send: Send) -> None:
        """Give the response on as it comes. What is refused before it begins is an ordinary error."""
        with_log = request.headers.get("x-amz-log-type") == "Tail"
        stream = _Stream(send)
        asking = asyncio.ensure_future(self._engine.ask_streaming(invoke, stream, stream.admitted))
        asking.add_done_callback(lambda _: stream.end())
        try:
            await while_connected(stream.drain(), receive)
            invoked: Invoked = await asking
        finally:
            asking.cancel()
        if invoked.outcome is None:
            answer = render_invoked(invoked, invoke, with_log=with_log)
            await send_answer(send, answer, invoked.request_id.encode())
            return
        rest, last = complete(invoked, with_log=with_log)
        await stream.finish(rest + last)

    # The rest -------------------------------------------------------------------------------------------

    async def _by_model(self, request: HttpRequest, caller: Caller, request_id: bytes, receive: Receive) -> HttpAnswer:
        await self._load("lambda")
        parsed = protocol.parse("lambda", request)
        if parsed.operation not in NOT_BY_MODEL:
            check_constraints(protocol.input_of(parsed), parsed.params, but=_CHECKED_ELSEWHERE)
        package = package_of(parsed.operation, parsed.params)
        kept = None if package is None else await self._kept(package, caller.scope)
        params = parsed.params if kept is None else {**parsed.params, CODE: kept}
        code = self._parts.code
        try:
            asked = LAMBDA.ask(parsed.operation, params, caller, self._engine)
            result: Result
            if isinstance(asked, Call):
                result = asked.render(await self._answer_to(asked.command, receive))
            else:
                result = asked
        finally:
            if kept is not None and code is not None and not kept.image_uri:
                code.arrived(kept)
            if code is not None and not parsed.operation.startswith(_READS):
                code.tidy()
        return protocol.render(parsed, result, request_id.decode())

    async def _kept(self, package: Package, scope: Scope) -> Code:
        """Keep the package. Raises InvalidParameterValue for what is none."""
        code = self._parts.code
        if code is None:
            raise NotEmulated("Functions cannot be deployed here: nothing keeps their code.")
        match package:
            case Image(uri=uri):
                found = code.image(uri)
                if found is None:
                    raise InvalidParameterValue(
                        f"Source image {uri} does not exist. Provide a valid source image: one that the setting "
                        "'images' gives an endpoint."
                    )
                return found
            case Zip(content=content):
                return await code.keep(content)
            case StoredObject():
                return await code.keep(await self._fetched(package, scope))

    async def _fetched(self, stored: StoredObject, scope: Scope) -> bytes:
        if self._parts.objects is None:
            raise object_missing("NoSuchBucket", "The specified bucket does not exist")
        query = f"versionId={stored.version}" if stored.version else ""
        # The path is as a client would send it: SDKs encode what is no plain character of a URL.
        answer = await self._parts.objects.handle(
            StoreRequest("GET", f"/{stored.bucket}/{quote(stored.key)}", query, {"host": "localhost"}, scope=scope)
        )
        if answer.status == 200:
            return answer.body
        raise object_missing(*_error_in(answer.body))


class _Stream:
    """A `ResponseSink` whose pieces wait until they are sent; it begins with the first."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._admitted: Waiting | None = None
        self._has_begun = False

    def admitted(self, waiting: Waiting) -> None:
        """The invocation is known, and whatever comes of it is the stream's matter."""
        self._admitted = waiting

    def begin(self, content_type: str) -> None:
        """The stream's own type is told, whatever the handler's is."""

    def write(self, chunk: bytes) -> None:
        self._pieces.put_nowait(chunk)

    def end(self) -> None:
        self._pieces.put_nowait(None)

    async def drain(self) -> None:
        """Send the pieces as they come, until the end."""
        while (piece := await self._pieces.get()) is not None:
            await self._begin()
            await self._send({"type": "http.response.body", "body": chunk(piece), "more_body": True})

    async def finish(self, last: bytes) -> None:
        await self._begin()
        await self._send({"type": "http.response.body", "body": last})

    async def _begin(self) -> None:
        if self._has_begun:
            return
        self._has_begun = True
        assert self._admitted is not None, "only what was admitted can answer"
        headers = [
            (b"content-type", STREAM_TYPE.encode()),
            (b"x-amz-executed-version", self._admitted.version.encode()),
            (b"x-amzn-requestid", self._admitted.request_id.encode()),
        ]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})


def _nothing() -> None:
    """There is no wait to give up."""


async def _body(receive: Receive) -> bytes:
    try:
        return await read_body(receive, MAX_BODY_BYTES)
    except BodyTooLarge:
        raise RequestTooLarge(
            f"Request must be smaller than {MAX_BODY_BYTES} bytes for the CreateFunction operation"
        ) from None


def _error_in(document: bytes) -> tuple[str, str]:
    """Code and message of an error of S3's."""
    root = ElementTree.fromstring(document)  # noqa: S314 - what our own store answered
    return root.findtext("Code", "InternalError"), root.findtext("Message", "")
