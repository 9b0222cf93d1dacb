"""Topics: what SNS keeps of them and of their subscriptions, and how a message reaches those that want it."""
