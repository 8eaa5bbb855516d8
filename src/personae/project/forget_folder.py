"""What lies in a project's folder and belongs to no room: outputs, copies, notes, what killed writers left.

The folder is the project's, so everything in it is cleaned, and everything in it is searched.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from personae import database
from personae.files import (
    HOLDER_FILE,
    LOCK_FILE,
    TEMPORARY,
    open_input,
    read_whole,
    replacing,
    shred,
    write_whole,
)
from personae.films.forget_tracks import is_of_a_film
from personae.films.keeper import rewrite_tracks, search_file
from personae.forgetting import archived
from personae.forgetting.documents import as_text, forget_in_json, is_of_ours
from personae.forgetting.keeper import Forgotten, Tell
from personae.forgetting.person import Person
from personae.forgetting.search import Search
from personae.old_pages import digests_of
from personae.paths import FORGETTING_FILE, ProjectPaths
from personae.recognition import model_file

_NOT_SEARCHED = frozenset({LOCK_FILE, HOLDER_FILE, FORGETTING_FILE})


class FolderKeeper:
    """Keeps the rest of a project's folder."""

    def __init__(self, paths: ProjectPaths) -> None:
        self.paths = paths

    def forget(self, person: Person, tell: Tell) -> Forgotten:
        """Delete outputs that show the person, and take them out of documents and tracks that lie elsewhere."""
        removed: Counter[str] = Counter({"entries of films": 0, "tracks": 0, "pictures": 0})
        for path in files_of(self.paths):
            if path.name.startswith(TEMPORARY):
                shred(path)
        for path in sorted(self._outputs_with(person)):
            tell(path)
            shred(path)
            removed["pictures"] += 1
        for path, before, cleaned, entries in self._documents(person):
            tell(path)
            removed["entries of films"] += entries
            with replacing(path):
                write_whole(path, as_text(cleaned, before))
        for path in files_of(self.paths):
            if is_of_a_film(path):
                rewrite_tracks(path, person, removed)
        return Forgotten(removed)

    def search(self, search: Search) -> None:
        """Search every file that was not searched yet."""
        for path in files_of(self.paths):
            search_file(path, search, folders=path.relative_to(self.paths.folder).parts[:-1])
        for link in links_of(self.paths.folder):
            search.found(link, "a link to another folder, which was not searched")

    def _outputs_with(self, person: Person) -> set[Path]:
        """Outputs in the project that show the person and are as we wrote them, whatever they are called now.

        Documents are not among them: the person is taken out of those.
        """
        entries = {
            entry.sha256
            for entry in self.paths.ledger.entries()
            # A copy that was sorted has the very bytes of the user's photo.
            if entry.sha256 and person.is_in(entry) and entry.kind not in archived.SORTED
        }
        found = set()
        for path in files_of(self.paths) if entries else ():
            with contextlib.suppress(OSError):
                is_ours = stat.S_ISREG(path.lstat().st_mode) and not entries.isdisjoint(digests_of(path))
                if is_ours and not _is_document(path) and not is_of_a_film(path):
                    found.add(path)
        return found

    def _documents(self, person: Person) -> Iterator[tuple[Path, str, Any, int]]:
        """Each JSON document that tells of the person: its text, the document without them, how many entries went."""
        models = {str(path) for model, _ in person.models for path in (model, model_file.metadata_path(Path(model)))}
        for path in files_of(self.paths):
            if str(path.absolute()) in models or not _is_document(path):
                continue
            try:
                before = read_whole(path).decode("utf-8")
                document = json.loads(before)
            except (OSError, ValueError, RecursionError):
                continue
            cleaned, gone = forget_in_json(document, person.marks)
            if cleaned != document:
                yield path, before, cleaned, gone.entries


def files_of(paths: ProjectPaths) -> Iterator[Path]:
    """Every file of a project but its databases, its locks and the intention to forget, which goes last.

    No pipe, no device.
    """
    folder, databases = paths.folder, {one for path in paths.databases for one in database.files_of(path)}
    for root, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(root, name)
            if name in _NOT_SEARCHED or path in databases or not path.is_file():
                continue
            if not path.is_symlink() or is_inside(path, folder):  # what a link leads to is not ours
                yield path


def links_of(folder: Path) -> Iterator[Path]:
    """Links in a project to folders, and to files elsewhere: they are not followed, they lead to what is not ours."""
    for root, folders, names in os.walk(folder):
        for path in (Path(root, name) for name in sorted([*folders, *names])):
            if path.is_symlink() and (path.is_dir() or not is_inside(path, folder)):
                yield path


def is_inside(path: Path, folder: Path) -> bool:
    """Whether a file lies in `folder`, links resolved."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def _is_document(path: Path) -> bool:
    """Whether a file holds JSON that we can take somebody out of."""
    if path.suffix == ".json":
        return True
    try:
        with open_input(path) as file:
            return is_of_ours(file.read(64))
    except OSError:
        return False
