"""A handler that gives back what it was given."""


def handler(event: object, context: object) -> object:
    return event
