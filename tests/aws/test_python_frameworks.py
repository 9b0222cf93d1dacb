"""What users run in Python over queues: Celery's worker, and functions that answer a batch with Powertools."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.live import Live, clean_environ, live, until
from tests.machine import write

pytestmark = pytest.mark.real

TASKS = """
    from celery import Celery

    app = Celery("tasks", broker="sqs://test:test@")
    app.conf.update(
        task_default_queue="jobs",
        task_routes={"in_order": {"queue": "jobs.fifo"}},
        broker_connection_retry_on_startup=True,
        broker_transport_options={"region": "us-east-1", "polling_interval": 0.1, "wait_time_seconds": 1},
    )

    def tell(line):
        with open("told.txt", "a") as told:
            print(line, file=told)

    @app.task(name="add")
    def add(a, b):
        tell(f"{a} and {b} are {a + b}")

    @app.task(name="in_order")
    def in_order(n):
        tell(f"in order: {n}")

    @app.task(name="again", bind=True, acks_late=True)
    def again(self):
        tell(f"retries: {self.request.retries}")
        if self.request.retries == 0:
            raise self.retry(countdown=0.1)
    """
SEND = """
from tasks import add, again, in_order
add.delay(2, 3)
add.apply_async((4, 5), countdown=0.5)
in_order.delay(1)
in_order.delay(2)
again.delay()
"""
POWERTOOLS = """
    from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, SqsFifoPartialProcessor
    from aws_lambda_powertools.utilities.batch import process_partial_response

    def on_record(record):
        if record.body == "bad":
            raise ValueError("told to")

    def of_any_order(event, context):
        processor = BatchProcessor(event_type=EventType.SQS)
        return process_partial_response(event, on_record, processor, context)

    def in_order(event, context):
        return process_partial_response(event, on_record, SqsFifoPartialProcessor(), context)
    """
SETTINGS = """
    clock: {frozen: 2026-11-21T12:00:00Z}
    functions:
      any: {CodeUri: ./code, Handler: batches.of_any_order, Timeout: 10}
      ordered: {CodeUri: ./code, Handler: batches.in_order, Timeout: 10}
    queues:
      orders: {}
      orders.fifo: {FifoQueue: true, ContentBasedDeduplication: true}
    mappings:
      - {queue: orders, function: any, FunctionResponseTypes: [ReportBatchItemFailures]}
      - {queue: orders.fifo, function: ordered, FunctionResponseTypes: [ReportBatchItemFailures]}
    """


def test_celery_carries_out_delayed_ordered_and_retried_tasks(tmp_path: Path) -> None:
    write(tmp_path, "tasks.py", TASKS)
    told = tmp_path / "told.txt"
    with live(tmp_path, "queues: {}") as service, _celery(service, tmp_path):
        wanted = ["2 and 3 are 5", "4 and 5 are 9", "in order: 1", "in order: 2", "retries: 0", "retries: 1"]
        until(lambda: told.exists() and sorted(told.read_text().splitlines()) == wanted)
        lines = told.read_text().splitlines()
        assert lines.index("in order: 1") < lines.index("in order: 2")
        until(lambda: [_left(service, name) for name in ("jobs", "jobs.fifo")] == [[], []])


def test_a_function_with_powertools_returns_what_it_could_not_process(tmp_path: Path) -> None:
    write(tmp_path, "code/batches.py", POWERTOOLS)
    with live(tmp_path, SETTINGS) as service:
        _send(service, "orders", ["good", "bad", "good too"])
        _send(service, "orders.fifo", ["first", "bad", "last"])

        until(lambda: _left(service, "orders") == ["bad"])
        until(lambda: _left(service, "orders.fifo") == ["bad", "last"])


@contextmanager
def _celery(service: Live, folder: Path) -> Iterator[None]:
    """Some tasks, and a worker that carries them out until the block ends."""
    environ = {**clean_environ(), "AWS_ENDPOINT_URL": service.url, "AWS_DEFAULT_REGION": "us-east-1"}
    sent = subprocess.run(
        [sys.executable, "-c", SEND], cwd=folder, env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert sent.returncode == 0, sent.stderr
    worker = [sys.executable, "-m", "celery", "-A", "tasks", "worker", "--pool=solo", "--queues=jobs,jobs.fifo"]
    said = folder / "worker.log"
    with said.open("wb") as output:
        process = subprocess.Popen(worker, cwd=folder, env=environ, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield
    except BaseException as failure:
        failure.add_note(f"The worker said:\n{said.read_text()}")
        raise
    finally:
        process.terminate()
        process.wait(20)


def _left(service: Live, queue: str) -> list[str]:
    return [message["body"] for message in service.get(f"queues/{queue}/messages")]


def _send(service: Live, queue: str, bodies: list[str]) -> None:
    grouped = {"MessageGroupId": "g"} if queue.endswith(".fifo") else {}
    entries = [{"Id": str(place), "MessageBody": body, **grouped} for place, body in enumerate(bodies)]
    client = service.client("sqs")
    client.send_message_batch(QueueUrl=f"{service.url}/000000000000/{queue}", Entries=entries)
