"""The gallery: every enrolled face of a cast with its photo, quality and embedder, in one SQLite database.

WAL, so that reading goes on while a training writes; `secure_delete`, so that what is removed is gone from the file.
Only the character's own face of a photo is kept, never a bystander's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from personae.cast.gallery_characters import GalleryCharacters
from personae.cast.gallery_database import GalleryDatabase
from personae.cast.gallery_exchange import attached, decisions_of, put_decisions, replace_by_attached
from personae.cast.gallery_log import GalleryLog
from personae.cast.gallery_photos import GalleryPhotos
from personae.cast.gallery_records import Character, EnrolledFace, Enrolment, PhotoRecord, ShownFace
from personae.cast.gallery_rows import text_of
from personae.checks import facts, parsed, text
from personae.database import files_of
from personae.errors import CastError, EmbedderMismatchError
from personae.files import write_error
from personae.types import FloatArray

__all__ = ["EnrolledFace", "Enrolment", "Gallery", "PhotoRecord", "remove_database"]


class Gallery:
    """One open gallery; safe to use from several threads. Close it, or use it as a context manager.

    `log`, `who`: its rows of edits and of characters, for what edits them.
    """

    def __init__(self, database: GalleryDatabase) -> None:
        self.path = database.path
        self._database = database
        self._photos = GalleryPhotos(database)
        self.log = GalleryLog(database)
        self.who = GalleryCharacters(database)

    @classmethod
    def open(cls, path: Path, *, embedder: str | None, read_only: bool = False) -> Self:
        """Open, or create, the gallery at `path` for vectors of `embedder` (None: whatever it holds).

        Raises EmbedderMismatchError where it holds another embedder's faces, ForeignFileError, TooNewError,
        DamagedFileError or WriteError where the file cannot be used; it is left as it is.
        """
        gallery = cls(GalleryDatabase.open(path, read_only=read_only))
        try:
            gallery._claim(embedder, read_only)
        except BaseException:
            gallery.close()
            raise
        return gallery

    def _claim(self, embedder: str | None, read_only: bool) -> None:
        if embedder is None or embedder == self.embedder:
            return
        if self.counts()[0]:
            raise EmbedderMismatchError(self.embedder, embedder, where=f"The gallery {self.path}")
        if not read_only:
            self._database.write("INSERT OR REPLACE INTO meta VALUES ('embedder', ?)", (embedder,))

    def unless_refused(self) -> AbstractContextManager[None]:
        """What is committed inside does not hold where it ends in a CastError: then all is as it was before."""
        return self._database.unless(CastError)

    def close(self) -> None:
        """Close the database; what was committed is in its file."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def transaction(self) -> AbstractContextManager[None]:
        """All changes inside happen together or not at all; other threads wait. Transactions nest."""
        return self._database.transaction()

    # Reading

    @property
    def embedder(self) -> str:
        """Contract id of the embedder its faces were made with; empty for an empty gallery."""
        row = self._database.rows("SELECT value FROM meta WHERE key = 'embedder'")
        with self._database.checked():
            return text(row[0][0], "meta.embedder") if row else ""

    @property
    def revision(self) -> int:
        """Grows with every change of photos, faces, negatives or characters, and with `bump`; never falls."""
        return self._database.revision

    @property
    def digest(self) -> str:
        """Of the faces a model is made from, and only of them; a model remembers the one it was made from."""
        digest = hashlib.sha256(self.embedder.encode())
        rows = self._database.rows(
            "SELECT name, coalesce(look, ''), sha256, embedding FROM photos JOIN faces ON photo = photos.id "
            "JOIN characters ON characters.id = character WHERE withdrawn_by IS NULL "
            "ORDER BY name, look, sha256, embedding"
        )
        rows += self._database.rows(
            "SELECT name, 'not', sha256, embedding FROM negatives JOIN characters ON characters.id = character "
            "ORDER BY 1, 3, 4"
        )
        with self._database.checked():
            for row in rows:
                digest.update("\0".join(map(str, row[:3])).encode())
                digest.update(row[3])
        return digest.hexdigest()[:16]

    def characters(self) -> list[Character]:
        """The cast: every character in it with its id, by name; also those without a photo."""
        return self.who.listed()

    def name_of(self, character: str) -> str | None:
        """The name of a character by its id, also of one that an edit took out; None for an unknown id."""
        return self.who.name_of(character)

    def id_of(self, name: str) -> str | None:
        """The id of the character in the cast that has this name now; None where there is none."""
        return self.who.all().named(name)

    def photos(self, character: str | None = None, *, withdrawn: bool = False) -> list[PhotoRecord]:
        """Every photo known, or those of one character (a name); sorted by character and path.

        `withdrawn`: also those that edits took out; they have no character (theirs is no name).
        """
        if character is None:
            return self._photos.photos(None, withdrawn=withdrawn)
        known = self.id_of(character)
        return [] if known is None else self._photos.photos(known, withdrawn=withdrawn)

    def enrolled(self) -> Enrolment:
        """Every enrolled face; raises DamagedFileError where the embeddings do not fit together."""
        return self._photos.enrolled(self.embedder, self.performers)

    @property
    def performers(self) -> dict[str, str]:
        """Name that photos came in under -> who plays that character, as declared with the cast."""
        rows = self._database.rows("SELECT value FROM meta WHERE key = 'performers'")
        with self._database.checked():
            declared = facts(parsed(text_of(rows[0][0])), "meta.performers") if rows else {}
            return {name: text(person, f"meta.performers.{name}") for name, person in declared.items()}

    def set_performers(self, performers: Mapping[str, str]) -> None:
        """Replace what is declared."""
        declared = json.dumps(dict(sorted(performers.items())))
        self._database.write("INSERT OR REPLACE INTO meta VALUES ('performers', ?)", (declared,))

    def without_copies(self) -> set[int]:
        """Ids of enrolled photos whose small copies were never made."""
        return self._photos.without_copies()

    def boxes(self) -> dict[int, tuple[FloatArray, float]]:
        """Photo id -> its face's box (4,), x1 y1 x2 y2 in the photo's pixels, and yaw in eye distances."""
        return self._photos.boxes()

    def counts(self) -> tuple[int, int]:
        """How many photos are enrolled, and how many are known in all."""
        return self._photos.counts()

    def faces_of(self, photos: Iterable[int]) -> dict[int, tuple[FloatArray, float]]:
        """Embedding (d,) and size in pixels of each of those photos (by id) that has a face, withdrawn ones too."""
        return self._photos.faces_of(photos, self.embedder)

    def shown(self, photos: Iterable[int]) -> dict[int, ShownFace]:
        """What people are shown of each of those photos (by id) that has a face, withdrawn ones too."""
        return self._photos.shown(photos)

    def pictures(self) -> dict[int, bytes]:
        """Photo id -> the small picture of its face, of all that have one, withdrawn ones too."""
        return self._photos.pictures()

    def copies_of(self, photos: Iterable[int], dimension: int) -> FloatArray:
        """Embeddings (m, dimension) of the small copies of those photos (by id) that were made."""
        return self._photos.copies_of(photos, dimension)

    def edits(self) -> list[tuple[str, str, dict[str, Any]]]:
        """The log of what changed the gallery: (time in UTC, action, detail), oldest first."""
        return [(edit.time, edit.action, edit.detail) for edit in self.log.edits()]

    def texts(self) -> list[str]:
        """Every text the gallery holds, of any table."""
        return self._database.texts()

    # Writing

    def put_photo(self, record: PhotoRecord, face: EnrolledFace | None) -> int:
        """Insert, or replace by name and path, a photo with its face (None for a rejected one); its id.

        Its character is made where there is none of that name. Raises EmbeddingError for an embedding that is zero,
        not finite, or of another length than the gallery's.
        """
        if (record.status == "enrolled") != (face is not None):
            raise ValueError("an enrolled photo has a face, a rejected one has none")
        record = replace(record, given=record.given or record.character)
        with self.transaction():
            if not record.character_id:
                characters = self.who.ensure([record.character, record.given])
                known = characters.named(record.character) or characters.start(record.character)
                record = replace(record, character_id=known or "")
            return self._photos.put(record, face)

    def move_photo(self, old: PhotoRecord, new: PhotoRecord) -> None:
        """Give a known photo the path, date, look, origin and given name of `new`; its face stays."""
        self._photos.move(old.id, new)

    def settle_photos(self, belongs: Sequence[tuple[int, str | None, int | None]]) -> None:
        """Photo id, the id of its character (None: withdrawn), the edit that took it out: where photos belong now."""
        with self.transaction():
            self._photos.settle(belongs)

    def replace_pictures(self, pictures: Mapping[int, bytes]) -> None:
        """Give photos (by id) other small pictures of their faces; no model is another one for it."""
        self._photos.replace_pictures(pictures)

    def remove_photos(self, ids: Iterable[int]) -> None:
        """Take photos and their faces out."""
        self._photos.remove(ids)

    def remove_added(self, given: str, path: str) -> None:
        """Take a photo out that a person added: it comes from no cast folder."""
        self._photos.remove_added(given, path)

    def came_in_as(self, photo: int, given: str) -> None:
        """Set the name that a photo (by id) came in under."""
        self._photos.came_in_as(photo, given)

    def look_again(self, photo: int) -> None:
        """Forget what was said of a photo (by id), so that the next training looks again."""
        self._photos.look_again(photo)

    def take_over(self, other: Path) -> None:
        """Replace everything here by what the gallery `other` holds, in one transaction; edits stay and grow by one."""
        with attached(self._database, other), self.transaction():
            replace_by_attached(self._database)
            self.log_edit("fresh", {"photos": self.counts()[1]})

    def copy_decisions(self, other: Path, *, read_only: bool = False) -> None:
        """Take over characters, log and decisions of the gallery `other`, and photos that a person added to it.

        For one that shall replace it or stand in for it; it holds nothing yet.
        """
        with Gallery.open(other, embedder=None, read_only=read_only) as old:
            holding = [edit for edit in old.log.edits() if edit.undone_by is None]
            added = [(edit.detail["into"], path) for edit in holding for path in edit.detail.get("added", ())]
            same = old.embedder == self.embedder
            tables = decisions_of(old._database, same_embedder=same, added=added)
        put_decisions(self._database, tables)

    def log_edit(self, action: str, detail: dict[str, Any]) -> int:
        """Append to the log of edits; the entry's id."""
        return self.log.append(action, detail)

    def bump(self) -> None:
        """Let the revision grow: the model alone has changed, as by a calibration."""
        self._database.bump()

    def compact(self) -> None:
        """Write everything anew without gaps and empty the write-ahead log: what was removed is nowhere any more.

        Raises ProjectBusyError where another process goes on reading: what it reads is not overwritten.
        """
        self._database.compact()


def remove_database(path: Path) -> None:
    """Delete a closed database with what SQLite keeps beside it; raises WriteError."""
    try:
        for one in files_of(path):
            one.unlink(missing_ok=True)
    except NotADirectoryError:
        pass  # nothing is there
    except OSError as error:
        raise write_error(path, error) from error
