"""`personae scan`: films in, timelines out."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from personae import hints
from personae.cli.console import progress_bar, say, show, table, write_json
from personae.cli.options import (
    NETWORKS,
    force_option,
    model_option,
    project_option,
    settings_from,
    settings_options,
)
from personae.errors import FilmError, StoreError
from personae.files import sha256_of
from personae.types import count_of, percent

if TYPE_CHECKING:
    from personae.outputs import Outputs
    from personae.scan import ScanResult
    from personae.types import Progress, ProgressCallback


@click.command()
@click.argument("films", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--cast",
    type=click.Path(path_type=Path),
    help="Learn this cast folder first, into OUT: no other model is touched.",
)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Where results go.  [default: project]")
@click.option(
    "--json", "as_json", type=click.Choice(["-"]), help="Print the native timelines on stdout, a film a line."
)
@click.option("--progress", "progress_as", type=click.Choice(["bar", "json", "none"]), default="bar", show_default=True)
@click.option("--preset", type=click.Choice(["exact", "edit", "story"]), default="exact", show_default=True,
              help="How appearances are joined, left out and padded; the options below overrule it.")  # fmt: skip
@click.option("--as-one", is_flag=True, help="FILMS follow each other: one film in several files.")
@click.option("--stream", type=int, metavar="NUMBER", help="Number of the video stream in the file.")
@click.option("--rate", metavar="FPS", help="Pictures per second of a folder of pictures, or instead of a file's own.")
@click.option("--start-timecode", metavar="HH:MM:SS:FF", help="Instead of what the file says.")
@click.option("--drop-frame/--non-drop-frame", default=None, help="Instead of what the file says.")
@click.option("--reel", metavar="NAME", help="Instead of what the file says.")
@click.option("--edits", type=click.Path(path_type=Path, exists=True), help="Decisions about another copy of the film.")
@click.option("--annotate", is_flag=True, help="Also write the film with a box and a name on every face.")
@click.option("--fresh", is_flag=True, help="Look through the film again, also where that was done before.")
@settings_options(
    "far", "threshold", "look_every_s", "bridge_s", "min_appearance_s", "pad_s", "min_unknown_s", "scene_gap_s",
    *NETWORKS,
)  # fmt: skip
@force_option
@model_option
@project_option
def scan(
    films: tuple[Path, ...],
    cast: Path | None,
    out: Path | None,
    as_json: str | None,
    progress_as: str,
    preset: str,
    as_one: bool,
    stream: int | None,
    rate: str | None,
    start_timecode: str | None,
    drop_frame: bool | None,
    reel: str | None,
    edits: Path | None,
    annotate: bool,
    fresh: bool,
    force: bool,
    model: Path | None,
    project: Path | None,
    **options: Any,
) -> int:
    """Find who is on screen in FILMS, when, and for how long.

    FILMS are files, folders of numbered pictures (with --rate), or folders of films. A scan that was stopped goes on
    where it was. Exit status 1 means that some films could not be read (each is named, and the others are done).
    """
    from personae.media.video import open_film
    from personae.outputs import Outputs
    from personae.recognition.recognizer import CharacterRecognizer
    from personae.scan import PRESETS, scan_film
    from personae.timeline.film_files import film_files

    if cast is not None:
        project = (out or Path()) / "personae"
        hints.use(project=project, model=model)
    settings = settings_from(project, {**PRESETS[preset], **{k: v for k, v in options.items() if v is not None}})
    recognizer = CharacterRecognizer(project, settings=settings, model_path=model)
    with _progress(progress_as if as_json is None or progress_as != "bar" else "quiet") as progress:
        if cast is not None:
            recognizer.train_folder(cast, progress_callback=progress)
        groups, failed = _films(films, as_one=as_one, pictures=rate is not None)
        taken, done = set[str](), 0
        for group in groups:
            try:
                film = open_film(
                    group, stream=stream, rate=rate, as_one=as_one, start_timecode=start_timecode,
                    drop_frame=drop_frame, reel=reel,
                )  # fmt: skip
                files = film_files(film.video, out, recognizer.project.folder, taken)
                result = scan_film(film, recognizer, files, edits=edits, fresh=fresh, progress_callback=progress)
            except FilmError as error:
                say(f"personae: {error}", err=True)
                failed += 1
                continue
            if not files.private:  # outside the project, where `forget` would not look
                who = {one.character for one in result.timeline.appearances if one.character is not None}
                digest = sha256_of(files.timeline)
                recognizer.project.ledger.record(files.timeline, sha256=digest, kind="timeline", who=who)
            notes = result.notes
            if annotate:
                try:
                    outputs = Outputs(recognizer.project.ledger, inputs=[*group, result.files.timeline], force=force)
                    notes += _annotated(result, outputs, progress)
                except (FilmError, StoreError) as error:  # the timeline is there all the same
                    notes += (str(error),)
                    failed += 1
            for note in notes:
                say(f"personae: {group[0]}: {note}", err=True)
            done += 1
            if as_json is None:
                print_result(result)
            else:
                from personae.timeline import native

                write_json(native.dumps_line(result.timeline))
    return 0 if not failed else 1 if done else 2


def _annotated(result: ScanResult, outputs: Outputs, progress: ProgressCallback | None) -> tuple[str, ...]:
    """Write the film with boxes and names; what was written, and what is not in it."""
    from personae.exports.annotated_film import path_beside, write_annotated
    from personae.exports.spans import characters

    timeline, source = result.timeline, result.files.timeline
    path = path_beside(timeline, source)
    with outputs.writing(path, kind="annotated film", who=characters(timeline), source=source):
        left_out = write_annotated(timeline, path, progress_callback=progress)
    return (f"written: {path}", *(f"{path.name} is without {one}" for one in left_out))


def _films(films: tuple[Path, ...], *, as_one: bool, pictures: bool) -> tuple[list[list[Path]], int]:
    """The files of each film to scan; a folder without any is named, and counted. `pictures`: folders are films."""
    from personae.media.video import find_films

    if as_one:
        return [list(films)], 0
    groups, failed = [], 0
    for path in films:
        try:
            groups += [[film] for film in ([path] if pictures else find_films(path))]
        except FilmError as error:
            say(f"personae: {error}", err=True)
            failed += 1
    return groups, failed


def print_result(result: ScanResult) -> None:
    """Totals per person, and where the timeline is."""
    timeline = result.timeline
    rows = table("who", "visible face time>", "share>", "scene presence>", "appearances>", "first>", "last>")
    for one in timeline.characters:
        rows.add_row(
            one.character or one.unknown or "",
            f"{one.visible_face_time_s:.1f} s",
            percent(one.share, 1),
            f"{one.scene_presence_s:.1f} s",
            str(one.appearances),
            f"{one.first_s:.1f} s",
            f"{one.last_s:.1f} s",
        )
    if timeline.characters:
        show(rows)
    depicted = sum(one.depicted for one in timeline.appearances)
    say(
        f"{Path(timeline.video.path).name}: {timeline.video.duration_s:.1f} s, "
        f"{count_of(len(timeline.shots), 'shot')}, "
        f"{count_of(len(timeline.tracks), 'track')}, {count_of(len(timeline.appearances), 'appearance')}"
        + (f", {depicted} of them on pictures in the picture" if depicted else "")
        + ("; the film was not read again" if result.reused else ""),
    )
    from personae.timeline.far_in_film import describe

    say(describe(timeline.model["film"]), prose=True)
    say(f"timeline: {result.files.timeline}")


@contextmanager
def _progress(how: str) -> Iterator[ProgressCallback | None]:
    """A bar on stderr, a line of JSON per step on stderr, or nothing."""
    if how != "json":
        with progress_bar(quiet=how in ("none", "quiet") and not (how == "quiet" and sys.stderr.isatty())) as bar:
            yield bar
        return

    def tell(progress: Progress) -> None:
        event = {"stage": progress.stage, "done": progress.done, "total": progress.total, "message": progress.message}
        say(json.dumps(event), err=True)

    yield tell
