"""The API of EventBridge: its parameters to commands, and what the world shows to its results."""
