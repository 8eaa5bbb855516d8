"""The gallery's tables, one migration per version, and what a gallery is to `database`."""

from __future__ import annotations

from personae.cast.gallery_upgrade import give_ids
from personae.database import Kind
from personae.hints import command

APPLICATION_ID = 0x50525341  # "PRSA", in the file's header: what tells our database from any other
MIGRATIONS: tuple[str, ...] = (
    # 1: the first schema
    """
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE photos (
        id INTEGER PRIMARY KEY,
        character TEXT NOT NULL,
        look TEXT,
        origin TEXT,
        path TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        status TEXT NOT NULL CHECK (status IN ('enrolled', 'rejected')),
        reason TEXT,
        detail TEXT NOT NULL,
        faces_found INTEGER NOT NULL,
        rules TEXT NOT NULL,
        UNIQUE (character, path)
    );
    CREATE TABLE faces (
        photo INTEGER PRIMARY KEY REFERENCES photos (id) ON DELETE CASCADE,
        box BLOB NOT NULL,
        landmarks BLOB NOT NULL,
        detection_score REAL NOT NULL,
        face_px REAL NOT NULL,
        sharpness REAL NOT NULL,
        brightness REAL NOT NULL,
        yaw REAL NOT NULL,
        quality REAL NOT NULL,
        embedding BLOB NOT NULL
    );
    CREATE TABLE edits (
        id INTEGER PRIMARY KEY,
        time TEXT NOT NULL,
        action TEXT NOT NULL,
        detail TEXT NOT NULL
    );
    """,
    # 2: embeddings of each face shrunk to the sizes of COPIES_PX, float32, one after the other; NULL until looked at
    # again
    "ALTER TABLE faces ADD COLUMN copies BLOB;",
    # 3: what a person decided (see placements.py): `given` is the name a photo came in under, `character` what edits
    # made of it; a photo that edits took out is withdrawn and keeps its face, so that it can come back
    """
    ALTER TABLE photos ADD COLUMN given TEXT;
    ALTER TABLE photos ADD COLUMN withdrawn_by INTEGER;
    UPDATE photos SET given = character;
    ALTER TABLE edits ADD COLUMN undone_by INTEGER;
    CREATE TABLE placements (
        id INTEGER PRIMARY KEY,
        edit INTEGER NOT NULL REFERENCES edits (id) ON DELETE CASCADE,
        character TEXT NOT NULL,
        sha256 TEXT,
        becomes TEXT
    );
    CREATE TABLE negatives (
        id INTEGER PRIMARY KEY,
        edit INTEGER NOT NULL REFERENCES edits (id) ON DELETE CASCADE,
        character TEXT NOT NULL,
        path TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        face_px REAL NOT NULL,
        embedding BLOB NOT NULL
    );
    """,
    # 4: characters have ids. photos.character, negatives.character, placements.character and .becomes hold ids from
    # here on (gallery_upgrade.py changes the rows); photos.given goes on to hold the name a photo came in under.
    # `given`: former names, as JSON, under which photos of the character come in besides its name; `made_by`: the edit
    # that made it
    """
    CREATE TABLE characters (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        given TEXT NOT NULL,
        made_by INTEGER
    ) WITHOUT ROWID;
    """,
    # 5: a small picture of each face, a JPEG file, so that a cast can be looked at without its photos; NULL for faces
    # from before, and for those that came without one
    "ALTER TABLE faces ADD COLUMN picture BLOB;",
)
VERSION = len(MIGRATIONS)


def kind() -> Kind:
    """What tells a gallery from any other database, and what to do about one that cannot be used."""
    return Kind(
        "the gallery",
        APPLICATION_ID,
        MIGRATIONS,
        remedy="Restore it from a backup, or move it away and train again.",
        missing=lambda: f"Train first: {command('train CAST_FOLDER')}",
        upgrades={4: give_ids},
    )
