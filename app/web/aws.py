"""The AWS endpoint: which service a request is for, and the way from its bytes to the engine and back."""

from asyncio import to_thread
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from time import time
from typing import Any, TypeAlias
from uuid import uuid4

import orjson
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as AsgiScope

from app.core.commands import Command, Waiting
from app.core.errors import Refused
from app.core.time import SECOND_MS
from app.engine.driver import Engine
from app.engine.storage import Backstop
from app.web.asgi import ClientGone, read_body, replay, send_answer
from app.web.at_once import Answered, Reply
from app.web.callers import caller_in, caller_of, service_stated, stated_in
from app.web.lambda_api import LambdaApi, LambdaParts
from app.web.publishing import publish_at_once
from app.web.signature import verify
from app.web.waiting import while_connected
from app.wire import gate, protocol
from app.wire.addressee import has_form, is_link, service_of, service_of_form
from app.wire.awslambda.code import CODE_PATH
from app.wire.calls import Call, Caller, Params, Result, Service
from app.wire.credentials import credential_in
from app.wire.errors import protocol_of, refuse
from app.wire.events.signing import CERTIFICATE, CERTIFICATE_PATH
from app.wire.http import HttpAnswer, HttpRequest, TextHeaders
from app.wire.services import SERVICES
from app.wire.sqs import errors as sqs_errors
from app.wire.sqs import general as sqs_general
from app.wire.sqs.operations import SQS
from app.wire.sqs.plain import plain_call, plain_params, render_json
from app.wire.stored import refuse_stored

_SQS_TARGET = b"AmazonSQS."
_JSON_TYPE = "application/x-amz-json-1.1"


Elsewhere: TypeAlias = Callable[[Params, Caller], Awaitable[Result]]
"""An operation that is carried out by somebody else, under AWS's member names."""


@dataclass(frozen=True, slots=True)
class AwsSettings:
    """`secrets` by access key id makes every request prove itself; None waives it (loopback).

    Bodies beyond the limits are refused with 413, to S3 with its EntityTooLarge.
    """

    secrets: Mapping[str, str] | None = None
    max_body_bytes: int = 12_000_000
    max_object_bytes: int = 300_000_000


class AwsEndpoint:
    """An ASGI app that answers SQS and Lambda, hands S3 to `s3_app`, and names what is not emulated."""

    def __init__(
        self,
        engine: Engine,
        settings: AwsSettings,
        s3_app: ASGIApp,
        backstop: Backstop | None = None,
        lambda_parts: LambdaParts | None = None,
        elsewhere: Mapping[tuple[str, str], Elsewhere] | None = None,
    ) -> None:
        """`elsewhere` are operations, by model and name, that take more than one command to carry out."""
        self._engine = engine
        self._elsewhere = elsewhere or {}
        self._backstop = backstop
        self._settings = settings
        self._s3_app = s3_app
        self._request_ids = _RequestIds()
        self._loaded: set[str] = set()
        self._lambda_api = LambdaApi(
            engine, lambda_parts or LambdaParts(), verify=self._verify, load=self._load, answer_to=self._answer_to
        )

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http", "the endpoint speaks HTTP only"
        headers: dict[bytes, bytes] = dict(scope["headers"])
        target = headers.get(b"x-amz-target", b"")
        try:
            if target.startswith(_SQS_TARGET):
                await self._sqs_json(target[len(_SQS_TARGET) :].decode("latin-1"), scope, headers, receive, send)
            else:
                await self._by_service(scope, headers, receive, send)
        except ClientGone:
            return

    def answer_at_once(self, headers: Mapping[bytes, bytes], body: bytes) -> Answered | ASGIApp | None:
        """The answer to a `POST /` if it is a plain request to SQS, or a plain Publish to SNS; the app that will give
        it if somebody has to wait; else None, and nothing has happened. It is the ASGI app's answer, byte for byte."""
        if self._settings.secrets is not None or len(body) > self._settings.max_body_bytes:
            return None
        target = headers.get(b"x-amz-target", b"")
        if not target:
            caller = partial(caller_of, headers, b"", "http")
            return publish_at_once(self._engine, headers, body, caller, self._request_ids.next)
        if not target.startswith(_SQS_TARGET):
            return None
        operation = target[len(_SQS_TARGET) :].decode("latin-1")
        request_id = b""
        try:
            asked = plain_call(operation, body, caller_of(headers, b"", "http"), self._engine)
            if asked is None:
                return None
            request_id = self._request_ids.next()
            if not isinstance(asked, Call):
                return render_json(asked), request_id
            answer = self._engine.submit(asked.command)
            if isinstance(answer, Waiting):
                return self._later(answer, asked, headers, request_id)
            return render_json(asked.render(answer)), request_id
        except Refused as refused:
            return _refused_json(refused, headers), request_id or self._request_ids.next()

    def answer_later(
        self, target: bytes, headers: Mapping[bytes, bytes], body: bytes, reply: Reply
    ) -> Callable[[], None] | None:
        """Take an Invoke and answer it when its function has; gives back what gives up the wait. None if it is not one
        or has to prove itself. The answer is the one that the ASGI app would give, byte for byte."""
        path, _, query = target.decode("latin-1").partition("?")
        if not path.endswith("/invocations") or self._settings.secrets is not None:
            return None
        if len(body) > self._settings.max_body_bytes:
            return None
        if service_stated(stated_in(headers), query) not in ("", "lambda"):
            return None
        request = HttpRequest("POST", path, query, TextHeaders(headers), body)
        caller = caller_of(headers, query.encode("latin-1"), "http")
        return self._lambda_api.answer_later(request, caller, self._request_ids.next(), reply)

    def _later(self, waiting: Waiting, asked: Call, headers: Mapping[bytes, bytes], request_id: bytes) -> ASGIApp:
        async def answer_later(_: AsgiScope, receive: Receive, send: Send) -> None:
            try:
                await read_body(
                    receive, self._settings.max_body_bytes
                )  # it was read before; the rest is the client's going
                answer = await while_connected(self._engine.later(waiting), receive)
                await send_answer(send, render_json(asked.render(answer)), request_id)
            except Refused as refused:
                await send_answer(send, _refused_json(refused, headers), request_id)
            except ClientGone:
                return

        return answer_later

    async def _sqs_json(
        self, operation: str, scope: AsgiScope, headers: dict[bytes, bytes], receive: Receive, send: Send
    ) -> None:
        request_id = self._request_ids.next()
        try:
            body = await read_body(receive, self._settings.max_body_bytes)
            if self._settings.secrets is not None:
                self._verify(_http_request(scope, headers, body))
            caller = caller_in(scope, headers)
            params = plain_params(operation, body)
            if params is not None:
                answer = render_json(await self._carry_out(SQS, operation, params, caller, receive))
            else:
                answer = await self._sqs_general(_http_request(scope, headers, body), caller, request_id, receive)
        except Refused as refused:
            answer = _refused_json(refused, headers)
        await send_answer(send, answer, request_id)

    async def _by_service(self, scope: AsgiScope, headers: dict[bytes, bytes], receive: Receive, send: Send) -> None:
        request = _http_request(scope, headers, b"")
        if request.method == "GET" and request.path.startswith(CODE_PATH):
            await self._lambda_api.package(request, self._request_ids.next(), send)
            return
        if request.path == CERTIFICATE_PATH:
            await send_answer(send, HttpAnswer(200, CERTIFICATE.encode(), "application/x-pem-file"), b"")
            return
        credential = credential_in(request.headers.get("authorization", ""), request.query)
        service = service_of(request, credential)
        body: bytes | None = None
        if service == "" and request.method == "POST" and has_form(request):
            # A form may be SQS's query protocol, or an unsigned upload; only its content tells.
            try:
                body = await read_body(receive, self._settings.max_object_bytes)
            except Refused as refused:
                await self._refuse_s3(refused, send)
                return
            service = service_of_form(body)
        match service:
            case "s3" | "":
                await self._s3(request, scope, body, receive, send)
            case "sqs":
                await self._sqs_query(request, body, caller_in(scope, headers), receive, send)
            case "lambda":
                caller = caller_in(scope, headers)
                await self._lambda_api(request, caller, self._request_ids.next(), receive, send)
            case _ if service in SERVICES:
                await self._general(SERVICES[service], request, body, caller_in(scope, headers), receive, send)
            case _ if self._backstop is not None and self._backstop.handles(service):
                await self._stored(self._backstop, service, request, body, caller_in(scope, headers), receive, send)
            case _:
                await self._refuse_service(service, request, send)

    async def _sqs_query(
        self, request: HttpRequest, body: bytes | None, caller: Caller, receive: Receive, send: Send
    ) -> None:
        request_id = self._request_ids.next()
        try:
            body = await read_body(receive, self._settings.max_body_bytes) if body is None else body
            request = replace(request, body=body)
            self._verify(request)
            answer = await self._sqs_general(request, caller, request_id, receive)
        except Refused as refused:
            answer = sqs_errors.refuse_query(refused, request_id.decode())
        await send_answer(send, answer, request_id)

    async def _sqs_general(
        self, request: HttpRequest, caller: Caller, request_id: bytes, receive: Receive
    ) -> HttpAnswer:
        await self._load("sqs")
        parsed = sqs_general.parse(request)
        result = await self._carry_out(SQS, parsed.operation, parsed.params, caller, receive)
        return protocol.render(parsed, result, request_id.decode())

    async def _general(
        self, service: Service, request: HttpRequest, body: bytes | None, caller: Caller, receive: Receive, send: Send
    ) -> None:
        """A service with nothing special about it: parsed, carried out and rendered by its model."""
        request_id = self._request_ids.next()
        try:
            body = await read_body(receive, self._settings.max_body_bytes) if body is None else body
            request = replace(request, body=body)
            if not is_link(request):
                self._verify(request)
            if (plain := _plain(service, request)) is not None:
                result = await self._carry_out(service, *plain, caller, receive)
                await send_answer(send, HttpAnswer(200, orjson.dumps(result), _JSON_TYPE), request_id)
                return
            await self._load(service.model)
            parsed = protocol.parse(service.model, request, check=service.check)
            elsewhere = self._elsewhere.get((service.model, parsed.operation))
            if elsewhere is not None:
                result = await elsewhere(parsed.params, caller)
            else:
                result = await self._carry_out(service, parsed.operation, parsed.params, caller, receive)
            answer = protocol.render(parsed, result, request_id.decode())
        except Refused as refused:
            answer = refuse(
                refused, service.errors, protocol=protocol_of(request), request_id=request_id.decode(),
                namespace=service.namespace,
            )  # fmt: skip
        await send_answer(send, answer, request_id)

    async def _stored(
        self, backstop: Backstop, service: str, request: HttpRequest, body: bytes | None, caller: Caller,
        receive: Receive, send: Send,
    ) -> None:  # fmt: skip
        """A service that only stores: the request goes as it is to who keeps it."""
        request_id = self._request_ids.next()
        try:
            body = await read_body(receive, self._settings.max_body_bytes) if body is None else body
            request = replace(request, body=body)
            self._verify(request)
            answer = await backstop.handle(service, request, caller.scope)
        except Refused as refused:
            answer = refuse_stored(service, refused, request, request_id.decode())
        await send_answer(send, answer, request_id)

    async def _s3(
        self, request: HttpRequest, scope: AsgiScope, body: bytes | None, receive: Receive, send: Send
    ) -> None:
        limit = self._settings.max_object_bytes
        try:
            if body is None and (self._settings.secrets is not None or _may_exceed(request, limit)):
                body = await read_body(receive, limit)
            self._verify(replace(request, body=body or b""))
        except Refused as refused:
            await self._refuse_s3(refused, send)
            return
        await self._s3_app(scope, receive if body is None else replay(body, receive), send)

    async def _refuse_s3(self, refused: Refused, send: Send) -> None:
        request_id = self._request_ids.next()
        await send_answer(send, gate.refuse_s3(refused, request_id.decode()), request_id)

    async def _refuse_service(self, service: str, request: HttpRequest, send: Send) -> None:
        request_id = self._request_ids.next()
        speaks_json = "x-amz-target" in request.headers or not has_form(request)
        await send_answer(send, gate.refuse_service(service, request_id.decode(), speaks_json=speaks_json), request_id)

    async def _carry_out(
        self, service: Service, operation: str, params: Params, caller: Caller, receive: Receive
    ) -> Result:
        asked = service.ask(operation, params, caller, self._engine)
        if not isinstance(asked, Call):
            return asked
        return asked.render(await self._answer_to(asked.command, receive))

    async def _answer_to(self, command: Command, receive: Receive) -> Any:
        """The engine's answer; a real wait, and only that, is given up when the client goes."""
        answer = self._engine.submit(command)
        if isinstance(answer, Waiting):
            return await while_connected(self._engine.later(answer), receive)
        return answer

    async def _load(self, service: str) -> None:
        """The general path of a service is loaded on a thread: others are to be answered in that second."""
        if service not in self._loaded:
            await to_thread(protocol.load, service)
            self._loaded.add(service)

    def _verify(self, request: HttpRequest) -> None:
        """Signatures are judged by real time, whatever the emulated clock says."""
        if self._settings.secrets is not None:
            verify(request, self._settings.secrets, now=round(time() * SECOND_MS))


class _RequestIds:
    """Request ids in the form of UUIDs: a random beginning for the process and a count."""

    __slots__ = ("_count", "_prefix")

    def __init__(self) -> None:
        self._prefix = str(uuid4())[:24].encode()
        self._count = 0

    def next(self) -> bytes:
        self._count += 1
        return b"%s%012x" % (self._prefix, self._count)


def _plain(service: Service, request: HttpRequest) -> tuple[str, Params] | None:
    """The operation and its parameters, where the service reads them without its model."""
    target = request.headers.get("x-amz-target")
    if service.plain is None or target is None:
        return None
    operation = target.rpartition(".")[2]
    params = service.plain(operation, request.body)
    return None if params is None else (operation, params)


def _refused_json(refused: Refused, headers: Mapping[bytes, bytes]) -> HttpAnswer:
    return sqs_errors.refuse_json(refused, in_query_mode=headers.get(b"x-amzn-query-mode") == b"true")


def _may_exceed(request: HttpRequest, max_bytes: int) -> bool:
    """Whether the body says that it is larger, or does not say how large it is."""
    declared = request.headers.get("content-length", "0")
    return "transfer-encoding" in request.headers or not declared.isdigit() or int(declared) > max_bytes


def _http_request(scope: AsgiScope, headers: dict[bytes, bytes], body: bytes) -> HttpRequest:
    raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
    return HttpRequest(
        scope["method"],
        raw_path.decode("latin-1"),
        scope["query_string"].decode("latin-1"),
        {name.decode("latin-1"): value.decode("latin-1") for name, value in headers.items()},
        body,
        scope.get("scheme", "http"),
    )
