"""Message move tasks, beside moving the same messages by hand over the wire."""

import time
from pathlib import Path

import orjson

from tests.bench.client import Connection, Script, sqs_request
from tests.bench.figures import Figure, figure_of, ratio_at_least
from tests.bench.servers import service, wait_until_listening
from tests.bench.sizes import Sizes
from tests.bench.wire import fill, queue_url

_LETTERS, _BACK = "letters", "back"
_SETTINGS = f"""queues:
  {_BACK}: {{RedrivePolicy: {{dead_letter_queue: {_LETTERS}, maxReceiveCount: 3}}}}
  {_LETTERS}: {{}}
"""
_ARN = "arn:aws:sqs:us-east-1:000000000000:"


async def measure_moves(sizes: Sizes, folder: Path) -> list[Figure]:
    """Messages a second from a dead-letter queue back to its source: by a task, and by receive, send and delete."""
    by_task: list[float] = []
    by_hand: list[float] = []
    with service(folder, _SETTINGS) as server:
        wait_until_listening(server)
        client = await Connection.open(server.port)
        for _ in sizes.each_round():
            for script, rates in ((_move_by_task(), by_task), (_move_by_hand(sizes.moved), by_hand)):
                await client.play(fill(_LETTERS, sizes.moved))
                begin = time.perf_counter()
                await client.play(script)
                rates.append(sizes.moved / (time.perf_counter() - begin))
    name = "message move task beside moving by hand"
    return [figure_of(name, "messages/s", by_task, by_hand, ratio_at_least(1))]


def _move_by_task() -> Script:
    """Start the task and ask until it says that it is done, as a script of a user would."""
    source = f"{_ARN}{_LETTERS}"
    yield sqs_request("StartMessageMoveTask", {"SourceArn": source, "DestinationArn": f"{_ARN}{_BACK}"})
    status = "RUNNING"
    while status == "RUNNING":
        told = orjson.loads((yield sqs_request("ListMessageMoveTasks", {"SourceArn": source})))
        status = told["Results"][0]["Status"]
    assert status == "COMPLETED", f"the task ended as {status}"


def _move_by_hand(messages: int) -> Script:
    receive = sqs_request("ReceiveMessage", {"QueueUrl": queue_url(_LETTERS), "MaxNumberOfMessages": 10})
    for _ in range(messages // 10):
        received = orjson.loads((yield receive))["Messages"]
        bodies = [{"Id": str(n), "MessageBody": message["Body"]} for n, message in enumerate(received)]
        yield sqs_request("SendMessageBatch", {"QueueUrl": queue_url(_BACK), "Entries": bodies})
        handles = [{"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]} for n, message in enumerate(received)]
        yield sqs_request("DeleteMessageBatch", {"QueueUrl": queue_url(_LETTERS), "Entries": handles})
