"""One rule for everything that is written where the user says: nothing of theirs is ever written over.

A path may be new, or hold a file of ours as we wrote it: known by its content where it is a format of ours, else by its
digest in the project's ledger. Anything else needs `force`. What a command reads, and the film of a timeline, is never
written over.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Self

from personae.errors import ForeignFileError, WriteError
from personae.files import sha256_of, shred, write_error, write_whole
from personae.ledger import LINK, Entry, Ledger, link_digest
from personae.old_pages import digests_of
from personae.paths import ProjectPaths

_SCHEMA = re.compile(rb'\s*\{\s*"schema":\s*"(personae/[a-z_-]+)/[0-9]+"')
_BEGINNING = 4096


class Outputs:
    """What one command may write. `inputs`: files and folders that it reads; `ledger`: None where there is no project.

    Paths are compared as files, not as text: a link to an input is that input.
    """

    def __init__(self, ledger: Ledger | None, *, inputs: Iterable[str | Path] = (), force: bool = False) -> None:
        self.ledger = ledger
        self.force = force
        self._inputs = [os.path.realpath(path) for path in inputs]
        self._written: dict[str, Entry] = {}

    @classmethod
    def of_project(cls, project: str | Path | None, inputs: Iterable[str | Path], *, force: bool) -> Self:
        """What may be written by who reads `inputs`; a project that is not there is not made for it."""
        place = ProjectPaths.at(project)
        # The project's own files are read too: nothing but earlier outputs is ever written over in it.
        ledger = place.ledger if place.folder.is_dir() else None
        return cls(ledger, inputs=[*inputs, place.folder], force=force)

    def check(self, path: Path, *, kind: str, source: str | Path = "", like: str | None = None) -> None:
        """Raise WriteError or ForeignFileError, which say what to do, where `path` may not be written.

        What is there may be of the same `kind` and made of the same `source`. `like`: a schema without its version
        ("personae/identify"); a JSON document of it is ours by its content.
        """
        if not path.exists():
            if os.path.realpath(path) in self._inputs:
                raise WriteError(path, "this is the place of a film that this command is about. Choose another name.")
            return
        if path.is_dir():
            raise write_error(path, IsADirectoryError(21, "is a folder"))
        if not path.is_file():  # a device or a pipe is written to, not over
            return
        entry, schema = self._entry(path), _schema_of(path)
        same = entry is not None and entry.kind == kind and entry.source == _absolute(source)
        ours = (like is not None and schema == like) or (same and self._is_as_written(path))
        if self._is_input(path) or (not ours and self._is_in_input(path)):
            raise WriteError(
                path, "this command reads it, and what is read is never written over. Choose another name."
            )
        if not ours and not self.force:
            why = "is not one that Personae wrote"
            if schema is not None and schema != like:
                why = f"is another one of Personae ({schema})"
            elif entry is not None and not same:
                why = f"is another one of Personae ({entry.kind}{' of ' if entry.source else ''}{entry.source})"
            elif entry is not None:
                why = "was changed since Personae wrote it"
            raise ForeignFileError(
                path, f"this file {why}, and it is left alone. Choose another name, or write over it: --force"
            )

    def check_content(self, path: Path, content: bytes, *, kind: str, source: str | Path = "") -> bool:
        """Raise as `check`, unless the file holds just that already; whether it does."""
        if path.is_file() and path.stat().st_size == len(content) and sha256_of(path) == sha256(content).hexdigest():
            return True
        self.check(path, kind=kind, source=source)
        return False

    def is_free(self, path: Path, source: str | Path) -> bool:
        """Whether `path` is new, or what we made of `source` before and nobody has changed."""
        if not os.path.lexists(path):
            return True
        entry = self._entry(path)
        return entry is not None and entry.source == _absolute(source) and self._is_as_written(path)

    @contextmanager
    def writing(
        self, path: Path, *, kind: str, who: Collection[str] = (), source: str | Path = "", like: str | None = None
    ) -> Iterator[None]:
        """Inside, the caller writes `path`, whole; raises as `check`, before anything is written.

        The file is in the ledger before it is on disk: after a kill there is none with a face that nobody knows of.
        `who` is read again at the end, so that it may grow while the file is written.
        """
        self.check(path, kind=kind, source=source, like=like)
        with self._noted(path, kind=kind, who=who, source=source):
            yield

    @contextmanager
    def adding_to(self, path: Path, *, kind: str, who: Collection[str] = (), source: str | Path = "") -> Iterator[None]:
        """As `writing`, for a file that other programs write into too: the caller writes it with all that it held.

        Whether it may is for the caller to know; see `is_of`. Raises WriteError for what is no file.
        """
        if path.exists() and not path.is_file():
            raise write_error(path, IsADirectoryError(21, "is a folder"))
        with self._noted(path, kind=kind, who=who, source=source):
            yield

    def link(self, path: Path, source: Path, *, who: Collection[str] = ()) -> None:
        """Make `path` a link to a photo, unless it is that already; raises WriteError, ForeignFileError.

        It is noted as the link that it is: whoever deletes it later must never reach the photo.
        """
        is_same = path.is_symlink() and os.readlink(path) == str(source)  # noqa: PTH115 - as it was written
        if os.path.lexists(path) and not is_same:
            raise ForeignFileError(path, "this file is not one that Personae wrote, and it is left alone.")
        if self.ledger is not None and not (is_same and self.ledger.find(path, LINK)):
            self.ledger.record(path, sha256=link_digest(str(source)), kind=LINK, who=who, source=_absolute(source))
        if not is_same:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.symlink_to(source)
            except OSError as error:
                raise write_error(path, error) from error

    def remove(self, path: Path) -> None:
        """Delete a file of ours, and take it off the ledger; raises WriteError."""
        shred(path)
        self._written.pop(os.path.realpath(path), None)
        if self.ledger is not None:
            self.ledger.drop([path])

    def is_of(self, path: Path, *, kind: str, source: str | Path) -> bool:
        """Whether we wrote a file of this kind and source at `path`, also where others have changed it since."""
        entry = self._entry(path)
        return entry is not None and entry.kind == kind and entry.source == _absolute(source)

    def is_of_another(self, path: Path, source: str | Path) -> bool:
        """Whether we wrote the file at `path`, of something else than `source`."""
        entry = self._entry(path)
        return entry is not None and entry.source != _absolute(source)

    @contextmanager
    def _noted(self, path: Path, *, kind: str, who: Collection[str], source: str | Path) -> Iterator[None]:
        before = self._entry(path)
        self._record(path, before.sha256 if before else "", kind, {*who, *(before.who if before else ())}, source)
        try:
            yield
        except BaseException:
            if before is None and not path.exists():
                self._written.pop(os.path.realpath(path), None)
                if self.ledger is not None:
                    self.ledger.drop([path])
            raise
        if path.is_file():
            self._record(path, sha256_of(path), kind, who, source)

    def write(
        self, path: Path, content: bytes, *, kind: str, who: Collection[str] = (), source: str | Path = ""
    ) -> None:
        """Write `content` whole, unless that is what the file holds; raises as `check_content`."""
        if self.check_content(path, content, kind=kind, source=source):
            self._record(path, sha256(content).hexdigest(), kind, who, source)
            return
        with self.writing(path, kind=kind, who=who, source=source):
            write_whole(path, content)

    def _record(self, path: Path, digest: str, kind: str, who: Collection[str], source: str | Path) -> None:
        if path.exists() and not path.is_file():
            return
        real, source = os.path.realpath(path), _absolute(source)
        self._written[real] = Entry(real, digest, kind, tuple(sorted(who)), source)
        if self.ledger is not None:
            self.ledger.record(path, sha256=digest, kind=kind, who=who, source=source)

    def _entry(self, path: Path) -> Entry | None:
        """What is known of a file, from this run or from the ledger."""
        here = self._written.get(os.path.realpath(path))
        return here if here is not None or self.ledger is None else self.ledger.find(path)

    def _is_as_written(self, path: Path) -> bool:
        entry = self._entry(path)
        return entry is not None and bool(entry.sha256) and entry.sha256 in digests_of(path)

    def _is_input(self, path: Path) -> bool:
        return any(os.path.exists(one) and os.path.samefile(path, one) for one in self._inputs)  # noqa: PTH110, PTH121

    def _is_in_input(self, path: Path) -> bool:
        real = os.path.realpath(path)
        return any(real.startswith(os.path.join(one, "")) for one in self._inputs)  # noqa: PTH118


def _absolute(source: str | Path) -> str:
    return os.path.abspath(source) if str(source) else ""  # noqa: PTH100 - of a link the link is the source


def _schema_of(path: Path) -> str | None:
    """The schema, without its version, that a JSON document begins with."""
    with path.open("rb") as file:
        found = _SCHEMA.match(file.read(_BEGINNING))
    return found.group(1).decode() if found else None
