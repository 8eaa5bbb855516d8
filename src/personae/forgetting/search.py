"""The search after a forgetting: a file is read again and searched for name, embeddings and face."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from personae import archive, database
from personae.database import Kind
from personae.errors import PersonaeError, StoreError
from personae.files import open_input, read_whole
from personae.forgetting.base64_runs import base64_in
from personae.forgetting.documents import is_of_ours, words_of_ours
from personae.forgetting.likeness import Likeness, decoded
from personae.forgetting.names import NameSearch
from personae.forgetting.person import ALIKE, Person
from personae.ledger import Entry
from personae.media.photos import SUFFIXES
from personae.old_pages import digests_of
from personae.types import Picture

DRAWN_ALIKE = 0.35
"""The same cosine for a face with a frame and a name drawn over it, which costs up to .2."""
_PIECE = 8 << 20
_DIGEST = re.compile("[0-9a-f]{64}")
_PICTURES_IN_BASE64 = (b"/9j/", b"\\/9j\\/", b"iVBORw0KGgo", b"R0lGOD", b"UklGR", b"_9j_")
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
    """Looks for one person, in pictures by `likeness`. `entries`: of the list of outputs, before it forgot; `tell`: is
    told of each file before it is read.
    """

    def __init__(
        self, person: Person, likeness: Likeness, entries: Collection[Entry], tell: Callable[[Path], None]
    ) -> None:
        self.person, self.likeness, self.tell = person, likeness, tell
        self.names = NameSearch(person.names)
        self.proof = Proof()
        self._done: set[str] = set()
        self._needles = {
            np.asarray(vector, dtype).tobytes()
            for vector in (*person.vectors, *person.copies, *person.centres)
            for dtype in ("<f4", "<f2", "<f8")
        }
        self._pieces = {bytes.fromhex(piece) for piece in person.pictures}
        self._longest = max(map(len, self._needles | self._pieces), default=0)
        self._listed = [Path(entry.path) for entry in entries]
        self._listed_digests = {entry.sha256 for entry in entries if entry.sha256}

    def explain(self, texts: Iterable[str]) -> None:
        """Tell of texts of others in a database that contain a name; they stay."""
        found = {text for text in texts if any(name in text for name in self.person.names)}
        self.proof.explained = sorted({*self.proof.explained, *(each for each in found if not _DIGEST.fullmatch(each))})

    def database(self, path: Path, kind: Kind, rows: list[str], others: Collection[str] = ()) -> None:
        """Search a database of ours and what SQLite keeps beside it; `rows`: its texts and those of its schema.

        `others`: texts in it that are about somebody else for sure, even where they are the very name.
        Its shared memory (-shm) is left: it has numbers of pages alone, and the locks of other threads.
        """
        for one in database.files_of(path):
            if one == path:
                self._database_file(one, rows, others, (database.image_of(path, kind),))
            elif not one.name.endswith("-shm"):
                self._database_file(one, rows, others, pieces(one, self._overlap))

    def file(self, path: Path, *, folders: Sequence[str] = (), own_name: bool = True) -> bool:
        """Search a file, unless it was searched before; whether it was searched now.

        `folders`: of the project, that it lies in; `own_name`: whether it may not be called like the person: what the
        user's film is called is theirs.
        """
        real = os.path.realpath(path)
        if real in self._done:
            return False
        self._done.add(real)
        self.tell(path)
        looked_for = "name, embeddings" if self._needles else "name"
        try:
            named, embedded, shown, pictures = self._in_content(pieces(path, self._overlap))
        except OSError as error:
            self.found(path, f"cannot be read ({error.strerror}), so it was not searched")
            return False
        if embedded:
            self.found(path, "an embedding")
        if shown:
            self.found(path, "a picture of the face")
        if named and not self._is_of_others(path):
            self.found(path, "the name")
        elif own_name and self.names.in_file_name(path.name):
            self.found(path, "the name, as the file's own")
        elif any(self.names.in_file_name(part) for part in folders):
            self.found(path, "the name, as a folder's")
        if len(self.person.vectors) and (pictures or _is_picture(path)):
            looked_for += ", face"
            problem = self._face_in(path) if _is_picture(path) else self._face_in_pictures_of(path)
            if problem:
                self.found(path, problem)
        self.proof.searched.append((str(path), looked_for))
        return True

    def found(self, path: Path, what: str) -> None:
        """Note that something is there all the same, or could not be searched."""
        self.proof.found.append((str(path), what))

    @property
    def _overlap(self) -> int:
        return max(self.names.overlap, self._longest)

    def _database_file(self, path: Path, rows: list[str], others: Collection[str], content: Iterable[bytes]) -> None:
        self.tell(path)
        named, embedded, shown, _ = self._in_content(content, rows, others)
        if embedded:
            self.found(path, "an embedding")
        if shown:
            self.found(path, "a picture of the face")
        if named:
            self.found(path, "the name")
        self.proof.searched.append((str(path), "name, embeddings" if self._needles else "name"))

    def _in_content(
        self, content: Iterable[bytes], rows: list[str] | None = None, others: Collection[str] = ()
    ) -> tuple[bool, bool, bool, bool]:
        """Whether there is the name, an embedding, a picture that the gallery had of the face, and any picture written
        as text. `rows`, `others`: texts of a database.
        """
        named = embedded = shown = pictures = False
        # Raw pages have no words: where the letters are in a row, as a part of another's name or path, rows decide.
        may_hold_letters = any(name in text for text in (*(rows or ()), *others) for name in self.person.spellings)
        if rows is not None:
            named = any(_says(text, self.person.spellings) for text in rows)
        for piece in content:
            if rows is None:
                named = named or self.names.in_bytes(piece)
            elif not may_hold_letters:
                named = named or self.names.in_pages(piece)
            embedded = embedded or any(needle in piece for needle in self._needles)
            shown = shown or any(part in piece for part in self._pieces)
            pictures = pictures or any(begin in piece for begin in _PICTURES_IN_BASE64)
            for written in base64_in(piece):
                named = named or self._is_named_in(written)
                embedded = embedded or any(needle in written for needle in self._needles)
                shown = shown or any(part in written for part in self._pieces)
        return named, embedded, shown, pictures

    def _is_of_others(self, path: Path) -> bool:
        """Whether a file is a document of ours that has the name as a word of ours, or in longer names of others."""
        others = set()
        for document in _documents_of_ours(path):
            for text, is_name in words_of_ours(document):
                if self.names.in_text(text):
                    if not is_name or self.names.is_one(text):
                        return False
                    others.add(text)
            if document is None:
                return False
        self.proof.explained = sorted({*self.proof.explained, *others})
        return True

    def _is_named_in(self, content: bytes) -> bool:
        """Whether a text that was written in base64 has the name: chance makes no text, but it makes short names."""
        if not content.startswith(_PICTURES):
            try:
                content.decode("utf-8")
            except UnicodeDecodeError:
                return False
        return self.names.in_bytes(content)

    # Faces

    def _face_in(self, path: Path) -> str | None:
        return self._face(path, self._is_drawn(path))

    def _face_in_pictures_of(self, path: Path) -> str | None:
        """The face in pictures that stand as text in a page."""
        seen = set()
        before = b""
        for content in base64_in(read_whole(path)):
            if before.startswith(content) or not (content.startswith(_PICTURES) or _is_webp(content)):
                continue  # a line of one that was whole, or no picture
            before = content
            digest = sha256(content).digest()
            if digest in seen:
                continue
            seen.add(digest)
            picture = decoded(content, f"a picture in {path}")
            problem = picture if isinstance(picture, str) else self._face(picture, drawn=False)
            if problem:
                return problem
        return None

    def _face(self, picture: Path | Picture, drawn: bool) -> str | None:
        try:
            faces = self.likeness.analyzer.analyze(picture)
        except PersonaeError as error:
            return f"cannot be searched for the face ({error})"
        if not len(faces) or faces.embeddings.shape[-1] != self.person.vectors.shape[-1]:
            return None
        alike = (faces.embeddings @ self.person.vectors.T).max(axis=1)
        if alike.max() >= ALIKE:
            return "the face"
        if drawn:  # less than is sure, so nobody else of the cast may be nearer
            nearest = (
                (faces.embeddings @ self.likeness.others.T).max(axis=1)
                if len(self.likeness.others)
                else np.full(len(faces), -1.0)
            )
            if bool(((alike >= DRAWN_ALIKE) & (alike > nearest)).any()):
                return "the face, with something drawn over it"
        return None

    def _is_drawn(self, path: Path) -> bool:
        """Whether we drew on this picture for all we know: it is on the list, or is a copy of one that is."""
        real = Path(os.path.realpath(path))
        if any(real == listed or listed in real.parents for listed in self._listed):
            return True
        return bool(self._listed_digests) and not self._listed_digests.isdisjoint(digests_of(path))


def _documents_of_ours(path: Path) -> Iterator[Any]:
    """What is in a document, a journal or an archive of ours; None for what is none, or cannot be read."""
    try:
        with contextlib.suppress(StoreError):
            yield archive.read(path, schema=archive.schema_of(path))[1]
            return
        content = read_whole(path)
        if not is_of_ours(content):
            yield None
            return
        try:
            yield json.loads(content)
        except ValueError:
            for line in content.splitlines():
                yield json.loads(line)
    except (OSError, ValueError, RecursionError):
        yield None


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
    return start.startswith(_PICTURES) or _is_webp(start)


def _is_webp(start: bytes) -> bool:
    return start[:4] == b"RIFF" and start[8:12] == b"WEBP"
