"""Handlers whose speed a mapping is measured by: none of them tells anybody that it ran."""

import json
import time

_WORK_NS = 1_000_000


def nothing(event: dict[str, list[dict[str, str]]], context: object) -> None:
    pass


def small(event: dict[str, list[dict[str, str]]], context: object) -> None:
    """What the smallest real one does: it reads each body, and says so in a line."""
    orders = [json.loads(record["body"]) for record in event["Records"]]
    print(f"{len(orders)} orders, the first of customer {orders[0]['customer']}")


def busy(event: dict[str, list[dict[str, str]]], context: object) -> None:
    """The same, and a millisecond of a processor's time."""
    small(event, context)
    until = time.thread_time_ns() + _WORK_NS
    while time.thread_time_ns() < until:
        pass
