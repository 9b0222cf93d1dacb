"""The `triggerfish` command: a thin client of the control API, and the way to start the service."""
