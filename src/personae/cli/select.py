"""`personae select`: a stringout, every appearance of somebody in film order."""

from __future__ import annotations

from pathlib import Path

import click

from personae.cli.console import progress_bar, say
from personae.cli.options import (
    force_option,
    media_option,
    project_option,
    read_timeline,
    references_option,
    timeline_argument,
)

_SECONDS = click.FloatRange(min=0)


@click.command()
@timeline_argument
@click.option(
    "-o", "--out", required=True, type=click.Path(path_type=Path, dir_okay=False), metavar="OUT", help="What to write."
)
@click.option(
    "--character",
    "characters",
    multiple=True,
    required=True,
    metavar="NAME",
    help="Who; may be repeated, for any of them.",
)
@click.option("--with", "together", multiple=True, metavar="NAME", help="Only while this one is on screen too.")
@click.option("--without", multiple=True, metavar="NAME", help="Only while this one is not on screen.")
@click.option("--close-ups", is_flag=True, help="Only close-ups: the face is at least a third of the picture's height.")
@click.option("--min-s", type=_SECONDS, default=0.0, metavar="S", help="Leave out what is shorter.  [default: 0]")
@click.option("--handles-s", type=_SECONDS, default=0.0, metavar="S", help="So much more at both ends.  [default: 0]")
@click.option("--depicted", is_flag=True, help="Also faces on pictures in the picture (posters, screens).")
@media_option
@references_option
@force_option
@project_option
def select(
    timeline: Path,
    out: Path,
    characters: tuple[str, ...],
    together: tuple[str, ...],
    without: tuple[str, ...],
    close_ups: bool,
    min_s: float,
    handles_s: float,
    depicted: bool,
    media: Path | None,
    follow_references: bool,
    force: bool,
    project: Path | None,
) -> None:
    """Write a stringout to OUT: every stretch of the film with a character, one after the other.

    OUT is .edl, .otio, .fcpxml or .xml for an editing program, or .mp4 for a film. An unknown person is asked for by
    number: --character "Unknown 2". TIMELINE is a timeline's file, or the name of a film of the project.
    """
    from personae.exports.page import clock
    from personae.project import exporting
    from personae.timeline.selection import Wanted
    from personae.types import count_of

    read = read_timeline(timeline)
    found = exporting.pointing_to(read, media)
    outputs = exporting.timeline_outputs({timeline: read}, project, force=force, media=media)[timeline]
    wanted = Wanted(characters, together, without, close_ups, min_s, handles_s)
    with progress_bar() as progress:
        written, cuts = exporting.write_selection(
            found, timeline, out, outputs, wanted,
            depicted=depicted, follow_references=follow_references, progress_callback=progress,
        )  # fmt: skip
    length = float(sum(cut.end_pts - cut.start_pts for cut in cuts) * found.video.time_base)
    for note in written.notes:
        say(note, err=True)
    say(f"{out}: {count_of(len(cuts), 'cut')}, {clock(length)} long")
