"""The page, the reference, and the way there."""

import base64
import hashlib
import re
from collections.abc import Iterator

import pytest

from tests.serving import Serving, serving


@pytest.fixture(scope="module")
def service() -> Iterator[Serving]:
    """One for all tests here: they change nothing."""
    with serving() as running:
        yield running


def test_a_browser_is_led_from_the_root_to_the_page(service: Serving) -> None:
    answer = service.ask("GET", "/", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})

    assert (answer.status, answer.headers["location"]) == (307, "/_triggerfish/")


def test_an_s3_client_is_not_led_there(service: Serving) -> None:
    answer = service.ask("GET", "/", headers={"Accept": "*/*"})

    assert b"ListAllMyBucketsResult" in answer.content


@pytest.mark.parametrize("path", ["/_triggerfish/", "/_triggerfish/docs"])
def test_pages_may_run_and_show_only_what_is_written_in_them(service: Serving, path: str) -> None:
    answer = service.ask("GET", path)

    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    page = answer.content.decode()
    assert policy["default-src"] == "'none'"
    for directive, tag in (("script-src", "script"), ("style-src", "style")):
        for written in re.findall(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL):
            digest = base64.b64encode(hashlib.sha256(written.encode()).digest()).decode()
            assert f"'sha256-{digest}'" in policy[directive]
    assert "http://" not in page
    assert "https://" not in page
    assert " style=" not in page
    assert not re.search(r"\son\w+=", page)


def test_every_control_of_the_page_has_a_name(service: Serving) -> None:
    page = service.ask("GET", "/_triggerfish/").content.decode()
    body = page.split("<script>")[0]

    unlabelled = re.sub(r"<label.*?</label>", "", body, flags=re.DOTALL)
    assert not re.search(r"<(input|select|textarea)\b", unlabelled)
    assert body.count("<section") == len(re.findall(r"<section[^>]* aria-labelledby=", body))


def test_the_page_listens_for_every_kind_of_fact(service: Serving) -> None:
    page = service.ask("GET", "/_triggerfish/").content.decode()
    match = re.search(r'data-facts="([^"]+)"', page)

    assert match is not None
    assert {entry["fact"] for entry in service.get("journal")} <= set(match[1].split())


def test_the_reference_names_every_operation(service: Serving) -> None:
    page = service.ask("GET", "/_triggerfish/docs").content.decode()

    for path, operations in service.get("/_triggerfish/openapi.json")["paths"].items():
        assert f"<code>{path}</code>" in page
        for operation in operations.values():
            assert operation["summary"]
