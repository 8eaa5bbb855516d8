"""Commits of jobs: whose work stands in the project, so that no kill makes it done twice and no late worker counts.

A job is done in two databases at once: the project has what was made, the table of jobs says "done". The commit is
written here, beside what was made, with the job's id; a worker that finds it has only to say "done".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from personae.checks import parsed, text
from personae.database import connect, sqlite_errors
from personae.errors import DamagedFileError, SupersededError
from personae.ledger import KIND, LEDGER_FILE


@dataclass(frozen=True)
class Commit:
    """What brings work into the project on behalf of a job: its id, and the fencing number of who did it."""

    job: str
    fence: int


class Commits:
    """The commits of one project, its database opened for each call. Every method may raise a StoreError."""

    def __init__(self, project: Path) -> None:
        self.path = project / LEDGER_FILE

    @contextmanager
    def of(self, commit: Commit | None, result: dict[str, Any]) -> Iterator[None]:
        """Around the writing of a job's work, under the lock of what is written; nothing for None.

        Raises SupersededError where a later worker has begun to commit the same job. `result`: what came of it, JSON
        types without names.
        """
        if commit is None:
            yield
            return
        with closing(connect(self.path, KIND)) as connection, sqlite_errors(self.path, KIND):
            connection.execute("BEGIN IMMEDIATE")
            row = connection.execute("SELECT fence FROM commits WHERE job = ?", (commit.job,)).fetchone()
            if row is not None and row[0] > commit.fence:
                connection.execute("ROLLBACK")
                raise SupersededError(self.path, "another worker has taken this job meanwhile. Nothing was written.")
            connection.execute(
                "INSERT INTO commits VALUES (?, ?, 0, '{}') ON CONFLICT (job) DO UPDATE SET fence = excluded.fence",
                (commit.job, commit.fence),
            )
            connection.execute("COMMIT")
        yield
        with closing(connect(self.path, KIND)) as connection, sqlite_errors(self.path, KIND):
            connection.execute(
                "UPDATE commits SET is_done = 1, result = ? WHERE job = ? AND fence = ?",
                (json.dumps(result), commit.job, commit.fence),
            )

    def result_of(self, job: str) -> dict[str, Any] | None:
        """What came of a job whose work stands in the project; None where it does not."""
        if not self.path.exists():
            return None
        with closing(connect(self.path, KIND)) as connection, sqlite_errors(self.path, KIND):
            row = connection.execute("SELECT result FROM commits WHERE job = ? AND is_done", (job,)).fetchone()
        if row is None:
            return None
        try:
            return dict(parsed(text(row[0], "result")))
        except (ValueError, TypeError) as error:
            raise DamagedFileError(self.path, f"the list of commits is damaged: {error}. Move it away.") from None


def committed(project: Path, commit: Commit, result: dict[str, Any]) -> dict[str, Any]:
    """Note that work stands in the project whose doing once more changes nothing; `result`, as it was given."""
    with Commits(project).of(commit, result):
        return result
