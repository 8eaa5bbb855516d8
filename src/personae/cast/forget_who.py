"""Who is to be forgotten: names, photos and embeddings of a person, by gallery and models."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable
from pathlib import Path

import numpy as np

from personae.cast.characters import Characters
from personae.cast.edit_log import EditLog
from personae.cast.finding import did_you_mean
from personae.cast.gallery import Gallery
from personae.cast.gallery_records import PhotoRecord
from personae.errors import InputError, StoreError, UnknownCharacterError
from personae.forgetting.person import NOBODY, Person
from personae.hints import command
from personae.recognition import model_file
from personae.types import FloatArray

_PIECE, _PIECES = 32, 3
"""Bytes of a piece of a picture that is searched for, and how many: a database breaks a picture over its pages."""
SAME = 0.99
"""Cosine from which two embeddings are of one face in one picture."""


def person_of(gallery: Gallery, name: str, models: Iterable[Path]) -> Person:
    """What is known of `name`, which need not be anybody's name any more.

    Raises InputError where the name became another's, UnknownCharacterError where it is another's in other letters.
    """
    edits = EditLog(gallery)
    characters = edits.characters()
    live = {row.name for row in characters.in_cast()}
    now = _now(characters, name)
    if name not in live and now not in (None, name) and now in live:
        raise InputError(f"{name} is {now} now ({command('log')}). Forget {now}, or undo that first.")
    if name not in live and name.casefold() in {each.casefold() for each in live}:
        raise UnknownCharacterError(f"No character is called {name!r}. {did_you_mean(name, sorted(live))}")
    names = _with_former(gallery, characters, name, live)
    known = ids_of(characters, names)
    own = photos_of(gallery, characters, known)
    ids = [photo.id for photo in own if photo.id is not None]
    faces = edits.faces_of(ids)
    dimension = len(next(iter(faces.values()))) if faces else 0
    return Person(
        name,
        frozenset(names),
        frozenset(photo.path for photo in own),
        frozenset(photo.sha256 for photo in own if photo.sha256),
        np.stack(list(faces.values())) if faces else np.empty((0, dimension), np.float32),
        gallery.copies_of(ids, dimension),
        centres_of(names, models),
        ids=known,
        pictures=frozenset(
            piece.hex() for shown in gallery.shown(ids).values() if shown.picture for piece in _pieces(shown.picture)
        ),
    )


def _pieces(picture: bytes) -> list[bytes]:
    """Pieces of a JPEG file that no other has, the last ones: it begins like every other, and plain areas are alike."""
    found = []
    for end in range(len(picture) - 2, _PIECE, -_PIECE):
        piece = picture[end - _PIECE : end]
        if len(set(piece)) >= _PIECE * 3 // 4:
            found.append(piece)
        if len(found) == _PIECES:
            break
    return found


def ids_of(characters: Characters, names: Collection[str]) -> frozenset[str]:
    """The ids of everybody who is called so, in the cast or not any more."""
    return frozenset(row.id for row in characters.rows.values() if row.name in names)


def photos_of(gallery: Gallery, characters: Characters, ids: Collection[str]) -> list[PhotoRecord]:
    """Every photo that belongs to a character of one of `ids`, withdrawn ones too.

    So does what was taken out of somebody else and shows the same face: it was given to the person afterwards.
    """
    photos = gallery.photos(withdrawn=True)
    own = [photo for photo in photos if characters.place(photo.given, photo.sha256).character in ids]
    digests, known = {photo.sha256 for photo in own if photo.sha256}, {photo.id for photo in own}
    given_up = [
        photo
        for photo in photos
        if photo.withdrawn_by is not None and photo.sha256 in digests and photo.id not in known
    ]
    if not given_up:
        return own
    return own + [photo for photo in given_up if photo.id in same_faces(gallery, own, given_up)]


def same_faces(gallery: Gallery, own: Iterable[PhotoRecord], others: Iterable[PhotoRecord]) -> set[int]:
    """The ids of those of `others` that have a face which one of `own` has."""
    theirs, faces = (
        gallery.faces_of([photo.id for photo in photos if photo.id is not None]) for photos in (own, others)
    )
    if not theirs:
        return set()
    vectors = np.stack([vector for vector, _ in theirs.values()])
    return {photo for photo, (vector, _) in faces.items() if float((vectors @ vector).max()) >= SAME}


def centres_of(names: Collection[str], models: Iterable[Path]) -> FloatArray:
    """What the models hold of `names`: prototypes (k, d), one model's dimension."""
    found: list[FloatArray] = []
    for path in models:
        with contextlib.suppress(StoreError):
            model, _ = model_file.load(path)
            groups = [number for number, each in enumerate(model.classes_) if str(each) in names]
            centres = np.asarray(model.prototypes_.centres[np.isin(model.prototypes_.groups, groups)], np.float32)
            if not found or found[0].shape[1] == centres.shape[1]:
                found.append(centres)
    return np.concatenate(found) if found else NOBODY


def _now(characters: Characters, name: str) -> str | None:
    """Who photos that come in under a name are now; None where that is nobody."""
    start = characters.start(name)
    now = None if start is None else characters.placements.character_of(start)
    return None if now is None else characters.name_of(now)


def _with_former(gallery: Gallery, characters: Characters, name: str, live: Collection[str]) -> set[str]:
    """`name` and the names its photos came in under or had, unless somebody else has them today."""
    known = {photo.given for photo in gallery.photos(withdrawn=True)}
    known |= {each for row in characters.rows.values() for each in (row.name, *row.given)}
    names = {name}
    for each in known - set(live):
        start = characters.start(each)
        if start is not None and characters.name_of(characters.placements.place(start, "").character) == name:
            names.add(each)
    # A rename that was undone has left its name in what was written in between.
    renames = [
        {str(edit.detail.get("character")), str(edit.detail.get("into"))}
        for edit in EditLog(gallery).edits()
        if edit.action == "rename"
    ]
    for _ in renames:
        names |= {each for pair in renames if pair & names for each in pair if each not in live}
    return names
