"""The summaries' part of forgetting: they are made again of what is left."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from personae.files import shred
from personae.forgetting.keeper import Forgotten, Tell
from personae.forgetting.person import Person
from personae.paths import ProjectPaths

if TYPE_CHECKING:  # decoders of pictures
    from personae.forgetting.search import Search


def folder_of(paths: ProjectPaths) -> Path:
    """Where a project keeps the summaries of its films and sets."""
    return paths.cache / "summaries"


class SummariesKeeper:
    """Keeps the summaries of one project."""

    def __init__(self, paths: ProjectPaths) -> None:
        self._folder = folder_of(paths)

    def forget(self, person: Person, tell: Tell) -> Forgotten:
        """Delete all of them, whoever is in them."""
        for path in sorted(self._folder.iterdir()) if self._folder.is_dir() else ():
            tell(path)
            shred(path)
        return Forgotten(Counter())

    def search(self, search: Search) -> None:
        """What was written since is searched with the other files of the project."""
