"""The part of forgetting that reaches what other machines have found in films and nobody has brought home yet."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from personae.forgetting.keeper import Forgotten, Tell
from personae.forgetting.person import Person
from personae.forgetting.search import Search
from personae.piece_rows import PieceRows


class PiecesKeeper:
    """Keeps nothing itself: faces without names wait in databases, anybody's, and all of them go."""

    def __init__(self, project: Path) -> None:
        self._rows = PieceRows(project)

    def forget(self, person: Person, tell: Tell) -> Forgotten:
        """Have every piece deleted that waits anywhere: who still wants one asks for it anew."""
        del person
        tell(self._rows.path)
        count, unreached = self._rows.forget()
        return Forgotten(
            Counter({"pieces of films": count} if count else {}),
            unreached=[(address, f"pieces of films wait there: {why}") for address, why in unreached],
        )

    def search(self, search: Search) -> None:
        """There is nothing left to be searched; the list of databases is a file of the project."""
