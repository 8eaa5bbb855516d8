"""`personae report`: the timeline as a page for people, and a contact sheet to check it with."""

from __future__ import annotations

from pathlib import Path

import click

from personae.cli.options import read_timeline, timeline_argument


@click.command()
@timeline_argument
@click.argument("out", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--depicted", is_flag=True, help="Also faces on pictures in the picture (posters, screens).")
def report(timeline: Path, out: Path | None, depicted: bool) -> None:
    """Write TIMELINE as one self-contained HTML page, OUT, and beside it a contact sheet.

    The page shows a lane per character, totals, who is on screen with whom, shot scale and unknown people. The contact
    sheet (OUT with .sheet.html) shows a picture of every appearance, those on pictures in the picture too, to go
    through with two keys, and saves what you decide as a decisions file.  [default of OUT: beside TIMELINE]
    """
    from personae.exports.registry import export
    from personae.timeline.selection import without_depicted

    whole = read_timeline(timeline)
    found = whole if depicted else without_depicted(whole)
    if out is None:
        out = timeline.with_name(timeline.name.removesuffix(".json").removesuffix(".timeline") + ".report.html")
    sheet = out.with_name(out.name.removesuffix(".html").removesuffix(".report") + ".sheet.html")
    # To be checked are those on pictures too: one may be alive.
    for path, name, shown in ((out, "report", found), (sheet, "sheet", whole)):
        click.echo(export(shown, path, format=name, folder=timeline.parent))
