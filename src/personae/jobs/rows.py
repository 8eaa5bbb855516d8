"""The tables of jobs as a database has them, and a row as a value."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from personae.checks import MisfitError, parsed
from personae.jobs.job import Job

_META = sa.MetaData()
JOBS = sa.Table(
    "jobs",
    _META,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("request", sa.Text, nullable=False, unique=True),
    sa.Column("said_by", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("made", sa.Double, nullable=False),
    sa.Column("fence", sa.Integer, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("worker", sa.Text, nullable=False),
    sa.Column("lease_until", sa.Double, nullable=False),
    sa.Column("wants_cancel", sa.Integer, nullable=False),
    sa.Column("began", sa.Double),
    sa.Column("ended", sa.Double),
    sa.Column("progress", sa.Text, nullable=False),
    sa.Column("result", sa.Text, nullable=False),
    sa.Column("error", sa.Text, nullable=False),
)
sa.Index("jobs_by_owner", JOBS.c.said_by)
sa.Index("jobs_by_state", JOBS.c.state)
sa.Index("jobs_next", JOBS.c.priority.desc(), JOBS.c.number)
LINES = sa.Table(
    "job_lines",
    _META,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("job", sa.Text, nullable=False),
    sa.Column("time", sa.Double, nullable=False),
    sa.Column("line", sa.Text, nullable=False),
)


sa.Index("job_lines_by_job", LINES.c.job)


def text_of(value: Mapping[str, Any]) -> str:
    """JSON text."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def job_of(row: Any) -> Job:
    """The job of a row of `JOBS`."""
    return Job(
        row.id, row.kind, _parsed(row.what), row.request, row.said_by, row.state, row.priority, row.made, row.fence,
        row.tries, row.worker, row.lease_until, bool(row.wants_cancel), row.began, row.ended,
        _parsed(row.progress), _parsed(row.result), _parsed(row.error),
    )  # fmt: skip


def _parsed(text: str) -> dict[str, Any]:
    value = parsed(text)
    if not isinstance(value, dict):
        raise MisfitError("a job's text is no object")
    return value
