"""FIFO queues over the wire beside the same floor, at several depths."""

from itertools import count
from pathlib import Path

from tests.bench.client import Script, sqs_request
from tests.bench.figures import Figure
from tests.bench.sizes import Sizes
from tests.bench.wire import BODY, Work, both, drain, measure_at_depths, queue_url

_GROUPS = 100
_numbers = count()


async def measure_fifo(sizes: Sizes, folder: Path) -> list[Figure]:
    """Sends one by one over a hundred groups, and receive with delete in tens, at each depth."""
    works = [
        Work("FIFO: SendMessage", sizes.drained_singly, _send, drain),
        Work("FIFO: receive 10 + delete batch", sizes.drained, drain, fill),
        Work("FIFO: receive 10 + delete batch, 8 connections", sizes.drained_by_many, drain, fill, 8),
    ]
    queues = {depth: f"depth-{depth}.fifo" for depth in sizes.depths}
    settings = "".join(f"  {name}: {{FifoQueue: true}}\n" for name in queues.values())
    with both(folder, f"queues:\n{settings}") as servers:
        return await measure_at_depths(works, queues, servers, sizes, fill)


def fill(queue: str, messages: int) -> Script:
    """Puts so many messages in, each with a deduplication id of its own."""
    for _ in range(messages // 10):
        entries = [{"Id": str(number), "MessageBody": BODY, **_fifo_ids()} for number in range(10)]
        yield sqs_request("SendMessageBatch", {"QueueUrl": queue_url(queue), "Entries": entries})


def _send(queue: str, messages: int) -> Script:
    for _ in range(messages):
        yield sqs_request("SendMessage", {"QueueUrl": queue_url(queue), "MessageBody": BODY, **_fifo_ids()})


def _fifo_ids() -> dict[str, str]:
    number = next(_numbers)
    return {"MessageGroupId": f"group-{number % _GROUPS}", "MessageDeduplicationId": f"id-{number}"}
