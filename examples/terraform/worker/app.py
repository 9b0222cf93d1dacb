"""Orders from a queue: those that have no total are told back as failed."""

from typing import Any


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    failed = [record["messageId"] for record in event["Records"] if "total" not in record["body"]]
    print(f"{len(event['Records'])} orders, {len(failed)} without a total")
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}
