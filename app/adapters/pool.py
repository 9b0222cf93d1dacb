"""Several servers as one function: calls are spread over them, one that is lost is done without until it is back."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from app.adapters.emulators import is_there
from app.core.awslambda.environment_state import EnvironmentState
from app.core.awslambda.invocation import Invocation, Outcome, Unreachable
from app.engine.ports import FunctionEndpoint


@dataclass(slots=True)
class Member:
    """One server; `endpoint` says how many invocations it runs at once."""

    url: str
    endpoint: FunctionEndpoint
    why_out: str | None = None

    def __repr__(self) -> str:
        return f"<Member {self.url}: {self.why_out or 'in'}>"


class EndpointPool:
    """A `FunctionEndpoint` and a `Pool`. Neighbouring slots are of different members, so that few calls are spread too;
    no member is ever given more at once than its own endpoint takes.

    A member is lost when nobody takes a connection there, and looked for with pauses that double from `retry_first_s`
    to `retry_most_s`: real time, because a server is a process.
    """

    def __init__(
        self,
        members: Sequence[tuple[str, FunctionEndpoint]],
        *,
        retry_first_s: float = 0.25,
        retry_most_s: float = 30.0,
    ) -> None:
        self._members = [Member(url, endpoint) for url, endpoint in members]
        self._each = min(member.endpoint.environments for member in self._members)
        self._retry_first_s = retry_first_s
        self._retry_most_s = retry_most_s
        self._tell: Callable[[tuple[EnvironmentState, ...]], None] | None = None
        self._searches: dict[str, asyncio.Task[None]] = {}

    @property
    def environments(self) -> int:
        return self._each * len(self._members)

    @property
    def states(self) -> tuple[EnvironmentState, ...]:
        """All environments, as the core is told."""
        return tuple(
            EnvironmentState(member.url, member.why_out) for _ in range(self._each) for member in self._members
        )

    def watch(self, tell: Callable[[tuple[EnvironmentState, ...]], None]) -> None:
        self._tell = tell
        if any(member.why_out is not None for member in self._members):
            tell(self.states)

    async def invoke(self, invocation: Invocation) -> Outcome:
        slot, number = divmod(invocation.environment, len(self._members))
        member = self._members[number]
        outcome = await member.endpoint.invoke(replace(invocation, environment=slot))
        if isinstance(outcome, Unreachable) and outcome.reached_nobody:
            self._lose(member, outcome.message)
        else:
            self._recover(member)
        return outcome

    async def close(self) -> None:
        self._tell = None
        searches = list(self._searches.values())
        for search in searches:
            search.cancel()
        await asyncio.gather(*searches, return_exceptions=True)
        await asyncio.gather(*(member.endpoint.close() for member in self._members))

    def describe(self) -> str:
        return "; ".join(member.endpoint.describe() for member in self._members)

    def _lose(self, member: Member, why: str) -> None:
        if member.why_out is None:
            member.why_out = why
            self._changed()
        if member.url not in self._searches:
            search = asyncio.get_running_loop().create_task(self._look_for(member), name=f"pool {member.url}")
            self._searches[member.url] = search
            search.add_done_callback(lambda _: self._searches.pop(member.url, None))

    def _recover(self, member: Member) -> None:
        if member.why_out is not None:
            member.why_out = None
            self._changed()

    def _changed(self) -> None:
        if self._tell is not None:
            self._tell(self.states)

    async def _look_for(self, member: Member) -> None:
        delay_s = self._retry_first_s
        while member.why_out is not None:
            await asyncio.sleep(delay_s)
            delay_s = min(delay_s * 2, self._retry_most_s)
            if await is_there(member.url):
                self._recover(member)
