"""The journal: bounded, numbered, filtered, followed."""

import asyncio
from weakref import ref

from app.core.facts import (
    BatchFormed,
    Fact,
    LoopWarned,
    MessageDeleted,
    MessageMoved,
    MessageSent,
    PermissionMissing,
)
from app.engine.journal import Journal
from tests.core.stage import NOON, SCOPE

ORDERS, DLQ, WORK = SCOPE.queue_arn("orders"), SCOPE.queue_arn("dlq"), SCOPE.function_arn("work")


def sent(message: str, chain: str = "c1") -> MessageSent:
    return MessageSent(ORDERS, message, chain, 5)


def looped(kind: str, chain: str = "c1", times: int = 2) -> LoopWarned:
    return LoopWarned(WORK, chain, kind, times, ("work", "work"), "r")


def journal_of(*facts: Fact, kept: int = 100) -> Journal:
    journal = Journal(kept=kept)
    journal.record(NOON, facts)
    return journal


def numbers(journal: Journal, **wanted: object) -> list[int]:
    return [entry.number for entry in journal.entries(**wanted)]  # type: ignore[arg-type]


class Facts(list[Fact]):
    """A list that can be seen to be let go."""


def test_what_is_not_kept_any_more_is_let_go() -> None:
    journal = Journal(kept=3)
    facts = Facts([sent("m1"), sent("m2")])
    first = ref(facts)
    journal.record(NOON, facts)
    del facts

    journal.record(NOON, [sent("m3"), sent("m4")])
    assert [entry.number for entry in journal.entries()] == [2, 3, 4]
    journal.record(NOON, [sent("m5")])

    assert [entry.number for entry in journal.entries()] == [3, 4, 5]
    assert first() is None


def test_entries_are_numbered_from_one_without_gaps() -> None:
    journal = journal_of(sent("m1"), sent("m2"))
    journal.record(NOON + 5, [sent("m3")])

    assert [(entry.number, entry.at) for entry in journal.entries()] == [(1, NOON), (2, NOON), (3, NOON + 5)]
    assert journal.last_number == 3


def test_the_oldest_are_forgotten_and_their_numbers_not_given_again() -> None:
    journal = journal_of(*(sent(f"m{n}") for n in range(10)), kept=3)

    assert numbers(journal) == [8, 9, 10]
    journal.record(NOON, [sent("m")])
    assert numbers(journal) == [9, 10, 11]


def test_reading_goes_on_behind_a_number() -> None:
    journal = journal_of(*(sent(f"m{n}") for n in range(10)), kept=5)

    assert numbers(journal, after=8) == [9, 10]
    assert numbers(journal, after=2, limit=2) == [6, 7]
    assert numbers(journal, after=10) == []
    assert numbers(journal, after=99) == []


def test_the_newest_come_in_order_too() -> None:
    journal = journal_of(*(sent(f"m{n}") for n in range(10)))

    assert numbers(journal, newest=True, limit=3) == [8, 9, 10]
    assert numbers(journal, newest=True, limit=3, after=9) == [10]


def test_it_is_read_by_queue_function_message_chain_and_kind() -> None:
    batch = BatchFormed(ORDERS, WORK, "u", "r", ("m1", "m2"), "one receive", "c1")
    moved = MessageMoved(ORDERS, "m2", "c2", DLQ, "too often")
    journal = journal_of(sent("m1"), sent("m2", "c2"), batch, moved, MessageDeleted(DLQ, "m3", "c3", "me"))

    assert numbers(journal, queue="dlq") == [4, 5], "where it went counts as well"
    assert numbers(journal, queue=ORDERS) == [1, 2, 3, 4]
    assert numbers(journal, function="work") == [3]
    assert numbers(journal, message="m2") == [2, 3, 4]
    assert numbers(journal, chain="c1") == [1, 3]
    assert numbers(journal, kinds=["MessageSent", "MessageMoved"]) == [1, 2, 4]
    assert numbers(journal, queue="dlq", message="m2") == [4]


def test_warnings_are_the_newest_of_each_chain_function_and_kind() -> None:
    journal = journal_of(
        looped("early"), looped("stopped", times=17), looped("stopped", times=18), looped("early", "c2")
    )

    assert [(entry.number, entry.fact.kind) for entry in journal.warnings if isinstance(entry.fact, LoopWarned)] == [
        (1, "early"),
        (3, "stopped"),
        (4, "early"),
    ]


def test_a_permission_that_is_missing_is_a_warning_once() -> None:
    arn = SCOPE.function_arn("resize")
    missing = PermissionMissing(arn, "events.amazonaws.com", None, is_blocked=True)

    journal = journal_of(missing, missing, PermissionMissing(arn, "sns.amazonaws.com", None, is_blocked=True))

    assert [entry.number for entry in journal.warnings] == [2, 3]


def test_warnings_outlive_the_entries() -> None:
    journal = journal_of(looped("early"), sent("m1"), sent("m2"), kept=1)

    assert [entry.number for entry in journal.warnings] == [1]


def test_an_entry_shows_names_and_arns() -> None:
    journal = journal_of(sent("m1"))

    (entry,) = journal.entries()

    assert entry.as_json() == {
        "number": 1,
        "at": "2026-11-21T12:00:00.000Z",
        "fact": "MessageSent",
        "text": "orders got m1 (5 bytes)",
        "queue": "orders",
        "queue_arn": ORDERS,
        "message": "m1",
        "chain": "c1",
        "size_bytes": 5,
        "delay_s": 0,
    }


async def test_who_follows_gets_what_happens_from_then_on() -> None:
    journal = journal_of(sent("before"))

    async with journal.subscribe() as entries, asyncio.timeout(5):
        journal.record(NOON, [sent("m1"), sent("m2")])
        got = [(await anext(entries)).number for _ in range(2)]

    assert got == [2, 3]


async def test_everyone_who_follows_gets_everything() -> None:
    journal = Journal()

    async with journal.subscribe() as one, journal.subscribe() as two, asyncio.timeout(5):
        journal.record(NOON, [sent("m1")])

        assert await anext(one) == await anext(two)


async def test_who_does_not_keep_up_misses_entries_and_holds_nobody_up() -> None:
    journal = Journal(kept=10)

    async with journal.subscribe() as entries, asyncio.timeout(5):
        journal.record(NOON, [sent(f"m{n}") for n in range(10_050)])
        got = [(await anext(entries)).number for _ in range(10_000)]
        journal.record(NOON, [sent("later")])
        after_the_gap = (await anext(entries)).number

    assert got == list(range(1, 10_001))
    assert after_the_gap == 10_051


async def test_a_closed_journal_ends_what_is_followed_and_can_still_be_read() -> None:
    journal = journal_of(sent("m1"))

    async with journal.subscribe() as entries, asyncio.timeout(5):
        journal.record(NOON, [sent("m2")])
        journal.close()
        journal.close()
        followed = [entry.number async for entry in entries]
    async with journal.subscribe() as late, asyncio.timeout(5):
        nothing = [entry async for entry in late]

    assert (followed, nothing, numbers(journal)) == ([2], [], [1, 2])
