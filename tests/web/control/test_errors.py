"""What is wrong to ask, in one shape."""

from collections.abc import Iterator

import pytest

from tests.serving import Serving, serving


@pytest.fixture(scope="module")
def service() -> Iterator[Serving]:
    """One for all tests here: they change nothing."""
    with serving() as running:
        yield running


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded", "text/plain"])
def test_a_body_is_json_whatever_it_is_called(service: Serving, content_type: str) -> None:
    answer = service.ask("POST", "clock/advance", b'{"duration": "1s"}', headers={"Content-Type": content_type})

    assert answer.status == 200


def test_a_body_that_is_not_json_is_told_where(service: Serving) -> None:
    assert service.ask("POST", "clock/advance", b'{"duration": 10m}').error == (
        400,
        "NotJson",
        "the body is not JSON: Expecting ',' delimiter (at character 15)",
    )


def test_a_body_that_is_not_text_is_a_400(service: Serving) -> None:
    assert service.ask("POST", "clock/advance", b"\xff\xfe").status == 400


def test_a_missing_body_is_told(service: Serving) -> None:
    assert service.ask("POST", "clock/advance").error == (400, "InvalidRequest", "the body: field required")


def test_every_wrong_member_is_named(service: Serving) -> None:
    assert service.ask("POST", "put", {"bucket": "photos", "size": -1, "kye": "in/a"}).error == (
        400,
        "InvalidRequest",
        "key: field required; size: input should be greater than or equal to 0; kye: extra inputs are not permitted",
    )


def test_a_wrong_query_parameter_is_named(service: Serving) -> None:
    assert service.ask("GET", "journal?limit=none").error == (
        400,
        "InvalidRequest",
        "limit: input should be a valid integer, unable to parse string as an integer",
    )


def test_an_unknown_route_is_a_404(service: Serving) -> None:
    assert service.ask("GET", "nothing").error == (404, "NotFound", "there is nothing at /_triggerfish/api/nothing")


def test_a_wrong_method_is_a_405(service: Serving) -> None:
    assert service.ask("DELETE", "clock").error == (
        405,
        "MethodNotAllowed",
        "DELETE is not possible at /_triggerfish/api/clock",
    )


def test_after_all_of_these_the_service_goes_on(service: Serving) -> None:
    for body in (b"", b"{", b"[]", b"null", b'"x"', b"[" * 100_000):
        assert service.ask("POST", "queues/spare/messages", body).status == 400

    assert service.ask("GET", "status").status == 200
