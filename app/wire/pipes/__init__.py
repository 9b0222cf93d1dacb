"""EventBridge Pipes over the wire."""
