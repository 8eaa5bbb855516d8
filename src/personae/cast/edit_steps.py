"""What all edits of a gallery are made of: a log entry, placements, and what became of the photos."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from personae.cast.edit_log import EditLog
from personae.cast.gallery import Gallery
from personae.cast.gallery_records import Change, Edit, as_rows


@dataclass(frozen=True)
class EditOutcome:
    """What one edit did: its log entry (None where nothing had to be done), the photos it moved, what to know."""

    edit: Edit | None
    changes: tuple[Change, ...] = ()
    rejected: tuple[tuple[str, str, str], ...] = ()
    """Photos that were to be added and cannot be used: (path, reason, detail)."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class BegunEdit:
    """An edit that is under way: its log entry, and where every photo was before it."""

    log: EditLog
    edit: int
    before: dict[int, tuple[str, str | None]]
    detail: dict[str, Any]

    @classmethod
    def of(cls, gallery: Gallery, action: str, detail: dict[str, Any]) -> BegunEdit:
        """Begin an edit: its entry in the log says `detail` until it is finished."""
        log = EditLog(gallery)
        return cls(log, log.record(action, detail), log.whereabouts(), detail)

    def id_of(self, name: str) -> str:
        """The id of a character in the cast, as `check_character` gave its name."""
        found = self.log.gallery.id_of(name)
        assert found is not None
        return found

    def place(self, character: str, sha256: str | None, becomes: str | None) -> None:
        """Say where photos belong; see `EditLog.place`."""
        self.log.place(self.edit, character, sha256, becomes)

    def rename(self, character: str, name: str) -> None:
        """Give the character with that id another name."""
        self.detail.update(self.log.rename(character, name))

    def finish(self) -> EditOutcome:
        """Bring every photo where it belongs now, and write down what that changed."""
        self.log.apply()
        after = self.log.whereabouts()
        changes = [
            Change(path, name, after[photo][1])
            for photo, (path, name) in sorted(self.before.items())
            if photo in after and after[photo][1] != name
        ]
        self.log.explain(self.edit, {**self.detail, "photos": as_rows(changes)})
        return outcome_of(self.log, self.edit, changes)


def outcome_of(
    log: EditLog,
    edit: int,
    changes: Sequence[Change],
    rejected: tuple[tuple[str, str, str], ...] = (),
    notes: Sequence[str] = (),
) -> EditOutcome:
    """What an edit did, with its entry as the log has it."""
    (entry,) = log.edits(edit)
    return EditOutcome(entry, tuple(changes), rejected, tuple(notes))


def enrolled_by_path(gallery: Gallery) -> dict[str, set[str]]:
    """Path -> the characters it is enrolled as."""
    found: dict[str, set[str]] = {}
    for photo in gallery.photos():
        if photo.status == "enrolled":
            found.setdefault(photo.path, set()).add(photo.character)
    return found


def differences(before: dict[str, set[str]], after: dict[str, set[str]]) -> list[Change]:
    """What changed between two states of `enrolled_by_path`."""
    changes = []
    for path in sorted({*before, *after}):
        gone = sorted(before.get(path, set()) - after.get(path, set()))
        come = sorted(after.get(path, set()) - before.get(path, set()))
        for i in range(max(len(gone), len(come))):
            changes.append(Change(path, gone[i] if i < len(gone) else None, come[i] if i < len(come) else None))
    return changes


def give(log: EditLog, edit: int, name: str, digests: Collection[str]) -> str:
    """Say that photos are those of the character `name`, known or new; its id."""
    characters = log.characters()
    character = whose(log, edit, name)
    if character in characters.rows and characters.placements.place(character, "").withdrawn_by is not None:
        log.place(edit, character, None, character)
    start = characters.start(name)
    for digest in sorted(digests):
        if start not in (None, character):  # a former name of somebody else, whose folder may hold this photo
            log.place(edit, str(start), digest, start)
            log.place(edit, str(start), digest, character)
        log.place(edit, character, digest, character)
    return character


def whose(log: EditLog, edit: int, name: str) -> str:
    """The id of the character called `name`: in the cast, gone, or made by this edit."""
    return log.characters().called(name) or log.gallery.who.add(name, made_by=edit)
