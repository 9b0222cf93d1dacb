"""The control API under `/_triggerfish/`: everything a person or a test can ask of a running service."""
