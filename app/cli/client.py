"""Talks to a running service over HTTP, with the standard library alone so that the command starts at once."""

import json
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

DEFAULT_ENDPOINT = "http://localhost:4566"
_API = "/_triggerfish/api"
_CONNECT_TIMEOUT_S = 10.0


class ServiceUnavailable(Exception):
    """Nobody answers at the endpoint, or not as Triggerfish would."""


class ServiceRefused(Exception):
    """The service answered with an error; `str` is its message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Client:
    """The control API at `endpoint`, an http or https URL; `token` goes along if there is one, or the password
    that the URL has."""

    def __init__(self, endpoint: str, token: str | None = None) -> None:
        parts = urlsplit(endpoint if "://" in endpoint else f"http://{endpoint}")
        where = parts.netloc.rpartition("@")[2]
        self.endpoint = f"{parts.scheme}://{where}"
        self._is_https = parts.scheme == "https"
        self._netloc = where
        self._token = token or parts.password

    def get(self, path: str, **query: object) -> Any:
        return self._ask("GET", path, query)

    def post(self, path: str, body: object = None, **query: object) -> Any:
        return self._ask("POST", path, query, json.dumps(body).encode())

    def put(self, path: str, body: object) -> Any:
        return self._ask("PUT", path, {}, json.dumps(body).encode())

    def delete(self, path: str) -> Any:
        return self._ask("DELETE", path, {})

    def post_bytes(self, path: str, body: bytes, **query: object) -> Any:
        return self._ask("POST", path, query, body)

    def download(self, path: str) -> Iterator[bytes]:
        """The body of a GET, line by line."""
        with self._open("GET", path, {}) as response:
            yield from self._lines(response)

    def follow(self, path: str, *, last_event_id: str | None, **query: object) -> Iterator[tuple[str, Any]]:
        """Server-sent events as (id, data), until the connection ends."""
        headers = {"Accept": "text/event-stream"}
        if last_event_id is not None:
            headers["Last-Event-ID"] = last_event_id
        with self._open("GET", path, query, headers=headers) as response:
            event_id, data = "", ""
            for raw in self._lines(response):
                name, _, value = raw.decode().rstrip("\r\n").partition(":")
                if not name and data:
                    yield event_id, json.loads(data)
                    data = ""
                elif name == "id":
                    event_id = value.strip()
                elif name == "data":
                    data += value.strip()

    def _lines(self, response: HTTPResponse) -> Iterator[bytes]:
        try:
            yield from response
        except (OSError, HTTPException) as error:
            raise self._lost(error) from None

    def _ask(self, method: str, path: str, query: dict[str, object], body: bytes | None = None) -> Any:
        with self._open(method, path, query, body) as response:
            try:
                content = response.read()
            except (OSError, HTTPException) as error:
                raise self._lost(error) from None
        try:
            return json.loads(content) if content else None
        except ValueError:
            raise ServiceUnavailable(f"{self.endpoint} does not answer like Triggerfish") from None

    @contextmanager
    def _open(
        self,
        method: str,
        path: str,
        query: dict[str, object],
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Iterator[HTTPResponse]:
        """The response to a request, if it is no error. Raises ServiceUnavailable, ServiceRefused."""
        given = {name: value for name, value in query.items() if value is not None}
        target = f"{_API}{path}" + (f"?{urlencode(given)}" if given else "")
        sent = {"Content-Type": "application/json", **(headers or {})}
        if self._token:
            sent["Authorization"] = f"Bearer {self._token}"
        with closing(self._connect()) as connection:
            try:
                connection.request(method, target, body, sent)
                response = connection.getresponse()
            except (OSError, HTTPException) as error:
                raise self._unavailable(error) from None
            with response:
                if response.status >= 300:
                    raise ServiceRefused(response.status, self._reason(response))
                yield response

    def _connect(self) -> HTTPConnection:
        kind = HTTPSConnection if self._is_https else HTTPConnection
        try:
            connection = kind(self._netloc, timeout=_CONNECT_TIMEOUT_S)
            connection.connect()
        except ConnectionRefusedError:
            raise ServiceUnavailable(
                f"no Triggerfish is running at {self.endpoint}; start one with: triggerfish up"
            ) from None
        except (OSError, HTTPException) as error:
            raise self._unavailable(error) from None
        # An advance or an invocation takes as long as it takes.
        connection.sock.settimeout(None)
        return connection

    def _lost(self, error: Exception) -> ServiceUnavailable:
        return ServiceUnavailable(f"the connection to {self.endpoint} was lost: {error}")

    def _unavailable(self, error: Exception) -> ServiceUnavailable:
        return ServiceUnavailable(f"no Triggerfish answers at {self.endpoint}: {error}")

    def _reason(self, response: HTTPResponse) -> str:
        try:
            return str(json.loads(response.read())["error"]["message"])
        except (ValueError, KeyError, TypeError):
            return f"{self.endpoint} answered {response.status} {response.reason}; is it Triggerfish?"


def endpoint_of_environment() -> str:
    """Where the service is, as the environment says: TRIGGERFISH_ENDPOINT, AWS_ENDPOINT_URL, or the default."""
    return os.environ.get("TRIGGERFISH_ENDPOINT") or os.environ.get("AWS_ENDPOINT_URL") or DEFAULT_ENDPOINT


def segment(name: str) -> str:
    """A name as one segment of a path."""
    return quote(name, safe=":")
