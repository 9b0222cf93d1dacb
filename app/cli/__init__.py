"""The `triggerfish` command."""
