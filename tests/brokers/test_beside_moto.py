"""Standard queues beside moto's server: the same calls, and the same answers up to ids and handles.

Only what both claim to do: moto shows a message received often in its old place, and has other words for a handle of a
message that is deleted.
"""

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from moto.server import ThreadedMotoServer

from tests.serving import client_at, serving

CALLS = 60
BODIES = ("a", "b", "é <&> \r\n", "\U0001f41f", "x" * 3_000)
ATTRIBUTES: tuple[dict[str, Any], ...] = (
    {},
    {"size": {"DataType": "Number", "StringValue": "-7.5"}},
    {"b": {"DataType": "Binary.png", "BinaryValue": b"\x00\xff"}, "a": {"DataType": "String.x", "StringValue": "ü"}},
)


@pytest.fixture(scope="module")
def clients() -> Iterator[tuple[Any, Any]]:
    """One of ours, and one of moto's."""
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    try:
        with serving("queues: {}") as ours:
            yield ours.client("sqs"), client_at(f"http://{host}:{port}", "sqs")
    finally:
        moto.stop()


@pytest.mark.parametrize("seed", range(3))
def test_both_answer_alike(clients: tuple[Any, Any], seed: int) -> None:
    ours, theirs = (_story(client, Random(seed), f"orders-{seed}") for client in clients)

    for mine, other in zip(ours, theirs, strict=True):
        assert mine == other


def _story(client: Any, random: Random, name: str) -> Iterator[Any]:
    """What each of the calls comes to; the same for the same random numbers."""
    url = client.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "300"})["QueueUrl"]
    handles: list[str] = []
    for _ in range(CALLS):
        message = {"MessageBody": random.choice(BODIES), "MessageAttributes": random.choice(ATTRIBUTES)}
        count, place = random.randint(1, 10), random.random()
        match random.choice(("send", "batch", "receive", "receive", "delete", "delete batch", "show", "counts")):
            case "send":
                yield _digests(client.send_message(QueueUrl=url, **message))
            case "batch":
                entries = [{"Id": str(number), **message} for number in range(count)]
                answer = client.send_message_batch(QueueUrl=url, Entries=entries)
                yield [(sent["Id"], _digests(sent)) for sent in answer["Successful"]]
            case "receive":
                answer = client.receive_message(
                    QueueUrl=url, MaxNumberOfMessages=count, MessageAttributeNames=["All"], AttributeNames=["All"]
                )
                received = answer.get("Messages", [])
                handles += [message["ReceiptHandle"] for message in received]
                yield [_told(message) for message in received]
            case "delete" if handles:
                client.delete_message(QueueUrl=url, ReceiptHandle=handles.pop(int(place * len(handles))))
            case "delete batch" if handles:
                entries = [
                    {"Id": str(number), "ReceiptHandle": handle} for number, handle in enumerate(handles[:count])
                ]
                del handles[:count]
                answer = client.delete_message_batch(QueueUrl=url, Entries=entries)
                yield [deleted["Id"] for deleted in answer["Successful"]], answer.get("Failed", [])
            case "show" if handles:
                client.change_message_visibility(
                    QueueUrl=url, ReceiptHandle=handles.pop(int(place * len(handles))), VisibilityTimeout=0
                )
            case _:
                names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
                yield client.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]


def _digests(sent: Any) -> tuple[str, str | None]:
    return sent["MD5OfMessageBody"], sent.get("MD5OfMessageAttributes")


def _told(message: Any) -> Any:
    count = message["Attributes"]["ApproximateReceiveCount"]
    return message["Body"], message.get("MessageAttributes"), message.get("MD5OfMessageAttributes"), count
