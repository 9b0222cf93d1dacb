"""In which order a queue hands out what is visible: a standard queue's line, a fair one, a FIFO queue's."""

import heapq
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from app.core.sqs.message import Message, MessageState


class Line(Protocol):
    """What a queue tells its line of each message, and what it asks: who is next?"""

    def enter(self, message: Message) -> None:
        """It is in the queue from now on, visible or not."""

    def arrive(self, message: Message) -> None:
        """It is in the queue from now on, and visible."""

    def show(self, message: Message, *, at_back: bool) -> None:
        """It became visible; `at_back` gives it the last place."""

    def hide(self, message: Message) -> None:
        """It is in flight or delayed from now on."""

    def leave(self, message: Message) -> None:
        """It left the queue."""

    def begin(self) -> None:
        """A receive begins."""

    def take(self, most: int) -> Sequence[Message]:
        """The next messages of this receive, `most` or fewer; none when there are no more. The queue hides each or lets
        it go before it asks again."""
        ...

    def hide_taken(self, taken: Sequence[Message]) -> None:
        """`hide`, for those that `take` has just given and that were not let go."""

    def clear(self) -> None:
        """The queue was purged."""


class StandardLine:
    """Oldest first, as good as it goes. Sent messages stand in a double-ended queue, returned ones in a heap by
    their place; whichever is earlier comes first. Hidden and deleted ones are skipped when their turn comes."""

    def __init__(self) -> None:
        self._fresh: deque[tuple[int, Message]] = deque()
        self._returned: list[tuple[int, Message]] = []
        self._last_rank = 0

    def enter(self, message: Message) -> None:
        self._last_rank = max(self._last_rank + 1, message.order)
        message.place = self._last_rank

    def arrive(self, message: Message) -> None:
        # The last place of all: nothing that was sent before can be behind it.
        rank = self._last_rank + 1
        if rank < message.order:
            rank = message.order
        self._last_rank = message.place = message.rank = rank
        self._fresh.append((rank, message))

    def show(self, message: Message, *, at_back: bool) -> None:
        if at_back:
            self._last_rank += 1
            message.place = self._last_rank
        message.rank = message.place
        if not self._fresh or message.rank > self._fresh[-1][0]:
            self._fresh.append((message.rank, message))
        else:
            heapq.heappush(self._returned, (message.rank, message))

    def hide(self, message: Message) -> None:
        message.rank = 0

    def leave(self, message: Message) -> None:
        if not message.rank:
            return  # it had been handed out, as most have that go
        message.rank = 0
        # The oldest go first when nobody receives; their places must not pile up.
        while self._fresh and self._fresh[0][1].rank != self._fresh[0][0]:
            self._fresh.popleft()

    def begin(self) -> None:
        pass

    def take(self, most: int) -> Sequence[Message]:
        fresh, returned = self._fresh, self._returned
        taken: list[Message] = []
        while (fresh or returned) and len(taken) < most:
            if returned and (not fresh or returned[0][0] < fresh[0][0]):
                rank, message = heapq.heappop(returned)
            else:
                rank, message = fresh.popleft()
            if message.rank == rank:
                # It may stand here twice, hidden and shown again in between: only this place counts.
                message.rank = 0
                taken.append(message)
        return taken

    def hide_taken(self, taken: Sequence[Message]) -> None:
        pass  # they stand in no place any more

    @property
    def head(self) -> int | None:
        """The rank of the message that `take` would give first."""
        fresh, returned = self._fresh, self._returned
        while fresh and fresh[0][1].rank != fresh[0][0]:
            fresh.popleft()
        while returned and returned[0][1].rank != returned[0][0]:
            heapq.heappop(returned)
        return min((line[0][0] for line in (fresh, returned) if line), default=None)

    def clear(self) -> None:
        self._fresh.clear()
        self._returned.clear()

    def __len__(self) -> int:
        """How many places it keeps, those of hidden and deleted messages included."""
        return len(self._fresh) + len(self._returned)


class FairLine:
    """A standard queue whose senders name groups: each group is a tenant, and quiet tenants go first.

    A tenant becomes noisy when it has at least `noisy_in_flight` messages in flight and more than a tenth of all that
    are, and stays so until its backlog has drained. Of several noisy ones, the one with least in flight goes first.
    Messages without a group are tenants of their own and never noisy. AWS also looks at the share of recent processing
    time; its thresholds are described as approximate, and that one is left out.
    """

    def __init__(self, before: StandardLine, *, noisy_in_flight: int, noisy_share: float) -> None:
        """`before` holds what was sent before the first group was named."""
        self._noisy_in_flight = noisy_in_flight
        self._noisy_share = noisy_share
        self._lines: dict[str | None, StandardLine] = {None: before}
        self._heads: list[tuple[int, str, str | None]] = []
        self._noted: dict[str | None, int] = {}
        self._present: dict[str, int] = {}
        self._in_flight: dict[int, str | None] = {}
        self._in_flight_of: dict[str | None, int] = {}
        self._noisy: set[str | None] = set()
        self._note_head(None)

    def enter(self, message: Message) -> None:
        # Places are given out by one line for all, so that they tell the order between tenants.
        self._lines[None].enter(message)
        tenant = message.content.group_id
        if tenant is not None:
            self._present[tenant] = self._present.get(tenant, 0) + 1
            self._lines.setdefault(tenant, StandardLine())

    def arrive(self, message: Message) -> None:
        self.enter(message)
        self.show(message, at_back=False)

    def show(self, message: Message, *, at_back: bool) -> None:
        self._land(message)
        if at_back:
            self._lines[None].enter(message)
        tenant = message.content.group_id
        self._lines[tenant].show(message, at_back=False)
        self._note_head(tenant)
        self._judge(tenant)

    def hide(self, message: Message) -> None:
        tenant = message.content.group_id
        self._lines[tenant].hide(message)
        if message.order not in self._in_flight:
            self._in_flight[message.order] = tenant
            self._in_flight_of[tenant] = self._in_flight_of.get(tenant, 0) + 1
        self._note_head(tenant)
        self._judge(tenant)

    def leave(self, message: Message) -> None:
        self._land(message)
        tenant = message.content.group_id
        self._lines[tenant].leave(message)
        self._note_head(tenant)
        if tenant is not None:
            self._present[tenant] -= 1
            if not self._present[tenant]:
                self._forget(tenant)

    def begin(self) -> None:
        pass

    def take(self, most: int) -> Sequence[Message]:
        """One by one, as each changes who is next: the oldest message of a quiet tenant; with none, the oldest of the
        noisy tenant with least in flight.

        A head that is not its line's any more, or whose tenant is gone, is skipped.
        """
        passed_over: list[tuple[int, str, str | None]] = []
        chosen: tuple[int, str, str | None] | None = None
        while self._heads:
            head = heapq.heappop(self._heads)
            line = self._lines.get(head[2])
            if line is None or line.head != head[0] or passed_over[-1:] == [head]:
                continue
            if head[2] not in self._noisy:
                chosen = head
                break
            passed_over.append(head)
        if chosen is None and passed_over:
            chosen = min(passed_over, key=lambda head: (self._in_flight_of.get(head[2], 0), head))
        for head in passed_over:
            if head is not chosen:
                heapq.heappush(self._heads, head)
        if chosen is None:
            return ()
        taken = self._lines[chosen[2]].take(1)
        self._note_head(chosen[2])
        return taken

    def hide_taken(self, taken: Sequence[Message]) -> None:
        for message in taken:
            if message.state is not _GONE:
                self.hide(message)

    def clear(self) -> None:
        ungrouped = self._lines[None]
        ungrouped.clear()
        self._lines = {None: ungrouped}
        self._present.clear()
        self._noted.clear()
        self._heads.clear()
        self._in_flight.clear()
        self._in_flight_of.clear()
        self._noisy.clear()

    def __len__(self) -> int:
        """How many tenants it keeps in mind."""
        return len(self._lines) - 1

    def _forget(self, tenant: str) -> None:
        """Its last message has left: who names a group of its own for every message must not fill the memory."""
        del self._lines[tenant], self._present[tenant]
        self._noted.pop(tenant, None)
        self._in_flight_of.pop(tenant, None)
        self._noisy.discard(tenant)

    def _note_head(self, tenant: str | None) -> None:
        """Called after every change of a line, so that its present head always stands in the heap."""
        head = self._lines[tenant].head
        if head is None:
            self._noted.pop(tenant, None)
            self._noisy.discard(tenant)
        elif self._noted.get(tenant) != head:
            self._noted[tenant] = head
            heapq.heappush(self._heads, (head, tenant or "", tenant))

    def _judge(self, tenant: str | None) -> None:
        mine = self._in_flight_of.get(tenant, 0)
        is_noisy = mine >= self._noisy_in_flight and mine > self._noisy_share * len(self._in_flight)
        if tenant is not None and is_noisy and self._lines[tenant].head is not None:
            self._noisy.add(tenant)

    def _land(self, message: Message) -> None:
        """It is not in flight any more, if it was."""
        if self._in_flight.pop(message.order, _NOWHERE) is not _NOWHERE:
            self._in_flight_of[message.content.group_id] -= 1


_NOWHERE = object()


@dataclass(slots=True, eq=False)
class Group:
    """A message group: its messages in the order they were sent. The first has to go first; hidden, it holds back all
    behind it. Others that have left may stand here until it has."""

    id: str
    messages: deque[Message] = field(default_factory=deque)


class FifoLine:
    """Groups in the order in which they became available. Of a group, the run of visible messages from its head is
    handed out, up to the first that is hidden: this one rule explains every recording of group locking."""

    def __init__(self) -> None:
        self._groups: dict[str | None, Group] = {}
        self._open: OrderedDict[str, Group] = OrderedDict()
        self._run: deque[Message] = deque()
        self._serving = Group("")
        """The group that the run is of."""
        self._served: set[str] = set()

    def enter(self, message: Message) -> None:
        group_id = _group_id(message)
        group = self._groups.get(group_id)
        if group is None:
            group = self._groups[group_id] = Group(group_id)
        group.messages.append(message)

    def arrive(self, message: Message) -> None:
        self.enter(message)
        self.show(message, at_back=False)

    def show(self, message: Message, *, at_back: bool) -> None:
        """A group whose head was handed out for no time at all goes to the end too, as recorded."""
        group = self._groups[_group_id(message)]
        if group.messages[0] is message:
            self._open[group.id] = group
            self._open.move_to_end(group.id)

    def hide(self, message: Message) -> None:
        group = self._groups[message.content.group_id]
        if group.messages[0] is message:
            self._open.pop(group.id, None)

    def leave(self, message: Message) -> None:
        """When the first goes, the next one tells whether the group is open; one that opens goes to the end."""
        group = self._groups[message.content.group_id]
        messages = group.messages
        if messages[0] is not message:
            return
        messages.popleft()
        while messages and messages[0].state is _GONE:
            messages.popleft()
        if not messages:
            self._open.pop(group.id, None)
            del self._groups[group.id]
            return
        if messages[0].state is _VISIBLE:
            self._open.setdefault(group.id, group)
        elif group.id in self._open:
            del self._open[group.id]

    def begin(self) -> None:
        self._run.clear()
        self._served.clear()

    def take(self, most: int) -> Sequence[Message]:
        """As many as there are of one group, then on with the next group; no group twice in one receive."""
        run = self._run
        if not run:
            group = next((group for group in self._open.values() if group.id not in self._served), None)
            if group is None:
                return ()
            self._serving = group
            self._served.add(group.id)
            for message in group.messages:
                if message.state is _VISIBLE:
                    run.append(message)
                    if len(run) == _MOST_OF_A_RECEIVE:
                        break
                elif message.state is not _GONE:
                    break
        return [run.popleft() for _ in range(min(most, len(run)))]

    def hide_taken(self, taken: Sequence[Message]) -> None:
        group = self._serving
        if group.messages and group.messages[0].state is not _VISIBLE:
            self._open.pop(group.id, None)

    def blocker(self, group_id: str, order: int) -> Message | None:
        """The hidden message of the group that holds back the one at `order`: the first one before it."""
        group = self._groups.get(group_id)
        before = (message for message in (group.messages if group else ()) if message.order < order)
        return next((message for message in before if message.state not in (_VISIBLE, _GONE)), None)

    def clear(self) -> None:
        self._groups.clear()
        self._open.clear()
        self._run.clear()


_MOST_OF_A_RECEIVE = 10
_VISIBLE, _GONE = MessageState.VISIBLE, MessageState.GONE


def _group_id(message: Message) -> str:
    group_id = message.content.group_id
    assert group_id is not None, "a message of a FIFO queue has a group"
    return group_id
