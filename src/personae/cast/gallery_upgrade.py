"""From gallery version 3 to 4: characters, who were only names, get ids.

In version 3 everything was said by name, and a rename was a placement like a merge. The placements are replayed in
their order: whose a name was at each moment is the id that it stands for there. Each photo ends where it was before.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from dataclasses import dataclass, field
from typing import Any

from personae.cast.characters import CharacterRow, Characters, new_id
from personae.cast.gallery_rows import detail_of, stored, text_of
from personae.cast.placements import Placement, Placements
from personae.checks import facts, parsed, whole
from personae.names import is_unknown_name, upgraded_name

log = logging.getLogger(__name__)


def give_ids(connection: sqlite3.Connection) -> None:
    """Change the rows of an open gallery, inside the caller's transaction; raises ValueError for rows that misfit."""
    said = _Said.read(connection)
    ids = _Ids()
    ids.replay(said)
    for photo in said.photos:
        ids.ensure_started(photo.given)
    _mend(ids, said)
    ids.away_from_unknown()
    ids.write(connection, said)


@dataclass(frozen=True)
class _Photo:
    id: int
    character: str
    given: str
    sha256: str
    withdrawn: bool


@dataclass(frozen=True)
class _Said:
    """Everything of a gallery that names a character."""

    photos: list[_Photo]
    placements: list[Placement]
    negatives: list[tuple[int, int, str]]
    merged: dict[int, list[str]]
    """Edit -> the characters that it made one."""

    @classmethod
    def read(cls, connection: sqlite3.Connection) -> _Said:
        photos = [
            _Photo(
                whole(row[0], "photos.id"),
                text_of(row[1]),
                text_of(row[1] if row[2] is None else row[2]),
                text_of(row[3]),
                row[4] is not None,
            )
            for row in connection.execute("SELECT id, character, given, sha256, withdrawn_by FROM photos ORDER BY id")
        ]
        placements = [
            Placement(whole(row[0], "placements.edit"), text_of(row[1]), _optional(row[2]), _optional(row[3]))
            for row in connection.execute("SELECT edit, character, sha256, becomes FROM placements ORDER BY edit, id")
        ]
        negatives = [
            (whole(row[0], "negatives.id"), whole(row[1], "negatives.edit"), text_of(row[2]))
            for row in connection.execute("SELECT id, edit, character FROM negatives ORDER BY edit, id")
        ]
        merged = {
            whole(edit, "edits.id"): detail_of(detail).get("characters", [])
            for edit, detail in connection.execute("SELECT id, detail FROM edits WHERE action = 'merge'")
        }
        return cls(photos, placements, negatives, merged)


@dataclass
class _Row:
    name: str
    given: list[str] = field(default_factory=list)
    made_by: int | None = None


@dataclass
class _Ids:
    """The characters as they come to be; `before`: edit -> id -> [name, former names] that a rename changed."""

    rows: dict[str, _Row] = field(default_factory=dict)
    owner: dict[str, str] = field(default_factory=dict)
    former: dict[str, str] = field(default_factory=dict)
    placements: list[Placement] = field(default_factory=list)
    negatives: list[tuple[int, str]] = field(default_factory=list)
    before: dict[int, dict[str, list[Any]]] = field(default_factory=dict)

    def replay(self, said: _Said) -> None:
        """Say by ids what was said by names."""
        for edit in sorted({each.edit for each in said.placements} | {each[1] for each in said.negatives}):
            for name in said.merged.get(edit, ()):
                self.ensure(name, None)
            self.negatives += [(row, self.ensure(name, None)) for row, at, name in said.negatives if at == edit]
            for placement in said.placements:
                if placement.edit == edit:
                    self._say(placement)

    def _say(self, placement: Placement) -> None:
        edit, sha256, name = placement.edit, placement.sha256, placement.becomes
        by_hand = name == placement.character
        character = self.ensure(placement.character, edit if by_hand else None)
        if sha256 is None and name is not None and name not in self.owner:
            self._rename(edit, character, name)
        else:
            becomes = None if name is None else self.ensure(name, edit)
            start = self.former.get(placement.character, character)
            if by_hand and sha256 is not None and start != character:  # as `edit_steps.give` says it
                self.placements += [Placement(edit, start, sha256, each) for each in (start, character)]
            self.placements.append(Placement(edit, character, sha256, becomes))

    def _rename(self, edit: int, character: str, name: str) -> None:
        row = self.rows[character]
        self.before.setdefault(edit, {}).setdefault(character, [row.name, list(row.given)])
        if row.name not in self.former:
            self.former[row.name] = character
            row.given.append(row.name)
        self.owner.pop(row.name, None)
        row.name = name
        self.owner[name] = character

    def ensure(self, name: str, made_by: int | None) -> str:
        """The id of who is called so now."""
        if name not in self.owner:
            self.owner[name] = new_id()
            self.rows[self.owner[name]] = _Row(name, made_by=made_by)
        return self.owner[name]

    def ensure_started(self, given: str) -> str:
        """The id that photos which come in under this name have before any decision."""
        return self.former.get(given) or self.ensure(given, None)

    def characters(self) -> Characters:
        """Everybody as they are so far."""
        rows = [CharacterRow(key, row.name, tuple(row.given), row.made_by) for key, row in self.rows.items()]
        return Characters(rows, Placements(self.placements))

    def away_from_unknown(self) -> None:
        """Give those another name who are called as people without a name are shown."""
        for character, row in sorted(self.rows.items(), key=lambda item: item[1].name):
            if is_unknown_name(row.name):
                old, new = row.name, upgraded_name(row.name)
                while new in self.owner:
                    new += "'"
                if old not in self.former:
                    self.former[old] = character
                    row.given.append(old)
                row.name = new
                self.owner[new] = character
                log.warning(
                    "The character %s is called %s from now on, because people without a name are shown as %s. "
                    "Give it a better one with `personae rename`.", old, new, old,
                )  # fmt: skip
        for names in self.before.values():
            for before in names.values():
                before[0] = upgraded_name(before[0])

    def write(self, connection: sqlite3.Connection, said: _Said) -> None:
        """Put all of it into the rows."""
        for character, row in self.rows.items():
            given = json.dumps(row.given, ensure_ascii=False)
            values = (character, stored(row.name), stored(given), row.made_by)
            connection.execute("INSERT INTO characters VALUES (?, ?, ?, ?)", values)
        connection.execute("DELETE FROM placements")
        for placement in sorted(self.placements, key=lambda each: each.edit):
            connection.execute(
                "INSERT INTO placements (edit, character, sha256, becomes) VALUES (?, ?, ?, ?)",
                (placement.edit, placement.character, stored(placement.sha256), placement.becomes),
            )
        for negative, character in self.negatives:
            connection.execute("UPDATE negatives SET character = ? WHERE id = ?", (character, negative))
        characters = self.characters()
        for photo in said.photos:
            if not photo.withdrawn:
                character = characters.place(photo.given, photo.sha256).character
                connection.execute("UPDATE photos SET character = ? WHERE id = ?", (character, photo.id))
        for edit, before in self.before.items():
            for (said_before,) in connection.execute("SELECT detail FROM edits WHERE id = ?", (edit,)).fetchall():
                detail = facts(parsed(text_of(said_before)), "edits.detail", halves=True) | {"before": before}
                connection.execute("UPDATE edits SET detail = ? WHERE id = ?", (json.dumps(detail), edit))


def _mend(ids: _Ids, said: _Said) -> None:
    """Say of single photos where they were, where names said more than ids do.

    A name could be given away and then be somebody else's: a photo added by hand under a former name. Where nothing
    says why a photo is where it is, it goes where it came in, as the next edit would have brought it there.
    """
    by_name, characters = Placements(said.placements), ids.characters()
    for photo in said.photos:
        if _is_right(photo, characters):
            continue
        edit = by_name.place(photo.given, photo.sha256).edit
        if edit is None or not photo.sha256:
            continue
        before = ids.placements
        for at in (edit, max(each.edit for each in said.placements)):
            ids.placements = sorted([*before, *_saying(photo, at, ids, characters)], key=lambda each: each.edit)
            characters = ids.characters()
            if _is_right(photo, characters):
                break


def _is_right(photo: _Photo, characters: Characters) -> bool:
    place = characters.place(photo.given, photo.sha256)
    if photo.withdrawn or place.withdrawn_by is not None:
        return photo.withdrawn == (place.withdrawn_by is not None)
    return characters.name_of(place.character) == photo.character


def _saying(photo: _Photo, edit: int, ids: _Ids, characters: Characters) -> list[Placement]:
    """Placements that put one photo where it is."""
    if photo.withdrawn:
        now = characters.place(photo.given, photo.sha256).character
        return [Placement(edit, now, photo.sha256, None)]
    start, owner = ids.ensure_started(photo.given), ids.ensure(photo.character, None)
    return [Placement(edit, start, photo.sha256, becomes) for becomes in (start, owner)]


def _optional(value: Any) -> str | None:
    return None if value is None else text_of(value)
