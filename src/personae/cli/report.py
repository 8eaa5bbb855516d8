"""`personae report`: the timeline as a page for people, and a contact sheet to check it with."""

from __future__ import annotations

from pathlib import Path

import click

from personae.cli.console import say
from personae.cli.options import force_option, project_option, read_timeline, timeline_outputs, timelines_argument


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
    from personae.exports.registry import exporters
    from personae.exports.spans import everybody
    from personae.timeline.selection import without_depicted

    found = {path: read_timeline(path) for path in timelines}
    outputs = timeline_outputs(found, project, force=force)
    pages = {path: _page(path, out) for path in timelines}
    if len(set(pages.values())) < len(pages):
        raise click.UsageError("Several timelines give one page. Give -o FOLDER, or report them one by one.")
    for path, timeline in found.items():
        shown = timeline if depicted else without_depicted(timeline)
        # To be checked are those on pictures too: one may be alive.
        wanted = {"report": (pages[path], shown), "sheet": (_sheet(pages[path]), timeline)}
        made = {name: (target, exporters()[name].export(of, path.parent)) for name, (target, of) in wanted.items()}
        for name, (target, content) in made.items():  # both before the first is written
            outputs[path].check_content(target, content, kind=name, source=path)
        for name, (target, content) in made.items():
            outputs[path].write(target, content, kind=name, who=everybody(timeline), source=path)
            say(target)


def _page(timeline: Path, out: Path | None) -> Path:
    """Where a timeline's page goes: what is called like a page is one, anything else a folder for it."""
    name = timeline.name.removesuffix(".json").removesuffix(".timeline") + ".report.html"
    if out is None:
        return timeline.with_name(name)
    if out.is_dir() or not out.suffix:
        return out / name
    if out.suffix.lower() not in {".html", ".htm"}:
        raise click.UsageError(f"{out}: a page's name ends in .html. Give one, or a folder.")
    return out


def _sheet(page: Path) -> Path:
    """The contact sheet beside a page."""
    return page.with_name(page.name.removesuffix(".html").removesuffix(".report") + ".sheet.html")
