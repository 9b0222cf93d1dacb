"""Functions in the Runtime Interface Emulator as everybody runs it: one call at a time, errors told by the body."""

import asyncio
import base64
import contextlib
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

from app.adapters.emulators import Emulator, Emulators
from app.adapters.fault_outcomes import TIMED_OUT, outcome_of_fault
from app.adapters.faults import parse_fault, recognise_fault, response_too_large
from app.adapters.http_client import Answer, HttpClient, NoAnswerInTime
from app.adapters.limits import RESPONSE_MAX_BYTES
from app.core.awslambda.environment_state import EnvironmentState
from app.core.awslambda.invocation import Exited, Invocation, Outcome, Ran, Succeeded, Throttled, TimedOut, Unreachable
from app.core.urls import without_password

INVOKE_PATH = "/2015-03-31/functions/function/invocations"
"""Any other function name is 404 (measured)."""

_LOOK_UP_WITHIN_S = 3.0

_Posted: TypeAlias = Answer | NoAnswerInTime | Unreachable


class ClassicRie:
    """Emulators, one a slot: several URLs, or several addresses of one, are one function's environments. A
    `FunctionEndpoint` and a `Pool`.

    An emulator cannot be told to stop. A call that was given up, by us or by a cancellation, therefore goes on to
    occupy its emulator until that has answered it.
    """

    def __init__(self, emulators: Emulators | Sequence[str], *, timeout_grace_s: float = 1.0) -> None:
        """`emulators` may be their URLs. `timeout_grace_s` is how much longer than the function's time limit an
        emulator may take."""
        self._emulators = emulators if isinstance(emulators, Emulators) else Emulators(emulators)
        if not self._emulators:
            raise ValueError("a RIE endpoint needs at least one URL")
        self._timeout_grace_s = timeout_grace_s
        self._client = HttpClient()
        self._calls: set[asyncio.Task[_Posted]] = set()

    @property
    def environments(self) -> int:
        return len(self._emulators)

    async def look_up(self) -> None:
        """Find out how many there are, before anything is called."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_UP_WITHIN_S):
                await self._emulators.resolve_now()

    def watch(self, tell: Callable[[tuple[EnvironmentState, ...]], None]) -> None:
        self._emulators.watch(tell)

    async def invoke(self, invocation: Invocation) -> Outcome:
        emulator = self._emulators[invocation.environment]
        if emulator is None:
            return Unreachable(f"environment {invocation.environment} is not there any more", reached_nobody=True)
        within_s = invocation.timeout_ms / 1_000 + self._timeout_grace_s
        try:
            async with asyncio.timeout(within_s):
                await emulator.lock.acquire()
        except TimeoutError:
            return Throttled(
                "ConcurrentInvocationLimitExceeded", f"{emulator.shown} is still busy with an earlier call"
            )
        begin = time.monotonic()
        call = asyncio.get_running_loop().create_task(self._post(emulator, invocation))
        self._calls.add(call)
        call.add_done_callback(partial(self._called, emulator))
        await asyncio.wait({call}, timeout=within_s)
        ran = Ran(duration_ms=(time.monotonic() - begin) * 1_000, environment=emulator.shown)
        if not call.done():
            self._emulators.occupy(emulator, "busy with a call that took too long")
            return TimedOut(invocation.timeout_ms, ran)
        match call.result():
            case Unreachable() as unreachable:
                return unreachable
            case NoAnswerInTime():
                return TimedOut(invocation.timeout_ms, ran)
            case Answer() as answer:
                return _outcome(answer, emulator.shown, ran, timeout_ms=invocation.timeout_ms)

    async def close(self) -> None:
        await self._emulators.close()
        calls = list(self._calls)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        await self._client.close()

    def describe(self) -> str:
        count, urls = len(self._emulators), self._emulators.urls
        addresses = f", {count} addresses" if count != len(urls) else ""
        return f"RIE {', '.join(map(without_password, urls))}{addresses}"

    async def _post(self, emulator: Emulator, invocation: Invocation) -> _Posted:
        headers = {"Content-Type": "application/json", "X-Amzn-Trace-Id": invocation.trace_header}
        if invocation.client_context is not None:
            headers["X-Amz-Client-Context"] = base64.b64encode(invocation.client_context.encode()).decode()
        return await self._client.post(emulator.url + INVOKE_PATH, invocation.payload, headers, within_ms=None)

    def _called(self, emulator: Emulator, call: "asyncio.Task[_Posted]") -> None:
        """The emulator is idle again, whoever still waited for it."""
        self._calls.discard(call)
        emulator.lock.release()
        if call.cancelled():
            return
        match call.result():
            case Unreachable(message=message):
                self._emulators.lose(emulator, message.removeprefix(f"{emulator.shown}{INVOKE_PATH}: "))
            case _:
                self._emulators.recover(emulator)


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
