"""A person out of the files of a project: first everything that shows them is deleted, then the rest is rewritten.

What is to be deleted is read from timelines, tracks and the list of outputs. Those are rewritten afterwards, so that a
run that was killed in between still tells the next one what to delete.
"""

from __future__ import annotations

import contextlib
import glob
import json
import logging
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from personae import archive
from personae.errors import ForeignFileError, StoreError
from personae.files import HOLDER_FILE, LOCK_FILE, open_input, replacing, sha256_of, shred, write_whole
from personae.films import crops_file
from personae.paths import FORGETTING_FILE, ProjectPaths
from personae.project.forget_files import Removed, forget_in_journal, forget_in_json, forget_in_tracks, own_tracks
from personae.project.forget_who import Person
from personae.recognition import model_file
from personae.timeline import records

log = logging.getLogger(__name__)
TIMELINE = ".timeline.json"
JOURNAL = ".jsonl"
_MADE_OF_A_TIMELINE = (".report.html", ".sheet.html", ".annotated.*")
_UNFINISHED = ".personae-"
_OF_A_FILM = ("personae/tracks", "personae/scan")
_OURS = re.compile(rb'\s*\{\s*"schema":\s*"personae/')
_BESIDE_A_DATABASE = ("", "-wal", "-shm", "-journal")


def delete(project: ProjectPaths, person: Person, removed: dict[str, int]) -> None:
    """Shred what shows the person: pictures, pages, films with names on them, models, and what killed writers left."""
    for model, _ in person.models:
        for path in leftovers(Path(model).parent):
            shred(path)
        _shred_model(Path(model))
    for suffix in _BESIDE_A_DATABASE:
        shred(project.fresh_gallery.with_name(project.fresh_gallery.name + suffix))
    for path in files_of(project.folder):
        if path.name.startswith(_UNFINISHED):
            shred(path)
    pictures = _of_documents(project, person) | _of_the_list(project, person)
    for path in sorted(pictures):
        if path.is_file() and is_inside(path, project.folder):
            shred(path)
            removed["pictures"] += 1


def rewrite(project: ProjectPaths, person: Person, removed: dict[str, int]) -> None:
    """Write timelines, decisions, tracks and the list of outputs anew, without the person."""
    for path, cleaned, gone in _documents(project, person):
        removed["entries of films"] += gone.entries
        with replacing(path):
            write_whole(path, _as_written(path, cleaned))
    for path in [path for path in files_of(project.folder) if path.suffix == ".crops"]:
        _rewrite_crops(path, person)  # before the tracks, which say whose they are
    for path, schema in _archives(project, person):
        try:
            arrays, facts = archive.read(path, schema=schema)
        except StoreError as error:
            log.warning("%s", error)
            continue
        cleaned_arrays, said, count = forget_in_tracks(arrays, facts, person.spellings, person.vectors)
        removed["tracks"] += count
        if count or said != facts:
            with replacing(path):
                archive.write(path, cleaned_arrays, said, schema=schema)


def _rewrite_crops(path: Path, person: Person) -> None:
    """Take the person's crops out of a file of them; one of which nobody can say whose they are is shredded."""
    tracks = path.with_suffix(".tracks")
    try:
        arrays, facts = archive.read(tracks, schema=records.SCHEMA)
        crops, said = archive.read(path, schema=crops_file.SCHEMA)
    except ForeignFileError as error:
        log.warning("%s", error)
        return
    except StoreError:
        shred(path)
        return
    own = own_tracks(arrays, facts, person.spellings, person.vectors)
    if own.any():
        with replacing(path):
            archive.write(path, crops_file.without(crops, own), said, schema=crops_file.SCHEMA)


def files_of(folder: Path) -> Iterator[Path]:
    """Every file of a project but its locks and the intention to forget, which goes last; no pipe, no device."""
    for root, _, names in os.walk(folder):
        for name in sorted(names):
            path = Path(root, name)
            if name in (LOCK_FILE, HOLDER_FILE, FORGETTING_FILE) or not path.is_file():
                continue
            if not path.is_symlink() or is_inside(path, folder):  # what a link leads to is not ours
                yield path


def links_of(folder: Path) -> Iterator[Path]:
    """Links in a project to folders, and to files elsewhere: they are not followed, they lead to what is not ours."""
    for root, folders, names in os.walk(folder):
        for path in (Path(root, name) for name in sorted([*folders, *names])):
            if path.is_symlink() and (path.is_dir() or not is_inside(path, folder)):
                yield path


def is_inside(path: Path, folder: Path) -> bool:
    """Whether a file lies in `folder`, links resolved."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def leftovers(folder: Path) -> list[Path]:
    """What a writer that was killed left in one folder."""
    return sorted(folder.glob(glob.escape(_UNFINISHED) + "*.tmp"))


def _shred_model(path: Path) -> None:
    """Overwrite a model of ours and the facts beside it, and nothing else; the facts first, which it vouches for."""
    facts = model_file.metadata_path(path)
    with contextlib.suppress(OSError, ValueError, AttributeError):
        if str(json.loads(facts.read_bytes()).get("schema")).startswith("personae/model/"):
            shred(facts)
    with contextlib.suppress(StoreError):
        archive.schema_of(path)
        shred(path)


# What goes


def _of_documents(project: ProjectPaths, person: Person) -> set[Path]:
    """Pictures that nothing in a cleaned document points to any more, and what was made of a timeline."""
    found: set[Path] = set()
    for path, cleaned, gone in _documents(project, person):
        text = json.dumps(cleaned, ensure_ascii=False)
        found |= {path.parent / picture for picture in gone.pictures if json.dumps(picture) not in text}
        if path.name.endswith(TIMELINE):
            # Faces are drawn into them, and names into the pictures of the film, where no search finds them.
            stem = glob.escape(path.name.removesuffix(TIMELINE))
            found |= {made for end in _MADE_OF_A_TIMELINE for made in path.parent.glob(stem + end)}
    return found


def _of_the_list(project: ProjectPaths, person: Person) -> set[Path]:
    """Outputs in the project that show the person and are as we wrote them, whatever they are called now.

    Documents are not among them: the person is taken out of those.
    """
    entries = {entry.sha256 for entry in project.ledger.entries() if entry.sha256 and person.is_in(entry)}
    if not entries:
        return set()
    found = set()
    for path in files_of(project.folder):
        with contextlib.suppress(OSError):
            is_ours = stat.S_ISREG(path.lstat().st_mode) and sha256_of(path) in entries
            if is_ours and not _is_document(path):
                found.add(path)
    return found


# What stays, without the person


def _documents(project: ProjectPaths, person: Person) -> Iterator[tuple[Path, Any, Removed]]:
    """Each JSON document that tells of the person: path, the document without them, what was taken out."""
    models = {str(path) for model, _ in person.models for path in (model, model_file.metadata_path(Path(model)))}
    tracks = _own_tracks(project, person)
    for path in files_of(project.folder):
        if str(path.absolute()) in models or not _is_document(path):
            continue
        try:
            document = _parsed(path)
        except (OSError, ValueError, RecursionError):
            continue
        beside = path.name.removesuffix(TIMELINE)
        own = tracks.get(path.with_name(f"{beside}.tracks"), frozenset()) if path.name.endswith(TIMELINE) else ()
        if path.suffix == JOURNAL:
            cleaned, gone = forget_in_journal(document, person.spellings)
        else:
            cleaned, gone = forget_in_json(document, person.spellings, own)
        if cleaned != document:
            yield path, cleaned, gone


def _is_document(path: Path) -> bool:
    """Whether a file holds JSON that we can take somebody out of."""
    if path.suffix == ".json":
        return True
    try:
        with open_input(path) as file:
            return _OURS.match(file.read(64)) is not None
    except OSError:
        return False


def _own_tracks(project: ProjectPaths, person: Person) -> dict[Path, frozenset[int]]:
    """Per file of tracks the numbers, from 1, of those with the person's face that nobody has a name for."""
    found = {}
    for path, schema in _archives(project, person):
        with contextlib.suppress(StoreError):
            arrays, facts = archive.read(path, schema=schema)
            own = own_tracks(arrays, facts, person.spellings, person.vectors)
            found[path] = frozenset((np.flatnonzero(own) + 1).tolist())
    return found


def _archives(project: ProjectPaths, person: Person) -> Iterator[tuple[Path, str]]:
    """Each file with tracks of a film, of a whole scan or of a part of one, with its schema."""
    for path in files_of(project.folder):
        with contextlib.suppress(StoreError):
            schema = archive.schema_of(path)
            if schema.startswith(_OF_A_FILM):
                yield path, schema


def _parsed(path: Path) -> Any:
    """What a document holds; of a journal the lines, and as a text what is torn off. Raises as `json.loads`."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != JOURNAL:
        return json.loads(text)
    *lines, torn = text.split("\n")
    return [json.loads(line) for line in lines] + ([torn] if torn else [])


def _as_written(path: Path, document: Any) -> bytes:
    if path.suffix == JOURNAL:
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in document)
        return lines.encode("utf-8", "surrogatepass")
    indent = 2 if "\n" in path.read_text(encoding="utf-8").rstrip() else None
    return (json.dumps(document, ensure_ascii=False, indent=indent) + "\n").encode("utf-8", "surrogatepass")
