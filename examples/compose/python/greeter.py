"""Greets each guest of a queue, on another queue; the words come from a layer."""

import os
from typing import Any

import boto3
from greeting import greet

sqs = boto3.client("sqs", endpoint_url=os.environ["AWS_ENDPOINT_URL"])


def handler(event: dict[str, Any], context: Any) -> None:
    url = sqs.get_queue_url(QueueName="greetings")["QueueUrl"]
    for record in event["Records"]:
        sqs.send_message(QueueUrl=url, MessageBody=greet(record["body"]))
        print("greeted", record["body"])
