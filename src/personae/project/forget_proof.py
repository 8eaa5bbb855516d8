"""The proof of a forgetting: every file of a project is read again and searched for name, embeddings and face."""

from __future__ import annotations

import base64
import binascii
import contextlib
import io
import json
import os
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from personae import ledger
from personae.cast import gallery_schema
from personae.errors import PersonaeError
from personae.files import open_input, read_whole, sha256_of
from personae.ledger import LEDGER_FILE, Entry
from personae.media.photos import SUFFIXES
from personae.paths import ProjectPaths
from personae.project.forget_files import ALIKE
from personae.project.forget_folder import files_of, links_of
from personae.project.forget_who import Person
from personae.project.name_search import NameSearch
from personae.recognition import model_file
from personae.types import FloatArray, Picture

DRAWN_ALIKE = 0.35
"""The same cosine for a face with a frame and a name drawn over it, which costs up to .2."""
_PIECE = 8 << 20
_SCHEMAS = (*ledger.MIGRATIONS, *gallery_schema.MIGRATIONS)  # which databases hold as they were written
_DIGEST = re.compile("[0-9a-f]{64}")
_DATA = re.compile(rb"data:image/(?!svg)[a-z0-9.+-]+;base64,([A-Za-z0-9+/=\s]+)")
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8")


@dataclass
class Proof:
    """`searched`: every file that was read, with what was looked for; `found`: (file, what) that is there all the same.

    `explained`: texts of others that contain a name.
    """

    searched: list[tuple[str, str]] = field(default_factory=list)
    found: list[tuple[str, str]] = field(default_factory=list)
    explained: list[str] = field(default_factory=list)


class Search:
    """Looks for one person. `others` (n, d): embeddings of the cast; `entries`: of the list of outputs, before it
    forgot; `analyzer`: of pictures, asked only where there are some.
    """

    def __init__(self, person: Person, others: FloatArray, entries: Collection[Entry], analyzer: Any) -> None:
        self.person, self.analyzer = person, analyzer
        self.names = NameSearch(person.names)
        self._others = others if others.shape[-1] == person.vectors.shape[-1] else np.empty((0, 0), np.float32)
        self._needles = {
            np.asarray(vector, dtype).tobytes()
            for vector in (*person.vectors, *person.copies, *person.centres)
            for dtype in ("<f4", "<f2", "<f8")
        }
        self._longest = max(map(len, self._needles), default=0)
        self._listed = [Path(entry.path) for entry in entries]
        self._listed_digests = {entry.sha256 for entry in entries if entry.sha256}

    def project(self, project: ProjectPaths, texts: dict[str, list[str]]) -> Proof:
        """Search every file; `texts`: those in the rows of each database, by the beginning of its files' names."""
        proof = Proof()
        every = [text for part in texts.values() for text in part]
        proof.explained = sorted(
            {text for text in every if any(name in text for name in self.person.names) and not _DIGEST.fullmatch(text)}
        )
        files = set(files_of(project.folder))
        for model, _ in self.person.models:
            beside = (Path(model), model_file.metadata_path(Path(model)))
            files |= {path for path in beside if path.is_file() and not _is_one_of(path, files)}
        for path in sorted(files):
            database = next(
                (name for name in texts if path.name.startswith(name) and path.parent == project.folder), ""
            )
            folders = path.relative_to(project.folder).parts[:-1] if path.is_relative_to(project.folder) else ()
            self._file(path, folders, texts.get(database), proof)
        for link in links_of(project.folder):
            proof.found.append((str(link), "a link to another folder, which was not searched"))
        return proof

    def _file(self, path: Path, folders: Sequence[str], rows: list[str] | None, proof: Proof) -> None:
        looked_for = "name, embeddings" if self._needles else "name"
        try:
            named, embedded, pictures = self._in_content(path, rows)
        except OSError as error:
            proof.found.append((str(path), f"cannot be read ({error.strerror}), so it was not searched"))
            return
        if embedded:
            proof.found.append((str(path), "an embedding"))
        if named:
            proof.found.append((str(path), "the name"))
        elif self.names.in_file_name(path.name):
            proof.found.append((str(path), "the name, as the file's own"))
        elif any(self.names.in_file_name(part) for part in folders):
            proof.found.append((str(path), "the name, as a folder's"))
        if len(self.person.vectors) and (pictures or _is_picture(path)):
            looked_for += ", face"
            problem = self._face_in(path) if _is_picture(path) else self._face_in_pictures_of(path)
            if problem:
                proof.found.append((str(path), problem))
        proof.searched.append((str(path), looked_for))

    def _in_content(self, path: Path, rows: list[str] | None) -> tuple[bool, bool, bool]:
        """Whether there is the name, an embedding, and a picture written as text. `rows`: texts of a database."""
        named = embedded = pictures = False
        # Raw pages have no words: where the letters are in a row, as a part of another's name or path, rows decide.
        texts = [*(rows or ()), *_SCHEMAS]
        may_hold_letters = any(name in text for text in texts for name in self.person.spellings)
        if rows is not None:
            named = any(_says(text, self.person.spellings) for text in rows)
        for piece in pieces(path, max(self.names.overlap, self._longest)):
            if rows is None:
                named = named or self.names.in_bytes(piece)
            elif not may_hold_letters:
                named = named or self.names.in_pages(piece)
            embedded = embedded or any(needle in piece for needle in self._needles)
            pictures = pictures or b"data:image/" in piece
        return named, embedded, pictures

    # Faces

    def _face_in(self, path: Path) -> str | None:
        return self._face(path, self._is_drawn(path))

    def _face_in_pictures_of(self, path: Path) -> str | None:
        """The face in pictures that stand as text in a page."""
        seen = set()
        for match in _DATA.finditer(read_whole(path)):
            try:
                content = base64.b64decode(b"".join(match.group(1).split()))
            except binascii.Error:
                continue
            digest = sha256(content).digest()
            if digest in seen:
                continue
            seen.add(digest)
            picture = _decoded(content, f"a picture in {path}")
            problem = picture if isinstance(picture, str) else self._face(picture, drawn=False)
            if problem:
                return problem
        return None

    def _face(self, picture: Path | Picture, drawn: bool) -> str | None:
        try:
            faces = self.analyzer.analyze(picture)
        except PersonaeError as error:
            return f"cannot be searched for the face ({error})"
        if not len(faces) or faces.embeddings.shape[-1] != self.person.vectors.shape[-1]:
            return None
        alike = (faces.embeddings @ self.person.vectors.T).max(axis=1)
        if alike.max() >= ALIKE:
            return "the face"
        if drawn:  # less than is sure, so nobody else of the cast may be nearer
            nearest = (
                (faces.embeddings @ self._others.T).max(axis=1) if len(self._others) else np.full(len(faces), -1.0)
            )
            if bool(((alike >= DRAWN_ALIKE) & (alike > nearest)).any()):
                return "the face, with something drawn over it"
        return None

    def _is_drawn(self, path: Path) -> bool:
        """Whether we drew on this picture for all we know: it is on the list, or is a copy of one that is."""
        real = Path(os.path.realpath(path))
        if any(real == listed or listed in real.parents for listed in self._listed):
            return True
        return bool(self._listed_digests) and sha256_of(path) in self._listed_digests


def database_names(project: ProjectPaths) -> tuple[str, str]:
    """What the files of gallery and list of outputs begin with."""
    return project.gallery.name, LEDGER_FILE


def _says(text: str, names: Collection[str]) -> bool:
    """Whether a text of a database is one of `names`, or is JSON with one of them in it."""
    if text in names:
        return True
    if not text.startswith(("{", "[")):
        return False
    with contextlib.suppress(ValueError, RecursionError):
        return any(leaf in names for leaf in _leaves(json.loads(text)))
    return False


def _leaves(value: Any) -> Iterator[str]:
    """Every text in a JSON document, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in (*value, *value.values()) if isinstance(value, dict) else value:
            yield from _leaves(each)


def pieces(path: Path, overlap: int) -> Iterator[bytes]:
    """The content of a file, in pieces of which each begins with the last `overlap` bytes of the one before."""
    with open_input(path) as file:
        before = b""
        while piece := file.read(_PIECE):
            yield before + piece
            before = (before + piece)[-overlap:] if overlap else b""


def _is_picture(path: Path) -> bool:
    if path.suffix.lower() in SUFFIXES:
        return True
    try:
        with open_input(path) as file:
            start = file.read(12)
    except OSError:
        return False
    return start.startswith(_PICTURES) or (start[:4] == b"RIFF" and start[8:] == b"WEBP")


def _is_one_of(path: Path, files: Collection[Path]) -> bool:
    return any(os.path.realpath(path) == os.path.realpath(each) for each in files)


def _decoded(content: bytes, name: str) -> Picture | str:
    """A picture from its bytes, or why it cannot be searched."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content)) as image:
            return Picture(np.array(image.convert("RGB")), source=name)
    except Exception as error:  # the edge: decoders raise nearly anything on broken files
        return f"a picture in it cannot be searched for the face ({error})"


def rows_of_list(entries: Collection[Entry]) -> list[str]:
    """Every text of the list of outputs."""
    return [
        text
        for entry in entries
        for text in (entry.path, entry.sha256, entry.kind, entry.source, json.dumps(entry.who, ensure_ascii=False))
    ]
