"""What an HTTP endpoint's answer means to whoever delivers to it."""

import pytest

from app.core.delivery.http_replies import reply_in
from app.core.delivery.outside_calls import HttpAnswered, NoAnswer
from app.core.errors import DeliveryFailed


@pytest.mark.parametrize("status", [200, 204, 299])
def test_a_status_of_200_to_299_takes_it(status: int) -> None:
    answer = HttpAnswered(status, {}, b"body")

    assert reply_in(answer, "The API") is answer


@pytest.mark.parametrize(
    ("status", "code", "is_retried"),
    [
        (301, "ERROR_FROM_TARGET", False),
        (400, "ERROR_FROM_TARGET", False),
        (401, "ERROR_FROM_TARGET", True),
        (403, "ERROR_FROM_TARGET", False),
        (407, "ERROR_FROM_TARGET", True),
        (409, "ERROR_FROM_TARGET", True),
        (429, "THROTTLING", True),
        (500, "ERROR_FROM_TARGET", True),
        (503, "ERROR_FROM_TARGET", True),
    ],
)
def test_other_statuses_refuse_it_for_good_or_for_now(status: int, code: str, is_retried: bool) -> None:
    failed = reply_in(HttpAnswered(status, {}, b""), "The API")

    assert isinstance(failed, DeliveryFailed)
    assert failed.message == f"The API answered with status {status}."
    assert (failed.code, failed.is_retried, failed.retry_after_ms) == (code, is_retried, 0)


@pytest.mark.parametrize(("header", "pause_ms"), [("7", 7_000), ("soon", 0), ("9999999", 0), ("-1", 0)])
def test_a_pause_that_is_asked_for_is_kept_where_it_is_seconds(header: str, pause_ms: int) -> None:
    failed = reply_in(HttpAnswered(503, {"retry-after": header}, b""), "The API")

    assert isinstance(failed, DeliveryFailed)
    assert failed.retry_after_ms == pause_ms


@pytest.mark.parametrize(
    ("message", "code"), [("no answer within 5 seconds", "TIMEOUT"), ("connection refused", "CONNECTION_FAILURE")]
)
def test_no_answer_is_for_now(message: str, code: str) -> None:
    failed = reply_in(NoAnswer(message), "The API")

    assert isinstance(failed, DeliveryFailed)
    assert (failed.code, failed.is_retried) == (code, True)
