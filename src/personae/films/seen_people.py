"""What the films and sets of photos of a project show of their people: faces summed up, who cannot be whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from personae import archive
from personae.cast.cast import Cast
from personae.checks import MisfitError
from personae.errors import StoreError
from personae.films import photo_naming
from personae.films.film import StoredFilm
from personae.films.photo_set import PhotoSet
from personae.films.unknown_person import Part
from personae.names_of_today import NamesOfToday
from personae.timeline import records
from personae.timeline.decisions import Decisions
from personae.timeline.grouping import on_screen_together
from personae.timeline.likely import People
from personae.timeline.person import Key
from personae.timeline.places import Finder
from personae.types import IntArray


@dataclass(frozen=True, eq=False)
class Shown:
    """The n people of one film or one set: `keys`, and where they have no name and are to be asked about, `parts`.

    `people`: their faces, by networks `embedder`; None where they cannot be read. `apart` (n, n): who are seen
    together, or were said to be two; `barred`: the characters that a person said that each is not.
    """

    medium: str
    kind: str
    keys: tuple[Key, ...]
    parts: tuple[Part | None, ...]
    people: People | None
    embedder: str
    apart: NDArray[np.bool_]
    barred: tuple[frozenset[str], ...]


def shown_in(medium: StoredFilm | PhotoSet, parts: Iterable[Part]) -> Shown:
    """What one film or set shows; `parts`: whom nobody has named nor set aside in it. Raises a StoreError."""
    return _in_film(medium, parts) if isinstance(medium, StoredFilm) else _in_photos(medium, parts)


def _in_film(film: StoredFilm, parts: Iterable[Part]) -> Shown:
    timeline = film.timeline
    at_of = {track.id: at for at, track in enumerate(timeline.tracks)}
    keys: dict[Key, int] = {}
    owner = np.full(len(timeline.tracks), -1, np.int64)
    for one in timeline.appearances:
        if not one.depicted:
            owner[[at_of[number] for number in one.tracks]] = keys.setdefault((one.character, one.unknown), len(keys))
    together = on_screen_together(timeline.tracks)
    finder = Finder(timeline.tracks, timeline.video)
    said = _said(film.decisions, Cast(film.context).names_of_today(), finder, owner, list(keys))
    try:
        people, embedder = _faces_of(film, owner, len(keys))
    except StoreError:  # without them it is listed all the same
        people, embedder = None, ""
    return _shown(film.name, "film", keys, parts, people, embedder, owner[together], said)


def _faces_of(film: StoredFilm, owner: IntArray, count: int) -> tuple[People, str]:
    """The people `owner` (tracks,) of a film, read from its tracks alone; and what embedded them."""
    arrays, facts = archive.read(film.files.tracks, schema=records.SCHEMA)
    embedder = str(facts.get("fingerprint", {}).get("embedder", ""))
    try:
        faces = archive.array(arrays, "embeddings", "f", (None, None), -records.UNIT, records.UNIT)
        weights = archive.array(arrays, "weights", "f", (len(faces),), 0, records.LARGEST_WEIGHT)
        face_px = archive.array(arrays, "face_px", "f", (len(faces),), 0)
        counts = archive.array(arrays, "faces_count", "i", (len(owner),), 0, len(faces))
    except MisfitError as error:
        raise records.damaged(film.files.tracks, error) from None
    track = np.repeat(np.arange(len(owner)), counts)
    if len(track) != len(faces):
        raise records.damaged(film.files.tracks, "faces_count does not add up")
    return People.of(faces, weights, face_px, track, owner[track], count, embedder), embedder


def _in_photos(photos: PhotoSet, parts: Iterable[Part]) -> Shown:
    kept, labels, drawn = photos.kept_and_drawn()
    keys: dict[Key, int] = {}
    owner = np.array(
        [keys.setdefault((one.character, one.unknown), len(keys)) if one.name and not one.depicted else -1
         for one in labels], np.int64,
    )  # fmt: skip
    for face in (one.label for one in drawn):  # whom only drawn faces show is somebody too, and looks like nobody
        if face.name and not face.depicted:
            keys.setdefault((face.character, face.unknown), len(keys))
    faces = [photo.faces for photo in kept.photos if len(photo.faces)]
    first = np.cumsum([0, *(len(photo.faces) for photo in kept.photos)]).tolist()
    pairs = [(a, b) for start, end in pairwise(first) for a in range(start, end)
             for b in range(start, a)]  # fmt: skip
    said = _said(
        photos.decisions, Cast(photos.context).names_of_today(), photo_naming.PhotoFinder(kept.photos), owner,
        list(keys),
    )  # fmt: skip
    people = None
    if faces:
        people = People.of(
            np.concatenate([one.embeddings for one in faces]),
            np.concatenate([photo_naming.weights_of(one) for one in faces]).astype(np.float64),
            np.concatenate([one.quality.face_px for one in faces]).astype(np.float64),
            np.arange(len(owner)), owner, len(keys), kept.embedder,
        )  # fmt: skip
    together = owner[np.array(pairs, np.int64).reshape(-1, 2)]
    return _shown(photos.name, "photos", keys, parts, people, kept.embedder, together, said)


def named_by(medium: StoredFilm | PhotoSet) -> dict[str, Any] | None:
    """The card of the model that named a film or set; None where none has. Raises a StoreError."""
    model = medium.timeline.model if isinstance(medium, StoredFilm) else medium.kept_faces()[0].model
    return {key: value for key, value in (model or {}).items() if key != "film"} or None


Said = list[tuple[str, Any, Any]]
"""What people said of who somebody is not: ("barred", position, character), ("apart", position, position)."""


def _said(
    decisions: Decisions, names: NamesOfToday, finder: Finder | photo_naming.PhotoFinder, owner: IntArray,
    keys: Sequence[Key],
) -> Said:  # fmt: skip
    """What was said of who they are not, by positions in `keys`."""
    found: Said = []
    for one in (entry.today(names) for entry in decisions.in_force() if entry.kind in ("not", "apart")):
        whose = [_whose(finder, part.places, owner) for part in one.parts]
        if one.kind == "apart":
            found += [("apart", a, b) for at, own in enumerate(whose) for a in own for b in set().union(*whose[:at])]
        elif one.who is not None and one.who.character is not None:
            found += [("barred", at, one.who.character) for at in set().union(*whose)]
    return found


def _whose(finder: Any, places: Any, owner: IntArray) -> set[int]:
    return {int(owner[at]) for at in finder.find_all(places) if owner[at] >= 0}


def _shown(
    medium: str, kind: str, keys: dict[Key, int], parts: Iterable[Part], people: People | None, embedder: str,
    together: IntArray, said: Said,
) -> Shown:  # fmt: skip
    apart = np.zeros((len(keys), len(keys)), bool)
    pairs = together[(together >= 0).all(axis=1) & (together[:, 0] != together[:, 1])]
    apart[pairs[:, 0], pairs[:, 1]] = apart[pairs[:, 1], pairs[:, 0]] = True
    barred: list[set[str]] = [set() for _ in keys]
    for what, at, other in said:
        if what == "barred":
            barred[at].add(other)
        elif at != other:
            apart[at, other] = apart[other, at] = True
    of = {part.unknown: part for part in parts}
    asked = tuple(None if key[1] is None else of.get(key[1]) for key in keys)
    return Shown(medium, kind, tuple(keys), asked, people, embedder, apart, tuple(map(frozenset, barred)))
