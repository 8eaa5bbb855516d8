"""`personae export`: a film's timeline for editing programs, scholars' tools and players."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from personae.cli.console import progress_bar, say, show, table, write_bytes
from personae.cli.options import (
    force_option,
    media_option,
    pointing_to,
    project_option,
    read_timeline,
    references_option,
    timeline_outputs,
    timelines_argument,
)

if TYPE_CHECKING:
    from personae.exports.exporter import Exporter
    from personae.timeline.timeline import Timeline


def _list_formats(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    if not value:
        return
    from personae.exports.registry import exporters

    listed = table("format", "file names that end in", "what it is")
    for name, exporter in exporters().items():
        listed.add_row(name, " ".join(exporter.suffixes), exporter.title)
    show(listed)
    ctx.exit()


@click.command()
@timelines_argument
@click.option("-o", "--out", multiple=True, required=True, type=click.Path(path_type=Path), metavar="OUT",
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
    out: tuple[Path, ...],
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
    film.eaf film.graphml film.vtt film.srt METHODS.txt for study; film.html for people. A film (.mp4, .mov, .mkv) is
    the scanned one with a box and a name on every face. An OUT that is a folder gets every format, or the one of
    --format; of several timelines OUT is a folder.
    """
    from personae.exports import registry
    from personae.exports.annotated_film import write_annotated
    from personae.exports.film_writer import FORMATS
    from personae.exports.held_rate import rate_note
    from personae.exports.spans import everybody

    read = {path: read_timeline(path) for path in timelines}
    found = {
        path: _chosen(pointing_to(timeline, media), characters, no_unknown=no_unknown, depicted=depicted)
        for path, timeline in read.items()
    }
    outputs = timeline_outputs(read, project, force=force, media=media)
    films: list[tuple[Path, Path]] = []
    files: list[tuple[Path, Path, Exporter]] = []
    for path, timeline in found.items():
        for target in out:
            if str(target) == "-":
                write_bytes(registry.exporter_for(target, format_name).export(timeline, path.parent))
            elif format_name is None and target.suffix.lower() in FORMATS and not target.is_dir():
                films.append((path, target))
            else:
                files += [(path, *job) for job in registry.targets(timeline, target, format_name)]
    _check_names([target for _, target, _ in files] + [target for _, target in films])
    # All of them are checked before the first is written.
    contents = [exporter.export(found[path], path.parent) for path, _, exporter in files]
    for (path, target, exporter), content in zip(files, contents, strict=True):
        outputs[path].check_content(target, content, kind=exporter.name, source=path)
    for path, target in films:
        outputs[path].check(target, kind="annotated film", source=path)
    for (path, target, exporter), content in zip(files, contents, strict=True):
        who = everybody(found[path])
        outputs[path].write(target, content, kind=exporter.name, who=who, source=path)
        say(target)
    counted = any(getattr(exporter, "counts_frames", False) for *_, exporter in files)
    notes = dict.fromkeys(filter(None, (rate_note(found[path].video) for path, *_ in files)))
    for note in notes if counted else ():
        say(note, err=True)
    for path, target in films:
        who = everybody(found[path])
        with progress_bar() as progress, outputs[path].writing(target, kind="annotated film", who=who, source=path):
            left_out = write_annotated(
                found[path], target, follow_references=follow_references, progress_callback=progress
            )
        if left_out:
            say(f"{target} is without {', '.join(left_out)}. Matroska (.mkv) holds most.", err=True)
        say(target)


def _chosen(timeline: Timeline, characters: tuple[str, ...], *, no_unknown: bool, depicted: bool) -> Timeline:
    from personae.timeline import selection

    if not depicted:
        timeline = selection.without_depicted(timeline)
    if no_unknown:
        timeline = selection.without_unknown(timeline)
    return selection.of_names(timeline, characters) if characters else timeline


def _check_names(targets: list[Path]) -> None:
    """Two timelines must not be written over each other."""
    for target in targets:
        if targets.count(target) > 1:
            raise click.UsageError(f"{target} would be written more than once. Give a folder, or export one by one.")
