"""What an endpoint says of its environments, where they come and go."""

from app.core.value import value


@value(frozen=True, slots=True)
class EnvironmentState:
    """One environment: `where` it is in a few words, and `why_out` if nothing can run there now. AWS calls signed with
    `access_key_id` are made by it, or by another one that has the same."""

    where: str
    why_out: str | None = None
    access_key_id: str | None = None
