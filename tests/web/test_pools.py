"""A function behind two servers, in the whole service: calls go on when one dies, and use it again when it is back."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from click.testing import CliRunner

from app.cli.root import root
from tests.live import until
from tests.serving import Serving, serving


@contextmanager
def server(name: str, port: int = 0) -> Iterator[int]:
    """Answers every event with its name."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", str(len(name) + 2))
            self.end_headers()
            self.wfile.write(f'"{name}"'.encode())

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    running = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=running.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield running.server_address[1]
    finally:
        running.shutdown()
        running.server_close()
        thread.join()


def answers(service: Serving, count: int = 4) -> set[str]:
    """What events come to that are there at once."""
    got: list[str] = []
    callers = [
        threading.Thread(target=lambda: got.append(service.post("functions/work/invoke", 1)["payload"]))
        for _ in range(count)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    return set(got)


def test_a_server_that_dies_is_done_without_until_it_is_back() -> None:
    with server("first") as first, server("second") as second:
        settings = (
            f"functions: {{work: {{http: [http://127.0.0.1:{first}, http://127.0.0.1:{second}], environments: 2}}}}"
        )
        with serving(settings) as service:
            url = f"http://127.0.0.1:{second}"
            both = service.get("functions/work")["environments"]
            service.post("functions", {"name": "work", "http": [f"http://127.0.0.1:{first}", url], "environments": 2})
    with server("first", first), serving(settings) as service:
        alone = answers(service)
        until(lambda: len(service.get("functions/work")["lost"]) == 2)
        listed = CliRunner().invoke(root, ["--endpoint", service.url, "functions"]).stdout
        with server("second", second):
            until(lambda: not service.get("functions/work")["lost"])
            until(lambda: answers(service) == {"first", "second"})

    assert both == 4
    assert alone == {"first"}
    assert f"work lost 2 environments, {url}: {url}: Connection refused" in listed


def test_the_servers_of_an_image_are_lost_and_found_too() -> None:
    with server("first") as first, server("second") as second:
        ports = (first, second)
    settings = "images: {{'*': {{http: [http://127.0.0.1:{}, http://127.0.0.1:{}], environments: 1}}}}".format(*ports)
    with server("first", first), serving(settings) as service:
        service.client("lambda").create_function(
            FunctionName="work", PackageType="Image", Role="arn:aws:iam::000000000000:role/app",
            Code={"ImageUri": "000000000000.dkr.ecr.us-east-1.amazonaws.com/farm:1"},
        )  # fmt: skip
        alone = answers(service)
        lost = until(lambda: service.get("functions/work")["lost"])
        with server("second", second):
            until(lambda: answers(service) == {"first", "second"})

    assert alone == {"first"}
    assert [each["where"] for each in lost] == [f"http://127.0.0.1:{second}"]
