"""A person out of the list of outputs: what shows them is told, and the list no longer says who that was."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from personae.ledger import Entry
from personae.paths import ProjectPaths
from personae.project.forget_folder import is_inside
from personae.project.forget_who import Person
from personae.project.name_search import NameSearch


def outside(project: ProjectPaths, entries: Iterable[Entry]) -> list[Entry]:
    """Those of `entries` that lie outside the project and are there, or on a disk that is not connected now."""
    return [entry for entry in entries if not is_inside(Path(entry.path), project.folder) and not _is_gone(entry)]


def forget_in_list(project: ProjectPaths, person: Person) -> None:
    """Take the person out of every entry; one that is gone, or whose own path names them, goes itself."""
    search = NameSearch(person.names)

    def forgotten(entry: Entry) -> Entry | None:
        if _is_gone(entry) or any(search.in_file_name(part) for part in Path(entry.path).parts):
            return None
        tells = entry.source in person.paths or search.in_file_name(entry.source)
        who = tuple(name for name in entry.who if name not in person.spellings)
        return replace(entry, who=who, source="" if tells else entry.source)

    project.ledger.rewrite(forgotten)


def _is_gone(entry: Entry) -> bool:
    return not os.path.lexists(entry.path) and Path(entry.path).parent.is_dir()
