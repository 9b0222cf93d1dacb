"""The control API under `/_triggerfish/`: everything a person or a test can ask of a running service."""

from app.web.control.application import build_control_app, is_for_control
from app.web.control.parts import ControlParts

__all__ = ["ControlParts", "build_control_app", "is_for_control"]
