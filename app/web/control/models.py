"""What bodies of several routes have in common: an instant, a name, an entry, a message attribute."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

InstantText = Annotated[str, Field(examples=["2026-11-21T12:00:00.000Z"], description="ISO 8601, UTC.")]
Name = Annotated[str, Field(min_length=1, max_length=256)]


class Taken(BaseModel):
    """A request body: a member that nobody knows is an error, so that a typo is not silently ignored."""

    model_config = ConfigDict(extra="forbid")


class Entry(BaseModel):
    """A named entry, with whatever members its kind has in the settings file."""

    model_config = ConfigDict(extra="allow")

    name: Name = Field(description="Its name; every other member is as in the settings file.")

    def settings(self) -> dict[str, Any]:
        """The entry as the settings file would have it, without the name."""
        return dict(self.__pydantic_extra__ or {})


class Attribute(Taken):
    data_type: str = Field(examples=["String", "Number", "Binary.png"])
    value: str = Field(description="Base64 when the type is Binary.")
