"""A person out of the gallery: photos, faces, decisions, log and every text, in the caller's one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from personae.cast.characters import Characters
from personae.cast.edit_log import EditLog
from personae.cast.forget_who import ids_of, photos_of, same_faces
from personae.cast.gallery import Gallery
from personae.cast.gallery_records import PhotoRecord
from personae.forgetting.likeness import Likeness
from personae.forgetting.names import NameSearch
from personae.forgetting.person import ALIKE, Person


def is_forgotten(gallery: Gallery, person: Person) -> bool:
    """Whether the gallery is through with this forgetting already."""
    return any(edit.action == "forget" and edit.detail.get("id") == person.id for edit in EditLog(gallery).edits())


def texts_of(gallery: Gallery) -> list[str]:
    """Every text the gallery holds."""
    return gallery.texts()


def forget_in_gallery(gallery: Gallery, person: Person, removed: Counter[str]) -> None:
    """Remove `person`, and log that somebody was forgotten; counts what goes in `removed`."""
    edits = EditLog(gallery)
    characters = edits.characters()
    ids = ids_of(characters, person.names)
    own = photos_of(gallery, characters, ids)
    theirs = _Theirs.of(gallery, own)
    gallery.remove_photos(photo.id for photo in own if photo.id is not None)
    removed["photos"] += len(own)
    removed["characters without photos"] += 0 if own else len(ids)
    lapsed = _forget_negatives(gallery, person, ids, theirs, removed)
    for photo in gallery.photos(withdrawn=True):
        # It came in as the person's, and a person said that it is somebody else's.
        if photo.id is not None and (photo.given in person.names or characters.start(photo.given) in ids):
            gallery.came_in_as(photo.id, characters.name_of(characters.place(photo.given, photo.sha256).character))
    # A photo of the person in somebody else's folder must not come back as that somebody's: its digest stays.
    shut_out, decisions = gallery.who.forget(ids, person.names)
    shut_out += [one for one in _given_up(characters, own, ids) if one not in shut_out]
    removed["decisions"] += decisions
    declared = {role: who for role, who in gallery.performers.items() if not person.names & {role, who}}
    if declared != gallery.performers:
        gallery.set_performers(declared)
    search = NameSearch(person.names)
    for photo in gallery.photos(withdrawn=True):
        if search.in_text(photo.detail) or any(path in photo.detail for path in theirs.paths):
            gallery.look_again(photo.id or 0)
    _forget_edits(edits, person, ids, theirs, lapsed, removed)
    edit_id = edits.record("forget", {"id": person.id})
    for character, digest in shut_out:
        edits.place(edit_id, character, digest, None)
    edits.apply()


def cover_in_gallery(gallery: Gallery, likeness: Likeness) -> int:
    """Cover the person's face in the small pictures of others, next to whom they stand; in how many it was."""
    covered = {photo: likeness.covered(picture) for photo, picture in gallery.pictures().items()}
    without = {photo: picture for photo, picture in covered.items() if picture is not None}
    gallery.replace_pictures(without)
    return len(without)


@dataclass(frozen=True)
class _Theirs:
    """Which photos, in the log and in decisions, are the person's.

    A path alone does not say: two faces of one film at one time, or of one photo, have the same. `came_in`: (name,
    path) of each of theirs; `paths`: those that no face of anybody else has.
    """

    came_in: frozenset[tuple[str, str]]
    paths: frozenset[str]

    @classmethod
    def of(cls, gallery: Gallery, own: Sequence[PhotoRecord]) -> _Theirs:
        ids = {photo.id for photo in own}
        paths = {photo.path for photo in own}
        shared = [photo for photo in gallery.photos(withdrawn=True) if photo.path in paths and photo.id not in ids]
        same = same_faces(gallery, own, shared)
        others = {photo.path for photo in shared if photo.status == "enrolled" and photo.id not in same}
        return cls(frozenset((photo.given, photo.path) for photo in own), frozenset(paths - others))

    def has(self, path: str, *names: str | None) -> bool:
        """Whether a photo is theirs, by its path and those under whose names it came in or was at that time."""
        return path in self.paths or any((name, path) in self.came_in for name in names)


def _given_up(characters: Characters, own: Sequence[PhotoRecord], ids: Collection[str]) -> list[tuple[str, str]]:
    """(character, digest) of photos of the person that came in as somebody else's, and were taken out there."""
    starts = [(characters.start(photo.given), photo.sha256) for photo in own if photo.sha256]
    return [(start, digest) for start, digest in starts if start is not None and start not in ids]


def _forget_negatives(
    gallery: Gallery, person: Person, ids: Collection[str], theirs: _Theirs, removed: Counter[str]
) -> set[int]:
    """Remove faces that the person is not, and theirs that others are not; the edits that made them."""
    going: dict[int, int] = {}
    for row_id, edit_id, negative in gallery.log.negatives(gallery.embedder):
        near = bool(len(person.vectors)) and float((person.vectors @ negative.embedding).max()) >= ALIKE
        if negative.character in ids or near or negative.path in theirs.paths:
            going[row_id] = edit_id
    gallery.log.remove_negatives(going)
    removed["decisions"] += len(going)
    return set(going.values())


def _forget_edits(
    edits: EditLog, person: Person, ids: Collection[str], theirs: _Theirs, lapsed: set[int], removed: Counter[str]
) -> None:
    """Remove entries of the log that are about the person, and their names and photos from the others."""
    for edit in edits.edits():
        said = [edit.detail.get(key) for key in ("character", "into")] + list(edit.detail.get("characters", []))
        about = any(isinstance(each, str) and each in person.names for each in said)
        about |= any(each in ids for each in edit.detail.get("before", ()))
        detail = _forgotten(edit.detail, person, theirs)
        emptied = any(edit.detail.get(key) and not detail.get(key) for key in ("photos", "names"))
        if about or emptied or edit.id in lapsed or edit.detail.get("photo") in theirs.paths:
            edits.drop(edit.id)
            removed["log entries"] += 1
        elif detail != edit.detail:
            edits.explain(edit.id, detail)
    kept = {edit.id for edit in edits.edits()}
    for edit in edits.edits():
        if edit.action == "undo" and edit.detail.get("edit") not in kept:
            edits.drop(edit.id)


def _forgotten(detail: dict[str, Any], person: Person, theirs: _Theirs) -> dict[str, Any]:
    """What an entry says, without the person. Others' paths stay as they are: by them an entry is undone."""
    result = dict(detail)
    if "before" in detail:
        result["before"] = {
            character: [name, [each for each in given if each not in person.names]]
            for character, (name, given) in detail["before"].items()
            if name not in person.names
        }
    if isinstance(detail.get("photos"), list):
        result["photos"] = [
            row for row in detail["photos"] if not (person.names & {*row[1:]} or theirs.has(row[0], *row[1:]))
        ]
    if "added" in detail:
        result["added"] = [path for path in detail["added"] if not theirs.has(path, detail["into"])]
    if "outliers" in detail:
        result["outliers"] = [path for path in detail["outliers"] if not theirs.has(path, detail.get("character"))]
    if "rejected" in detail:
        names = NameSearch(person.names)
        result["rejected"] = [
            [path, *said]
            for path, *said in detail["rejected"]
            if not theirs.has(path, detail.get("into")) and not any(names.in_text(each) for each in said)
        ]
    if "notes" in detail:
        result["notes"] = [
            note
            for note in detail["notes"]
            if not NameSearch(person.names).in_text(note) and not any(path in note for path in theirs.paths)
        ]
    for key in ("characters", "names"):
        if key in detail:
            result[key] = [name for name in detail[key] if name not in person.names]
    return {key: value for key, value in result.items() if value or key not in {"before", "rejected", "notes"}}
