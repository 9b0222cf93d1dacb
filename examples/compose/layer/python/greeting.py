"""A layer's module: lies at /opt/python in the container, which is on Python's path there."""


def greet(name: str) -> str:
    return f"Good day, {name}!"
