"""Queue URLs in every form clients send them."""

import pytest

from app.core.errors import MissingParameter, QueueDoesNotExist
from app.core.names import Scope
from app.wire.sqs.urls import queue_arn, queue_url

HERE = Scope("111122223333", "eu-west-1")


@pytest.mark.parametrize(
    ("url", "arn"),
    [
        ("http://localhost:4566/000000000000/orders", "arn:aws:sqs:eu-west-1:000000000000:orders"),
        ("https://anything.example/000000000000/orders", "arn:aws:sqs:eu-west-1:000000000000:orders"),
        ("https://sqs.us-west-2.amazonaws.com/000000000000/orders", "arn:aws:sqs:us-west-2:000000000000:orders"),
        (
            "http://sqs.us-east-1.localhost.localstack.cloud:4566/000000000000/orders",
            "arn:aws:sqs:us-east-1:000000000000:orders",
        ),
        ("https://us-west-2.queue.amazonaws.com/000000000000/orders", "arn:aws:sqs:us-west-2:000000000000:orders"),
        ("http://localhost:4566/queue/us-east-1/000000000000/orders", "arn:aws:sqs:us-east-1:000000000000:orders"),
        ("000000000000/orders", "arn:aws:sqs:eu-west-1:000000000000:orders"),
        ("orders", "arn:aws:sqs:eu-west-1:111122223333:orders"),
    ],
)
def test_a_queue_url_names_account_and_queue_whatever_its_host(url: str, arn: str) -> None:
    assert queue_arn(url, HERE) == arn


def test_a_url_without_a_name_names_no_queue() -> None:
    with pytest.raises(QueueDoesNotExist):
        queue_arn("http://localhost:4566/", HERE)


def test_an_empty_url_is_a_missing_parameter() -> None:
    with pytest.raises(MissingParameter, match=r"The request must contain the parameter QueueUrl\."):
        queue_arn("", HERE)


def test_the_url_we_hand_out_names_the_same_queue_again() -> None:
    arn = HERE.queue_arn("orders")

    url = queue_url(arn, "http://localhost:4566")

    assert url == "http://localhost:4566/111122223333/orders"
    assert queue_arn(url, HERE) == arn
