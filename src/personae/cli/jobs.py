"""`personae jobs`: what a served project works on, what waits, what failed and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from personae.cli.console import say
from personae.cli.options import project_option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from personae.jobs.job import Job
    from personae.jobs.table import JobTable

SHOWN = 8
"""So much of an id is shown: enough to tell one from the others of a project."""


@click.command()
@project_option
@click.option("--history", metavar="ID", help="What became of one job, line by line.")
@click.option("--cancel", metavar="ID", help="End a job; what it did is gone on with when it is asked for again.")
@click.option("--retry", metavar="ID", help="Ask again for one that failed or was cancelled.")
@click.option("--prefer", metavar="ID", help="Have a job come earlier or later: see --priority.")
@click.option(
    "--priority", type=click.IntRange(-100, 100), default=1, show_default=True, help="For --prefer: higher come first."
)
@click.option("--all", "every", is_flag=True, help="Also those that are done, from the first on.")
def jobs(
    project: Path | None,
    history: str | None,
    cancel: str | None,
    retry: str | None,
    prefer: str | None,
    priority: int,
    every: bool,
) -> None:
    """Show the jobs of a served project: those that are not done, or --all, oldest first.

    An ID may be cut short where no other job begins so. It needs the extra: pip install 'personae[server]'
    """
    from personae.server.needed import check_extra

    check_extra()
    from personae.errors import InputError
    from personae.jobs.table import JobTable
    from personae.paths import ProjectPaths

    folder = ProjectPaths.at(project).folder
    if not folder.is_dir():
        raise InputError(f"There is no project {folder}.")
    table = JobTable.of_project(folder)
    try:
        if history is not None:
            _show_history(table, _meant(table, history))
            return
        done = False
        for id, act in ((cancel, table.cancel), (retry, table.retry)):
            if id is not None:
                done = _said(act(_meant(table, id)))
        if prefer is not None:
            done = _said(table.prefer(_meant(table, prefer), priority))
        if not done:
            _show(table, every=every)
    finally:
        table.close()


def _every(table: JobTable) -> Iterator[Job]:
    after = 0
    while True:
        found, after = table.page(after=after, most=500)
        yield from found
        if not after:
            return


def _meant(table: JobTable, begun: str) -> str:
    """The id that begins so; raises InputError where there is none, or more than one."""
    from personae.errors import InputError

    if table.get(begun) is not None:
        return begun
    found = [job.id for job in _every(table) if begun and job.id.startswith(begun)]
    if len(found) != 1:
        raise InputError(f"{len(found)} jobs begin with {begun!r}." if found else f"There is no job {begun!r}.")
    return found[0]


def _said(job: Job | None) -> bool:
    assert job is not None
    state = "is to be cancelled" if job.wants_cancel and job.state == "running" else f"is {job.state}"
    say(f"The job {job.id[:SHOWN]} ({job.kind}) {state}, priority {job.priority}.")
    return True


def _show_history(table: JobTable, id: str) -> None:
    from datetime import UTC, datetime

    for line in table.history(id):
        say(f"{datetime.fromtimestamp(line.time, UTC):%Y-%m-%d %H:%M:%S}  {line.text}")


def _show(table: JobTable, *, every: bool) -> None:
    from personae.cli.console import show
    from personae.cli.console import table as columns
    from personae.hints import command
    from personae.types import count_of

    found = [job for job in _every(table) if every or job.state != "done"]
    done = sum(count for (_, state), count in table.counts().items() if state == "done")
    if found:
        listed = columns("job", "kind", "state", "priority>", "asked by", "how far, or why not")
        for job in found:
            listed.add_row(job.id[:SHOWN], job.kind, job.state, str(job.priority), job.by or "-", _far(job))
        show(listed)
    else:
        say("Nothing waits and nothing runs." if not every else "There are no jobs yet.")
    if done and not every:
        say(f"{count_of(done, 'job')} done. Show them: {command('jobs --all')}")


def _far(job: Job) -> str:
    if job.error:
        return str(job.error.get("detail", ""))
    if job.progress:
        total = f" of {job.progress['total']}" if job.progress.get("total") else ""
        return f"{job.progress.get('stage')}: {job.progress.get('done')}{total}"
    return "-"
