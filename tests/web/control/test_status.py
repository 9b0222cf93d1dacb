"""Everything at a glance."""

from app import __version__
from tests.serving import Serving


def test_the_status_tells_what_there_is(service: Serving) -> None:
    status = service.get("status")

    assert (status["version"], status["clock"]["way"]) == (__version__, "frozen")
    assert status["listen"] == f"127.0.0.1:{service.port}"
    assert [queue["name"] for queue in status["queues"]] == ["orders", "orders-dlq", "spare"]
    assert status["buckets"] == ["photos"]
    assert status["triggers"] == [
        "queue orders → worker",
        "bucket photos in/* (s3:ObjectCreated:*) → thumbnail",
    ]
