"""What a function's answer says of a batch's messages; the world's side is in test_polling."""

import pytest

from app.core.mappings.batch import NO_FAILURES, ItemFailures, UnusableResponse, read_partial_response

IDS = frozenset({"a", "b"})


@pytest.mark.parametrize("payload", [b"", b"  ", b"null", b"{}", b'{"batchItemFailures":[]}', b'{"other":1}'])
def test_nothing_said_is_full_success(payload: bytes) -> None:
    assert read_partial_response(payload, IDS) == ItemFailures(frozenset())


def test_named_messages_failed() -> None:
    answer = read_partial_response(b'{"batchItemFailures":[{"itemIdentifier":"a"}]}', IDS)

    assert answer == ItemFailures(frozenset({"a"}))


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"{", "the response is not JSON"),
        (b"\xff", "the response is not JSON"),
        (b"[]", "the response is a list, not an object with batchItemFailures"),
        (b"1.5", "the response is a number, not an object with batchItemFailures"),
        (b"true", "the response is a boolean, not an object with batchItemFailures"),
        (b'{"batchItemFailures":{}}', "batchItemFailures is an object, not a list"),
        (b'{"batchItemFailures":[1]}', "an entry of batchItemFailures has no itemIdentifier"),
        (b'{"batchItemFailures":[{"itemIdentifier":""}]}', "an entry of batchItemFailures has no itemIdentifier"),
        (b'{"batchItemFailures":[{"itemIdentifier":5}]}', "an entry of batchItemFailures has no itemIdentifier"),
        (b'{"batchItemFailures":[{"itemIdentifier":"z"}]}', "itemIdentifier z is not in the batch"),
    ],
)
def test_an_unusable_answer_says_why(payload: bytes, why: str) -> None:
    assert read_partial_response(payload, IDS) == UnusableResponse(why)


@pytest.mark.parametrize("payload", sorted(NO_FAILURES))
def test_what_is_known_to_name_no_failure_names_none(payload: bytes) -> None:
    assert read_partial_response(payload, frozenset({"m1"})) == ItemFailures(frozenset())
