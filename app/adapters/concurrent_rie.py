"""Functions in the Runtime Interface Emulator's concurrent mode (AWS_LAMBDA_MAX_CONCURRENCY is set)."""

import asyncio
import base64
import time

from app.adapters.classic_rie import INVOKE_PATH
from app.adapters.fault_outcomes import outcome_of_fault
from app.adapters.faults import Fault, parse_fault, recognise_fault, response_too_large
from app.adapters.http_client import Answer, HttpClient, NoAnswerInTime
from app.adapters.limits import RESPONSE_MAX_BYTES
from app.core.awslambda.invocation import Invocation, Outcome, Ran, Succeeded, Throttled, TimedOut, Unreachable
from app.core.urls import without_password

_ASK_AGAIN_S = 0.005


class ConcurrentRie:
    """One emulator that serves several invocations at once. A `FunctionEndpoint`.

    It passes on the trace header and the request id. The deadline that it tells the runtime cannot be relied on, and
    its limit may be another than ours, so the time limit is kept here too; a handler that overran runs on in there.
    """

    def __init__(self, url: str, environments: int, *, timeout_grace_s: float = 1.0, idle_grace_s: float = 1.0) -> None:
        """`environments` is how many invocations its runtime takes in parallel.

        `idle_grace_s` is how long to ask again when no runtime is idle: one that has just answered is refused work
        until it asks for it (measured).
        """
        self.environments = environments
        self._url = url.rstrip("/")
        self._shown = without_password(self._url)
        self._timeout_grace_s = timeout_grace_s
        self._idle_grace_s = idle_grace_s
        self._client = HttpClient()

    async def invoke(self, invocation: Invocation) -> Outcome:
        give_up_at = time.monotonic() + self._idle_grace_s
        while True:
            outcome = await self._invoke_once(invocation)
            if not isinstance(outcome, Throttled) or time.monotonic() >= give_up_at:
                return outcome
            await asyncio.sleep(_ASK_AGAIN_S)

    async def close(self) -> None:
        await self._client.close()

    def describe(self) -> str:
        return f"RIE {self._shown}, {self.environments} at once"

    async def _invoke_once(self, invocation: Invocation) -> Outcome:
        headers = {
            # Without the content type the Python runtime hands the handler a string (measured).
            "Content-Type": "application/json",
            "X-Amzn-Trace-Id": invocation.trace_header,
            "X-Amzn-RequestId": invocation.request_id,
        }
        if invocation.client_context is not None:
            headers["X-Amz-Client-Context"] = base64.b64encode(invocation.client_context.encode()).decode()
        begin = time.monotonic()
        within_ms = invocation.timeout_ms + self._timeout_grace_s * 1_000
        answer = await self._client.post(self._url + INVOKE_PATH, invocation.payload, headers, within_ms=within_ms)
        ran = Ran(duration_ms=(time.monotonic() - begin) * 1_000, environment=self._shown)
        match answer:
            case Unreachable():
                return answer
            case NoAnswerInTime():
                return TimedOut(invocation.timeout_ms, ran)
            case Answer():
                return self._outcome(answer, ran, invocation)

    def _outcome(self, answer: Answer, ran: Ran, invocation: Invocation) -> Outcome:
        header_type = answer.headers.get("Error-Type", "")
        fault = parse_fault(answer.body) if header_type or answer.status != 200 else recognise_fault(answer.body)
        if fault is None and header_type:
            fault = Fault(header_type, "")
        error_type = fault.error_type or header_type if fault else ""
        if error_type == "Runtime.Unavailable":
            return Throttled("ConcurrentInvocationLimitExceeded", f"{self._shown}: no runtime is idle")
        if error_type == "Function.ResponseSizeTooLarge":
            # The emulator gives the type alone here (measured).
            return response_too_large(ran)
        if fault is not None and (answer.status == 200 or error_type):
            named = Fault(error_type, fault.message)
            return outcome_of_fault(named, answer.body, ran, timeout_ms=invocation.timeout_ms)
        if answer.status != 200:
            return Unreachable(f"{self._shown} answered {answer.excerpt()}")
        if len(answer.body) > RESPONSE_MAX_BYTES:
            return response_too_large(ran)
        return Succeeded(answer.body, ran)
