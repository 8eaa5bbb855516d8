"""The ledger: what a project wrote for its user, wherever it lies, with its digest and who is in it (`project.sqlite`).

It answers two questions: is this file still as we wrote it, so that it may be written anew; and which files show a
person, so that `forget` can name them. It lists files with names or faces, never the files of the project itself.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from personae.checks import Fields, parsed, text
from personae.database import Kind, connect, empty_log, sqlite_errors
from personae.errors import DamagedFileError, StoreError
from personae.files import shred
from personae.names import readable

LEDGER_FILE = "project.sqlite"
APPLICATION_ID = 0x5052534C  # "PRSL", in the file's header
MIGRATIONS: tuple[str, ...] = (
    # 1: paths are relative to the project's folder where they can be, so that both may be moved together
    """
    CREATE TABLE written (
        path TEXT PRIMARY KEY,
        sha256 TEXT NOT NULL,
        kind TEXT NOT NULL,
        who TEXT NOT NULL,
        source TEXT NOT NULL,
        time TEXT NOT NULL
    ) WITHOUT ROWID;
    """,
    # 2: what could not be cleaned of somebody who was forgotten, and is to be when it is seen again
    """
    CREATE TABLE put_off (
        path TEXT NOT NULL,
        kind TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        salt TEXT NOT NULL,
        names TEXT NOT NULL,
        PRIMARY KEY (path, salt)
    ) WITHOUT ROWID;
    """,
    # 3: long work, and what became of it (see personae.jobs)
    """
    CREATE TABLE jobs (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        what TEXT NOT NULL,
        request TEXT NOT NULL UNIQUE,
        said_by TEXT NOT NULL,
        state TEXT NOT NULL,
        priority INTEGER NOT NULL,
        made REAL NOT NULL,
        fence INTEGER NOT NULL,
        tries INTEGER NOT NULL,
        worker TEXT NOT NULL,
        lease_until REAL NOT NULL,
        wants_cancel INTEGER NOT NULL,
        began REAL,
        ended REAL,
        progress TEXT NOT NULL,
        result TEXT NOT NULL,
        error TEXT NOT NULL
    );
    CREATE INDEX jobs_next ON jobs (state, priority DESC, number);
    CREATE TABLE job_lines (
        number INTEGER PRIMARY KEY,
        job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
        time REAL NOT NULL,
        line TEXT NOT NULL
    );
    CREATE INDEX job_lines_of ON job_lines (job, number);
    CREATE TABLE commits (
        job TEXT PRIMARY KEY,
        fence INTEGER NOT NULL,
        is_done INTEGER NOT NULL,
        result TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE keys (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        role TEXT NOT NULL,
        sha256 TEXT NOT NULL UNIQUE,
        made TEXT NOT NULL,
        ends TEXT,
        is_revoked INTEGER NOT NULL
    ) WITHOUT ROWID;
    """,
)
KIND = Kind(
    "the list of written files",
    APPLICATION_ID,
    MIGRATIONS,
    remedy="Move it away; a new one is begun, without what it knew.",
    may_be_foreign=False,
)
LINK = "photo link"
"""The kind of a link to a photo of the user's: an entry is about the link, whatever it points to."""
_OLD_LIST = "exports.txt"


def link_digest(target: str) -> str:
    """What stands for a link's content: the digest of what it says, so that it is known after its source is not."""
    return sha256(os.fsencode(target)).hexdigest()


log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Entry:
    """A file that was written. `path`: absolute; `sha256`: of its content, of a link of where it leads (see
    `link_digest`), "" where it is not known (yet).

    `kind`: "report", "annotated photo", the name of an export's format ...; `who`: the characters in it; `source`:
    what it was made of (a photo, a timeline).
    """

    path: str
    sha256: str
    kind: str
    who: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True)
class PutOff:
    """A file that is to be cleaned of somebody when it can be reached again. `kind`, `sha256`: as of an `Entry`.

    `names`: digests of the person's names, each with `salt` before it: nobody is named.
    """

    path: str
    kind: str
    sha256: str
    salt: str
    names: tuple[str, ...]


class Ledger:
    """The list of one project, opened for each call: nothing is held, and any number of processes may use it."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.path = project / LEDGER_FILE

    def begin(self) -> bool:
        """Make the empty list; False where there is one already. Raises StoreError."""
        if self.path.exists():
            return False
        with self._connected():
            return True

    def entries(self) -> tuple[Entry, ...]:
        """Everything that was written, by path; raises StoreError."""
        if not self._has_something():
            return ()
        with self._connected() as connection:
            rows = connection.execute("SELECT path, sha256, kind, who, source FROM written ORDER BY path").fetchall()
        return tuple(self._entry(row) for row in rows)

    def of_kinds(self, kinds: Collection[str]) -> tuple[Entry, ...]:
        """What was written of those kinds, by path; raises StoreError."""
        if not self._has_something():
            return ()
        with self._connected() as connection:
            rows = connection.execute(
                f"SELECT path, sha256, kind, who, source FROM written WHERE kind IN ({', '.join('?' * len(kinds))}) "
                "ORDER BY path",
                tuple(kinds),
            ).fetchall()
        return tuple(self._entry(row) for row in rows)

    def find(self, path: str | Path, kind: str = "") -> Entry | None:
        """The entry of one file, None where it is not ours; `kind`: LINK for a link itself. Raises StoreError."""
        if not self._has_something():
            return None
        with self._connected() as connection:
            row = connection.execute(
                "SELECT path, sha256, kind, who, source FROM written WHERE path = ?", (self._key(path, kind),)
            ).fetchone()
        return None if row is None else self._entry(row)

    def record(
        self, path: str | Path, *, sha256: str, kind: str, who: Collection[str] = (), source: str | Path = ""
    ) -> None:
        """Remember that `path` is written with that content; an entry of the same path is replaced.

        Nothing is remembered where the project has no folder: there is nobody to forget in it. Raises StoreError.
        """
        if not self.project.is_dir():
            return
        names = json.dumps(sorted(set(who)), ensure_ascii=False)
        now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        row = (self._key(path, kind), sha256, kind, names, readable(str(source)), now)
        with self._connected() as connection:
            connection.execute("INSERT OR REPLACE INTO written VALUES (?, ?, ?, ?, ?, ?)", row)

    def drop(self, paths: Collection[str | Path]) -> None:
        """Take files off the list, gone from its file too; raises StoreError."""
        if not paths or not self._has_something():
            return
        with self._connected() as connection:
            connection.executemany("DELETE FROM written WHERE path = ?", [(self._key(path),) for path in paths])
            self._empty_log(connection)

    def rewrite(self, change: Callable[[Entry], Entry | None]) -> None:
        """Replace who and source of every entry by what `change` makes of it, or take it off the list for None.

        All at once; what stood there before is gone from the file too. Raises StoreError.
        """
        if not self._has_something():
            return
        with self._connected() as connection:
            rows = connection.execute("SELECT path, sha256, kind, who, source FROM written").fetchall()
            for row in rows:
                before = self._entry(row)
                after = change(before)
                if after is None:
                    connection.execute("DELETE FROM written WHERE path = ?", (row[0],))
                elif after != before:
                    who = json.dumps(after.who, ensure_ascii=False)
                    values = (who, readable(after.source), row[0])
                    connection.execute("UPDATE written SET who = ?, source = ? WHERE path = ?", values)
            self._empty_log(connection)

    def put_off(self, one: PutOff) -> None:
        """Remember what is to be cleaned later; raises StoreError."""
        row = (self._key(one.path, one.kind), one.kind, one.sha256, one.salt, json.dumps(one.names))
        with self._connected() as connection:
            connection.execute("INSERT OR REPLACE INTO put_off VALUES (?, ?, ?, ?, ?)", row)

    def has_put_off(self) -> bool:
        """Whether anything is to be cleaned; False for a list that is damaged: whoever needs it says so."""
        if not self.path.exists():
            return False
        with contextlib.suppress(StoreError), self._connected() as connection:
            return connection.execute("SELECT 1 FROM put_off LIMIT 1").fetchone() is not None
        return False

    def is_put_off(self, path: str | Path) -> bool:
        """Whether that file is to be cleaned; False as in `has_put_off`."""
        if not self.path.exists():
            return False
        with contextlib.suppress(StoreError), self._connected() as connection:
            found = connection.execute("SELECT 1 FROM put_off WHERE path = ?", (self._key(path),)).fetchone()
            return found is not None
        return False

    def to_be_cleaned(self) -> tuple[PutOff, ...]:
        """What was put off and is not done; raises StoreError."""
        if not self.path.exists():
            return ()
        with self._connected() as connection:
            rows = connection.execute("SELECT path, kind, sha256, salt, names FROM put_off ORDER BY path").fetchall()
        try:
            return tuple(
                PutOff(
                    self._absolute(path),
                    text(kind, "kind"),
                    text(digest, "sha256"),
                    text(salt, "salt"),
                    tuple(Fields({"names": parsed(text(names, "names"))}).each("names", text)),
                )
                for path, kind, digest, salt, names in rows
            )
        except ValueError as error:
            raise DamagedFileError(self.path, f"the list of written files is damaged: {error}. Move it away.") from None

    def cleaned(self, one: PutOff) -> None:
        """Take off the list what was cleaned, or is gone; raises StoreError."""
        with self._connected() as connection:
            connection.execute(
                "DELETE FROM put_off WHERE path = ? AND salt = ?", (self._key(one.path, one.kind), one.salt)
            )
            self._empty_log(connection)

    def _has_something(self) -> bool:
        return self.path.exists() or (self.project / _OLD_LIST).exists()

    def _key(self, path: str | Path, kind: str = "") -> str:
        real = os.path.realpath(path)
        if kind == LINK:
            real = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))  # noqa: PTH118, PTH119, PTH120
        with contextlib.suppress(ValueError):  # on another drive
            real = os.path.relpath(real, os.path.realpath(self.project))
        return readable(real).replace(os.sep, "/")

    def _absolute(self, key: Any) -> str:
        return os.path.normpath(os.path.join(os.path.realpath(self.project), str(key)))  # noqa: PTH118 - text, not a path

    def _entry(self, row: tuple[Any, ...]) -> Entry:
        path = self._absolute(row[0])
        try:
            sha256, kind, source = (text(row[at], name) for at, name in ((1, "sha256"), (2, "kind"), (4, "source")))
            who = Fields({"who": parsed(text(row[3], "who"))}).each("who", text)
        except ValueError as error:
            raise DamagedFileError(self.path, f"the list of written files is damaged: {error}. Move it away.") from None
        return Entry(path, sha256, kind, tuple(who), source)

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        """A connection in one transaction, of the newest version; raises StoreError."""
        connection = connect(self.path, KIND)
        try:
            with sqlite_errors(self.path, KIND):
                connection.execute("BEGIN IMMEDIATE")
                self._adopt_old_list(connection)
                yield connection
                if connection.in_transaction:
                    connection.execute("COMMIT")
        finally:
            connection.close()

    def _adopt_old_list(self, connection: sqlite3.Connection) -> None:
        """Take over the list of earlier versions: paths alone, a JSON text a line."""
        old = self.project / _OLD_LIST
        if not old.is_file():
            return
        for line in old.read_text(encoding="utf-8", errors="replace").splitlines():
            with contextlib.suppress(ValueError):
                row = (self._key(str(json.loads(line))), "", "identify", "[]", "", "")
                connection.execute("INSERT OR IGNORE INTO written VALUES (?, ?, ?, ?, ?, ?)", row)
        connection.execute("COMMIT")
        shred(old)
        connection.execute("BEGIN IMMEDIATE")

    def _empty_log(self, connection: sqlite3.Connection) -> None:
        """Write everything anew and empty the log of changes, so that nothing that was deleted stays in either."""
        connection.execute("COMMIT")
        empty_log(connection, self.path, KIND)
