"""The operations of SQS by name."""

from app.wire.calls import Service
from app.wire.sqs import messages, move_tasks, permissions, queues
from app.wire.sqs.door import at_the_door

SQS = Service(
    "SQS",
    orders={
        "AddPermission": permissions.add_permission,
        "CancelMessageMoveTask": move_tasks.cancel_message_move_task,
        "ChangeMessageVisibility": messages.change_message_visibility,
        "ChangeMessageVisibilityBatch": messages.change_message_visibility_batch,
        "CreateQueue": queues.create_queue,
        "DeleteMessage": messages.delete_message,
        "DeleteMessageBatch": messages.delete_message_batch,
        "DeleteQueue": queues.delete_queue,
        "PurgeQueue": queues.purge_queue,
        "ReceiveMessage": messages.receive_message,
        "RemovePermission": permissions.remove_permission,
        "SendMessage": messages.send_message,
        "SendMessageBatch": messages.send_message_batch,
        "SetQueueAttributes": queues.set_queue_attributes,
        "StartMessageMoveTask": move_tasks.start_message_move_task,
        "TagQueue": queues.tag_queue,
        "UntagQueue": queues.untag_queue,
    },
    readings={
        "GetQueueAttributes": queues.get_queue_attributes,
        "GetQueueUrl": queues.get_queue_url,
        "ListDeadLetterSourceQueues": queues.list_dead_letter_source_queues,
        "ListMessageMoveTasks": move_tasks.list_message_move_tasks,
        "ListQueueTags": queues.list_queue_tags,
        "ListQueues": queues.list_queues,
    },
    door=at_the_door,
)
