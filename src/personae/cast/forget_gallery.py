"""A person out of the gallery: photos, faces, decisions, log and every text, in the caller's one transaction."""

from __future__ import annotations

from collections import Counter

import numpy as np

from personae.cast.edit_log import EditLog
from personae.cast.forget_who import photos_of
from personae.cast.gallery import Gallery, text_of
from personae.forgetting.documents import forget_in_json
from personae.forgetting.names import NameSearch
from personae.forgetting.person import ALIKE, Person


def is_forgotten(gallery: Gallery, person: Person) -> bool:
    """Whether the gallery is through with this forgetting already."""
    return any(edit.action == "forget" and edit.detail.get("id") == person.id for edit in EditLog(gallery).edits())


def texts_of(gallery: Gallery) -> list[str]:
    """Every text the gallery holds."""
    found: list[str] = []
    for (table,) in gallery.query("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"):
        for row in gallery.query(f"SELECT * FROM {table}"):
            found += [value for value in row if isinstance(value, str)]
    return found


def forget_in_gallery(gallery: Gallery, person: Person, removed: Counter[str]) -> None:
    """Remove `person`, and log that somebody was forgotten; counts what goes in `removed`."""
    edits = EditLog(gallery)
    own = [photo.id for photo in photos_of(gallery, person.names) if photo.id is not None]
    gallery.remove_photos(own)
    removed["photos"] += len(own)
    names = sorted(person.names)
    marks = ", ".join("?" * len(names))
    lapsed = _forget_negatives(gallery, person, removed)
    # A photo of the person in somebody else's folder must not come back as that somebody's: its digest stays.
    shut_out = gallery.query(
        f"SELECT DISTINCT character, sha256 FROM placements WHERE becomes IN ({marks}) AND sha256 IS NOT NULL "
        f"AND character NOT IN ({marks})",
        [*names, *names],
    )
    about = f"FROM placements WHERE character IN ({marks}) OR becomes IN ({marks})"
    removed["decisions"] += int(gallery.query(f"SELECT count(*) {about}", [*names, *names])[0][0])
    gallery.query(f"DELETE {about}", [*names, *names])
    gallery.query(f"UPDATE photos SET given = character WHERE given IN ({marks})", names)
    declared = {role: who for role, who in gallery.performers.items() if not person.names & {role, who}}
    if declared != gallery.performers:
        gallery.set_performers(declared)
    search = NameSearch(person.names)
    for photo in gallery.photos(withdrawn=True):
        if search.in_text(photo.detail) or any(path in photo.detail for path in person.paths):
            # Judged by a rule that nobody has, so the next training looks again.
            gallery.query("UPDATE photos SET detail = '', rules = '' WHERE id = ?", (photo.id,))
    _forget_edits(gallery, edits, person, lapsed, removed)
    edit_id = edits.record("forget", {"id": person.id})
    for character, digest in shut_out:
        edits.place(edit_id, text_of(character), digest, None)
    edits.apply()


def _forget_negatives(gallery: Gallery, person: Person, removed: Counter[str]) -> set[int]:
    """Remove faces that the person is not, and theirs that others are not; the edits that made them."""
    lapsed = set()
    rows = gallery.query("SELECT id, edit, character, path, embedding FROM negatives")
    for row_id, edit_id, character, path, embedding in rows:
        vector = np.frombuffer(embedding, "<f4")
        near = bool(len(person.vectors)) and float((person.vectors @ vector).max()) >= ALIKE
        if text_of(character) in person.names or near or text_of(path) in person.paths:
            gallery.query("DELETE FROM negatives WHERE id = ?", (row_id,))
            lapsed.add(edit_id)
            removed["decisions"] += 1
    return lapsed


def _forget_edits(gallery: Gallery, edits: EditLog, person: Person, lapsed: set[int], removed: Counter[str]) -> None:
    """Remove entries of the log that are about the person, and their names and photos from the others."""
    for edit in edits.edits():
        said = [edit.detail.get(key) for key in ("character", "into")] + list(edit.detail.get("characters", []))
        about = any(isinstance(each, str) and each in person.names for each in said)
        detail, _ = forget_in_json(edit.detail, person.spellings | person.paths)
        emptied = bool(edit.detail.get("photos")) and not detail.get("photos")
        if about or emptied or edit.id in lapsed or edit.detail.get("photo") in person.paths:
            gallery.query("DELETE FROM edits WHERE id = ?", (edit.id,))
            removed["log entries"] += 1
        elif detail != edit.detail:
            edits.explain(edit.id, detail)
    kept = {edit.id for edit in edits.edits()}
    for edit in edits.edits():
        if edit.action == "undo" and edit.detail.get("edit") not in kept:
            gallery.query("DELETE FROM edits WHERE id = ?", (edit.id,))
