"""`personae report`: the timeline as a page for people, and a contact sheet to check it with."""

from __future__ import annotations

from pathlib import Path

import click

from personae.cli.console import say
from personae.cli.options import read_timeline, timeline_argument


@click.command()
@timeline_argument
@click.argument("out", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--depicted", is_flag=True, help="Also faces on pictures in the picture (posters, screens).")
def report(timeline: Path, out: Path | None, depicted: bool) -> None:
    """Write TIMELINE as one self-contained HTML page, OUT, and beside it a contact sheet.

    The page shows a lane per character, totals, who is on screen with whom, shot scale and unknown people. The contact
    sheet (OUT with .sheet.html) shows a picture of every appearance, to go through with two keys, and saves what you
    decide as a decisions file.  [default of OUT: beside TIMELINE]
    """
    from personae.exports.registry import export
    from personae.timeline.selection import without_depicted

    found = read_timeline(timeline)
    if not depicted:
        found = without_depicted(found)
    if out is None:
        out = timeline.with_name(timeline.name.removesuffix(".json").removesuffix(".timeline") + ".report.html")
    sheet = out.with_name(out.name.removesuffix(".html").removesuffix(".report") + ".sheet.html")
    for path, name in ((out, "report"), (sheet, "sheet")):
        say(export(found, path, format=name, folder=timeline.parent))
