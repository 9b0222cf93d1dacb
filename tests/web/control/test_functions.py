"""Functions over HTTP."""

import pytest

from tests.serving import Serving


def test_they_are_listed_by_name(service: Serving) -> None:
    listed = service.get("functions")

    assert [function["name"] for function in listed] == ["thumbnail", "worker"]
    assert listed[0]["endpoint"] == "scripted"
    assert listed[0]["timeout_s"] == 10


def test_one_is_added_as_the_settings_file_would_have_it(service: Serving) -> None:
    added = service.ask("POST", "functions", {"name": "mail", "script": {"succeed_after": "0s"}, "Timeout": 7})

    assert (added.status, added.json["timeout_s"]) == (201, 7)
    assert service.get("functions/mail") == added.json


def test_an_entry_the_settings_file_would_refuse_is_told_with_its_member(service: Serving) -> None:
    status, code, message = service.ask("POST", "functions", {"name": "mail", "Timeot": 7}).error

    assert (status, code) == (400, "BadRequest")
    assert "Timeot" in message


def test_it_is_found_by_its_arn_as_well(service: Serving) -> None:
    assert service.get("functions/arn:aws:lambda:us-east-1:000000000000:function:worker")["name"] == "worker"


def test_one_that_does_not_exist_is_a_404_in_awss_words(service: Serving) -> None:
    assert service.ask("GET", "functions/nobody").error == (
        404,
        "ResourceNotFound",
        "Function not found: arn:aws:lambda:us-east-1:000000000000:function:nobody",
    )


def test_a_deleted_one_is_gone(service: Serving) -> None:
    assert service.ask("DELETE", "functions/thumbnail").status == 204
    assert service.ask("GET", "functions/thumbnail").status == 404


@pytest.mark.parametrize(
    ("script", "outcome", "error_type"),
    [
        ({"succeed_after": "0s"}, "succeeded", None),
        ({"fail_after": "0s", "error_type": "KeyError", "message": "id"}, "failed", "KeyError"),
    ],
)
def test_an_invocation_tells_what_came_of_it(
    service: Serving, script: dict[str, str], outcome: str, error_type: str | None
) -> None:
    service.ask("PUT", "clock", {"way": "auto"})
    service.post("functions", {"name": "mail", "script": script})

    invoked = service.post("functions/mail/invoke", {"to": "me"})

    assert (invoked["outcome"], invoked["error_type"]) == (outcome, error_type)


def test_an_asynchronous_invocation_is_only_accepted(service: Serving) -> None:
    answer = service.ask("POST", "functions/thumbnail/invoke?type=Event", {})

    assert (answer.status, answer.json["outcome"]) == (202, None)


def test_an_event_that_is_not_json_is_refused_in_awss_words(service: Serving) -> None:
    status, code, message = service.ask("POST", "functions/thumbnail/invoke", b"{").error

    assert (status, code) == (400, "InvalidRequestContent")
    assert message.startswith("Could not parse request body into json")


def test_a_function_that_printed_nothing_has_no_lines(service: Serving) -> None:
    assert service.get("functions/worker/logs?lines=5") == {"function": "worker", "lines": [], "last": 0}
