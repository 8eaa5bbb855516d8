"""The jobs' part of forgetting: what was asked for, what came of it, and what was uploaded for it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from personae.files import shred
from personae.forgetting.keeper import Forgotten, Tell
from personae.forgetting.names import NameSearch
from personae.forgetting.person import Person
from personae.forgetting.search import Search
from personae.job_rows import JobRows
from personae.names import find_name


class JobsKeeper:
    """Keeps the rows of jobs of one project, and uploads that wait for them."""

    def __init__(self, project: Path) -> None:
        self._rows = JobRows(project)
        self._uploads = project / "cache" / "uploads"

    def forget(self, person: Person, tell: Tell) -> Forgotten:
        """Take the person out of every row; a job on them that waits will not be done."""
        search = NameSearch(person.names)
        count, uploaded = self._rows.forget(
            lambda text: search.in_text(text) or any(id in text for id in person.ids),
            lambda name: find_name(name, person.names) is not None,
        )
        for folder in map(Path, uploaded):
            if folder.parent == self._uploads and folder.is_dir():
                for path in folder.iterdir():
                    tell(path)
                    shred(path)
                folder.rmdir()
        return Forgotten(Counter({"jobs": count}) if count else Counter())

    def search(self, search: Search) -> None:
        """The rows stand in the ledger's file: its keeper has them searched; the uploads are files of the project."""
