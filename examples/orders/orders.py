"""An order worker: ships the orders that come from a queue, and fails those marked `poison`."""

import json
from typing import Any


class PoisonedOrderError(Exception):
    """An order that cannot be shipped, however often it is tried."""


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Ship each order of an SQS batch. When one fails, all of the batch come back after the visibility timeout."""
    for record in event["Records"]:
        attempt = int(record["attributes"]["ApproximateReceiveCount"])
        ship(json.loads(record["body"]), attempt)
    return {"shipped": len(event["Records"])}


def ship(order: dict[str, Any], attempt: int) -> None:
    """Raises PoisonedOrderError for an order marked `"poison": true`."""
    print(f"order {order['id']}, attempt {attempt}: packing")
    if order.get("poison"):
        raise PoisonedOrderError(f"order {order['id']} is poison")
    print(f"order {order['id']}: shipped")
