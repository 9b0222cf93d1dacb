"""Every decision, and nothing that waits: no clock, no randomness, no socket, no file."""
