"""Functions in the Runtime Interface Emulator as everybody runs it: one call at a time, errors told by the body."""

import asyncio
import base64
import time
from collections.abc import Sequence
from weakref import WeakValueDictionary

from app.adapters.fault_outcomes import TIMED_OUT, outcome_of_fault
from app.adapters.faults import parse_fault, recognise_fault, response_too_large
from app.adapters.http_client import Answer, HttpClient, NoAnswerInTime
from app.adapters.limits import RESPONSE_MAX_BYTES
from app.core.invocation import Exited, Invocation, Outcome, Ran, Succeeded, Throttled, TimedOut, Unreachable

INVOKE_PATH = "/2015-03-31/functions/function/invocations"
"""Any other function name is 404 (measured)."""

_BUSY: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
"""One lock an emulator, whoever calls it: a second call at once makes the emulator panic (measured), and a
function may be configured anew while the old endpoint's call still runs."""


class ClassicRie:
    """Emulators, one a slot: several URLs are one function's environments. A `FunctionEndpoint`.

    An emulator cannot be told to stop. A call that was given up, by us or by a cancellation, therefore goes on to
    occupy its URL until the emulator has answered it.
    """

    def __init__(self, urls: Sequence[str], *, timeout_grace_s: float = 1.0) -> None:
        """`timeout_grace_s` is how much longer than the function's time limit an emulator may take."""
        if not urls:
            raise ValueError("a RIE endpoint needs at least one URL")
        self.environments = len(urls)
        self._urls = [url.rstrip("/") for url in urls]
        self._timeout_grace_s = timeout_grace_s
        self._client = HttpClient()
        self._locks = [_BUSY.setdefault(url, asyncio.Lock()) for url in self._urls]
        self._calls: set[asyncio.Task[Answer | NoAnswerInTime | Unreachable]] = set()

    async def invoke(self, invocation: Invocation) -> Outcome:
        url = self._urls[invocation.environment]
        lock = self._locks[invocation.environment]
        within_s = invocation.timeout_ms / 1_000 + self._timeout_grace_s
        try:
            async with asyncio.timeout(within_s):
                await lock.acquire()
        except TimeoutError:
            return Throttled("ConcurrentInvocationLimitExceeded", f"{url} is still busy with an earlier call")
        begin = time.monotonic()
        call = asyncio.get_running_loop().create_task(self._post(url, invocation))
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)
        call.add_done_callback(lambda _: lock.release())
        await asyncio.wait({call}, timeout=within_s)
        ran = Ran(duration_ms=(time.monotonic() - begin) * 1_000, environment=url)
        if not call.done():
            return TimedOut(invocation.timeout_ms, ran)
        match call.result():
            case Unreachable() as unreachable:
                return unreachable
            case NoAnswerInTime():
                return TimedOut(invocation.timeout_ms, ran)
            case Answer() as answer:
                return _outcome(answer, url, ran, timeout_ms=invocation.timeout_ms)

    async def close(self) -> None:
        calls = list(self._calls)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        await self._client.close()

    def describe(self) -> str:
        return f"RIE {', '.join(self._urls)}"

    async def _post(self, url: str, invocation: Invocation) -> Answer | NoAnswerInTime | Unreachable:
        headers = {"Content-Type": "application/json", "X-Amzn-Trace-Id": invocation.trace_header}
        if invocation.client_context is not None:
            headers["X-Amz-Client-Context"] = base64.b64encode(invocation.client_context.encode()).decode()
        return await self._client.post(url + INVOKE_PATH, invocation.payload, headers, within_ms=None)


def _outcome(answer: Answer, url: str, ran: Ran, *, timeout_ms: int) -> Outcome:
    if answer.status == 200:
        timed_out = TIMED_OUT.fullmatch(answer.body)
        if timed_out:
            return TimedOut(round(float(timed_out[1]) * 1_000), ran)
        if len(answer.body) > RESPONSE_MAX_BYTES:
            return response_too_large(ran)
        fault = recognise_fault(answer.body)
        if fault is None:
            return Succeeded(answer.body, ran)
        return outcome_of_fault(fault, answer.body, ran, timeout_ms=timeout_ms)
    fault = parse_fault(answer.body)
    if answer.status == 502 and fault is not None:
        return outcome_of_fault(fault, answer.body, ran, timeout_ms=timeout_ms)
    if answer.status == 502 and not answer.body:
        # The process ended while it initialised; the emulator does not say how (measured).
        return Exited("", ran)
    return Unreachable(f"{url} answered {answer.excerpt()}")
