"""From one gallery to another: a fresh one takes the decisions of the old along, and replaces it when complete."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from personae.cast.gallery_database import GalleryDatabase
from personae.database import sqlite_errors

_DECISIONS = ("characters", "edits", "placements")


@contextmanager
def attached(database: GalleryDatabase, other: Path) -> Iterator[None]:
    """Inside, the gallery `other` is at hand as "fresh"."""
    with database.lock, sqlite_errors(database.path, database.kind):
        database.connection.execute("ATTACH DATABASE ? AS fresh", (os.fsencode(other),))
        try:
            yield
        finally:
            database.connection.execute("DETACH DATABASE fresh")


def replace_by_attached(database: GalleryDatabase) -> None:
    """Replace photos, faces, characters and facts by those of the attached gallery; decisions stay as they are."""
    embedders = [database.rows(f"SELECT value FROM {name}.meta WHERE key = 'embedder'") for name in ("fresh", "main")]
    revision = database.revision
    if embedders[0] != embedders[1]:
        database.write("DELETE FROM main.negatives")  # they cannot be compared any more
    for table in ("faces", "photos", "characters", "meta"):
        database.write(f"DELETE FROM main.{table}")
    for table in ("meta", "characters", "photos", "faces"):
        database.write(f"INSERT INTO main.{table} SELECT * FROM fresh.{table}")
    database.bump(least=revision)


def decisions_of(database: GalleryDatabase, *, same_embedder: bool, added: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Rows of a gallery that one to replace it must have: table -> rows.

    `same_embedder`: whether its faces can be compared with the other's; `added`: (given, path) of photos that a person
    added: they come from no cast folder.
    """
    tables = {table: database.rows(f"SELECT * FROM {table}") for table in _DECISIONS}
    tables["meta"] = database.rows("SELECT * FROM meta WHERE key = 'revision'")
    if not same_embedder:
        return tables
    tables["negatives"] = database.rows("SELECT * FROM negatives")
    photos: list[Any] = []
    faces: list[Any] = []
    for named in added:
        where = "given = ? AND path = ? AND origin IS NULL"
        photos += database.rows(f"SELECT * FROM photos WHERE {where}", named)
        faces += database.rows(f"SELECT * FROM faces WHERE photo IN (SELECT id FROM photos WHERE {where})", named)
    return tables | {"photos": list(dict.fromkeys(photos)), "faces": list(dict.fromkeys(faces))}


def put_decisions(database: GalleryDatabase, tables: Mapping[str, Sequence[Any]]) -> None:
    """Put rows of `decisions_of` into a gallery that has none of them yet."""
    with database.transaction():
        for table, rows in tables.items():
            for row in rows:
                verb = "INSERT OR REPLACE" if table == "meta" else "INSERT"
                database.write(f"{verb} INTO {table} VALUES ({', '.join('?' * len(row))})", row)
