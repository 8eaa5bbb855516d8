"""The gallery's rows of characters, placements and negatives: who is who, and what a person decided."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any

from personae.cast.characters import CharacterRow, Characters, new_id
from personae.cast.gallery_database import GalleryDatabase
from personae.cast.gallery_records import Character
from personae.cast.gallery_rows import text_of
from personae.cast.placements import Placement, Placements
from personae.checks import Fields, any_text, parsed, whole


class GalleryCharacters:
    """Reads and writes them. Methods that write belong inside a transaction of the gallery."""

    def __init__(self, database: GalleryDatabase) -> None:
        self._database = database

    def all(self) -> Characters:
        """Everybody the gallery knows, with what edits decided."""
        rows = self._database.rows("SELECT id, name, given, made_by FROM characters ORDER BY id")
        peopled = self._database.rows("SELECT DISTINCT character FROM photos WHERE withdrawn_by IS NULL")
        placements = self.placements()
        with self._database.checked():
            return Characters(map(_as_row, rows), placements, {text_of(row[0]) for row in peopled})

    def placements(self) -> Placements:
        """What edits that hold say about photos, by the ids of characters."""
        rows = self._database.rows("SELECT edit, character, sha256, becomes FROM placements ORDER BY edit, id")
        with self._database.checked():
            return Placements(
                Placement(whole(row[0], "placements.edit"), text_of(row[1]), *map(_text_or_none, row[2:]))
                for row in rows
            )

    def listed(self) -> list[Character]:
        """The cast: every character in it, also without photos, by name."""
        counted = self._database.rows(
            "SELECT character, count(*) FROM photos "
            "WHERE withdrawn_by IS NULL AND status = 'enrolled' GROUP BY character"
        )
        characters = self.all()
        with self._database.checked():
            photos = {text_of(row[0]): int(row[1]) for row in counted}
        return [Character(row.id, row.name, photos.get(row.id, 0)) for row in characters.in_cast()]

    def name_of(self, character: str) -> str | None:
        """The name of a character of that id, in the cast or not any more; None for an unknown id."""
        rows = self._database.rows("SELECT name FROM characters WHERE id = ?", (character,))
        with self._database.checked():
            return text_of(rows[0][0]) if rows else None

    def ensure(self, names: Iterable[str]) -> Characters:
        """Make a character of every name that stands for nobody yet, as trainings do; everybody then."""
        characters = self.all()
        missing = [name for name in dict.fromkeys(names) if characters.start(name) is None]
        for name in missing:
            self.add(name)
        return self.all() if missing else characters

    def add(self, name: str, *, made_by: int | None = None) -> str:
        """A new character; its id."""
        character = new_id()
        self._database.write("INSERT INTO characters VALUES (?, ?, '[]', ?)", (character, name, made_by))
        return character

    def change(self, rows: Iterable[CharacterRow]) -> None:
        """Give characters names and former names."""
        for row in rows:
            self._database.write(
                "UPDATE characters SET name = ?, given = ? WHERE id = ?",
                (row.name, json.dumps(row.given, ensure_ascii=False), row.id),
            )

    def folder_renamed(self, before: str, name: str, *, keep: bool) -> list[str]:
        """The folder whose photos came in as `before` is called `name` now: they stay the same character's; notes.

        The character is called so too, unless a person gave it a name of its own. `keep`: the name before goes on to
        stand for it, because there are other photos that came in so.
        """
        characters = self.all()
        start = characters.start(before)
        if start is None:
            return []
        row = characters.rows[start]
        if row.name == before and characters.is_there(start):
            self.change([replace(row, name=name, given=(*row.given, before) if keep else row.given)])
            return [f"The folder of {before} is called {name} now: it is the same character, under its new name."]
        self.change([replace(row, given=(*row.given, name))])
        return []

    def remove(self, characters: Collection[str]) -> None:
        """Take characters out for good, with their ids."""
        for character in characters:
            self._database.write("DELETE FROM characters WHERE id = ?", (character,))

    def remove_made_by(self, edits: Collection[int]) -> None:
        """Take those out that edits made which are undone, unless something came in for them since."""
        characters = self.all()
        given = {text_of(row[0]) for row in self._database.rows("SELECT DISTINCT given FROM photos")}
        needed = {characters.start(name) for name in given} | characters.peopled
        for table in ("placements", "negatives"):
            needed |= {row[0] for row in self._database.rows(f"SELECT DISTINCT character FROM {table}")}
        self.remove([row.id for row in characters.rows.values() if row.made_by in edits and row.id not in needed])

    def forget(self, characters: Collection[str], names: Collection[str]) -> tuple[list[tuple[str, str]], int]:
        """Take characters out for good, with what was decided about them and the former `names` of others.

        (character, digest) of photos that others had given to them, and how many decisions went.
        """
        kept: list[tuple[str, str]] = []
        went = 0
        for row in self._database.rows("SELECT id, character, sha256, becomes FROM placements ORDER BY edit, id"):
            with self._database.checked():
                placement, character, digest, becomes = row[0], text_of(row[1]), _text_or_none(row[2]), row[3]
            if character not in characters and becomes not in characters:
                continue
            if character not in characters and digest is not None and (character, digest) not in kept:
                kept.append((character, digest))
            self._database.write("DELETE FROM placements WHERE id = ?", (placement,))
            went += 1
        self.remove(characters)
        others = self.all().rows.values()
        left = [replace(row, given=tuple(name for name in row.given if name not in names)) for row in others]
        self.change([row for row, before in zip(left, others, strict=True) if row != before])
        return kept, went

    def place(self, edit: int, character: str, sha256: str | None, becomes: str | None) -> None:
        """Add a placement; `character` and `becomes` are ids."""
        self._database.write(
            "INSERT INTO placements (edit, character, sha256, becomes) VALUES (?, ?, ?, ?)",
            (edit, character, sha256, becomes),
        )

    def copy_placements(self, sha256: str, copy: str) -> None:
        """Decide about the photo `copy` as about the photo `sha256`, whose copy it is."""
        self._database.write(
            "INSERT INTO placements (edit, character, sha256, becomes) "
            "SELECT edit, character, ?, becomes FROM placements WHERE sha256 = ? ORDER BY edit, id",
            (copy, sha256),
        )


def _as_row(row: tuple[Any, ...]) -> CharacterRow:
    given = Fields({"given": parsed(text_of(row[2]))}, "characters").each("given", any_text)
    made_by = None if row[3] is None else whole(row[3], "characters.made_by")
    return CharacterRow(text_of(row[0]), text_of(row[1]), tuple(given), made_by)


def _text_or_none(value: Any) -> str | None:
    return None if value is None else text_of(value)
