"""Films, sets of photos and what was decided about them, as answers."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from personae.films.decidable import Decided
from personae.films.decision_log import Entry, entries_of
from personae.films.facts import MediumFacts
from personae.films.kept_photos import KeptFace, KeptPhoto
from personae.names_of_today import NamesOfToday
from personae.server.addresses import photo_id
from personae.server.asking import sees
from personae.server.keys import Caller
from personae.server.problems import ProblemError
from personae.timeline.decision_rows import row_of
from personae.timeline.decisions import Decision, Decisions


class Medium(BaseModel):
    """A film or a set of photos. `position`: how many decisions its journal holds; `stale`: the model has changed since
    it was named. `unknown`, `strangers`, `decided`: null for who may not see people without a name, `position` for
    who may not see the journal.
    """

    id: str
    kind: str
    name: str
    position: int | None
    stale: bool
    characters: list[str]
    unknown: int | None
    strangers: int | None
    decided: float | None
    """The share of the visible face time (of the faces in photos) that has a name or was set aside."""
    duration_s: float | None = None
    size: tuple[int, int] | None = None
    """Width and height of the displayed picture in pixels; of films."""
    frame_rate: str | None = None
    """Pictures a second as a fraction: 30000/1001; of films."""
    photos: int | None = None
    faces: int | None = None


class JournalEntry(BaseModel):
    """One decision: its number in the journal, what it says in words, and the whole of it as the journal has it."""

    medium: str
    number: int
    said: str
    by: str
    at: str
    undone_by: int | None
    takes_back: list[int]
    decision: dict[str, Any]


class Made(BaseModel):
    """What was written down. `position`: the place in the journal after it; `job`: what teaches the cast."""

    medium: str
    position: int
    request: str
    warnings: list[str]
    decisions: list[dict[str, Any]]


class Face(BaseModel):
    """A face: `number` from the left from 1, `face` among all of the set from 1; `box` x1, y1, x2, y2 in pixels.

    `drawn`: none was found there, and a person drew the box; these are counted after those that were found.
    """

    face: int
    number: int
    box: tuple[float, float, float, float]
    name: str
    character: str | None
    character_id: str | None
    unknown: int | None
    similarity: float
    confidence: float
    decided_by: str
    depicted: bool
    stranger: bool
    drawn: bool = False


class Photo(BaseModel):
    """A photo of a set: its path from the folder of the set, its width and height in pixels, its faces, and where it
    can be seen."""

    id: str
    path: str
    address: str
    size: tuple[int, int]
    faces: list[Face]


def medium_of(id: str, facts: MediumFacts, card: Any, caller: Caller) -> Medium:
    """A medium in an answer to this caller."""
    strangers, journal = sees(caller, "strangers"), sees(caller, "journal")
    film = facts.film
    own: dict[str, Any] = {"photos": facts.photos, "faces": facts.faces if strangers else None}
    if film is not None:
        own = {"duration_s": film.duration_s, "size": film.size_wh, "frame_rate": str(film.frame_rate)}
    return Medium(
        id=id, kind="photos" if film is None else "film", name=facts.name,
        position=facts.position if journal else None, stale=facts.is_stale(card), characters=list(facts.characters),
        unknown=facts.unknown if strangers else None, strangers=facts.strangers if strangers else None,
        decided=round(facts.decided, 4) if strangers else None, **own,
    )  # fmt: skip


def journal_of(
    medium: str, decisions: Decisions, who: str | None = None, names: NamesOfToday | None = None
) -> list[JournalEntry]:
    """Every decision of a medium, oldest first; `who`: only those that speak of somebody of that name, by `names` that
    of today, and what took such a one back.
    """
    every = entries_of(decisions)
    if who is None:
        return [_entry(medium, one) for one in every]
    own = {one.number for one in every if who in _names_in(one.decision, names)}
    while more := {one.number for one in every if own & {*one.takes_back}} - own:
        own |= more
    return [_entry(medium, one) for one in every if one.number in own]


def _names_in(decision: Decision, names: NamesOfToday | None) -> set[str]:
    said = [decision] if names is None else [decision, decision.today(names)]
    return {who.name for one in said for who in (one.to, *(part.who for part in one.parts)) if who is not None}


def made_of(medium: str, decided: Decided, decisions: Decisions) -> Made:
    """What was written down in one medium; the same for who sends it again."""
    ids = {one.id for one in decided.decisions}
    at = [number for number, one in enumerate(decisions.entries, 1) if one.id in ids]
    return Made(
        medium=medium, position=max(at, default=len(decisions.entries)), request=decided.request,
        warnings=list(decided.warnings), decisions=[row_of(one) for one in decided.decisions],
    )  # fmt: skip


def photo_of(photo: KeptPhoto, first: int, address: str, *, strangers: bool) -> Photo:
    """A photo in an answer; `first`: the number of its first face in the set."""
    shown = [one for one in photo.faces if one.name and (strangers or one.character is not None)]
    return Photo(
        id=photo_id(photo.path),
        path=photo.path,
        address=address,
        size=photo.size_wh,
        faces=[_face(one, first + one.number - 1) for one in shown],
    )


def changed(error: Any, id: str) -> ProblemError:
    """409 with what the others said."""
    return ProblemError(
        409, "changed", str(error), medium=id, position=error.position,
        decisions=[row_of(one) for one in error.decisions], said=[one.said() for one in error.decisions],
        by=[one.by for one in error.decisions],
    )  # fmt: skip


def _entry(medium: str, one: Entry) -> JournalEntry:
    return JournalEntry(
        medium=medium, number=one.number, said=one.said(), by=one.decision.by, at=one.decision.at,
        undone_by=one.undone_by, takes_back=list(one.takes_back), decision=row_of(one.decision),
    )  # fmt: skip


def _face(one: KeptFace, number: int) -> Face:
    return Face(
        face=number, number=one.number, box=one.box_xyxy, name=one.name, character=one.character,
        character_id=one.character_id, unknown=one.unknown, similarity=round(one.similarity, 4),
        confidence=round(one.confidence, 4), decided_by=one.decided_by, depicted=one.depicted, stranger=one.stranger,
        drawn=one.drawn,
    )  # fmt: skip
