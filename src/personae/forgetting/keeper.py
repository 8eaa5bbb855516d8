"""The forgetting protocol: what a room does that keeps something about people. Nobody else knows its files."""

from __future__ import annotations

import errno
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from personae.errors import reason_of
from personae.forgetting.person import Person

if TYPE_CHECKING:  # decoders of pictures
    from personae.forgetting.search import Search

Tell = Callable[[Path], None]
"""Is told of each file before it is read; may raise to break the forgetting off."""


@dataclass
class Forgotten:
    """What came of forgetting in one room.

    `removed`: what -> how many; `unreached`: (file or database, why) that is to be cleaned and could not be; `listed`:
    (file, kind) outside the project that is left as it is; `partly`: those of them that lost what we had said in them;
    `unknown`: film, or set of photos, -> how many unknown people are in it, of whom nobody can say that they are
    others.
    """

    removed: Counter[str] = field(default_factory=Counter)
    unreached: list[tuple[Path | str, str]] = field(default_factory=list)
    listed: list[tuple[Path, str]] = field(default_factory=list)
    partly: list[Path] = field(default_factory=list)
    unknown: dict[str, int] = field(default_factory=dict)

    def add(self, other: Forgotten) -> None:
        """Take in what came of it in another room."""
        self.removed.update(other.removed)
        self.unreached += other.unreached
        self.listed += other.listed
        self.partly += other.partly
        self.unknown |= other.unknown


def unreached(folder: Path) -> str | None:
    """Why a folder outside the project cannot be cleaned now; None where it can be looked into."""
    try:
        os.listdir(folder)  # noqa: PTH208 - tells a folder that is not there from one that may not be looked at
    except FileNotFoundError:
        return "it is not there; is the disk connected?"
    except OSError as error:
        return why_not(error)
    return None


def why_not(error: Exception) -> str:
    """Why a file cannot be cleaned, in a few words."""
    while isinstance(error.__cause__, OSError):
        error = error.__cause__
    if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "no permission to write there"
    return reason_of(error)


class Keeper(Protocol):
    """Keeps something about people. Both methods may be called again, after a kill too, and then end the same."""

    def forget(self, person: Person, tell: Tell) -> Forgotten:
        """Delete what shows the person, and write the rest anew without them. Raises StoreError."""
        ...

    def search(self, search: Search) -> None:
        """Have every file of this room searched, by `search.file` and its like. Raises StoreError."""
        ...
