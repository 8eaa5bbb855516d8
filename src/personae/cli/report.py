"""`personae report`: the timeline as a page for people, and a contact sheet to check it with."""

from __future__ import annotations

from pathlib import Path

import click

from personae.cli.console import say
from personae.cli.options import force_option, project_option, read_timeline, timelines_argument


@click.command()
@timelines_argument
@click.option("-o", "--out", type=click.Path(path_type=Path), metavar="OUT", help="The page, or a folder for it.  "
              "[default: beside each timeline]")  # fmt: skip
@click.option("--depicted", is_flag=True, help="Also faces on pictures in the picture (posters, screens).")
@force_option
@project_option
def report(timelines: tuple[Path, ...], out: Path | None, depicted: bool, force: bool, project: Path | None) -> None:
    """Write each of TIMELINES as one self-contained HTML page, and beside it a contact sheet.

    The page shows a lane per character, totals, who is on screen with whom, shot scale and unknown people. The contact
    sheet (OUT with .sheet.html) shows a picture of every appearance, those on pictures in the picture too, to go
    through with two keys, and saves what you decide as a decisions file.
    """
    from personae.project import exporting
    from personae.project.reporting import report_timelines

    read = {path: read_timeline(path) for path in timelines}
    outputs = exporting.timeline_outputs(read, project, force=force)
    for path in report_timelines(read, out, outputs, depicted=depicted).paths:
        say(path)
