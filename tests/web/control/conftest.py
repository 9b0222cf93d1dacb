"""One service for each test of the control API."""

from collections.abc import Iterator

import pytest

from tests.serving import Serving, serving


@pytest.fixture
def service() -> Iterator[Serving]:
    with serving() as running:
        yield running


@pytest.fixture
def poisoned(service: Serving) -> tuple[Serving, str]:
    """The service with one dead letter in `orders-dlq`, and its message id."""
    sent = service.post("queues/orders/messages", {"body": '{"poison": true}'})
    service.post("clock/advance", {"duration": "10m"})
    return service, sent["message_id"]
