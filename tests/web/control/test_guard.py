"""Who may speak to the control API, and with how much."""

import base64
from collections.abc import Iterator

import pytest

from tests.serving import Serving, serving

WITH_TOKEN = "{security: {token: swordfish}, hosts: [triggerfish.test]}"


@pytest.fixture(scope="module")
def service() -> Iterator[Serving]:
    """One for all tests here: they change nothing."""
    with serving() as running:
        yield running


@pytest.fixture(scope="module")
def locked() -> Iterator[Serving]:
    with serving(WITH_TOKEN) as running:
        yield running


@pytest.mark.parametrize("host", ["localhost:4566", "127.0.0.1", "[::1]:4566", "photos.localhost", "LOCALHOST"])
def test_names_of_the_loopback_are_ours(service: Serving, host: str) -> None:
    assert service.ask("GET", "clock", headers={"Host": host}).status == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example"])
def test_a_foreign_host_is_refused(service: Serving, host: str) -> None:
    status, code, _ = service.ask("GET", "/_triggerfish/", headers={"Host": host}).error

    assert (status, code) == (403, "ForeignHost")


@pytest.mark.parametrize("host", ["[::1", "", "localhost localhost", "a@localhost"])
def test_what_is_no_host_at_all_is_no_request(service: Serving, host: str) -> None:
    answer = service.ask("GET", "/_triggerfish/", headers={"Host": host})

    assert (answer.status, answer.content) == (400, b"Bad Request")


def test_a_configured_name_is_ours(locked: Serving) -> None:
    headers = {"Host": "triggerfish.test:4566", "Authorization": "Bearer swordfish"}

    assert locked.ask("GET", "clock", headers=headers).status == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:3000", "http://127.0.0.1"])
def test_a_foreign_origin_is_refused(service: Serving, origin: str) -> None:
    status, code, _ = service.ask("POST", "clock/advance", {"duration": "1s"}, headers={"Origin": origin}).error

    assert (status, code) == (403, "ForeignOrigin")


def test_our_own_page_may_ask(service: Serving) -> None:
    assert service.ask("GET", "clock", headers={"Origin": service.url}).status == 200


def test_without_the_token_nothing_is_told(locked: Serving) -> None:
    answer = locked.ask("GET", "/_triggerfish/openapi.json")

    assert answer.error[:2] == (401, "Unauthorized")
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "authorization",
    ["Bearer swordfis", "Bearer swordfish2", "Bearer", "Digest swordfish", "swordfish", "Basic swordfish", "Basic ä"],
)
def test_a_wrong_token_is_refused(locked: Serving, authorization: str) -> None:
    assert locked.ask("GET", "clock", headers={"Authorization": authorization}).status == 401


@pytest.mark.parametrize("authorization", ["Bearer swordfish", "bearer swordfish"])
def test_the_token_opens(locked: Serving, authorization: str) -> None:
    assert locked.ask("GET", "clock", headers={"Authorization": authorization}).status == 200


def test_a_browser_may_give_the_token_as_a_password(locked: Serving) -> None:
    credentials = base64.b64encode(b"anybody:swordfish").decode()

    assert locked.ask("GET", "/_triggerfish/", headers={"Authorization": f"Basic {credentials}"}).status == 200


def test_a_body_over_ten_mebibytes_is_refused(service: Serving) -> None:
    assert service.ask("POST", "queues/spare/messages", bytes(10 * 1024 * 1024 + 1)).error[:2] == (413, "BodyTooLarge")


def test_a_body_that_does_not_say_how_long_it_is_is_counted(service: Serving) -> None:
    pieces = (bytes(1024 * 1024) for _ in range(11))
    headers = {"Transfer-Encoding": "chunked"}

    answer = service.ask("POST", "functions/worker/invoke", b"".join(chunked(pieces)), headers=headers)

    assert answer.error[:2] == (413, "BodyTooLarge")


def chunked(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces in HTTP's chunked coding."""
    for piece in pieces:
        yield b"%x\r\n%b\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"
