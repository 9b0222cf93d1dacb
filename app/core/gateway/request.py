"""A request to a front and the answer to it, as they are on the wire and before any front's own view of them."""

from typing import TypeAlias

from app.core.value import value

Headers: TypeAlias = tuple[tuple[str, str], ...]
"""Names and values in their order, each as often as it came."""


@value(frozen=True, slots=True)
class GatewayRequest:
    """`path` begins with a slash and is percent-encoded as it arrived, without what only led to the front; `query` is
    raw, without its question mark. Header names are as the client wrote them, where that is known; values are Latin-1.
    `host` is the name under which the front was asked, without a port; `port` is the one that it came to. `asked` is
    the path as the client has it, where more of it led to the front."""

    method: str
    path: str
    query: str = ""
    headers: Headers = ()
    body: bytes = b""
    source_ip: str = "127.0.0.1"
    protocol: str = "HTTP/1.1"
    host: str = "localhost"
    scheme: str = "http"
    port: int = 80
    asked: str | None = None

    def header(self, name: str) -> str | None:
        """The last value of a header; `name` is lower case."""
        return next((value for given, value in reversed(self.headers) if given.lower() == name), None)

    def all_of(self, name: str) -> list[str]:
        """Every value of a header in order; `name` is lower case."""
        return [value for given, value in self.headers if given.lower() == name]


@value(frozen=True, slots=True)
class GatewayAnswer:
    """An answer without its length, which the server adds."""

    status: int
    headers: Headers = ()
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """The last value of a header; `name` is lower case."""
        return next((value for given, value in reversed(self.headers) if given.lower() == name), None)
