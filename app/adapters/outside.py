"""The calls to the outside, really made: HTTP with aiohttp, AWS operations with boto3 against this service itself."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, assert_never
from urllib.parse import urlsplit

from app.adapters.http_client import HttpClient, NoAnswerInTime
from app.core.awslambda.invocation import Unreachable
from app.core.delivery.outside_calls import (
    AwsAnswered,
    AwsCall,
    AwsRefused,
    HttpAnswered,
    HttpCall,
    NoAnswer,
    OutsideAnswer,
    OutsideCall,
    SweepBucket,
)
from app.core.urls import LOOPBACK_NAMES, without_password

_THREADS = 8
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Outside:
    """`engine.ports.OutsideWorld`. `url` is this service's own, `secret` what its AWS calls are signed with: they
    arrive like anybody's, so that every service is reached in one way."""

    def __init__(
        self, url: str, secret: str, sweep: Callable[[SweepBucket], Awaitable[OutsideAnswer]] | None = None,
        ports: Collection[int] = (),
    ) -> None:  # fmt: skip
        """`sweep` is the object store's; `ports` are those that fronts of this service have to themselves."""
        self._url = url
        own = urlsplit(url)
        self._hosts = {own.hostname, *_LOOPBACK}
        self._ports = {own.port, *ports}
        self._secret = secret
        self._sweep = sweep
        self._http = HttpClient()
        self._threads: ThreadPoolExecutor | None = None

    def comes_back(self, call: OutsideCall) -> bool:
        match call:
            case HttpCall(url=url):
                return url.startswith("/") or self._is_ours(url)
            case AwsCall():
                return True
            case SweepBucket():
                return False
            case _:
                assert_never(call)

    async def make(self, call: OutsideCall) -> OutsideAnswer:
        match call:
            case HttpCall():
                return await self._send(call)
            case AwsCall():
                return await self._on_thread(lambda: self._call(call))
            case SweepBucket():
                return await self._sweep(call) if self._sweep else NoAnswer("there is no object store")
            case _:
                assert_never(call)

    async def close(self) -> None:
        await self._http.close()
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    def _is_ours(self, url: str) -> bool:
        """Whether a front of this service, a function's URL say, is what answers there."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            return False
        return port in self._ports and (host in self._hosts or host.endswith(LOOPBACK_NAMES))

    async def _send(self, call: HttpCall) -> OutsideAnswer:
        url = f"{self._url}{call.url}" if call.url.startswith("/") else call.url
        answer = await self._http.request(call.method, url, call.body, dict(call.headers), within_ms=call.timeout_ms)
        match answer:
            case Unreachable(message=message):
                return NoAnswer(message)
            case NoAnswerInTime():
                return NoAnswer(f"{without_password(url)}: no answer within {call.timeout_ms / 1_000:g} seconds")
            case _:
                headers = {name.lower(): value for name, value in answer.headers.items()}
                cookies = tuple(value for name, value in answer.headers.items() if name.lower() == "set-cookie")
                return HttpAnswered(answer.status, headers, answer.body, cookies)

    async def _on_thread(self, work: Callable[[], OutsideAnswer]) -> OutsideAnswer:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="outside")
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _call(self, call: AwsCall) -> OutsideAnswer:
        # boto3 is loaded by whoever needs it: it takes a third of a second.
        from botocore import xform_name
        from botocore.exceptions import (
            BotoCoreError,
            ClientError,
            DataNotFoundError,
            ParamValidationError,
            UnknownServiceError,
        )

        try:
            client = self._client(call)
            shapes = client.meta.service_model
            if call.operation not in shapes.operation_names:
                return AwsRefused("UnknownOperationException", f"{call.service} has no operation {call.operation}")
            parameters = _as_modelled(shapes.operation_model(call.operation).input_shape, call.parameters)
            result = getattr(client, xform_name(call.operation))(**parameters)
        except (UnknownServiceError, DataNotFoundError):
            return AwsRefused("UnknownOperationException", f"there is no service {call.service}")
        except ParamValidationError as error:
            return AwsRefused("ValidationException", str(error))
        except ClientError as error:
            return AwsRefused(error.response["Error"].get("Code", ""), error.response["Error"].get("Message", ""))
        except BotoCoreError as error:
            return NoAnswer(str(error))
        result.pop("ResponseMetadata", None)
        return AwsAnswered(result)

    def _client(self, call: AwsCall) -> Any:
        """A client for the service in the scope that sends the trace header of the call at hand."""
        import boto3
        from botocore.config import Config

        # A client is made for one call: its trace header is the call's, and threads do not share it.
        session = boto3.session.Session(
            aws_access_key_id=call.scope.account, aws_secret_access_key=self._secret, region_name=call.scope.region
        )
        client = session.client(
            call.service,
            endpoint_url=self._url,
            # StartSyncExecution's host has a prefix, which no name server knows of this one.
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, inject_host_prefix=False),
        )
        if call.trace_header is not None:
            header = call.trace_header

            def add_trace(request: Any, **_: Any) -> None:
                request.headers["X-Amzn-Trace-Id"] = header

            client.meta.events.register("before-sign", add_trace)
        return client


def _as_modelled(shape: Any, value: Any) -> Any:
    """The value with its members named as botocore's model has them: EventBridge Scheduler writes every name in
    PascalCase, services such as Step Functions and ECS do not. Unknown ones stay, and are refused."""
    if shape is None:
        return value
    if shape.type_name == "structure" and isinstance(value, Mapping):
        names = {name[:1].upper() + name[1:]: name for name in shape.members}
        told = {}
        for given, member in value.items():
            name = given if given in shape.members else names.get(given[:1].upper() + given[1:], given)
            told[name] = _as_modelled(shape.members.get(name), member)
        return told
    if shape.type_name == "list" and isinstance(value, list | tuple):
        return [_as_modelled(shape.member, member) for member in value]
    if shape.type_name == "map" and isinstance(value, Mapping):
        return {key: _as_modelled(shape.value, member) for key, member in value.items()}
    return value
