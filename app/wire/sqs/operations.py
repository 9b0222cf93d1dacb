"""The operations of SQS by name."""

from app.wire.calls import Service
from app.wire.sqs import messages, queues

SQS = Service(
    "SQS",
    orders={
        "ChangeMessageVisibility": messages.change_message_visibility,
        "ChangeMessageVisibilityBatch": messages.change_message_visibility_batch,
        "CreateQueue": queues.create_queue,
        "DeleteMessage": messages.delete_message,
        "DeleteMessageBatch": messages.delete_message_batch,
        "DeleteQueue": queues.delete_queue,
        "PurgeQueue": queues.purge_queue,
        "ReceiveMessage": messages.receive_message,
        "SendMessage": messages.send_message,
        "SendMessageBatch": messages.send_message_batch,
        "SetQueueAttributes": queues.set_queue_attributes,
        "TagQueue": queues.tag_queue,
        "UntagQueue": queues.untag_queue,
    },
    readings={
        "GetQueueAttributes": queues.get_queue_attributes,
        "GetQueueUrl": queues.get_queue_url,
        "ListDeadLetterSourceQueues": queues.list_dead_letter_source_queues,
        "ListQueueTags": queues.list_queue_tags,
        "ListQueues": queues.list_queues,
    },
)
"""Move tasks and permissions are not here; asking for them is refused by name."""
