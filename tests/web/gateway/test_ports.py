"""Fronts on ports of their own, started as a user starts them, and asked by curl."""

import subprocess
from pathlib import Path

import pytest

from tests.live import live
from tests.machine import free_port
from tests.web.gateway.conftest import HANDLERS


def curl(*arguments: str) -> str:
    return subprocess.run(
        ["curl", "-s", "--path-as-is", *arguments], capture_output=True, text=True, check=True, timeout=20
    ).stdout


@pytest.mark.real
def test_an_api_has_a_port_to_itself_and_raw_paths_stay_raw(tmp_path: Path) -> None:
    port = free_port()
    settings = f"""
    functions:
      echo: {{CodeUri: {HANDLERS}, Handler: fronts.echo}}
    apis:
      shop:
        port: {port}
        stage: dev
        routes:
          ANY /all/{{proxy+}}: echo
    """
    with live(tmp_path, settings) as running:
        url = f"http://127.0.0.1:{port}"
        for path in ("/all/a/../b", "/all//a", "/all/a%2Fb", "/all/;x"):
            assert '"version": "2.0"' in curl(f"{url}{path}"), path
        assert '"proxy": "a/../b"' in curl(f"{url}/all/a/../b")
        assert curl(f"{url}//all/a") == '{"message":"Not Found"}'
        assert '"proxy": "a"' in curl(f"{url}/dev/all/a")
        assert '"proxy": "x"' in curl("-H", "Host: shop.execute-api.localhost", f"{running.url}/dev/all/x")
        # What AWS's own paths are elsewhere is a path like another here.
        invoke = curl("-X", "POST", "-d", "{}", f"{url}/2015-03-31/functions/echo/invocations")
        assert invoke == '{"message":"Not Found"}'
        # Two requests on one connection, the second after a body with trailers that pretend to be headers.
        head = "POST /all/x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTrailer: x-evil\r\n\r\n"
        told = _raw(
            port, f"{head}1\r\na\r\n0\r\nx-evil: 1\r\n\r\nGET /all/y HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
        )
        assert told.count("HTTP/1.1 200 OK") == 2
        assert '"x-evil": "1"' not in told


def _raw(port: int, request: str) -> str:
    from socket import create_connection

    with create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(request.encode())
        received = b""
        while chunk := connection.recv(65_536):
            received += chunk
    return received.decode()
