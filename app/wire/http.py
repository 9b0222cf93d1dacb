"""A request and an answer as bytes and texts, free of any server."""

from collections.abc import Iterator, Mapping

from app.core.value import value


class TextHeaders(Mapping[str, str]):
    """Headers as text over those that were read, whose names are lower case: what nobody asks for is not decoded."""

    __slots__ = ("_read",)

    def __init__(self, read: Mapping[bytes, bytes]) -> None:
        self._read = read

    def __getitem__(self, name: str) -> str:
        return self._read[name.encode("latin-1")].decode("latin-1")

    def __iter__(self) -> Iterator[str]:
        return (name.decode("latin-1") for name in self._read)

    def __len__(self) -> int:
        return len(self._read)


@value(frozen=True, slots=True)
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
