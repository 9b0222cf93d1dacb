"""Input templates of pipes."""

from typing import Any

import pytest

from app.core.errors import ValidationFailed
from app.core.pipes.template import InputTemplate

EVENT = {"messageId": "m-1", "body": '{"id": 7, "tags": ["a", "b"], "name": "lamp"}', "attributes": {"n": "1"}}
KNOWN = {"aws.pipes.pipe-name": "through"}


@pytest.mark.parametrize(
    ("template", "rendered"),
    [
        ('{"id": <$.body.id>}', {"id": 7}),
        ('{"name": <$.body.name>}', {"name": "lamp"}),
        ('{"name": "<$.body.name>"}', {"name": "lamp"}),
        ('{"tags": <$.body.tags>}', {"tags": ["a", "b"]}),
        ('{"first": <$.body.tags[0]>}', {"first": "a"}),
        ('{"all": "tags: <$.body.tags>"}', {"all": "tags: [a,b]"}),
        ('{"none": <$.body.nothing>}', {"none": ""}),
        ('{"pipe": "<aws.pipes.pipe-name>"}', {"pipe": "through"}),
        ('"<$.messageId>"', "m-1"),
        ("<$.messageId> came", '"m-1" came'),
        ("plain", "plain"),
        ('{"broken": ', '{"broken": '),
        ("<aws.pipes.event.json>", EVENT),
    ],
)
def test_placeholders_are_filled_in(template: str, rendered: Any) -> None:
    assert InputTemplate.compile(template).render(EVENT, KNOWN) == rendered


def test_a_body_that_is_no_json_is_the_text_it_is() -> None:
    template = InputTemplate.compile('{"text": <$.body>, "deep": <$.body.id>}')

    assert template.render({"body": "hello"}, {}) == {"text": "hello", "deep": ""}


def test_a_placeholder_that_means_nothing_is_refused() -> None:
    with pytest.raises(ValidationFailed, match=r"invalid placeholder aws\.pipes\.nothing"):
        InputTemplate.compile("<aws.pipes.nothing>")
