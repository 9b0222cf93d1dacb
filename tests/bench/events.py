"""Event buses: pattern matching beside a plain recursive matcher and moto's, and PutEvents with few and many rules."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from app.core.pattern import PatternIndex, compile_pattern
from tests.bench.client import Connection, Script, http_request
from tests.bench.figures import Figure, figure_of, percentile, ratio_at_least, ratio_at_most
from tests.bench.servers import Server, service, wait_until_listening
from tests.bench.sizes import Sizes

_PATTERNS = 1_000


# Matching alone -------------------------------------------------------------------------------------


async def measure_patterns(sizes: Sizes, folder: Path) -> list[Figure]:
    """Events a second against 1,000 patterns of every kind, of which a handful match: ours beside each other way."""
    from moto.events.models import EventPattern

    patterns = [pattern_of(number) for number in range(_PATTERNS)]
    events = [event_of(number) for number in range(64)]
    index: PatternIndex[int] = PatternIndex()
    for number, pattern in enumerate(patterns):
        index.add(number, compile_pattern(pattern))
    moto = [EventPattern(None, pattern) for pattern in patterns]

    def ours(event: dict[str, Any]) -> list[int]:
        return index.matching(event)

    def plain(event: dict[str, Any]) -> list[int]:
        return [number for number, pattern in enumerate(patterns) if matches(pattern, event)]

    def by_moto(event: Any) -> list[int]:
        return [number for number, pattern in enumerate(moto) if pattern.matches_event(event)]

    assert all(ours(event) == plain(event) for event in events), "both find the same"
    figures = []
    for name, other, target in (
        (f"matching {_PATTERNS} patterns, beside plain recursion", plain, ratio_at_least(30)),
        (f"matching {_PATTERNS} patterns, beside moto", by_moto, None),
    ):
        fast: list[float] = []
        slow: list[float] = []
        for number in sizes.each_round():
            fast.append(_rate(ours, events, sizes.events))
            slow.append(_rate(other, events[number % 64 :] + events, max(1, sizes.events // 200)))
        figures.append(figure_of(name, "events/s", fast, slow, target))
    return figures


def _rate(match: Callable[[dict[str, Any]], object], events: list[dict[str, Any]], times: int) -> float:
    begin = time.perf_counter()
    for number in range(times):
        match(events[number % len(events)])
    return times / (time.perf_counter() - begin)


def pattern_of(number: int) -> dict[str, Any]:
    """A mix as buses have it: most name a source and a type, some ask more, a few ask what no index knows."""
    base = {"source": [f"shop.{number % 40}"], "detail-type": [f"Order{number % 25}"]}
    match number % 50:
        case 0:
            return {"detail": {"total": [{"numeric": [">", 10_000 + number]}]}}
        case 1 | 2:
            return {"detail": {"path": [{"wildcard": f"files/{number}/*.json"}]}}
        case 3 | 4 | 5:
            return {"detail": {"path": [{"suffix": f".{number}"}], "state": [{"equals-ignore-case": "paid"}]}}
        case 6 | 7 | 8 | 9:
            return {"detail": {"customer": {"name": [{"prefix": f"Customer {number}"}]}}}
        case kind if kind < 20:
            return {**base, "detail": {"total": [{"numeric": [">", number]}], "state": [{"anything-but": "new"}]}}
        case kind if kind < 30:
            return {**base, "detail": {"tenant": [f"t{number}", f"t{number + 1}"], "lost": [{"exists": False}]}}
        case _:
            return base


def event_of(number: int) -> dict[str, Any]:
    """An event of 1.2 KB."""
    lines = [{"item": f"article {line}", "count": line + 1, "price": 9.95 + line} for line in range(12)]
    return {
        "version": "0",
        "id": f"7bf73129-1428-4cd3-a780-{number:012d}",
        "detail-type": f"Order{number % 25}",
        "source": f"shop.{number % 40}",
        "account": "000000000000",
        "time": "2026-11-21T12:00:00Z",
        "region": "us-east-1",
        "resources": [f"arn:aws:dynamodb:us-east-1:000000000000:table/orders-{number}"],
        "detail": {
            "id": number, "tenant": f"t{number}", "state": "paid", "total": 250.5 + number,
            "path": f"files/{number}/order.json",
            "customer": {"name": f"Customer {number}", "email": f"customer-{number}@example.com", "since": 2019},
            "address": {"street": "Long Street 1", "town": "Springfield", "country": "US"}, "lines": lines,
            "notes": "leave it at the door, please; the dog is friendly",
        },
    }  # fmt: skip


def matches(pattern: dict[str, Any], event: Any) -> bool:
    """The plain way: down the pattern, key by key, asking every value; enough for the patterns above."""
    if not isinstance(event, dict):
        return all(isinstance(wanted, list) and wanted == [{"exists": False}] for wanted in pattern.values())
    for key, wanted in pattern.items():
        if isinstance(wanted, dict):
            if not matches(wanted, event.get(key)):
                return False
        elif key not in event:
            if {"exists": False} not in wanted:
                return False
        else:
            values = event[key] if isinstance(event[key], list) else [event[key]]
            if not any(_says_yes(matcher, value) for matcher in wanted for value in values):
                return False
    return True


def _says_yes(matcher: Any, value: Any) -> bool:
    if not isinstance(matcher, dict):
        return bool(matcher == value)
    ((operator, wanted),) = matcher.items()
    match operator:
        case "prefix":
            return isinstance(value, str) and value.startswith(wanted)
        case "suffix":
            return isinstance(value, str) and value.endswith(wanted)
        case "equals-ignore-case":
            return isinstance(value, str) and value.lower() == wanted.lower()
        case "anything-but":
            return bool(value != wanted)
        case "numeric":
            return isinstance(value, int | float) and value > wanted[1]
        case "wildcard":
            first, _, last = wanted.partition("*")
            return isinstance(value, str) and value.startswith(first) and value.endswith(last)
        case _:
            return bool(wanted)


# PutEvents over the wire ----------------------------------------------------------------------------


async def measure_put_events(sizes: Sizes, folder: Path) -> list[Figure]:
    """PutEvents a second, and from a put to its message received, with ever more rules of which one matches; each
    beside a bus with one rule."""
    figures = []
    with _bus(folder / "one", 1) as one:
        least = await _warmed_up(one)
        for rules in sizes.rules:
            (folder / str(rules)).mkdir()
            with _bus(folder / str(rules), rules) as many:
                client = await _warmed_up(many)
                rates: tuple[list[float], list[float]] = ([], [])
                waits: tuple[list[float], list[float]] = ([], [])
                for _ in sizes.each_round():
                    for place, connection in enumerate((client, least)):
                        rates[place].append(await _puts_a_second(connection, sizes.puts))
                        waits[place].append(await _p99_ms(connection, sizes.puts // 4))
                client.close()
            puts = f"PutEvents, {rules:,} rules beside one"
            figures.append(figure_of(puts, "events/s", rates[0], rates[1], ratio_at_least(0.5)))
            delivery = f"put to received, p99, {rules:,} rules beside one"
            figures.append(figure_of(delivery, "ms", waits[0], waits[1], ratio_at_most(2)))
        least.close()
    return figures


@contextmanager
def _bus(folder: Path, rules: int) -> Iterator[Server]:
    """A service whose default bus has so many rules; the last of them sends to queue `orders`."""
    folder.mkdir(exist_ok=True)
    named = [f"  r{number}: {{EventPattern: {_json(pattern_for_one(number))}}}" for number in range(1, rules)]
    last = f"  last: {{EventPattern: {_json(pattern_for_one(0))}, targets: [{{queue: orders}}]}}"
    settings = ["queues: {orders: {}}", f"limits: {{rules_per_bus: {rules + 1}}}", "rules:", *named, last, ""]
    with service(folder, "\n".join(settings)) as server:
        wait_until_listening(server)
        yield server


def _json(pattern: dict[str, Any]) -> str:
    return orjson.dumps(pattern).decode()


def pattern_for_one(number: int) -> dict[str, Any]:
    """All of one source and type, told apart by what is in the detail: what hurts most without an index."""
    return {"source": ["shop"], "detail-type": ["order"], "detail": {"tenant": [f"t{number}"]}}


def events_request(operation: str, params: dict[str, Any], *, service: str = "AWSEvents") -> bytes:
    """A whole JSON request as boto3 writes it, with nothing that would prove its signature."""
    body = orjson.dumps(params)
    version = "1.1" if service == "AWSEvents" else "1.0"
    name = "events" if service == "AWSEvents" else "sqs"
    head = (
        f"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Amz-Target: {service}.{operation}\r\n"
        f"Content-Type: application/x-amz-json-{version}\r\n"
        "User-Agent: Boto3/1.40.0 md/Botocore#1.40.0 ua/2.1 os/linux#6.1 lang/python#3.11.2\r\n"
        f"Authorization: AWS4-HMAC-SHA256 Credential=test/20261121/us-east-1/{name}/aws4_request, "
        "SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=0\r\n"
    )
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


_DETAIL = orjson.dumps({**event_of(0)["detail"], "tenant": "t0"}).decode()
_PUT = events_request("PutEvents", {"Entries": [{"Source": "shop", "DetailType": "order", "Detail": _DETAIL}]})
_QUEUE = "http://127.0.0.1/000000000000/orders"
_RECEIVE = events_request("ReceiveMessage", {"QueueUrl": _QUEUE, "MaxNumberOfMessages": 10}, service="AmazonSQS")


async def _warmed_up(server: Server) -> Connection:
    """A connection to a service that has set up all its rules and loaded what it needs."""
    connection = await Connection.open(server.port)
    await _puts_a_second(connection, 20)
    # The control API, which is loaded on a thread of its own after the start, has been loaded when it answers.
    await connection.ask(http_request("GET", "/_triggerfish/api/status"))
    return connection


async def _puts_a_second(connection: Connection, count: int) -> float:
    def script() -> Script:
        for _ in range(count):
            yield _PUT

    begin = time.perf_counter()
    await connection.play(script())
    rate = count / (time.perf_counter() - begin)
    await connection.play(_empty())
    return rate


async def _p99_ms(connection: Connection, count: int) -> float:
    """From a put to the message that it became, received and deleted over the same connection."""
    taken: list[float] = []

    def script() -> Script:
        for _ in range(max(count, 2)):
            begin = time.perf_counter()
            yield _PUT
            (message,) = orjson.loads((yield _RECEIVE))["Messages"]
            taken.append((time.perf_counter() - begin) * 1_000)
            handle = message["ReceiptHandle"]
            yield events_request("DeleteMessage", {"QueueUrl": _QUEUE, "ReceiptHandle": handle}, service="AmazonSQS")

    await connection.play(script())
    return percentile(taken, 99)


def _empty() -> Script:
    """Receive and delete all there is; PurgeQueue may be asked but once a minute."""
    while messages := orjson.loads((yield _RECEIVE)).get("Messages"):
        entries = [{"Id": str(n), "ReceiptHandle": each["ReceiptHandle"]} for n, each in enumerate(messages)]
        yield events_request("DeleteMessageBatch", {"QueueUrl": _QUEUE, "Entries": entries}, service="AmazonSQS")
