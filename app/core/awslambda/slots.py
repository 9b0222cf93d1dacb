"""The places of a function's environments: which is free, which is taken by what, which is lost for the time being."""

import heapq
from collections.abc import Sequence

from app.core.awslambda.environment_state import EnvironmentState


class Slots:
    """Numbered from 0; what comes takes the lowest that is free, so that few environments stay warm.

    A slot that is out is given to nobody, unless all are: then each may be tried, since to be refused tells a caller
    more than to wait, and may be the first to find that it is back.
    """

    def __init__(self, count: int) -> None:
        self.states: tuple[EnvironmentState, ...] = ()
        """As they were described; empty where nobody describes them."""
        self._count = count
        self._free = list(range(count))
        self._taken: dict[str, int] = {}
        self._out: dict[int, str] = {}

    @property
    def count(self) -> int:
        return self._count

    @property
    def out(self) -> dict[int, str]:
        """The slots that are out, and why."""
        return self._out

    @property
    def is_stranded(self) -> bool:
        """Whether all are out."""
        return len(self._out) >= self._count

    @property
    def free(self) -> int:
        """How many can be taken."""
        return len(self._free) + (len(self._spare()) if self._out and self.is_stranded else 0)

    def take(self, request_id: str) -> int:
        """The lowest slot that can be taken, for this request."""
        slot = heapq.heappop(self._free) if self._free else self._spare()[0]
        self._taken[request_id] = slot
        return slot

    def give_back(self, request_id: str) -> int:
        """The slot that was the request's."""
        slot = self._taken.pop(request_id)
        if slot < self._count and slot not in self._out:
            heapq.heappush(self._free, slot)
        return slot

    def resize(self, count: int) -> None:
        """All are in and nobody has described them; who has one keeps it to the end."""
        self._count, self._out, self.states = count, {}, ()
        self._renew()

    def describe(self, states: Sequence[EnvironmentState]) -> tuple[list[int], list[int]]:
        """These are the environments from now on. Gives the slots that were lost with it, and those that were found."""
        before = {slot for slot in range(self._count) if slot not in self._out}
        self.states = tuple(states)
        self._count = len(states)
        self._out = {slot: state.why_out for slot, state in enumerate(states) if state.why_out is not None}
        after = {slot for slot in range(self._count) if slot not in self._out}
        self._renew()
        return sorted(before - after), sorted(after - before)

    def slot_of(self, request_id: str) -> int:
        return self._taken[request_id]

    def requests_in(self, slots: Sequence[int]) -> list[str]:
        """What runs in these slots."""
        return [request for request, slot in self._taken.items() if slot in slots]

    def _renew(self) -> None:
        taken = set(self._taken.values())
        self._free = [slot for slot in range(self._count) if slot not in taken and slot not in self._out]

    def _spare(self) -> list[int]:
        """The slots that are out and not taken."""
        taken = set(self._taken.values())
        return [slot for slot in range(self._count) if slot not in taken and slot in self._out]
