"""The calls of functions: begun at their endpoints, carried on as tasks where something has to be waited for."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

from app.core.awslambda.invocation import Invocation, Outcome, Unreachable
from app.core.commands import SettleWarming
from app.core.facts import RecycleEnvironment, WarmEnvironments
from app.core.names import LATEST, Arn, name_of
from app.engine.holds import Holds
from app.engine.ports import FunctionEndpoint, RecyclingEndpoint, ResponseSink, StreamingEndpoint, WarmingEndpoint

log = logging.getLogger(__name__)

_Begin: TypeAlias = Callable[[Invocation, Callable[[Outcome], None]], bool]
"""`PromptEndpoint.begin`."""


class FunctionCalls:
    """Calls the functions that the world wishes to be called. `settle` is told each outcome by its request, `submit`
    takes what else is to be told; a call holds the clock until then."""

    def __init__(
        self,
        endpoints: Callable[[Arn], FunctionEndpoint | None],
        holds: Holds,
        settle: Callable[[str, Outcome], None],
        submit: Callable[[SettleWarming], Any],
    ) -> None:
        self.sinks: dict[int, ResponseSink] = {}
        """Who takes a response as it comes, by the waiter of its Invoke."""
        self._endpoints = endpoints
        self._holds = holds
        self._settle = settle
        self._submit = submit
        self._calls: dict[str, asyncio.Task[None]] = {}
        self._is_closed = False

    def call(self, invocation: Invocation, waiter: int | None, *, is_streaming: bool) -> None:
        """Begin the call; one whose response is streamed finds its sink by its waiter."""
        self._holds.hold(invocation.request_id, invocation.function_name)
        if not is_streaming and self._has_begun(invocation):
            return
        task = asyncio.get_running_loop().create_task(
            self._run(invocation, waiter), name=f"call {invocation.request_id}"
        )
        self._calls[invocation.request_id] = task

    def _has_begun(self, invocation: Invocation) -> bool:
        """Whether its endpoint could begin it in passing; a task for each took a fifth of a small call's time."""
        request_id = invocation.request_id
        # Asked by its name: `isinstance` with a protocol looks for every method of it, and takes 10 µs.
        begin: _Begin | None = getattr(self._endpoints(_arn_at_work(invocation)), "begin", None)
        if begin is None:
            return False
        try:
            return begin(invocation, partial(self._settled, request_id))
        except Exception as error:
            outcome = _mistake(invocation, error)
            # Not at once: the command that wishes this call is still being carried out.
            asyncio.get_running_loop().call_soon(self._settled, request_id, outcome)
            return True

    def _settled(self, request_id: str, outcome: Outcome) -> None:
        if self._is_closed:
            return
        try:
            self._settle(request_id, outcome)
        except Exception:
            # Whoever tells it is in the middle of reading from its process, and must come to its end.
            log.exception("the outcome of %s could not be settled", request_id)

    async def _run(self, invocation: Invocation, waiter: int | None) -> None:
        outcome: Outcome
        try:
            endpoint = self._endpoints(_arn_at_work(invocation))
            if endpoint is None:
                outcome = Unreachable(f"there is no endpoint for function '{invocation.function_name}'")
            else:
                sink = self.sinks.get(waiter) if waiter is not None else None
                if sink is not None and isinstance(endpoint, StreamingEndpoint):
                    outcome = await endpoint.invoke_streaming(invocation, sink)
                else:
                    outcome = await endpoint.invoke(invocation)
        except (Exception, asyncio.CancelledError) as error:
            if _is_cancelled():
                raise
            outcome = _mistake(invocation, error)
        finally:
            self._calls.pop(invocation.request_id, None)
        self._settle(invocation.request_id, outcome)

    def recycle(self, wish: RecycleEnvironment) -> None:
        endpoint = self._endpoints(wish.function)
        # One that works is let finish; the clock does not wait for that, its call holds it already.
        if isinstance(endpoint, RecyclingEndpoint):
            name = f"recycle {wish.environment}"
            recycling = endpoint.recycle(wish.slot, wish.environment, wish.reason)
            self._holds.hold(name, name_of(wish.function))
            task = self._calls[name] = asyncio.get_running_loop().create_task(recycling, name=name)
            task.add_done_callback(lambda _: self._recycled(name))

    def warm(self, wish: WarmEnvironments) -> None:
        name = f"warm {wish.function} to {wish.count}"
        self._holds.hold(name, name_of(wish.function))
        self._calls[name] = asyncio.get_running_loop().create_task(self._warm_up(wish, name), name=name)

    async def _warm_up(self, wish: WarmEnvironments, name: str) -> None:
        ready, failure = wish.count, None
        try:
            endpoint = self._endpoints(wish.function)
            # Where somebody else keeps the environments, they are there as they are.
            if isinstance(endpoint, WarmingEndpoint):
                ready, failure = await endpoint.warm(wish.count, wish.access_key_ids)
        except Exception as error:
            log.exception("the environments of %s could not be started", wish.function)
            ready, failure = 0, f"{type(error).__name__}: {error}"
        finally:
            self._calls.pop(name, None)
        try:
            self._submit(SettleWarming(wish.function, wish.count, ready, failure))
        finally:
            self._holds.release(name)

    def _recycled(self, name: str) -> None:
        del self._calls[name]
        self._holds.release(name)

    def cancel(self) -> None:
        """Give up what is under way; nobody is told what comes of it."""
        self._is_closed = True
        for call in self._calls.values():
            call.cancel()

    async def close(self) -> None:
        """Wait for the end of what was cancelled."""
        for call in list(self._calls.values()):
            with contextlib.suppress(asyncio.CancelledError):
                await call


def _mistake(invocation: Invocation, error: BaseException) -> Unreachable:
    """An endpoint promises not to raise; if one does, the call still has to end and somebody has to know."""
    log.error("the endpoint of %s failed", invocation.function_name, exc_info=error)
    return Unreachable(f"the endpoint failed: {type(error).__name__}: {error}")


def _is_cancelled() -> bool:
    """Whether somebody wants this task to end; a CancelledError alone may be the endpoint's own."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _arn_at_work(invocation: Invocation) -> Arn:
    """What names the endpoint: the unqualified ARN, or that of the published version that runs."""
    unqualified = ":".join(invocation.function_arn.split(":")[:7])
    return unqualified if invocation.version == LATEST else f"{unqualified}:{invocation.version}"
