"""`personae export`: a film's timeline for editing programs, scholars' tools and players."""

from __future__ import annotations

from pathlib import Path

import click

from personae.cli.options import media_option, read_timeline, timeline_argument


def _list_formats(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    if not value:
        return
    from personae.cli.console import console, table
    from personae.exports.registry import exporters

    listed = table("format", "file names that end in", "what it is")
    for name, exporter in exporters().items():
        listed.add_row(name, " ".join(exporter.suffixes), exporter.title)
    console().print(listed)
    ctx.exit()


@click.command()
@timeline_argument
@click.argument("out", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--format", "format_name", metavar="NAME", help="Format, whatever the file's name ends in.")
@click.option("--character", "characters", multiple=True, metavar="NAME", help="Only this one; may be repeated.")
@click.option("--no-unknown", is_flag=True, help="Leave unknown people out.")
@click.option("--depicted", is_flag=True, help="Also faces on pictures in the picture (posters, screens).")
@media_option
@click.option(
    "--formats",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_formats,
    help="List the formats and stop.",
)
def export(
    timeline: Path,
    out: tuple[Path, ...],
    format_name: str | None,
    characters: tuple[str, ...],
    no_unknown: bool,
    depicted: bool,
    media: Path | None,
) -> None:
    """Write TIMELINE in other formats: one file per OUT, the format chosen by its suffix.

    film.edl film.loc.edl film.txt film.xml film.fcpxml film.otio for editing programs; film.csv film.totals.csv
    film.eaf film.graphml film.vtt film.srt METHODS.txt for study; film.html for people. A film (.mp4, .mov, .mkv) is
    the scanned one with a box and a name on every face. An OUT that is a folder gets every format, or the one of
    --format; "-" is standard output.
    """
    from personae.cli.console import progress_bar
    from personae.exports import registry
    from personae.exports.annotated_film import write_annotated
    from personae.exports.film_writer import FORMATS
    from personae.exports.held_rate import rate_note
    from personae.timeline import selection

    found = read_timeline(timeline, media)
    if not depicted:
        found = selection.without_depicted(found)
    if no_unknown:
        found = selection.without_unknown(found)
    if characters:
        found = selection.of_names(found, characters)
    counted = False
    for path in out:
        if str(path) == "-":
            exporter = registry.exporter_for(path, format_name)
            click.echo(exporter.export(found, timeline.parent), nl=False)
            counted |= getattr(exporter, "counts_frames", False)
            continue
        if format_name is None and path.suffix.lower() in FORMATS:
            with progress_bar() as progress:
                left_out = write_annotated(found, path, progress_callback=progress)
            if left_out:
                click.echo(f"{path} is without {', '.join(left_out)}. Matroska (.mkv) holds most.", err=True)
            written = [path]
        elif format_name is None and (path.is_dir() or not path.suffix):
            written = registry.export_all(found, path, folder=timeline.parent)
            counted = True
        else:
            written = [registry.export(found, path, format=format_name, folder=timeline.parent)]
            counted |= getattr(registry.exporter_for(written[0], format_name), "counts_frames", False)
        for one in written:
            click.echo(one)
    note = rate_note(found.video)
    if counted and note is not None:
        click.echo(note, err=True)
