"""The gallery's rows of photos and faces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from personae.cast.gallery_database import GalleryDatabase
from personae.cast.gallery_records import EnrolledFace, Enrolment, PhotoRecord, ShownFace
from personae.cast.gallery_rows import LARGEST_PX, box_of, copies_of, jpeg_of, text_of, vector_of
from personae.checks import number, whole
from personae.errors import EmbeddingError
from personae.recognition.vectors import ROUNDING, check_vectors, dimension_of
from personae.types import FloatArray, Reason

LIVE = "withdrawn_by IS NULL"
"""Of photos: no edit took it out."""
_STATUSES = ("enrolled", "rejected")
_STORED = (
    "look", "origin", "path", "sha256", "size", "mtime_ns", "status", "reason", "detail", "faces_found", "rules",
    "given", "withdrawn_by",
)  # fmt: skip
_READ = ("name", *_STORED, "id", "character")
_COLUMNS = ", ".join(f"characters.{name}" if name == "name" else f"photos.{name}" for name in _READ)
_JOINED = "photos LEFT JOIN characters ON characters.id = photos.character"
_BY_NAME = "coalesce(characters.name, photos.character)"


class GalleryPhotos:
    """Reads and writes them."""

    def __init__(self, database: GalleryDatabase) -> None:
        self._database = database

    def photos(self, character: str | None, *, withdrawn: bool) -> list[PhotoRecord]:
        """See `Gallery.photos`; `character`: an id."""
        condition = f"WHERE {'TRUE' if withdrawn else LIVE}" + ("" if character is None else " AND character = ?")
        values = () if character is None else (character,)
        rows = self._database.rows(
            f"SELECT {_COLUMNS} FROM {_JOINED} {condition} ORDER BY {_BY_NAME}, photos.path", values
        )
        with self._database.checked():
            return [_as_record(row) for row in rows]

    def enrolled(self, embedder: str, played: Mapping[str, str]) -> Enrolment:
        """See `Gallery.enrolled`; `played`: name that photos came in under -> performer."""
        rows = self._database.rows(
            "SELECT characters.name, look, path, photos.id, face_px, quality, embedding, copies, photos.given "
            "FROM photos JOIN faces ON photo = photos.id LEFT JOIN characters ON characters.id = photos.character "
            f"WHERE {LIVE} ORDER BY characters.name, look, path"
        )
        with self._database.checked():
            blobs = [row[6] for row in rows]
            lengths = {len(blob) if isinstance(blob, bytes) else 0 for blob in blobs}
            if len(lengths) > 1 or any(length == 0 or length % 4 for length in lengths):
                raise ValueError("embeddings of different lengths")
            dimension = dimension_of(embedder)
            if lengths and dimension is not None and lengths != {4 * dimension}:
                raise ValueError(f"embeddings that are not of {embedder}")
            flat = np.frombuffer(b"".join(blobs), "<f4").astype(np.float32)
            enrolment = Enrolment(
                flat.reshape(len(rows), -1) if rows else np.empty((0, dimension or 0), np.float32),
                [text_of(row[0]) for row in rows],
                [None if row[1] is None else text_of(row[1]) for row in rows],
                [text_of(row[2]) for row in rows],
                [whole(row[3], "photos.id") for row in rows],
                np.array([number(row[4], "faces.face_px", 0, LARGEST_PX) for row in rows], np.float32),
                np.array([number(row[5], "faces.quality", 0, LARGEST_PX) for row in rows], np.float32),
                copies_of([row[7] for row in rows], lengths.pop() if lengths else 0),
                {text_of(row[0]): played[given] for row in rows if (given := text_of(row[8])) in played},
            )
            check_vectors(enrolment.embeddings, "faces.embedding")
            n, k, d = enrolment.copies.shape
            made = enrolment.copies.reshape(n * k, d)
            check_vectors(made[made.any(axis=1)], "faces.copies")
            return enrolment

    def without_copies(self) -> set[int]:
        """Ids of enrolled photos whose small copies were never made."""
        return {int(row[0]) for row in self._database.rows("SELECT photo FROM faces WHERE copies IS NULL")}

    def boxes(self) -> dict[int, tuple[FloatArray, float]]:
        """See `Gallery.boxes`."""
        rows = self._database.rows("SELECT photo, box, yaw FROM faces")
        with self._database.checked():
            return {whole(photo, "faces.photo"): (box_of(box), number(yaw, "faces.yaw")) for photo, box, yaw in rows}

    def counts(self) -> tuple[int, int]:
        """How many photos are enrolled, and how many are known in all."""
        enrolled, known = self._database.rows(
            f"SELECT coalesce(sum(status = 'enrolled'), 0), count(*) FROM photos WHERE {LIVE}"
        )[0]
        return int(enrolled), int(known)

    def faces_of(self, photos: Iterable[int], embedder: str) -> dict[int, tuple[FloatArray, float]]:
        """Embedding (d,) and size in pixels of each of those photos (by id) that has a face, withdrawn ones too."""
        found: dict[int, tuple[FloatArray, float]] = {}
        with self._database.checked():
            for photo in photos:
                for blob, size in self._database.rows("SELECT embedding, face_px FROM faces WHERE photo = ?", (photo,)):
                    vector = vector_of(blob, "faces.embedding", embedder)
                    found[photo] = vector, number(size, "faces.face_px", 0, LARGEST_PX)
        return found

    def shown(self, photos: Iterable[int]) -> dict[int, ShownFace]:
        """See `Gallery.shown`."""
        found: dict[int, ShownFace] = {}
        with self._database.checked():
            for photo in photos:
                for size, quality, picture in self._database.rows(
                    "SELECT face_px, quality, picture FROM faces WHERE photo = ?", (photo,)
                ):
                    found[photo] = ShownFace(
                        number(size, "faces.face_px", 0, LARGEST_PX),
                        number(quality, "faces.quality", 0, LARGEST_PX),
                        None if picture is None else jpeg_of(picture),
                    )
        return found

    def pictures(self) -> dict[int, bytes]:
        """See `Gallery.pictures`."""
        rows = self._database.rows("SELECT photo, picture FROM faces WHERE picture IS NOT NULL ORDER BY photo")
        with self._database.checked():
            return {whole(photo, "faces.photo"): jpeg_of(picture) for photo, picture in rows}

    def replace_pictures(self, pictures: Mapping[int, bytes]) -> None:
        """See `Gallery.replace_pictures`."""
        with self._database.transaction():
            for photo, picture in pictures.items():
                self._database.write("UPDATE faces SET picture = ? WHERE photo = ?", (picture, photo), counts=False)

    def copies_of(self, photos: Iterable[int], dimension: int) -> FloatArray:
        """Embeddings (m, dimension) of the small copies of those photos (by id) that were made."""
        found = [np.empty(0, np.float32)]
        with self._database.checked():
            for photo in photos:
                for (blob,) in self._database.rows("SELECT copies FROM faces WHERE photo = ?", (photo,)):
                    found.append(np.frombuffer(blob or b"", "<f4").astype(np.float32))
            rows = np.concatenate(found).reshape(-1, max(dimension, 1))
        return rows[rows.any(axis=1)]

    def put(self, record: PhotoRecord, face: EnrolledFace | None) -> int:
        """See `Gallery.put_photo`; the record has the id of its character and the name it came in under."""
        values = [record.character_id, *(getattr(record, name) for name in _STORED)]
        with self._database.transaction():
            self._database.write(
                "DELETE FROM photos WHERE (character = ? OR given = ?) AND path = ?",
                (record.character_id, record.given, record.path),
            )
            photo = self._database.write(
                f"INSERT INTO photos (character, {', '.join(_STORED)}) VALUES ({', '.join('?' * len(values))})", values
            )
            if face is not None:
                self._put_face(photo, face)
        return photo

    def _put_face(self, photo: int, face: EnrolledFace) -> None:
        with np.errstate(over="ignore"):  # becomes infinite, which is refused
            embedding = np.asarray(face.embedding, "<f4")
        other = self._database.rows("SELECT length(embedding) FROM faces LIMIT 1")
        fits = embedding.ndim == 1 and (not other or other[0][0] == embedding.nbytes)
        if not fits or not np.isfinite(embedding).all() or not embedding.any():
            raise EmbeddingError(
                f"An embedding of shape {embedding.shape} does not fit this gallery or is not finite: "
                "embed its face again."
            )
        length = float(np.linalg.norm(embedding.astype(np.float64)))
        if abs(length - 1) >= ROUNDING / 2:  # of an embedder that does not keep to its protocol
            embedding = (embedding / length).astype("<f4")
        quality = face.quality
        self._database.write(
            "INSERT INTO faces VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                photo,
                np.asarray(face.box_xyxy, "<f4").tobytes(),
                np.asarray(face.landmarks_xy, "<f4").tobytes(),
                face.detection_score,
                *(float(getattr(quality, name)[0]) for name in ("face_px", "sharpness", "brightness", "yaw", "score")),
                embedding.tobytes(),
                None if face.copies is None else np.asarray(face.copies, "<f4").tobytes(),
                face.picture,
            ),
        )

    def move(self, photo: int | None, new: PhotoRecord) -> None:
        """See `Gallery.move_photo`."""
        self._database.write(
            "UPDATE photos SET path = ?, mtime_ns = ?, look = ?, origin = ?, given = ? WHERE id = ?",
            (new.path, new.mtime_ns, new.look, new.origin, new.given or new.character, photo),
        )

    def settle(self, belongs: Sequence[tuple[int, str | None, int | None]]) -> None:
        """Photo id, the id of its character (None: withdrawn), the edit that took it out: where photos belong now."""
        # A withdrawn photo keeps its face; its character is a mark that no id can be, and that no two photos share.
        for photo, _, _ in belongs:
            self._database.write("UPDATE photos SET character = char(0) || id WHERE id = ?", (photo,))
        for photo, character, withdrawn_by in belongs:
            self._database.write(
                "UPDATE photos SET character = coalesce(?, character), withdrawn_by = ? WHERE id = ?",
                (character, withdrawn_by, photo),
            )

    def remove(self, photos: Iterable[int]) -> None:
        """Take photos and their faces out, by id."""
        with self._database.transaction():
            for photo in photos:
                self._database.write("DELETE FROM photos WHERE id = ?", (photo,))

    def remove_added(self, given: str, path: str) -> None:
        """Take a photo out that a person added: it comes from no cast folder."""
        self._database.write("DELETE FROM photos WHERE given = ? AND path = ? AND origin IS NULL", (given, path))

    def came_in_as(self, photo: int, given: str) -> None:
        """Set the name that a photo came in under."""
        self._database.write("UPDATE photos SET given = ? WHERE id = ?", (given, photo))

    def look_again(self, photo: int) -> None:
        """Forget what was said of a photo: judged by a rule that nobody has, the next training looks again."""
        self._database.write("UPDATE photos SET detail = '', rules = '' WHERE id = ?", (photo,))


def _as_record(row: Sequence[Any]) -> PhotoRecord:
    fields = dict(zip(_READ, row, strict=True))
    character, name = text_of(fields.pop("character")), fields.pop("name")
    is_live = fields["withdrawn_by"] is None
    # A withdrawn photo has no character; what stands there is a mark, and no two photos have the same.
    fields["character"] = text_of(name) if is_live else character
    fields["character_id"] = character if is_live else ""
    fields["given"] = fields["character"] if fields["given"] is None else fields["given"]
    for name in ("path", "sha256", "detail", "rules", "given"):
        fields[name] = text_of(fields[name])
    for name in ("look", "origin"):
        fields[name] = None if fields[name] is None else text_of(fields[name])
    if fields["status"] not in _STATUSES or not all(
        isinstance(fields[name], int) for name in ("size", "mtime_ns", "faces_found", "id")
    ):
        raise ValueError(f"odd facts about {fields['path']}")
    fields["reason"] = None if fields["reason"] is None else Reason(fields["reason"])
    return PhotoRecord(**fields)
