"""Functions behind any Lambda Invoke API: SAM, cargo-lambda, LocalStack, AWS itself."""

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from app.adapters.fault_outcomes import outcome_of_fault
from app.adapters.faults import parse_fault
from app.adapters.http_client import Answer, HttpClient, NoAnswerInTime
from app.core.awslambda.invocation import (
    HandlerFailed,
    Invocation,
    Outcome,
    Ran,
    Succeeded,
    Throttled,
    TimedOut,
    Unreachable,
)
from app.core.names import DEFAULT_REGION
from app.core.urls import without_password


@dataclass(frozen=True, slots=True)
class Credentials:
    """What requests are signed with."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None = None


class InvokeApi:
    """A function known by name at an Invoke API. A `FunctionEndpoint`. Requests are signed if there are credentials."""

    def __init__(
        self,
        endpoint_url: str,
        function_name: str,
        environments: int,
        *,
        region: str = DEFAULT_REGION,
        credentials: Credentials | None = None,
        timeout_grace_s: float = 5.0,
    ) -> None:
        """`function_name` may be an ARN. `timeout_grace_s` covers what the platform needs beside the handler."""
        self.environments = environments
        self._endpoint_url = endpoint_url.rstrip("/")
        self._shown = without_password(self._endpoint_url)
        self._function_name = function_name
        self._url = f"{self._endpoint_url}/2015-03-31/functions/{quote(function_name, safe='')}/invocations"
        self._region = region
        self._credentials = credentials
        self._timeout_grace_s = timeout_grace_s
        self._client = HttpClient()

    async def invoke(self, invocation: Invocation) -> Outcome:
        headers = {
            "Content-Type": "application/json",
            "X-Amz-Invocation-Type": "RequestResponse",
            "X-Amz-Log-Type": "Tail",
            "X-Amzn-Trace-Id": invocation.trace_header,
        }
        if invocation.client_context is not None:
            headers["X-Amz-Client-Context"] = base64.b64encode(invocation.client_context.encode()).decode()
        if self._credentials is not None:
            headers = self._sign(self._credentials, invocation.payload, headers)
        begin = time.monotonic()
        within_ms = invocation.timeout_ms + self._timeout_grace_s * 1_000
        answer = await self._client.post(self._url, invocation.payload, headers, within_ms=within_ms)
        duration_ms = (time.monotonic() - begin) * 1_000
        match answer:
            case Unreachable():
                return answer
            case NoAnswerInTime():
                return TimedOut(invocation.timeout_ms, Ran(duration_ms, environment=self._shown))
            case Answer():
                return self._outcome(answer, duration_ms, invocation.timeout_ms)

    async def close(self) -> None:
        await self._client.close()

    def describe(self) -> str:
        return f"Invoke API {self._shown}: {self._function_name}"

    def _outcome(self, answer: Answer, duration_ms: float, timeout_ms: int) -> Outcome:
        if answer.status == 429:
            return _throttled(answer)
        if answer.status != 200:
            return Unreachable(f"{self._shown} answered {answer.excerpt()}")
        log_tail = _decode_log(answer.headers.get("X-Amz-Log-Result", ""))
        ran = Ran(duration_ms, log_tail=log_tail, environment=self._shown)
        if "X-Amz-Function-Error" not in answer.headers:
            return Succeeded(answer.body, ran)
        fault = parse_fault(answer.body)
        if fault is None:
            return HandlerFailed(answer.headers["X-Amz-Function-Error"], "", answer.body, ran)
        return outcome_of_fault(fault, answer.body, ran, timeout_ms=timeout_ms)

    def _sign(self, credentials: Credentials, body: bytes, headers: Mapping[str, str]) -> dict[str, str]:
        # botocore is large; only who signs needs it.
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials as SigningCredentials

        signing = SigningCredentials(
            credentials.access_key_id, credentials.secret_access_key, credentials.session_token
        )
        request = AWSRequest(method="POST", url=self._url, data=body, headers=dict(headers))
        SigV4Auth(signing, "lambda", self._region).add_auth(request)
        return dict(request.headers.items())


def _throttled(answer: Answer) -> Throttled:
    try:
        body = json.loads(answer.body)
    except ValueError:
        body = None
    body = body if isinstance(body, dict) else {}
    reason = str(body.get("Reason") or "ConcurrentInvocationLimitExceeded")
    return Throttled(reason, str(body.get("message") or body.get("Message") or "Rate Exceeded."))


def _decode_log(encoded: str) -> str:
    try:
        return base64.b64decode(encoded).decode(errors="replace")
    except ValueError:
        return ""
