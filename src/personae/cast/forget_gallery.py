"""A person out of the gallery: photos, faces, decisions, log and every text, in the caller's one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any

from personae.cast.edit_log import EditLog
from personae.cast.forget_who import ids_of, photos_of
from personae.cast.gallery import Gallery
from personae.forgetting.documents import forget_in_json
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
    own = [photo.id for photo in photos_of(gallery, characters, ids) if photo.id is not None]
    gallery.remove_photos(own)
    removed["photos"] += len(own)
    lapsed = _forget_negatives(gallery, person, ids, removed)
    for photo in gallery.photos(withdrawn=True):
        # It came in as the person's, and a person said that it is somebody else's.
        if photo.id is not None and (photo.given in person.names or characters.start(photo.given) in ids):
            gallery.came_in_as(photo.id, characters.name_of(characters.place(photo.given, photo.sha256).character))
    # A photo of the person in somebody else's folder must not come back as that somebody's: its digest stays.
    shut_out, decisions = gallery.who.forget(ids, person.names)
    removed["decisions"] += decisions
    declared = {role: who for role, who in gallery.performers.items() if not person.names & {role, who}}
    if declared != gallery.performers:
        gallery.set_performers(declared)
    search = NameSearch(person.names)
    for photo in gallery.photos(withdrawn=True):
        if search.in_text(photo.detail) or any(path in photo.detail for path in person.paths):
            gallery.look_again(photo.id or 0)
    _forget_edits(edits, person, ids, lapsed, removed)
    edit_id = edits.record("forget", {"id": person.id})
    for character, digest in shut_out:
        edits.place(edit_id, character, digest, None)
    edits.apply()


def _forget_negatives(gallery: Gallery, person: Person, ids: Collection[str], removed: Counter[str]) -> set[int]:
    """Remove faces that the person is not, and theirs that others are not; the edits that made them."""
    going: dict[int, int] = {}
    for row_id, edit_id, negative in gallery.log.negatives(gallery.embedder):
        near = bool(len(person.vectors)) and float((person.vectors @ negative.embedding).max()) >= ALIKE
        if negative.character in ids or near or negative.path in person.paths:
            going[row_id] = edit_id
    gallery.log.remove_negatives(going)
    removed["decisions"] += len(going)
    return set(going.values())


def _forget_edits(
    edits: EditLog, person: Person, ids: Collection[str], lapsed: set[int], removed: Counter[str]
) -> None:
    """Remove entries of the log that are about the person, and their names and photos from the others."""
    for edit in edits.edits():
        said = [edit.detail.get(key) for key in ("character", "into")] + list(edit.detail.get("characters", []))
        about = any(isinstance(each, str) and each in person.names for each in said)
        about |= any(each in ids for each in edit.detail.get("before", ()))
        detail = _forgotten(edit.detail, person)
        emptied = any(edit.detail.get(key) and not detail.get(key) for key in ("photos", "names"))
        if about or emptied or edit.id in lapsed or edit.detail.get("photo") in person.paths:
            edits.drop(edit.id)
            removed["log entries"] += 1
        elif detail != edit.detail:
            edits.explain(edit.id, detail)
    kept = {edit.id for edit in edits.edits()}
    for edit in edits.edits():
        if edit.action == "undo" and edit.detail.get("edit") not in kept:
            edits.drop(edit.id)


def _forgotten(detail: dict[str, Any], person: Person) -> dict[str, Any]:
    """What an entry says, without the person."""
    before = {
        character: [name, [each for each in given if each not in person.names]]
        for character, (name, given) in detail.get("before", {}).items()
        if name not in person.names
    }
    cleaned, _ = forget_in_json(
        {key: value for key, value in detail.items() if key != "before"}, person.spellings | person.paths
    )
    result: dict[str, Any] = {**cleaned, **({"before": before} if before else {})}
    return result
