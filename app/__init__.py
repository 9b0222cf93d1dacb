"""Triggerfish: the trigger layer of AWS Lambda, on your machine."""

__version__ = "0.1.0"
