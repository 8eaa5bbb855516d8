"""`personae jobs`: what a served project works on, what waits, what failed and why."""

from __future__ import annotations

from pathlib import Path

import click

from personae.cli.console import say
from personae.cli.options import project_option


@click.command()
@project_option
@click.option("--history", "history", metavar="ID", help="What became of one job, line by line.")
@click.option("--cancel", metavar="ID", help="End a job; what it did is gone on with when it is asked for again.")
@click.option("--retry", metavar="ID", help="Ask again for one that failed or was cancelled.")
def jobs(project: Path | None, history: str | None, cancel: str | None, retry: str | None) -> None:
    """Show the jobs of a served project, oldest first."""
    from datetime import UTC, datetime

    from personae.errors import InputError
    from personae.jobs.table import JobTable
    from personae.paths import ProjectPaths
    from personae.server.needed import check_extra

    check_extra()
    folder = ProjectPaths.at(project).folder
    if not folder.is_dir():
        raise InputError(f"There is no project {folder}.")
    table = JobTable.of_project(folder)
    for id, act in ((cancel, table.cancel), (retry, table.retry)):
        if id is not None and act(id) is None:
            raise InputError(f"There is no job {id}.")
    if history is not None:
        for line in table.history(history):
            say(f"{datetime.fromtimestamp(line.time, UTC):%Y-%m-%d %H:%M:%S}  {line.text}")
        return
    after = 0
    while True:
        found, after = table.page(after=after, most=500)
        for job in found:
            why = f": {job.error['detail']}" if job.error else ""
            far = f" {job.progress['done']} of {job.progress['total']}" if job.progress else ""
            say(f"{job.id}  {job.kind:9} {job.state}{far}{why}")
        if not after:
            return
