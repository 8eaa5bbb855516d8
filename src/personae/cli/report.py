"""`personae report`: the timeline as a page for people, and a contact sheet to check it with."""

from __future__ import annotations

from pathlib import Path

import click

from personae.cli.console import say
from personae.cli.options import force_option, project_option, read_timeline, timelines_argument


@click.command()
@timelines_argument
@click.option("-o", "--out", type=click.Path(path_type=str), metavar="OUT", help="The page, or a folder for it; of "
              "several timelines PAGE.html is one page over all.  [default: beside each timeline]")  # fmt: skip
@click.option("--depicted", is_flag=True, help="Also faces on pictures in the picture (posters, screens).")
@force_option
@project_option
def report(timelines: tuple[Path, ...], out: str | None, depicted: bool, force: bool, project: Path | None) -> None:
    """Write each of TIMELINES as one self-contained HTML page, and beside it a contact sheet.

    The page shows a lane per character, totals, who is on screen with whom, shot scale and unknown people. The contact
    sheet (OUT with .sheet.html) shows a picture of every appearance, also of people who are left out, to go through
    with a few keys: it takes names, saves what you decide as a file, and says the command that applies it. Of several
    TIMELINES, -o PAGE.html is one page over all of them, with totals per character and a link to each film's own page.
    A page says so when its film has been decided about or scanned again since. Each of TIMELINES is a timeline's file,
    or the name of a film of the project.
    """
    from personae.project import exporting
    from personae.project.reporting import report_timelines

    read = {path: read_timeline(path) for path in timelines}
    outputs = exporting.timeline_outputs(read, project, force=force)
    for path in report_timelines(read, out, outputs, depicted=depicted).paths:
        say(path)
