"""What a FIFO queue remembers of what it accepted."""

from app.core.sqs.deduplication import Accepted, DeduplicationMemory, content_id
from tests.core.stage import NOON

FIRST = Accepted("m1", "1")


def test_a_duplicate_gets_the_answer_of_the_first_for_five_minutes() -> None:
    memory = DeduplicationMemory(300_000)
    memory.remember("key", FIRST, NOON)

    assert memory.peek("key", NOON + 299_999) == memory.find("key", NOON + 299_999) == FIRST
    assert memory.peek("key", NOON + 300_000) is None
    assert memory.find("key", NOON + 300_000) is None


def test_the_five_minutes_count_from_the_first_accept() -> None:
    memory = DeduplicationMemory(300_000)
    memory.remember("key", FIRST, NOON)
    memory.find("key", NOON + 299_000)

    assert memory.find("key", NOON + 300_000) is None


def test_another_key_is_no_duplicate_and_a_purge_forgets_all() -> None:
    memory = DeduplicationMemory(300_000)
    memory.remember("key", FIRST, NOON)
    other = memory.find("other", NOON)

    memory.forget_all()

    assert (other, memory.find("key", NOON)) == (None, None)


def test_a_key_is_free_again_when_its_time_is_over() -> None:
    memory = DeduplicationMemory(300_000)
    memory.remember("key", FIRST, NOON)
    memory.find("key", NOON + 300_000)
    again = Accepted("m2", "2")

    memory.remember("key", again, NOON + 300_000)

    assert memory.find("key", NOON + 599_999) == again


def test_content_is_told_apart_by_the_sha_256_of_the_body() -> None:
    assert content_id("hello") == "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"


def test_the_whole_body_counts() -> None:
    assert content_id("x" * 10_000 + "a") != content_id("x" * 10_000 + "b")
