"""What the table of jobs and the list of commits say, for who takes somebody out of them (see `personae.jobs`)."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from personae.database import connect, empty_log, sqlite_errors
from personae.ledger import KIND, LEDGER_FILE

KEPT_DAYS = 30
"""So long what came of a job can be asked."""
BEGUN = "begun"
"""All that is left in the `what` of a forgetting whose person is being taken out: whoever takes it up completes it."""
FORGOTTEN = {"code": "forgotten", "detail": "What this was about was forgotten."}
_TEXTS = ("what", "progress", "result", "error")
_PLACES = {"jobs": (*_TEXTS, "said_by"), "job_lines": ("line",), "commits": ("result",)}
_FIGURES = {
    "jobs": ("id", "kind", "request", "state", "worker"),
    "job_lines": ("job",),
    "commits": ("job",),
    "keys": ("id", "role", "sha256"),
    "sqlite_master": ("name",),  # indexes that SQLite makes itself have numbers: sqlite_autoindex_jobs_1
}
_ENDED = ("done", "failed", "cancelled")


class JobRows:
    """The rows of one project, its database opened for each call. Every method may raise a StoreError."""

    def __init__(self, project: Path) -> None:
        self.path = project / LEDGER_FILE

    def texts(self) -> list[str]:
        """Every text in which people can be named."""
        return self._all(_PLACES)

    def figures(self) -> list[str]:
        """Ids, digests and words of ours, in which the letters of a short name may stand by chance."""
        return self._all(_FIGURES)

    def key_names(self) -> list[str]:
        """What the keys of the service are called: the names of who uses it, not of who is in films."""
        return self._all({"keys": ("name",)})

    def _all(self, places: Mapping[str, Sequence[str]]) -> list[str]:
        if not self.path.exists():
            return []
        with self._connected() as connection:
            return [
                str(text)
                for table, columns in places.items()
                for row in connection.execute(f"SELECT {', '.join(columns)} FROM {table}")
                for text in row
            ]

    def forget(self, is_named: Callable[[str], bool], is_whom: Callable[[str], bool]) -> tuple[int, list[str]]:
        """Take out what `is_named` says yes to; how many jobs said it, and what was uploaded for them.

        A job that waits is cancelled; one that runs is told to end, but for a forgetting, which goes on. `is_whom`:
        whether a forgetting of that name is the one under way; it has begun then (`BEGUN`).
        """
        if not self.path.exists():
            return 0, []
        uploaded: list[str] = []
        with self._connected() as connection:
            rows = connection.execute(f"SELECT id, kind, state, said_by, {', '.join(_TEXTS)} FROM jobs").fetchall()
            named = [row for row in rows if any(is_named(str(text)) for text in row[3:])]
            for id, kind, state, *texts in named:
                uploaded += _uploaded(texts[1])
                begun = kind == "forget" and state not in _ENDED and is_whom(str(_parsed(texts[1]).get("name", "")))
                self._take_out(connection, id, kind, state, begun=begun)
            for number, line in connection.execute("SELECT number, line FROM job_lines").fetchall():
                if is_named(line):
                    connection.execute("UPDATE job_lines SET line = ? WHERE number = ?", (FORGOTTEN["detail"], number))
            for job, result in connection.execute("SELECT job, result FROM commits").fetchall():
                if is_named(result):
                    connection.execute("UPDATE commits SET result = '{}' WHERE job = ?", (job,))
        return len(named), uploaded

    def leave_nothing(self) -> None:
        """Have what was overwritten gone from the files too; raises ProjectBusyError where others go on reading."""
        with closing(connect(self.path, KIND)) as connection, sqlite_errors(self.path, KIND):
            empty_log(connection, self.path, KIND)

    def leave_old(self, days: float = KEPT_DAYS) -> None:
        """Delete the jobs that ended so many days ago, with their lines and commits."""
        if not self.path.exists():
            return
        with self._connected() as connection:
            old = connection.execute(
                "SELECT id FROM jobs WHERE ended < (julianday('now') - 2440587.5 - ?) * 86400.0 AND state IN (?, ?, ?)",
                (days, *_ENDED),
            ).fetchall()
            for table, column in (("jobs", "id"), ("job_lines", "job"), ("commits", "job")):
                connection.executemany(f"DELETE FROM {table} WHERE {column} = ?", old)

    @staticmethod
    def _take_out(connection: sqlite3.Connection, id: str, kind: str, state: str, *, begun: bool) -> None:
        error = json.dumps(FORGOTTEN) if state == "failed" else "{}"
        what = json.dumps({BEGUN: True}) if begun else "{}"
        connection.execute(
            "UPDATE jobs SET what = ?, progress = '{}', result = '{}', error = ?, said_by = '' WHERE id = ?",
            (what, error, id),
        )
        if begun:
            return
        if state == "waiting":
            connection.execute("UPDATE jobs SET state = 'cancelled', ended = made WHERE id = ?", (id,))
        elif state not in _ENDED and kind != "forget":
            connection.execute("UPDATE jobs SET wants_cancel = 1 WHERE id = ?", (id,))

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        with closing(connect(self.path, KIND)) as connection, sqlite_errors(self.path, KIND):
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")


def _uploaded(what: str) -> list[str]:
    named = _parsed(what).get("uploaded")
    return [named] if isinstance(named, str) else []


def _parsed(what: str) -> dict[str, Any]:
    with contextlib.suppress(ValueError):
        found: Any = json.loads(what)
        if isinstance(found, dict):
            return found
    return {}
