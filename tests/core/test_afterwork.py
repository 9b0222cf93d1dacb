"""Work that nobody waits for: when it is done, and where its effects stand."""

from app.core.afterwork import Afterwork
from app.core.facts import Configured, Effect


def fact(text: str) -> Effect:
    return Configured(text)


def test_it_is_done_at_once_where_there_is_no_later() -> None:
    outbox: list[Effect] = []
    afterwork = Afterwork(outbox)

    afterwork.do(lambda: outbox.append(fact("done")))

    assert outbox == [fact("done")]


def test_what_was_put_off_stands_where_it_would_have_been() -> None:
    outbox: list[Effect] = []
    afterwork = Afterwork(outbox)
    afterwork.is_put_off = True
    outbox.append(fact("1"))
    afterwork.do(lambda: outbox.extend([fact("2"), fact("3")]))
    outbox.append(fact("4"))
    afterwork.do(lambda: outbox.append(fact("5")))
    outbox.append(fact("6"))
    effects = outbox[:]
    outbox.clear()

    afterwork.finish(effects)

    assert effects == [fact(str(number)) for number in range(1, 7)]
    assert outbox == []
    assert not afterwork.is_put_off


def test_it_is_done_once() -> None:
    outbox: list[Effect] = []
    afterwork = Afterwork(outbox)
    afterwork.is_put_off = True
    afterwork.do(lambda: outbox.append(fact("done")))

    first: list[Effect] = []
    second: list[Effect] = []
    afterwork.finish(first)
    afterwork.finish(second)

    assert (first, second) == ([fact("done")], [])
