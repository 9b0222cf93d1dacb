"""The ARNs of what the settings give by name or ARN."""

from app.core.names import Arn, Scope


def queue_arn_of(queue: str, scope: Scope) -> Arn:
    """The ARN of a queue that the settings give by name or ARN."""
    return queue if queue.startswith("arn:") else scope.queue_arn(queue)


def topic_arn_of(topic: str, scope: Scope) -> Arn:
    """The ARN of a topic that the settings give by name or ARN."""
    return topic if topic.startswith("arn:") else scope.topic_arn(topic)


def function_arn_of(function: str, scope: Scope) -> Arn:
    """The ARN of a function that the settings give by name or ARN."""
    return function if function.startswith("arn:") else scope.function_arn(function)
