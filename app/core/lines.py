"""In which order a queue hands out what is visible: one line for standard queues, one for FIFO queues."""

import heapq
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Protocol

from app.core.message import Message, MessageState


class Line(Protocol):
    """What a queue tells its line of each message, and what it asks: who is next?"""

    def enter(self, message: Message) -> None:
        """It is in the queue from now on, visible or not."""

    def show(self, message: Message, *, at_back: bool) -> None:
        """It became visible; `at_back` gives it the last place."""

    def hide(self, message: Message) -> None:
        """It is in flight or delayed from now on."""

    def leave(self, message: Message) -> None:
        """It left the queue."""

    def begin(self) -> None:
        """A receive begins."""

    def next(self) -> Message | None:
        """The next message of this receive; the queue hides it or lets it go before it asks again."""

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
        message.rank = 0
        # The oldest go first when nobody receives; their places must not pile up.
        while self._fresh and self._fresh[0][1].rank != self._fresh[0][0]:
            self._fresh.popleft()

    def begin(self) -> None:
        pass

    def next(self) -> Message | None:
        fresh, returned = self._fresh, self._returned
        while fresh or returned:
            if returned and (not fresh or returned[0][0] < fresh[0][0]):
                rank, message = heapq.heappop(returned)
            else:
                rank, message = fresh.popleft()
            if message.rank == rank:
                return message
        return None

    def clear(self) -> None:
        self._fresh.clear()
        self._returned.clear()


@dataclass(slots=True, eq=False)
class Group:
    """A message group: its messages in the order they were sent."""

    id: str
    messages: OrderedDict[int, Message] = field(default_factory=OrderedDict)

    @property
    def is_open(self) -> bool:
        """Whether its head may be handed out; a head that is hidden holds back all behind it."""
        head = next(iter(self.messages.values()), None)
        return head is not None and head.state is MessageState.VISIBLE


class FifoLine:
    """Groups in the order in which they became available. Of a group, the run of visible messages from its head is
    handed out, up to the first that is hidden: this one rule explains every recording of group locking (spec A8)."""

    def __init__(self) -> None:
        self._groups: dict[str, Group] = {}
        self._open: OrderedDict[str, Group] = OrderedDict()
        self._run: deque[Message] = deque()
        self._served: set[str] = set()

    def enter(self, message: Message) -> None:
        group = self._groups.get(_group_id(message))
        if group is None:
            group = self._groups[_group_id(message)] = Group(_group_id(message))
        group.messages[message.order] = message
        self._judge(group)

    def show(self, message: Message, *, at_back: bool) -> None:
        self._judge(self._groups[_group_id(message)])

    def hide(self, message: Message) -> None:
        self._judge(self._groups[_group_id(message)])

    def leave(self, message: Message) -> None:
        group = self._groups[_group_id(message)]
        del group.messages[message.order]
        if not group.messages:
            del self._groups[group.id]
        self._judge(group)

    def begin(self) -> None:
        self._run.clear()
        self._served.clear()

    def next(self) -> Message | None:
        """As many as there are of one group, then on with the next group; no group twice in one receive."""
        if not self._run:
            group = next((group for group in self._open.values() if group.id not in self._served), None)
            if group is None:
                return None
            self._served.add(group.id)
            for message in group.messages.values():
                if message.state is not MessageState.VISIBLE or len(self._run) == _MOST_OF_A_RECEIVE:
                    break
                self._run.append(message)
        return self._run.popleft()

    def clear(self) -> None:
        self._groups.clear()
        self._open.clear()
        self._run.clear()

    def _judge(self, group: Group) -> None:
        """A group that opens goes to the end of the open ones; one that closes leaves them."""
        if group.is_open:
            self._open.setdefault(group.id, group)
        else:
            self._open.pop(group.id, None)


_MOST_OF_A_RECEIVE = 10


def _group_id(message: Message) -> str:
    group_id = message.content.group_id
    assert group_id is not None, "a message of a FIFO queue has a group"
    return group_id
