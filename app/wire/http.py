"""A request and an answer as bytes and texts, free of any server."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.core.value import value


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """`path` and `query` are as they arrived, percent-encoded; header names are lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""
    scheme: str = "http"

    @property
    def host(self) -> str:
        return self.headers.get("host", "localhost")


@value(frozen=True, slots=True)
class HttpAnswer:
    """An answer without its request id and length, which the server adds. Header names are lower case."""

    status: int
    body: bytes = b""
    content_type: str = ""
    headers: tuple[tuple[str, str], ...] = ()
