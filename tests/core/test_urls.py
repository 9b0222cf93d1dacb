"""Passwords in URLs are never told."""

import pytest

from app.core.urls import without_password


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://me:sesame@host:9000/hook", "http://me:****@host:9000/hook"),
        ("https://me:ses@me:x@host/hook?at=a@b", "https://me:****@host/hook?at=a@b"),
        ("https://:sesame@host", "https://:****@host"),
        ("http://me@host/", "http://me@host/"),
        ("http://host/a:b@c", "http://host/a:b@c"),
        ("no answer of http://me:sesame@host, nor of http://other/", "no answer of http://me:****@host, nor of http://other/"),
        ("somebody@example.com", "somebody@example.com"),
    ],
)  # fmt: skip
def test_a_password_is_shown_as_stars(text: str, shown: str) -> None:
    assert without_password(text) == shown
