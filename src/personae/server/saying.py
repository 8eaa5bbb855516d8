"""What people say about films and photos, as JSON: the words of `personae.say`, and who is meant."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from personae.films import say
from personae.films.meant import Who
from personae.films.say import Saying

_Value = TypeVar("_Value")
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
"""Of seconds or pixels. No truth value is one, here and in `Meant`: true is not the first appearance."""
Known = Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=200)]
"""Commands that the client knows of, by the `request` of their answers: they are no changes of others."""
Name = Annotated[str, Field(min_length=1, max_length=500)]


class Face(BaseModel):
    """One face of a photo, counted from the left from 1."""

    model_config = ConfigDict(extra="forbid")
    photo: Annotated[str, Field(max_length=4096)]
    face: Annotated[int, Field(ge=1, le=100_000, strict=True)]


Meant = Name | Annotated[int, Field(ge=1, strict=True)] | Face
"""A name or "Unknown 2"; the number of one appearance; one face of a photo."""


class Said(BaseModel):
    """One thing to say. Which of `to`, `others`, `start_s`, `end_s`, `box` it takes depends on `say`."""

    model_config = ConfigDict(extra="forbid")
    say: Literal["name", "confirm", "not_them", "alive", "depicted", "stranger", "no_face", "split", "merge", "apart",
                 "take_apart", "trim", "add"]  # fmt: skip
    who: Meant
    to: Name | None = None
    new: Annotated[bool, Field(strict=True)] = False
    others: Annotated[list[Meant], Field(max_length=1000)] = []
    start_s: Annotated[Number, Field(ge=0)] | None = None
    end_s: Annotated[Number, Field(ge=0)] | None = None
    box: tuple[Number, Number, Number, Number] | None = None
    photo: Annotated[str, Field(max_length=4096)] | None = None
    """Of `add` in a set of photos: where the box was drawn."""

    def saying(self) -> Saying:
        """As the session takes it; raises ValueError where something is missing."""
        who = meant(self.who)
        match self.say:
            case "name":
                return say.name(who, say.NEW_UNKNOWN if self.new else _given(self.to, "to"))
            case "merge":
                return say.merge([who, *map(meant, self.others)], self.to)
            case "apart":
                return say.apart(who, _other(self.others))
            case "take_apart":
                return say.take_apart(str(self.who))
            case "trim":
                return say.trim(who, self.start_s, self.end_s)
            case "add":
                added = say.NEW_UNKNOWN if self.new else str(self.who)
                if self.photo is not None:
                    return say.add(added, box=_given(self.box, "box"), photo=self.photo)
                return say.add(added, _given(self.start_s, "start_s"), self.end_s, self.box)
        alone: Saying = getattr(say, self.say)(who)
        return alone


def meant(who: Meant) -> Who:
    """Who is meant, as the session takes it."""
    return (who.photo, who.face) if isinstance(who, Face) else who


def _given(value: _Value | None, name: str) -> _Value:
    if value is None:
        raise ValueError(f"this needs {name!r}")
    return value


def _other(others: list[Meant]) -> Who:
    if not others:
        raise ValueError("this needs 'others'")
    return meant(others[0])
