"""What a browser is answered whose form was stored."""

import pytest

from app.wire.s3_post_answer import answer_post

STORED = {"bucket": "photos", "key": "up/a b.txt", "etag": "e1", "host": "localhost:4566"}
LOCATION = "http://localhost:4566/photos/up/a%20b.txt"
HEADERS = {"etag": '"e1"', "location": LOCATION}


@pytest.mark.parametrize(
    ("fields", "status"),
    [({}, 204), ({"success_action_status": "200"}, 200), ({"success_action_status": "418"}, 204),
     ({"success_action_redirect": "nowhere"}, 204)],
)  # fmt: skip
def test_it_is_told_where_the_object_is(fields: dict[str, str], status: int) -> None:
    assert answer_post(fields, **STORED) == (status, HEADERS, b"")


def test_201_has_a_document() -> None:
    status, headers, body = answer_post({"Success_Action_Status": "201"}, **STORED)

    assert (status, headers) == (201, {**HEADERS, "content-type": "application/xml"})
    assert body.decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n<PostResponse><Location>http://localhost:4566/photos/up/a%20b.txt'
        '</Location><Bucket>photos</Bucket><Key>up/a b.txt</Key><ETag>"e1"</ETag></PostResponse>'
    )


@pytest.mark.parametrize("name", ["success_action_redirect", "redirect"])
def test_a_redirection_goes_first_and_brings_what_was_stored(name: str) -> None:
    fields = {name: "https://example.com/done?x=1", "success_action_status": "201"}

    status, headers, body = answer_post(fields, **STORED)

    assert (status, body) == (303, b"")
    assert headers["location"] == "https://example.com/done?x=1&bucket=photos&key=up%2Fa+b.txt&etag=%22e1%22"
