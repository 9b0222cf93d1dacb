"""What a request tells of where it comes from."""

from app.core.value import Value


class Origin(Value):
    """What a request tells of its cause: the `X-Amzn-Trace-Id` it carried and the key it was signed with."""

    trace_header: str | None = None
    access_key_id: str | None = None


OUTSIDE = Origin()
"""Nothing known: a stimulus from outside, which starts a chain of its own."""
