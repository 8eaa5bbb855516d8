"""The gallery's open database: rows in and out, transactions, and the revision that grows with what is changed."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from personae.cast import gallery_schema
from personae.cast.gallery_rows import stored, text_of
from personae.database import connect, connect_read_only, empty_log, sqlite_errors


class GalleryDatabase:
    """One open gallery; safe to use from several threads. WAL, so that reading goes on while a training writes."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self.connection = connection
        self.kind = gallery_schema.kind()
        self.lock = threading.RLock()
        self._has_changed = False

    @classmethod
    def open(cls, path: Path, *, read_only: bool) -> Self:
        """Open, or create, the gallery at `path`, of today's version; raises StoreError (see `database.connect`)."""
        return cls(path, (connect_read_only if read_only else connect)(path, gallery_schema.kind()))

    def close(self) -> None:
        """Close it; what was committed is in its file."""
        with self.lock:
            self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All changes inside happen together or not at all; other threads wait. Transactions nest."""
        with self.lock, sqlite_errors(self.path, self.kind):
            outermost = not self.connection.in_transaction
            begin, commit, roll_back = (
                ("BEGIN IMMEDIATE", "COMMIT", "ROLLBACK")
                if outermost
                else ("SAVEPOINT inner", "RELEASE inner", "ROLLBACK TO inner; RELEASE inner")
            )
            if outermost:
                self._has_changed = False
            self.connection.execute(begin)
            try:
                yield
                if outermost and self._has_changed:
                    self._set_revision(self.revision + 1)
                self.connection.execute(commit)
            except BaseException:
                with contextlib.suppress(sqlite3.OperationalError):  # SQLite has rolled back by itself
                    for step in roll_back.split("; "):
                        self.connection.execute(step)
                raise

    @contextmanager
    def unless(self, refused: type[Exception]) -> Iterator[None]:
        """What is committed inside does not hold where it ends in `refused`: then all is as it was before, at once."""
        with contextlib.closing(sqlite3.connect(":memory:")) as before:
            with self.lock, sqlite_errors(self.path, self.kind):
                self.connection.backup(before)
            try:
                yield
            except refused:
                with self.lock, sqlite_errors(self.path, self.kind):
                    before.backup(self.connection)
                raise

    @contextmanager
    def checked(self) -> Iterator[None]:
        """What does not fit while values are made of rows: the file is damaged."""
        try:
            yield
        except (ValueError, TypeError, RecursionError, OverflowError) as error:
            raise self.kind.damaged(self.path, error) from error

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """Rows of one statement; texts in `values` as any name may be (see `text_of` for those that come out)."""
        with self.lock, sqlite_errors(self.path, self.kind):
            return self.connection.execute(sql, [stored(value) for value in values]).fetchall()

    def write(self, sql: str, values: Sequence[Any] = (), *, counts: bool = True) -> int:
        """One statement that changes rows, in a transaction; the id of a row it inserted.

        `counts`: whether a model made from the gallery may be another one now, so that the revision grows.
        """
        with self.lock, sqlite_errors(self.path, self.kind):
            within = contextlib.nullcontext() if self.connection.in_transaction else self.transaction()
            with within:
                cursor = self.connection.execute(sql, [stored(value) for value in values])
                self._has_changed |= counts and cursor.rowcount != 0
                return int(cursor.lastrowid or 0)

    @property
    def revision(self) -> int:
        """Grows with every change of photos, faces, negatives or characters, and with `bump`; never falls."""
        rows = self.rows("SELECT value FROM meta WHERE key = 'revision'")
        with self.checked():
            number = int(text_of(rows[0][0])) if rows else 0
            if number < 0:
                raise ValueError("meta.revision is below 0")
            return number

    def bump(self, least: int = 0) -> None:
        """Let the revision grow, to more than `least`: something beside the gallery has changed, as the model alone."""
        with self.transaction():
            self._has_changed = True
            if least > self.revision:
                self._set_revision(least)

    def _set_revision(self, number: int) -> None:
        self.connection.execute("INSERT OR REPLACE INTO meta VALUES ('revision', ?)", (str(number),))

    def texts(self) -> list[str]:
        """Every text in any row."""
        tables = self.rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        rows = [row for (table,) in tables for row in self.rows(f"SELECT * FROM {table}")]
        return [value for row in rows for value in row if isinstance(value, str)]

    def compact(self) -> None:
        """Write everything anew and empty the log: what was removed is nowhere any more. Raises ProjectBusyError."""
        with self.lock, sqlite_errors(self.path, self.kind):
            empty_log(self.connection, self.path, self.kind)
