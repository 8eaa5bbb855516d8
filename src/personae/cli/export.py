"""`personae export`: a film's timeline for editing programs, scholars' tools and players."""

from __future__ import annotations

from pathlib import Path

import click

from personae.cli.console import progress_bar, say, show, table, write_bytes
from personae.cli.options import (
    force_option,
    media_option,
    project_option,
    read_timeline,
    references_option,
    timelines_argument,
)

_STREAM = "-"


def _list_formats(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    if not value:
        return
    from personae.exports.registry import exporters

    listed = table("format", "file names that end in", "what it is")
    for name, exporter in exporters().items():
        listed.add_row(name, " ".join(exporter.suffixes), exporter.title)
    show(listed)
    say("--format takes the name of a format, or an ending.")
    ctx.exit()


@click.command()
@timelines_argument
@click.option("-o", "--out", multiple=True, required=True, type=click.Path(path_type=str), metavar="OUT",
              help="A file, a folder, or - for standard output; may be repeated.")  # fmt: skip
@click.option("--format", "format_name", metavar="NAME", help="Format, whatever the file's name ends in.")
@click.option("--character", "characters", multiple=True, metavar="NAME", help="Only this one; may be repeated.")
@click.option("--no-unknown", is_flag=True, help="Leave unknown people out.")
@click.option("--depicted", is_flag=True, help="Also faces on pictures in the picture (posters, screens).")
@media_option
@references_option
@force_option
@project_option
@click.option(
    "--formats",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_formats,
    help="List the formats and stop.",
)
def export(
    timelines: tuple[Path, ...],
    out: tuple[str, ...],
    format_name: str | None,
    characters: tuple[str, ...],
    no_unknown: bool,
    depicted: bool,
    media: Path | None,
    follow_references: bool,
    force: bool,
    project: Path | None,
) -> None:
    """Write TIMELINES in other formats: a file per OUT, the format chosen by its suffix.

    film.edl film.loc.edl film.txt film.xml film.fcpxml film.otio for editing programs; film.csv film.totals.csv
    film.eaf film.graphml film.vtt film.srt METHODS.txt for study; film.shots.csv film.shots.edl film.shots.otio for who
    is in each shot; film.html for people. A film (.mp4, .mov, .mkv) is the scanned one with a box and a name on every
    face. An OUT that ends in / or has no ending is a folder: it gets every format, or the one of --format. Of several
    TIMELINES OUT is a folder. Each of TIMELINES is a timeline's file, or the name of a film of the project.
    """
    from personae.project import exporting

    read = {path: read_timeline(path) for path in timelines}
    shown = exporting.Shown(characters, unknown=not no_unknown, depicted=depicted)
    outputs = exporting.timeline_outputs(read, project, force=force, media=media)
    for path, timeline in read.items():
        for _ in range(out.count(_STREAM)):
            content, note = exporting.exported(
                exporting.pointing_to(timeline, media), path, shown=shown, format=format_name
            )
            write_bytes(content)
            if note is not None:
                say(note, err=True)
    with progress_bar() as progress:
        written = exporting.export_timelines(
            read, [one for one in out if one != _STREAM], outputs,
            shown=shown, format=format_name, media=media, follow_references=follow_references,
            progress_callback=progress,
        )  # fmt: skip
    for note in written.notes:
        say(note, err=True)
    for target in written.paths:
        say(target)
