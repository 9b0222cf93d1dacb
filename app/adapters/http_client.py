"""One kept HTTP session towards endpoints of functions and of users, with aiohttp."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.core.awslambda.invocation import Unreachable
from app.core.urls import without_password

if TYPE_CHECKING:
    import aiohttp

_CONNECT_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `headers` may be asked in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def excerpt(self) -> str:
        """The beginning of the body, for messages."""
        text = " ".join(self.body[:200].decode(errors="replace").split())
        return f"{self.status} {text}".strip()


@dataclass(frozen=True, slots=True)
class NoAnswerInTime:
    """The time limit passed first; the connection has been given up."""


class HttpClient:
    """Sends requests and reads whole answers. Connections are kept; there are as many as requests at once."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, within_ms: float | None
    ) -> Answer | NoAnswerInTime | Unreachable:
        """POST `body`. Without `within_ms` it waits for as long as the other side keeps the connection."""
        return await self.request("POST", url, body, headers, within_ms=within_ms)

    async def request(
        self, method: str, url: str, body: bytes, headers: Mapping[str, str], *, within_ms: float | None
    ) -> Answer | NoAnswerInTime | Unreachable:
        """The same with any method. A user and a password in the URL are sent as basic authentication, and not told."""
        # Imported here, so that whoever runs only local processes does not carry an HTTP client.
        import aiohttp
        from yarl import URL

        session = self._open()
        shown = without_password(url)
        try:
            async with asyncio.timeout(None if within_ms is None else within_ms / 1_000):
                # What is escaped already stays as it is: a signature covers the path as it was written.
                target = URL(url, encoded="%" in url)
                if any(name.lower() == "authorization" for name in headers):
                    # A signature says who asks; what the URL says of it has no place beside it.
                    target = target.with_user(None)
                async with session.request(
                    method, target, data=body, headers=headers, allow_redirects=False
                ) as response:
                    return Answer(response.status, response.headers, await response.read())
        except aiohttp.ConnectionTimeoutError:
            return Unreachable(f"{shown}: no connection within {_CONNECT_TIMEOUT_S:g} seconds", reached_nobody=True)
        except TimeoutError:
            return NoAnswerInTime()
        except aiohttp.ServerDisconnectedError:
            return Unreachable(f"{shown}: the connection was closed without an answer")
        except aiohttp.ClientConnectorError as error:
            return Unreachable(f"{shown}: {_in_words(error)}", reached_nobody=True)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Unreachable(f"{shown}: {_in_words(error)}")

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> "aiohttp.ClientSession":
        import aiohttp

        from app.adapters.loopback_names import LoopbackResolver

        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=60, resolver=LoopbackResolver()),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_TIMEOUT_S),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
        return self._session


def _in_words(error: Exception) -> str:
    """The system's own words where there are some: `Connection refused`."""
    cause = getattr(error, "os_error", error)
    if isinstance(cause, OSError) and (cause.errno or 0) > 0:
        return os.strerror(cause.errno or 0)
    return getattr(cause, "strerror", None) or without_password(str(error)) or type(error).__name__
