"""What is open about people: one queue over films and sets of photos, what settles most face time first.

A question is about somebody without a name, about spans that the model named and is not sure of, or about what is
doubtful in the cast. Everything else has an answer: of a person, or of a model that is sure.
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from personae.cast.cast import Cast
from personae.cast.doubts import Doubt
from personae.files import Stamp
from personae.films.decidable import stamp_of_names
from personae.films.film import StoredFilm
from personae.films.people import People
from personae.films.photo_set import PhotoSet
from personae.films.unknown_person import UnknownPerson
from personae.per_object import same_objects
from personae.timeline.timeline import Appearance, Timeline

SURE = 0.95
"""A span that the model named with less confidence is asked about."""
PHOTO_S = 1.0
"""A face in a photo counts as so much face time beside films."""
Kind = Literal["person", "spans", "photos", "outliers", "disagreement", "look_alikes"]


@dataclass(frozen=True)
class Span:
    """A span of a film under a name that the model is not sure of: appearance `appearance` of its timeline."""

    appearance: int
    start_s: float
    end_s: float
    similarity: float
    confidence: float
    tracks: tuple[int, ...]


@dataclass(frozen=True)
class Face:
    """A face of a photo under a name that the model is not sure of; `number` from the left from 1."""

    photo: str
    number: int
    similarity: float
    confidence: float


@dataclass(frozen=True)
class Question:
    """One question. `settles_s`: the face time that an answer settles.

    "person": who `person` is. "spans", "photos": whether these of `medium`, the least sure first, show `who`.
    `position`: how many decisions its journal held. The other kinds are about the cast: `doubt`.
    """

    kind: Kind
    settles_s: float
    person: UnknownPerson | None = None
    medium: str = ""
    who: str = ""
    spans: tuple[Span, ...] = ()
    faces: tuple[Face, ...] = ()
    position: int | None = None
    doubt: Doubt | None = None

    @property
    def id(self) -> str:
        """The same as long as the question is: for addresses."""
        if self.person is not None:
            said = min(f"{part.kind}\0{part.medium}\0{part.unknown}" for part in self.person.parts)
        elif self.doubt is not None:
            said = f"{self.kind}\0{self.doubt.character}\0{self.doubt.other or ''}"
        else:
            said = f"{self.kind}\0{self.medium}\0{self.who}"
        return hashlib.sha256(said.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Questions:
    """The queue. `decided_s` of `total_s` face time have a name for sure, or were set aside; what is doubtful in the
    cast counts in neither.
    """

    questions: tuple[Question, ...]
    decided_s: float
    total_s: float


@dataclass(frozen=True)
class Doubtful:
    """What a film or set asks; its whole face time in seconds, and that under each name."""

    questions: tuple[Question, ...]
    total_s: float
    seconds_of: Mapping[str, float]


class QuestionsOf:
    """The queue of a project, kept up to date: films and sets are read again only where something changed.

    Safe to use from several threads.
    """

    def __init__(self, read: Callable[[StoredFilm | PhotoSet], Doubtful]) -> None:
        """`read`: what somebody else keeps of `doubtful_in`."""
        self._read = read
        self._doubts: tuple[Stamp, tuple[Doubt, ...]] | None = None
        self._found: tuple[tuple[object, ...], Questions | None] = ((), None)
        self._lock = threading.Lock()

    def now(self, people: People, media: Iterable[StoredFilm | PhotoSet], cast: Cast) -> Questions:
        """The queue. Raises a StoreError."""
        persons, doubtful, doubts = people.undecided(), [self._read(medium) for medium in media], self._in(cast)
        state = (*persons, *doubtful, doubts)
        with self._lock:
            before, known = self._found
        # The very same people and spans, of whom thousands need not be put in order again.
        if known is not None and same_objects(before, state):
            return known
        found = [
            Question("person", sum(part.face_time_s or part.faces * PHOTO_S for part in one.parts), person=one)
            for one in persons
        ]
        seconds: Counter[str] = Counter()
        total = 0.0
        for own in doubtful:
            found += own.questions
            total += own.total_s
            seconds.update(own.seconds_of)
        open_s = sum(one.settles_s for one in found)
        found += [Question(one.kind, _settled_by(one, seconds), who=one.name, doubt=one) for one in doubts]
        ordered = sorted(found, key=lambda one: (-one.settles_s, one.id))
        made = Questions(tuple(ordered), max(total - open_s, 0.0), total)
        with self._lock:
            self._found = state, made
        return made

    def _in(self, cast: Cast) -> tuple[Doubt, ...]:
        """What is doubtful in the cast."""
        stamp = stamp_of_names(cast.context)
        with self._lock:
            if self._doubts is not None and self._doubts[0] == stamp:
                return self._doubts[1]
        found = cast.doubts()
        with self._lock:
            self._doubts = stamp, found
        return found


def doubtful_in(medium: StoredFilm | PhotoSet) -> Doubtful:
    """What is doubtful in a film or set. Raises a StoreError."""
    return _of_film(medium) if isinstance(medium, StoredFilm) else _of_photos(medium)


def _settled_by(doubt: Doubt, seconds: Mapping[str, float]) -> float:
    """A second for each photo, and their share of the face time of whom they teach to name."""
    photos = doubt.photos
    own = sum(one.photo.character_id == doubt.character for one in photos)
    named = seconds.get(doubt.name, 0.0) * min(own / max(doubt.of, 1), 1.0)
    return PHOTO_S * len(photos) + named


def _of_film(film: StoredFilm) -> Doubtful:
    timeline, position = film.snapshot()
    doubtful: dict[str, list[Span]] = {}
    for one in timeline.appearances:
        if one.character is not None and _is_doubtful(one):
            doubtful.setdefault(one.character, []).append(_span(one, timeline))
    found = (
        Question("spans", sum(span.end_s - span.start_s for span in spans), medium=film.name, who=who,
                 spans=_least_sure_first(spans), position=position)
        for who, spans in doubtful.items()
    )  # fmt: skip
    rows = timeline.characters
    named = {row.character: row.visible_face_time_s for row in rows if row.character is not None}
    return Doubtful(tuple(found), sum(row.visible_face_time_s for row in rows), named)


def _is_doubtful(one: Appearance) -> bool:
    return one.decided_by == "model" and not one.depicted and one.seen == "face" and one.confidence < SURE


def _span(one: Appearance, timeline: Timeline) -> Span:
    video = timeline.video
    return Span(
        one.id, video.seconds(one.start_pts), video.seconds(one.end_pts), one.similarity, one.confidence, one.tracks
    )


def _least_sure_first(spans: Sequence[Span]) -> tuple[Span, ...]:
    return tuple(sorted(spans, key=lambda span: (span.confidence, span.start_s)))


def _of_photos(photos: PhotoSet) -> Doubtful:
    position = len(photos.decisions.entries)  # before they are read: who decides on it may only be told too much
    faces = [one for one in photos.faces if one.name]
    doubtful: dict[str, list[Face]] = {}
    for one in faces:
        if one.character is not None and one.decided_by == "model" and not one.depicted and one.confidence < SURE:
            doubtful.setdefault(one.character, []).append(Face(one.photo, one.number, one.similarity, one.confidence))
    found = (
        Question("photos", PHOTO_S * len(own), medium=photos.name, who=who, position=position,
                 faces=tuple(sorted(own, key=lambda face: (face.confidence, face.photo, face.number))))
        for who, own in doubtful.items()
    )  # fmt: skip
    named = Counter(one.character for one in faces if one.character is not None)
    return Doubtful(tuple(found), PHOTO_S * len(faces), {who: PHOTO_S * count for who, count in named.items()})
