"""Triggerfish as a process of its own, polling a queue at a real ElasticMQ and at a moto server."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.brokers.standing_in import ENVIRON, Broker, Function, Queue, Way, elasticmq, function, moto_server
from tests.live import TRIGGERFISH, Live, clean_environ, live, until
from tests.machine import write

pytestmark = [pytest.mark.real, pytest.mark.slow]

VISIBILITY_S = 6


@pytest.fixture(params=[moto_server, elasticmq], ids=["moto", "elasticmq"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    made: Broker = request.param(tmp_path)
    made.start()
    yield made
    made.kill()


@pytest.fixture
def far(broker: Broker) -> Queue:
    return broker.create("far", VISIBILITY_S)


@pytest.fixture
def work() -> Iterator[Function]:
    with function() as made:
        yield made


def settings(broker_url: str, function_url: str, **parameters: object) -> str:
    more = "".join(f", {name}: {value}" for name, value in parameters.items())
    return f"""
    functions:
      work: {{http: {function_url}, Timeout: 5, environments: 4}}
    queues:
      far: {{endpoint: {broker_url}}}
    mappings:
      - {{queue: far, function: work{more}}}
    """


def numbered(count: int, first: int = 0) -> list[str]:
    return [f"message {number}" for number in range(first, first + count)]


def told(service: Live, fact: str) -> int:
    """How often the journal tells of it."""
    return len(texts(service, fact))


def texts(service: Live, fact: str) -> list[str]:
    """What the journal tells of it."""
    return [entry["text"] for entry in service.get("journal?limit=10000") if entry["fact"] == fact]


def test_every_message_is_handled_and_deleted(broker: Broker, far: Queue, work: Function, tmp_path: Path) -> None:
    far.send(*numbered(25))

    with live(tmp_path, settings(broker.url, f"{work.url}/a"), environ=ENVIRON):
        far.send(*numbered(10, first=25))
        until(lambda: len(work.bodies()) >= 35)

    assert sorted(work.bodies()) == sorted(numbered(35))
    assert far.left(within_s=VISIBILITY_S + 1) == []


def test_what_is_reported_as_failed_comes_again(broker: Broker, work: Function, tmp_path: Path) -> None:
    far = broker.create("far", 5)
    work.failing = {"message 3"}
    reporting = settings(broker.url, f"{work.url}/a", FunctionResponseTypes="[ReportBatchItemFailures]")

    with live(tmp_path, reporting, environ=ENVIRON):
        far.send(*numbered(5))
        # ElasticMQ of 2013 does not wake a long poll for a message that is visible again; the next one gets it.
        until(lambda: work.bodies().count("message 3") == 2, within_s=40)

    assert sorted(work.bodies()) == sorted([*numbered(5), "message 3"])
    counts = [record["attributes"]["ApproximateReceiveCount"] for _, record in work.handled]
    assert sorted(counts) == ["1"] * 5 + ["2"]
    assert far.left(within_s=6) == []


def test_groups_of_a_fifo_queue_come_in_their_order(work: Function, tmp_path: Path) -> None:
    broker = moto_server(tmp_path)
    broker.start()
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true", "VisibilityTimeout": "6"}
    url = broker.client.create_queue(QueueName="far.fifo", Attributes=attributes)["QueueUrl"]
    settings = f"""
    functions:
      work: {{http: {work.url}/a, Timeout: 5, environments: 4}}
    queues:
      far.fifo: {{endpoint: {broker.url}}}
    mappings:
      - {{queue: far.fifo, function: work, BatchSize: 2}}
    """
    with live(tmp_path, settings, environ=ENVIRON) as service:
        for number in range(10):
            group = "ab"[number % 2]
            broker.client.send_message(QueueUrl=url, MessageBody=f"{group} {number}", MessageGroupId=group)
        until(lambda: told(service, "MessageDeleted") == 10)
    broker.kill()

    of_groups = {group: [body for body in work.bodies() if body.startswith(group)] for group in "ab"}
    assert of_groups == {"a": [f"a {n}" for n in range(0, 10, 2)], "b": [f"b {n}" for n in range(1, 10, 2)]}


def test_of_two_processes_the_survivor_gets_what_the_killed_one_had_in_hand(
    broker: Broker, far: Queue, work: Function, tmp_path: Path
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    work.hold("/a")
    work.hold("/b")
    some_at_a_time = {"BatchSize": 3, "ScalingConfig": "{MaximumConcurrency: 2}"}
    with (
        live(tmp_path / "a", settings(broker.url, f"{work.url}/a", **some_at_a_time), environ=ENVIRON) as one,
        live(tmp_path / "b", settings(broker.url, f"{work.url}/b", **some_at_a_time), environ=ENVIRON),
    ):
        far.send(*numbered(30))
        until(lambda: work.in_hand("/a") and work.in_hand("/b"))

        one.interrupt(signal.SIGKILL)
        lost = work.in_hand("/a")
        work.let_go("/b")
        until(lambda: set(work.bodies(by="/b")) == set(numbered(30)), within_s=40)

    assert lost
    assert set(lost) <= set(work.bodies(by="/b"))
    assert far.left(within_s=VISIBILITY_S + 1) == []


def test_a_broker_that_cannot_be_reached_for_a_while_loses_nothing(
    broker: Broker, far: Queue, work: Function, tmp_path: Path
) -> None:
    way = Way(broker.port)
    way.open()
    work.hold("/a")
    with live(tmp_path, settings(f"http://127.0.0.1:{way.port}", f"{work.url}/a"), environ=ENVIRON) as service:
        far.send(*numbered(5))
        until(lambda: bool(work.in_hand("/a")))

        way.close()
        until(lambda: service.get("brokers")[0]["state"] == "lost")
        (shown,) = service.get("mappings")
        far.send(*numbered(5, first=5))
        work.let_go("/a")
        until(lambda: bool(work.bodies()))
        way.open()
        until(lambda: service.get("brokers")[0]["state"] == "connected")
        # A long poll whose way was cut may have taken some, which come again when their visibility timeout ends.
        until(lambda: set(work.bodies()) == set(numbered(10)), within_s=60)
        until(lambda: told(service, "MessageDeleted") >= 10)
        lost, back = texts(service, "BrokerLost"), texts(service, "BrokerBack")
        status = service.run("status").stdout

    assert shown["LastProcessingResult"].startswith(f"PROBLEM: http://127.0.0.1:{way.port} does not answer: ")
    assert (len(lost), len(back)) == (1, 1), lost
    assert f"far  at http://127.0.0.1:{way.port}, connected" in status
    way.close()


def test_a_broker_that_was_started_again_is_polled_again(
    broker: Broker, far: Queue, work: Function, tmp_path: Path
) -> None:
    with live(tmp_path, settings(broker.url, f"{work.url}/a"), environ=ENVIRON) as service:
        far.send("before")
        until(lambda: told(service, "MessageDeleted") == 1)

        broker.kill()
        until(lambda: service.get("brokers")[0]["state"] == "lost")
        broker.start()
        broker.create("far", VISIBILITY_S).send("after")

        until(lambda: work.bodies() == ["before", "after"], within_s=40)


def test_a_broker_may_be_started_later(broker: Broker, work: Function, tmp_path: Path) -> None:
    broker.kill()
    with live(tmp_path, settings(broker.url, f"{work.url}/a"), environ=ENVIRON) as service:
        before = service.get("brokers")[0]["state"]

        broker.start()
        broker.create("far", VISIBILITY_S).send("hello")

        until(lambda: work.bodies() == ["hello"], within_s=40)
    assert before == "lost"


def test_a_visibility_timeout_that_is_too_short_is_refused_at_the_start(
    broker: Broker, work: Function, tmp_path: Path
) -> None:
    broker.create("far", 4)
    config = write(tmp_path, "triggerfish.yaml", settings(broker.url, work.url))
    environ = {**clean_environ(), **ENVIRON, "TRIGGERFISH_LISTEN": "127.0.0.1:0"}

    ended = subprocess.run(
        [TRIGGERFISH, "up", "--config", config], capture_output=True, text=True, env=environ, timeout=30, check=False
    )

    assert ended.returncode == 1
    refused = "Queue visibility timeout: 4 seconds is less than Function timeout: 5 seconds"
    assert ended.stderr.strip() == f"triggerfish: mappings: far → work: {refused}"
