"""Forget a person: take them out of every file of the project, for good, and then search the files to prove it.

The order makes it safe to break off: films and caches first, the gallery last, so the command can simply be run again.
"""

from __future__ import annotations

import contextlib
import glob
import json
import logging
import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from personae import archive
from personae.errors import InputError, PersonaeError, StoreError, UnknownCharacterError
from personae.files import HOLDER_FILE, LOCK_FILE, replacing, shred, write_whole
from personae.hints import command
from personae.ledger import LEDGER_FILE
from personae.names import valid_name
from personae.recognition import model_file
from personae.recognition.edit_log import EditLog
from personae.recognition.editing import check_character, did_you_mean
from personae.recognition.forget_files import ALIKE, forget_in_json, forget_in_tracks, names_pattern
from personae.recognition.gallery import Gallery, text_of
from personae.recognition.placements import Placements
from personae.types import FloatArray

if TYPE_CHECKING:
    from personae.recognition.edit_methods import EditMethods

log = logging.getLogger(__name__)
_DIGEST = re.compile("[0-9a-f]{64}")
_PICTURES = frozenset({".jpg", ".jpeg", ".png", ".webp"})


@dataclass(frozen=True)
class ForgetReport:
    """What was removed and what was searched afterwards.

    `names`: the character's, and former ones; `removed`: what -> how many; `searched`: every file that was read, with
    what was looked for in it; `found`: (file, what) that is still there: empty is the proof; `part_of_other_names`:
    texts of others that contain the name; `exports`: results written elsewhere that this cannot reach;
    `photos_left`: the person's photos in your own folders; `characters`: photos per character in the model now.
    """

    names: tuple[str, ...]
    removed: dict[str, int]
    searched: tuple[tuple[str, str], ...]
    found: tuple[tuple[str, str], ...]
    part_of_other_names: tuple[str, ...]
    exports: tuple[str, ...]
    photos_left: tuple[str, ...]
    characters: dict[str, int] = field(default_factory=dict)


_TIMELINE = ".timeline.json"
_MADE_OF_A_TIMELINE = (".report.html", ".sheet.html", ".annotated.*")


@dataclass(frozen=True, eq=False)
class _Person:
    """Who is to be forgotten: names, photo ids, their paths and digests, what the model held.

    `vectors` (n, d): embeddings; `copies` (m, d): of the photos' small copies.
    """

    names: frozenset[str]
    ids: tuple[int, ...]
    paths: frozenset[str]
    digests: frozenset[str]
    vectors: FloatArray
    copies: FloatArray
    centres: FloatArray


def forget(recognizer: EditMethods, name: str) -> ForgetReport:
    """Remove the character `name`; the caller holds the project's lock. Raises UnknownCharacterError, InputError."""
    project, name = recognizer.project, valid_name(name)
    if not project.gallery.is_file():
        raise UnknownCharacterError(f"No character is called {name!r}: {project.gallery} is not there.")
    removed = dict.fromkeys(("photos", "decisions", "log entries", "entries of films", "tracks", "pictures"), 0)
    settings = recognizer.kept_settings()
    with Gallery.open(project.gallery, embedder=None) as gallery:
        person = _person(gallery, name, recognizer.model_path)
        if not person.ids and not _is_mentioned(gallery, project.folder, person.names):
            _finish(recognizer, gallery)
            known = sorted({photo.character for photo in gallery.photos()})
            raise UnknownCharacterError(f"No character is called {name!r}. {did_you_mean(name, known)}")
        _forget_in_files(project.folder, person, removed, keep=_model_files(recognizer.model_path))
        for cached in (recognizer.model_path, model_file.metadata_path(recognizer.model_path)):
            _shred_ours(cached)
        for suffix in ("", "-wal", "-shm", "-journal"):
            shred(project.fresh_gallery.with_name(project.fresh_gallery.name + suffix))
        with gallery.transaction():
            _forget_in_gallery(gallery, person, removed)
        gallery.compact()
        characters = recognizer.fit_gallery(gallery, settings)
        gallery.compact()
        texts = _texts(gallery)
    searched, found, explained = _search(recognizer, person, texts)
    return ForgetReport(
        tuple(sorted(person.names, key=lambda each: (each != name, each))),
        removed,
        tuple(searched),
        tuple(found),
        tuple(explained),
        tuple(entry.path for entry in project.ledger.entries()),
        tuple(sorted(path for path in person.paths if Path(path).exists())),
        characters,
    )


def _finish(recognizer: EditMethods, gallery: Gallery) -> None:
    """What is left to do where an earlier `forget` was killed after the gallery was written."""
    last = EditLog(gallery).edits()[-1:]
    if last and last[0].action == "forget":
        gallery.compact()
        if not recognizer.model_path.exists():
            recognizer.fit_gallery(gallery)


# Who


def _person(gallery: Gallery, name: str, model_path: Path) -> _Person:
    edits = EditLog(gallery)
    placements = edits.placements()
    photos = gallery.photos(withdrawn=True)
    live = {photo.character for photo in photos if photo.withdrawn_by is None}
    now = placements.character_of(name)
    if name not in live and now not in (None, name) and now in live:
        raise InputError(f"{name} is {now} now ({command('log')}). Forget {now}, or undo that first.")
    with contextlib.suppress(UnknownCharacterError):
        name = check_character(gallery, name)
    names = _former_names(gallery, placements, name, live)
    own = [photo for photo in photos if placements.place(photo.given, photo.sha256).character in names]
    ids = [photo.id for photo in own if photo.id is not None]
    faces = edits.faces_of(ids)
    dimension = len(next(iter(faces.values()))) if faces else 0
    centres = np.empty((0, 0), np.float32)
    with contextlib.suppress(StoreError):
        model, _ = model_file.load(model_path)
        if name in model.classes_:
            number = list(map(str, model.classes_)).index(name)
            centres = np.asarray(model.prototypes_.centres[model.prototypes_.groups == number], np.float32)
    return _Person(
        frozenset(names),
        tuple(ids),
        frozenset(photo.path for photo in own),
        frozenset(photo.sha256 for photo in own if photo.sha256),
        np.stack(list(faces.values())) if faces else np.empty((0, dimension), np.float32),
        edits.copies_of(ids, dimension),
        centres,
    )


def _former_names(gallery: Gallery, placements: Placements, name: str, live: Collection[str]) -> set[str]:
    """`name` and the names its photos came in under or had, unless somebody else has them today."""
    given = {text_of(row[0]) for row in gallery.query("SELECT DISTINCT character FROM placements")}
    given |= {photo.given for photo in gallery.photos(withdrawn=True)}
    return {name} | {each for each in given if each not in live and placements.place(each, "").character == name}


def _is_mentioned(gallery: Gallery, folder: Path, names: Collection[str]) -> bool:
    pattern = names_pattern(names)
    if any(pattern.search(text) for text in _texts(gallery)):
        return True
    files = [path for path in _files(folder) if not path.name.startswith(gallery.path.name)]
    return any(pattern.search(path.read_bytes().decode("utf-8", "replace")) for path in files)


# Removing


def _forget_in_gallery(gallery: Gallery, person: _Person, removed: dict[str, int]) -> None:
    edits = EditLog(gallery)
    gallery.remove_photos(person.ids)
    removed["photos"] = len(person.ids)
    marks = ", ".join("?" * len(person.names))
    names = sorted(person.names)
    lapsed = set()
    rows = gallery.query("SELECT id, edit, character, path, embedding FROM negatives")
    for row_id, edit_id, character, path, embedding in rows:
        vector = np.frombuffer(embedding, "<f4")
        near = bool(len(person.vectors)) and float((person.vectors @ vector).max()) >= ALIKE
        if text_of(character) in person.names or near or text_of(path) in person.paths:
            gallery.query("DELETE FROM negatives WHERE id = ?", (row_id,))
            lapsed.add(edit_id)
            removed["decisions"] += 1
    # A photo of the person in somebody else's folder must not come back as that somebody's: its digest stays.
    shut_out = gallery.query(
        f"SELECT DISTINCT character, sha256 FROM placements WHERE becomes IN ({marks}) AND sha256 IS NOT NULL "
        f"AND character NOT IN ({marks})",
        [*names, *names],
    )
    count = gallery.query(
        f"SELECT count(*) FROM placements WHERE character IN ({marks}) OR becomes IN ({marks})", [*names, *names]
    )
    removed["decisions"] += int(count[0][0])
    gallery.query(f"DELETE FROM placements WHERE character IN ({marks}) OR becomes IN ({marks})", [*names, *names])
    gallery.query(f"UPDATE photos SET given = character WHERE given IN ({marks})", names)
    declared = {role: who for role, who in gallery.performers.items() if not person.names & {role, who}}
    if declared != gallery.performers:
        gallery.set_performers(declared)
    pattern = names_pattern(person.names)
    for photo in gallery.photos(withdrawn=True):
        if pattern.search(photo.detail) or any(path in photo.detail for path in person.paths):
            # Judged by a rule that nobody has, so the next training looks again.
            gallery.query("UPDATE photos SET detail = '', rules = '' WHERE id = ?", (photo.id,))
    for edit in edits.edits():
        said = [edit.detail.get(key) for key in ("character", "into")] + list(edit.detail.get("characters", []))
        about = any(isinstance(each, str) and each in person.names for each in said)
        detail, _ = forget_in_json(edit.detail, person.names | person.paths)
        emptied = bool(edit.detail.get("photos")) and not detail.get("photos")
        if about or emptied or edit.id in lapsed or edit.detail.get("photo") in person.paths:
            gallery.query("DELETE FROM edits WHERE id = ?", (edit.id,))
            removed["log entries"] += 1
            continue
        if detail != edit.detail:
            edits.explain(edit.id, detail)
    kept = {edit.id for edit in edits.edits()}
    for edit in edits.edits():
        if edit.action == "undo" and edit.detail.get("edit") not in kept:
            gallery.query("DELETE FROM edits WHERE id = ?", (edit.id,))
    edit_id = edits.record("forget", {})
    for character, digest in shut_out:
        edits.place(edit_id, text_of(character), digest, None)
    edits.apply()


def _forget_in_files(folder: Path, person: _Person, removed: dict[str, int], keep: Collection[Path]) -> None:
    pictures: set[Path] = set()
    for path in _files(folder):
        if path in keep or path.name.startswith("settings."):
            continue
        if path.suffix == ".json" and path.name != HOLDER_FILE:
            pictures |= _forget_in_json_file(path, person, removed)
        elif path.suffix in (".tracks", ".scan"):  # of a film that was scanned, or half of it
            _forget_in_tracks_file(path, person, removed)
        elif path.name.startswith(".personae-"):  # left by a writer that was killed
            shred(path)
    for picture in pictures:
        if picture.is_file() and _is_inside(picture, folder):
            shred(picture)
            removed["pictures"] += 1


def _forget_in_json_file(path: Path, person: _Person, removed: dict[str, int]) -> set[Path]:
    """Pictures that nothing in it points to any more, and what was made of a timeline: pages, the annotated film."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return set()
    cleaned, gone = forget_in_json(document, person.names)
    if cleaned == document:
        return set()
    removed["entries of films"] += gone.entries
    text = json.dumps(cleaned, ensure_ascii=False, indent=2 if "\n" in path.read_text(encoding="utf-8") else None)
    with replacing(path):
        write_whole(path, (text + "\n").encode())
    pictures = {path.parent / picture for picture in gone.pictures if json.dumps(picture) not in text}
    if path.name.endswith(_TIMELINE):
        # Faces are drawn into them, and names into the pictures of the film, where no search finds them.
        stem = glob.escape(path.name.removesuffix(_TIMELINE))
        pictures |= {made for end in _MADE_OF_A_TIMELINE for made in path.parent.glob(stem + end)}
    return pictures


def _forget_in_tracks_file(path: Path, person: _Person, removed: dict[str, int]) -> None:
    try:
        schema = archive.schema_of(path)
        arrays, facts = archive.read(path, schema=schema)
    except StoreError as error:
        log.warning("%s", error)
        return
    cleaned, said, count = forget_in_tracks(arrays, facts, person.names, person.vectors)
    removed["tracks"] += count
    if count or said != facts:
        with replacing(path):
            archive.write(path, cleaned, said, schema=schema)


def _shred_ours(path: Path) -> None:
    """Overwrite a file of the model, but leave alone what is not ours."""
    if path.suffix == ".json":
        shred(path)
        return
    with contextlib.suppress(StoreError):
        archive.schema_of(path)
        shred(path)


# Proving


def _search(
    recognizer: EditMethods, person: _Person, texts: list[str]
) -> tuple[list[tuple[str, str]], list[tuple[str, str]], list[str]]:
    """Every file read with what was looked for, what was found all the same, and texts of others with the name."""
    folder, gallery = recognizer.project.folder, recognizer.project.gallery
    needles = {
        np.asarray(vector, dtype).tobytes()
        for vector in (*person.vectors, *person.copies, *person.centres)
        for dtype in ("<f4", "<f2", "<f8")
    }
    pattern = names_pattern(person.names)
    words = [name.encode() for name in person.names]
    explained = sorted({text for text in texts if any(name in text for name in person.names)})
    searched, found = [], []
    files = {*_files(folder), *(path for path in _model_files(recognizer.model_path) if path.is_file())}
    for path in sorted(files):
        try:
            content = path.read_bytes()
        except OSError as error:
            found.append((str(path), f"cannot be read ({error.strerror}), so it was not searched"))
            continue
        looked_for = "name, embeddings"
        if any(needle in content for needle in needles):
            found.append((str(path), "an embedding"))
        if path.name.startswith(gallery.name):
            # Raw pages have no words; a name inside another's name or path is told by the rows.
            named = any(word in content for word in words) and not explained
        else:
            named = bool(pattern.search(content.decode("utf-8", "replace"))) or any(
                json.dumps(name)[1:-1].encode() in content for name in person.names if not name.isascii()
            )
        if named:
            found.append((str(path), "the name"))
        if path.suffix.lower() in _PICTURES and len(person.vectors):
            looked_for = "name, embeddings, face"
            problem = _face_in(recognizer, path, person.vectors)
            if problem:
                found.append((str(path), problem))
        searched.append((str(path), looked_for))
    return searched, found, [text for text in explained if not _DIGEST.fullmatch(text)]


def _face_in(recognizer: EditMethods, path: Path, vectors: FloatArray) -> str | None:
    try:
        faces = recognizer.analyzer.analyze(path)
    except PersonaeError as error:
        return f"cannot be searched for the face ({error})"
    if len(faces) and float((faces.embeddings @ vectors.T).max()) >= ALIKE:
        return "the face"
    return None


def _texts(gallery: Gallery) -> list[str]:
    """Every text the gallery holds."""
    found: list[str] = []
    for (table,) in gallery.query("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"):
        for row in gallery.query(f"SELECT * FROM {table}"):
            found += [value for value in row if isinstance(value, str)]
    return found


def _model_files(model: Path) -> tuple[Path, Path]:
    return model, model_file.metadata_path(model)


def _files(folder: Path) -> Iterator[Path]:
    """Every file of the project but its locks and the ledger, which `forget` names; no pipe, no device."""
    for root, _, names in os.walk(folder):
        for name in sorted(names):
            path = Path(root, name)
            if name not in (LOCK_FILE, HOLDER_FILE) and not name.startswith(LEDGER_FILE) and path.is_file():
                yield path


def _is_inside(path: Path, folder: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def as_json(report: ForgetReport) -> dict[str, Any]:
    """The report as plain values."""
    return {name: getattr(report, name) for name in ForgetReport.__dataclass_fields__}
