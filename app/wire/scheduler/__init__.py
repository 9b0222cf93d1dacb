"""EventBridge Scheduler: its operations by name, and its errors."""
