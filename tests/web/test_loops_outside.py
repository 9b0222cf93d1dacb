"""A loop through somebody's own HTTP server, which calls back without a trace header: named by what was seen of it."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tests.serving import Serving, serving

ROUNDS = 4


@pytest.fixture
def service() -> Iterator[Serving]:
    with serving("clock: {frozen: 2026-11-21T12:00:00Z}\n") as running:
        yield running


@pytest.fixture
def relay(service: Serving) -> Iterator[str]:
    """The URL of a server that puts an event again for each that it is told of, a few times."""
    events = service.client("events")
    told: list[bytes] = []

    class Relay(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(self.rfile.read(int(self.headers["content-length"])))
            if len(told) <= ROUNDS:
                entry = {"Source": "shop", "DetailType": "order", "Detail": json.dumps({"round": len(told)})}
                events.put_events(Entries=[entry])
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Relay)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/relay"
    server.shutdown()
    thread.join()
    server.server_close()


def test_it_is_suspected_with_its_path_and_goes_on(service: Serving, relay: str) -> None:
    events = service.client("events")
    key = {"ApiKeyAuthParameters": {"ApiKeyName": "x-api-key", "ApiKeyValue": "hush"}}
    connection = events.create_connection(Name="c", AuthorizationType="API_KEY", AuthParameters=key)["ConnectionArn"]
    made = events.create_api_destination(
        Name="relay", ConnectionArn=connection, InvocationEndpoint=relay, HttpMethod="POST"
    )
    events.put_rule(Name="out", EventPattern='{"source": ["shop"]}')
    role = "arn:aws:iam::000000000000:role/events"
    events.put_targets(Rule="out", Targets=[{"Id": "1", "Arn": made["ApiDestinationArn"], "RoleArn": role}])

    events.put_events(Entries=[{"Source": "shop", "DetailType": "order", "Detail": "{}"}])
    service.post("clock/advance", {"duration": "1s"})

    (warning,) = service.get("warnings")
    delivered = [entry for entry in service.get("journal?limit=1000") if entry["fact"] == "EventDelivered"]
    assert (warning["kind"], warning["function"], warning["hops"]) == ("suspected", "API destination relay", 3)
    assert warning["text"].startswith(
        "loop suspected: API destination relay is told of what it seems to cause itself, 3 times round: "
        "bus default/rule out → API destination relay → bus default/rule out → API destination relay"
    )
    assert len(delivered) == ROUNDS + 1
