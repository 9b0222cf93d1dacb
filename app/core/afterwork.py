"""What a command leads to that nobody waits for: done at once, or when its wishes have been granted."""

from collections.abc import Callable

from app.core.facts import Effect


class Afterwork:
    """Work that changes nothing which the rest of its command could tell from work not done yet. Whoever has it looks
    after that: here is only when it is done, and where the effects stand that it has.

    `outbox` is empty when a command begins, and is emptied when it has been answered.
    """

    def __init__(self, outbox: list[Effect]) -> None:
        self._outbox = outbox
        self._left: list[tuple[int, Callable[[], None]]] = []
        self.is_put_off = False
        """Whether there is a later for the command in progress."""

    def do(self, work: Callable[[], None]) -> None:
        """Now, or later where there is one."""
        if self.is_put_off:
            self._left.append((len(self._outbox), work))
        else:
            work()

    def finish(self, effects: list[Effect]) -> None:
        """Do what was put off, and put its effects in among those of the command, where they would have been."""
        self.is_put_off = False
        if not self._left:
            return
        left, self._left = self._left, []
        had: list[tuple[int, list[Effect]]] = []
        for place, work in left:
            work()
            had.append((place, self._outbox[:]))
            self._outbox.clear()
        for place, more in reversed(had):
            effects[place:place] = more
