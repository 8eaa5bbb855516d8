"""A job as a value, and the words for what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

State = Literal["waiting", "running", "done", "failed", "cancelled"]
QUICK = "quick"
"""What the name of a worker begins with that leaves long jobs to others."""
WITHIN = "within"
"""In a job's `what`: the folders whose files it may read, every link resolved."""
ENDED: tuple[State, ...] = ("done", "failed", "cancelled")


@dataclass(frozen=True)
class Job:
    """One job as it stood when it was read. Times are seconds since 1970, by the clock of the table's database.

    `kind`, `what`: the work, and its arguments as JSON types; `request`: the client's id of the command; `by`: who
    asked; `fence`: how often it was taken, so that an earlier worker is told from the one of now; `tries`: the same
    since it was last asked for; `progress`, `result`, `error`: as the worker told them, JSON types.
    """

    id: str
    kind: str
    what: Mapping[str, Any]
    request: str
    by: str
    state: State
    priority: int
    made: float
    fence: int = 0
    tries: int = 0
    worker: str = ""
    lease_until: float = 0.0
    wants_cancel: bool = False
    began: float | None = None
    ended: float | None = None
    progress: Mapping[str, Any] = field(default_factory=dict)
    result: Mapping[str, Any] = field(default_factory=dict)
    error: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Claim:
    """A job that a worker has taken. Whoever commits what was made carries `id` and `fence`; see `Commit`."""

    job: Job

    @property
    def id(self) -> str:
        """Of the job."""
        return self.job.id

    @property
    def fence(self) -> int:
        """Its fencing number: every taking has a higher one."""
        return self.job.fence


@dataclass(frozen=True)
class Line:
    """One line of a job's history."""

    number: int
    time: float
    text: str
