"""A mistake on purpose: puts its result where it is triggered from, and so triggers itself, on and on."""

from typing import Any
from urllib.parse import unquote_plus

import boto3

s3 = boto3.client("s3")


def handler(event: dict[str, Any], context: Any) -> None:
    """Write every object that was put once more, into the very prefix whose events come here."""
    for record in event["Records"]:
        bucket, key = record["s3"]["bucket"]["name"], unquote_plus(record["s3"]["object"]["key"])
        s3.put_object(Bucket=bucket, Key=key, Body=b"round and round")
        print(f"wrote {key} again")
