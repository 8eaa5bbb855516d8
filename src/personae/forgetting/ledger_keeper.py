"""The ledger's part of forgetting: what was written outside the project. Films there are the films' keeper's."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from personae.errors import StoreError
from personae.files import clear_leftovers, open_input, read_whole, replacing, sha256_of, shred, write_whole
from personae.forgetting import archived
from personae.forgetting.documents import as_text, forget_in_json, is_of_ours
from personae.forgetting.fates import fate_of
from personae.forgetting.keeper import Forgotten, Tell, unreached, why_not
from personae.forgetting.names import NameSearch
from personae.forgetting.person import Person
from personae.forgetting.search import Search
from personae.job_rows import JobRows
from personae.ledger import KIND, LINK, MIGRATIONS, Entry, Ledger, PutOff
from personae.old_pages import digests_of


class LedgerKeeper:
    """Keeps the ledger and the files on it that lie outside the project. `films`: kinds of files that others keep."""

    def __init__(self, ledger: Ledger, films: Collection[str]) -> None:
        self.ledger = ledger
        self._films = films
        self._cleaned: list[Path] = []

    def forget(self, person: Person, tell: Tell) -> Forgotten:
        """Clean, delete or list each file that shows the person; then the list itself no longer says who that was."""
        done = Forgotten(Counter({"written files": 0}))
        for entry in self._outside():
            if person.may_be_in(entry) and entry.kind not in self._films:
                self._file(entry, person, done, tell)
        # Last, for who was killed must find on the list what is left, or the empty folder alone.
        for folder in {Path(path).parent for path, kind in person.written if kind in archived.SORTED}:
            archived.leave_folder(folder, person)
        # After a kill the list may no longer say who was in what is listed.
        known = {path for path, _ in (*done.listed, *done.unreached)}
        for path, kind in person.written:
            if Path(path) not in known and kind not in self._films and self._stays(Path(path), kind, person):
                done.listed.append((Path(path), kind))
        forget_in_list(self.ledger, person, self._films)
        return done

    def search(self, search: Search) -> None:
        """Search the ledger's own files, and what was cleaned."""
        jobs = JobRows(self.ledger.project)
        texts = [*rows_of(self.ledger), *jobs.texts()]
        # A key is of somebody who uses the service: it stays, and the report says so.
        search.explain([*texts, *(f"{name} (a key of the service)" for name in jobs.key_names())])
        # The letters of a short name stand in digests by chance.
        texts += [text for one in self.ledger.to_be_cleaned() for text in (one.sha256, one.salt, *one.names)]
        search.database(self.ledger.path, KIND, [*texts, *jobs.figures(), *MIGRATIONS], others=jobs.key_names())
        for path in self._cleaned:
            search.file(path, own_name=False)

    def later(self, one: PutOff, person: Person) -> Forgotten:
        """Clean or delete a file that could not be reached before; one that was changed meanwhile stays."""
        done = Forgotten(Counter({"written files": 0}))
        known = self.ledger.find(one.path) or Entry(one.path, "", one.kind)
        if one.kind == LINK:  # what lies at its end is the user's
            known = Entry(one.path, "", one.kind)
        # As it was then: what was made anew since shows nobody who was forgotten.
        self._file(replace(known, sha256=one.sha256, kind=one.kind), person, done, lambda _: None)
        if one.kind in archived.SORTED:
            archived.leave_folder(Path(one.path).parent, person)
        return done

    def _outside(self) -> list[Entry]:
        """What lies outside the project; and photos in folders of people inside it, which nobody else may delete."""
        project = os.path.realpath(self.ledger.project)
        return [
            entry
            for entry in self.ledger.entries()
            if not is_gone(entry)
            and (entry.kind in archived.SORTED or not Path(os.path.realpath(entry.path)).is_relative_to(project))
        ]

    def _file(self, entry: Entry, person: Person, done: Forgotten, tell: Tell) -> None:
        path, fate = Path(entry.path), fate_of(entry.kind)
        tell(path)
        why = unreached(path.parent)
        clear_leftovers(path.parent)
        try:
            if entry.kind in archived.KINDS and why is None:
                self._archived(path, entry, person, done)
                return
            is_left = not _is_as_written(path, entry) if why is None else not person.is_in(entry)
            if fate == "list" or is_left:
                done.listed.append((path, entry.kind))
            elif why is not None:
                done.unreached.append((path, why))
            elif fate == "delete":
                shred(path)
                done.removed["written files"] += 1
            elif self._clean(path, entry, person):
                done.removed["written files"] += 1
        except (OSError, StoreError) as error:
            done.unreached.append((path, why_not(error)))

    def _archived(self, path: Path, entry: Entry, person: Person, done: Forgotten) -> None:
        outcome = archived.forget_in_file(path, entry, person)
        if outcome == "gone":
            self.ledger.drop([path])
        elif outcome in ("listed", "partly"):
            done.listed.append((path, entry.kind))
            done.partly += [path] if outcome == "partly" else []
        if outcome in ("cleaned", "partly", "listed") and path.is_file() and entry.kind != LINK:
            who = tuple(name for name in entry.who if name not in person.spellings)
            # What others changed stays marked so, by the digest of what we wrote.
            digest = sha256_of(path) if outcome == "cleaned" else entry.sha256
            self.ledger.record(path, sha256=digest, kind=entry.kind, who=who, source=entry.source)
        if outcome == "cleaned" and entry.kind in (archived.SIDECAR, archived.SORTED_SIDECAR):
            self._cleaned.append(path)
        if outcome in ("gone", "cleaned", "partly"):
            done.removed["written files"] += 1

    def _clean(self, path: Path, entry: Entry, person: Person) -> bool:
        text = read_whole(path).decode("utf-8", "surrogatepass")
        document = json.loads(text)
        cleaned, _ = forget_in_json(document, person.marks)
        self._cleaned.append(path)
        if cleaned == document:
            return False
        who = tuple(name for name in entry.who if name not in person.spellings)
        self.ledger.record(path, sha256="", kind=entry.kind, who=entry.who, source=entry.source)  # until it is written
        with replacing(path):
            write_whole(path, as_text(cleaned, text))
        self.ledger.record(path, sha256=sha256_of(path), kind=entry.kind, who=who, source=entry.source)
        return True

    def _stays(self, path: Path, kind: str, person: Person) -> bool:
        """Whether a file that showed the person is left as it was, neither cleaned nor deleted."""
        if kind in archived.KINDS:
            return archived.shows(path, kind, person)
        if not os.path.lexists(path) and path.parent.is_dir():
            return False
        entry = self.ledger.find(path)
        return fate_of(kind) != "clean" or entry is None or not _is_as_written(path, entry)


def forget_in_list(ledger: Ledger, person: Person, films: Collection[str] = ()) -> None:
    """Take the person out of every entry; one that is gone, or whose own path names them, goes itself.

    `films`: kinds that stand for other files too, and are not gone when that one is.
    """
    search = NameSearch(person.names)

    def forgotten(entry: Entry) -> Entry | None:
        gone = is_gone(entry) and entry.kind not in films
        if gone or any(search.in_file_name(part) for part in Path(entry.path).parts):
            return None
        tells = entry.source in person.paths or search.in_file_name(entry.source)
        who = tuple(name for name in entry.who if name not in person.spellings)
        return replace(entry, who=who, source="" if tells else entry.source)

    ledger.rewrite(forgotten)


def rows_of(ledger: Ledger) -> list[str]:
    """Every text of the ledger."""
    entries = [
        text
        for entry in ledger.entries()
        for text in (entry.path, entry.sha256, entry.kind, entry.source, json.dumps(entry.who, ensure_ascii=False))
    ]
    return [*entries, *(one.path for one in ledger.to_be_cleaned())]


def is_gone(entry: Entry) -> bool:
    """Whether a file is not there any more, and not for want of its disk."""
    if os.path.lexists(entry.path):
        return False
    folder = Path(entry.path).parent
    return folder.is_dir() or (entry.kind in archived.SORTED and archived.is_in_use(folder.parent))


def _is_as_written(path: Path, entry: Entry) -> bool:
    """Whether a file is as we wrote it: by its digest; one that was noted without is, where its content says so."""
    if not path.is_file():
        return False
    if entry.sha256 or fate_of(entry.kind) != "clean":
        return entry.sha256 in digests_of(path)
    with open_input(path) as file:
        return is_of_ours(file.read(64))
