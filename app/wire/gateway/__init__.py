"""Requests as the events of each front, and what functions return as HTTP answers; pure."""
