"""SQS: queues, and what is sent, received, moved and refused."""
