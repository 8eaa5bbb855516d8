"""Decisions as JSON rows, and back: each field is checked, for the files go from hand to hand.

Rows of today belong to the schema `personae/decisions/1`. Those of `personae/edits/1` (`film.edits.json` of earlier
versions, and what their contact sheets saved) are read as the decisions that they stand for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from personae.checks import Fields, MisfitError, number, require, text, whole
from personae.media.film import Video
from personae.timeline.decisions import KINDS, Decision, Kind, Part, with_ids
from personae.timeline.native_reader import LONGEST_S, box_of, person_of
from personae.timeline.native_upgrade import old_number
from personae.timeline.native_upgrade import upgrade_person as upgraded_in_place
from personae.timeline.person import Person
from personae.timeline.places import AnyPlace, PhotoPlace, Place

SCHEMA = "personae/decisions/1"
OLD_SCHEMA = "personae/edits/1"
FARTHEST_SHARE = 1e4
"""How far off the picture a place may lie, in its widths or heights."""
MOST_ENTRIES = 10**9
_OLD_KINDS: dict[str, Kind] = {
    "name": "name", "right": "right", "wrong": "not", "alive": "alive", "depicted": "depicted",
}  # fmt: skip
_NOT_ABOUT_FACES = ("add", "trim", "undo")
_TEXTS = ("by", "at", "request", "imported")


class UnknownKindError(ValueError):
    """A kind of decision that only a later version knows. `kind`: what it says."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"it holds a decision that this Personae does not know ({kind!r})")


def row_of(one: Decision) -> dict[str, Any]:
    """A decision as JSON types; what says nothing is left out."""
    row: dict[str, Any] = {"id": one.id, "kind": one.kind, "by": one.by, "at": one.at, "on": one.on}
    row["request"] = one.request
    row["parts"] = [
        {"who": _person_row(part.who), "places": [_place_row(at) for at in part.places]} for part in one.parts
    ]
    if one.to is not None:
        row["to"] = _person_row(one.to)
    for name in ("span_s", "was_s", "seen_s"):
        span = getattr(one, name)
        if span is not None:
            row[name] = [round(value, 9) for value in span]  # a tick of any clock is longer
    if one.box is not None:
        row["box"] = _rounded(one.box)
    if one.depicted:
        row["depicted"] = True
    if one.takes_back:
        row["takes_back"] = list(one.takes_back)
    if one.imported:
        row["imported"] = one.imported
    return row


def _place_row(place: AnyPlace) -> list[float] | dict[str, Any]:
    if isinstance(place, PhotoPlace):
        return {"photo": place.photo, "sha256": place.sha256, "box": [round(value, 5) for value in place.box]}
    return _rounded(place)


def _rounded(place: Place) -> list[float]:
    return [round(place[0], 9), *(round(value, 5) for value in place[1:])]


def _person_row(person: Person | None) -> dict[str, Any] | None:
    if person is None:
        return None
    return {"character": person.character, "character_id": person.character_id, "unknown": person.unknown}


def decision_of(row: Fields) -> Decision:
    """A decision from a row; raises MisfitError where something cannot be right, UnknownKindError."""
    kind = row.text("kind")
    if kind not in KINDS:
        raise UnknownKindError(kind)
    parts = tuple(_part(part) for part in row.rows("parts"))
    spans = {name: _span_or_none(row, name) for name in ("span_s", "was_s", "seen_s")}
    require(kind in _NOT_ABOUT_FACES or any(part.places for part in parts), f"{row.where('parts')} have no place")
    require(kind not in ("trim", "add") or spans["span_s"] is not None, f"{row.where('span_s')} is missing")
    texts = {name: row.text(name) if name in row else "" for name in _TEXTS}
    return Decision(
        kind,
        parts,
        _person_or_none(row, "to") if "to" in row else None,
        spans["span_s"],
        spans["was_s"],
        spans["seen_s"],
        row.or_none("box", _place) if "box" in row else None,
        "depicted" in row and row.flag("depicted"),
        tuple(row.each("takes_back", _id)) if "takes_back" in row else (),
        on=row.whole("on", 0, MOST_ENTRIES),
        id=row.text("id", empty=False),
        by=texts["by"],
        at=texts["at"],
        request=texts["request"],
        imported=texts["imported"],
    )


def _part(row: Fields) -> Part:
    return Part(_person_or_none(row, "who"), tuple(row.each("places", _any_place)))


def _person_or_none(row: Fields, name: str) -> Person | None:
    """Somebody; None also where the name was forgotten."""
    if row.get(name) is None:
        return None
    found = person_of(row.inner(name))
    nobody = found.character is None and found.unknown is None
    return None if nobody else Person(found.character, found.unknown, found.character_id)


def _id(value: Any, at: str) -> str:
    return text(value, at, empty=False)


def _span_or_none(row: Fields, name: str) -> tuple[float, float] | None:
    if row.get_or_none(name) is None:
        return None
    start_s, end_s = row.each(name, _seconds, 2)
    require(start_s <= end_s, f"{row.where(name)} ends before it begins")
    return start_s, end_s


def _any_place(value: Any, at: str) -> AnyPlace:
    if not isinstance(value, dict):
        return _place(value, at)
    row = Fields(value, at)
    return PhotoPlace(row.text("photo"), row.text("sha256"), _box(row.each("box", number, 4), at))


def _place(value: Any, at: str) -> Place:
    t, *sides = Fields({"": value}, at).each("", number, 5)
    return (_seconds(t, at), *_box(sides, at))


def _box(sides: Sequence[float], at: str) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = (number(side, at, -FARTHEST_SHARE, FARTHEST_SHARE) for side in sides)
    require(x1 <= x2 and y1 <= y2, f"{at} ends before it begins")
    return x1, y1, x2, y2


def _seconds(value: Any, at: str) -> float:
    return number(value, at, -LONGEST_S, LONGEST_S)


def _pixels(value: Any, at: str) -> int:
    return whole(value, at, 1)


# What earlier versions wrote


def old_decisions(document: Fields, video: Video) -> tuple[Decision, ...]:
    """The decisions of a `personae/edits/1` document; `video` gives size and time base of boxes in pixels.

    Raises MisfitError, UnknownKindError.
    """
    film = Fields(document.get_or_none("film") or {}, "film")
    size = film.each("size", _pixels, 2) if film.get_or_none("size") is not None else list(video.size_wh)
    rows: Iterable[Fields] = document.rows("edits")
    return with_ids(_old_decision(row, video, (size[0], size[1])) for row in rows)


def _old_decision(row: Fields, video: Video, size_wh: tuple[int, int]) -> Decision:
    person = _old_person(row)
    decision = row.text("decision")
    if decision not in _OLD_KINDS:
        raise UnknownKindError(decision)
    span: tuple[float, float] | None
    if "places" in row:
        places = tuple(row.each("places", _place))
        require(places, f"{row.where('places')} is empty")
        span = _span_or_none(row, "span_s")
    else:  # of a contact sheet: one box in pixels stands for the whole appearance
        x1, y1, x2, y2 = box_of(row)
        width, height = size_wh
        place = [row.number("t_s"), x1 / width, y1 / height, x2 / width, y2 / height]
        places = (_place(place, row.where("box")),)
        start, end = (_seconds(video.seconds(row.whole(name)), row.where(name)) for name in ("start_pts", "end_pts"))
        span = start, end
        require(start <= end, f"{row.at} ends before it begins")
    by, at = (row.text(key) if row.get_or_none(key) is not None else "" for key in ("author", "date"))
    kind = _OLD_KINDS[decision]
    is_name = kind == "name"  # its row says who they are now, the others' who they were
    part = Part(None if is_name else person, places)
    return Decision(kind, (part,), person if is_name else None, span, by=by, at=at)


def _old_person(row: Fields) -> Person:
    """Whom a row is about. Version 1 wrote unknown people as they are shown; both are read."""
    said: dict[str, Any] = {name: row.get(name) for name in ("character", "unknown")}
    if isinstance(said["unknown"], str):
        said["unknown"] = old_number(said["unknown"])
    upgraded_in_place(said)
    found = person_of(Fields(said, row.at))
    if found.character is None and found.unknown is None:
        raise MisfitError(f"{row.at} is about nobody")
    return Person(found.character, found.unknown, found.character_id)
