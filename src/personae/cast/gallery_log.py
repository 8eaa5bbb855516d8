"""The gallery's rows of edits and negatives: the log of what changed it, and faces that characters are not."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import numpy as np

from personae.cast.gallery_database import GalleryDatabase
from personae.cast.gallery_records import Edit, Negative
from personae.cast.gallery_rows import LARGEST_PX, detail_of, text_of, vector_of
from personae.checks import number, whole


class GalleryLog:
    """Reads and writes them. Methods that write belong inside a transaction of the gallery."""

    def __init__(self, database: GalleryDatabase) -> None:
        self._database = database

    def edits(self, only: int | None = None) -> list[Edit]:
        """Every entry, oldest first; or the one with the id `only`."""
        where, values = ("", []) if only is None else ("WHERE id = ?", [only])
        rows = self._database.rows(f"SELECT id, time, action, detail, undone_by FROM edits {where} ORDER BY id", values)
        with self._database.checked():
            return [
                Edit(
                    whole(row[0], "edits.id"),
                    text_of(row[1]),
                    text_of(row[2]),
                    detail_of(row[3]),
                    None if row[4] is None else whole(row[4], "edits.undone_by"),
                )
                for row in rows
            ]

    def append(self, action: str, detail: dict[str, Any]) -> int:
        """Append an entry; its id."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return self._database.write(
            "INSERT INTO edits (time, action, detail) VALUES (?, ?, ?)", (now, action, json.dumps(detail)), counts=False
        )

    def explain(self, edit: int, detail: dict[str, Any]) -> None:
        """Set what an entry says."""
        self._database.write("UPDATE edits SET detail = ? WHERE id = ?", (json.dumps(detail), edit), counts=False)

    def remove(self, edits: Iterable[int]) -> None:
        """Take entries out of the log, with what they decided."""
        for edit in edits:
            self._database.write("DELETE FROM edits WHERE id = ?", (edit,), counts=False)

    def mark_undone(self, edit: int, undone_by: int) -> None:
        """Take away what an edit decided, and say by which entry."""
        for table in ("placements", "negatives"):
            self._database.write(f"DELETE FROM {table} WHERE edit = ?", (edit,))
        self._database.write("UPDATE edits SET undone_by = ? WHERE id = ?", (undone_by, edit), counts=False)

    def negatives(self, embedder: str) -> list[tuple[int, int, Negative]]:
        """(id, edit, face) of every face that a character is not; its `character` is an id."""
        rows = self._database.rows(
            "SELECT negatives.id, edit, character, path, face_px, embedding FROM negatives "
            "LEFT JOIN characters ON characters.id = character ORDER BY name, sha256, embedding"
        )
        with self._database.checked():
            return [
                (
                    whole(row[0], "negatives.id"),
                    whole(row[1], "negatives.edit"),
                    Negative(
                        text_of(row[2]),
                        text_of(row[3]),
                        number(row[4], "negatives.face_px", 0, LARGEST_PX),
                        vector_of(row[5], "negatives.embedding", embedder),
                    ),
                )
                for row in rows
            ]

    def put_negative(self, edit: int, negative: Negative, sha256: str) -> None:
        """Keep a face that somebody is not; its `character` is an id."""
        self._database.write(
            "INSERT INTO negatives (edit, character, path, sha256, face_px, embedding) VALUES (?, ?, ?, ?, ?, ?)",
            (
                edit,
                negative.character,
                negative.path,
                sha256,
                negative.face_px,
                np.asarray(negative.embedding, "<f4").tobytes(),
            ),
        )

    def remove_negatives(self, negatives: Iterable[int]) -> None:
        """Take faces that somebody is not out, by their ids."""
        for negative in negatives:
            self._database.write("DELETE FROM negatives WHERE id = ?", (negative,))
