"""Publish over the wire: messages a second into a queue, and how soon a handler is entered."""

import asyncio
import json
import time
from pathlib import Path

from tests.bench.calls import function_settings, next_report, reports_of_handlers
from tests.bench.client import Connection, open_connections, query_request, seconds_for, sqs_request
from tests.bench.figures import Cost, Figure, percentile, rate_of
from tests.bench.servers import floor, service, wait_until_listening
from tests.bench.sizes import Sizes
from tests.bench.wire import BODY, batch_request, both, queue_url, repeat

_TOPIC = "arn:aws:sns:us-east-1:000000000000:"
_FILTER = json.dumps({"kind": ["order", {"prefix": "return-"}], "n": [{"numeric": [">", 3]}]})


async def measure_topics(sizes: Sizes, folder: Path) -> list[Figure]:
    """Publish and PublishBatch to a topic whose messages go to a queue, raw and enveloped, beside SendMessage and
    SendMessageBatch of the bare floor. Each notification that is no raw one is signed with RSA."""
    figures = []
    with both(folder, _settings()) as servers:
        ours, bare = [await open_connections(server.port, 1) for server in servers]
        one = sqs_request("SendMessage", {"QueueUrl": queue_url("floor"), "MessageBody": BODY})
        plans = [
            ("Publish to a queue, raw", publish_request("raw"), one, sizes.sends // 4, 1),
            ("Publish to a queue", publish_request("signed"), one, sizes.sends // 4, 1),
            ("Publish to ten queues, of which one wants it", publish_request("many"), one, sizes.sends // 4, 1),
            ("PublishBatch of 10 to a queue, raw", batch_of_ten("raw"), batch_request("floor"), sizes.sends // 16, 10),
        ]
        for name, request, floor_request, times, messages in plans:
            costs: tuple[list[Cost], list[Cost]] = ([], [])
            # What is loaded by the first request of a kind is loaded before.
            await ours[0].ask(request)
            for _ in sizes.each_round():
                for server, connections, asked, found in zip(
                    servers, (ours, bare), (request, floor_request), costs, strict=True
                ):
                    before_s = server.cpu_s
                    wall_s = await seconds_for(connections, [repeat(asked, times)])
                    found.append(Cost(wall_s, server.cpu_s - before_s))
            figures.append(rate_of(name, times * messages, costs[0], costs[1]))
    return [*figures, *await _entered(sizes, folder)]


async def _entered(sizes: Sizes, folder: Path) -> list[Figure]:
    """From a Publish written to the handler entered, in a warm process, beside the round trip of an HTTP echo."""
    topic = "topics: {called: {subscriptions: [{function: reporting}]}, other: {}}\n"
    call, elsewhere = publish_request("called"), publish_request("other")
    called: list[float] = []
    echoed: list[float] = []
    with (
        reports_of_handlers() as reports,
        service(folder, function_settings(reports, 1) + topic) as ours,
        floor("echo") as bare,
    ):
        wait_until_listening(ours)
        wait_until_listening(bare)
        sender, echoing = await Connection.open(ours.port), await Connection.open(bare.port)
        await sender.ask(call)
        await next_report(reports)
        for _ in range(sizes.calls):
            # Between two calls so much else happens that the function has answered the first.
            await sender.ask(elsewhere)
            begin = time.monotonic_ns()
            await echoing.ask(call)
            echoed.append((time.monotonic_ns() - begin) / 1_000_000)
            begin = time.monotonic_ns()
            sending = asyncio.ensure_future(sender.ask(call))
            entered, _ = await next_report(reports)
            called.append((entered - begin) / 1_000_000)
            await sending
    return [
        Figure(f"Publish written to handler entered, p{percent}", "ms", ours_ms, bare_ms, ours_ms / bare_ms)
        for percent in (50, 99)
        for ours_ms, bare_ms in [(percentile(called, percent), percentile(echoed, percent))]
    ]


def publish_request(topic: str) -> bytes:
    return _request({"Action": "Publish", "TopicArn": _TOPIC + topic, "Message": BODY, **_attributes("")})


def batch_of_ten(topic: str) -> bytes:
    entries: dict[str, str] = {}
    for number in range(1, 11):
        place = f"PublishBatchRequestEntries.member.{number}."
        entries |= {f"{place}Id": str(number), f"{place}Message": BODY, **_attributes(place)}
    return _request({"Action": "PublishBatch", "TopicArn": _TOPIC + topic, **entries})


def _attributes(place: str) -> dict[str, str]:
    kind = f"{place}MessageAttributes.entry.1."
    return {f"{kind}Name": "kind", f"{kind}Value.DataType": "String", f"{kind}Value.StringValue": "order"}


def _request(params: dict[str, str]) -> bytes:
    return query_request({**params, "Version": "2010-03-31"}, "/").replace(b"/sqs/aws4", b"/sns/aws4")


def _settings() -> str:
    queues = "".join(f"  q{number}: {{}}\n" for number in range(10))
    unwanted = "".join(f"      - {{queue: q{number}, FilterPolicy: {_FILTER}}}\n" for number in range(1, 10))
    return (
        f"queues:\n  taken: {{}}\n{queues}topics:\n"
        "  raw: {subscriptions: [{queue: taken, RawMessageDelivery: true}]}\n"
        "  signed: {subscriptions: [{queue: taken}]}\n"
        f"  many:\n    subscriptions:\n      - {{queue: q0, RawMessageDelivery: true}}\n{unwanted}"
    )
