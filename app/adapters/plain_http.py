"""Functions behind a plain HTTP handler: the event is posted, a 2xx answer is the result."""

import time

from app.adapters.faults import failed, parse_fault, response_too_large
from app.adapters.http_client import Answer, HttpClient, NoAnswerInTime
from app.adapters.limits import RESPONSE_MAX_BYTES
from app.core.awslambda.invocation import HandlerFailed, Invocation, Outcome, Ran, Succeeded, TimedOut, Unreachable
from app.core.urls import without_password


class PlainHttp:
    """A URL that takes events. A `FunctionEndpoint`.

    The request id, the function's ARN and the trace header go along as headers. An empty 2xx body is `null`.
    """

    def __init__(self, url: str, environments: int, *, timeout_grace_s: float = 0.0) -> None:
        self.environments = environments
        self._url = url
        self._shown = without_password(url)
        self._timeout_grace_s = timeout_grace_s
        self._client = HttpClient()

    async def invoke(self, invocation: Invocation) -> Outcome:
        headers = {
            "Content-Type": "application/json",
            "X-Amzn-Trace-Id": invocation.trace_header,
            "X-Amzn-RequestId": invocation.request_id,
            "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
        }
        begin = time.monotonic()
        within_ms = invocation.timeout_ms + self._timeout_grace_s * 1_000
        answer = await self._client.post(self._url, invocation.payload, headers, within_ms=within_ms)
        ran = Ran(duration_ms=(time.monotonic() - begin) * 1_000, environment=self._shown)
        match answer:
            case Unreachable():
                return answer
            case NoAnswerInTime():
                return TimedOut(invocation.timeout_ms, ran)
            case Answer(status=status, body=body) if 200 <= status < 300:
                return Succeeded(body or b"null", ran) if len(body) <= RESPONSE_MAX_BYTES else response_too_large(ran)
            case Answer():
                return self._failed(answer, ran)

    async def close(self) -> None:
        await self._client.close()

    def describe(self) -> str:
        return f"HTTP {self._shown}"

    def _failed(self, answer: Answer, ran: Ran) -> Outcome:
        fault = parse_fault(answer.body)
        if fault is not None:
            return HandlerFailed(fault.error_type, fault.message, answer.body, ran)
        return failed(f"HTTP.{answer.status}", f"{self._shown} answered {answer.excerpt()}", ran)
