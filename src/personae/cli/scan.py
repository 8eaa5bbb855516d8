"""`personae scan`: films in, timelines out."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from personae import hints
from personae.cli import streams
from personae.cli.console import progress_bar, say, write_json
from personae.cli.name_faces import write_faces
from personae.cli.options import (
    NETWORKS,
    force_option,
    model_option,
    nobody_enrolled,
    project_option,
    references_option,
    settings_at_far,
    settings_from,
    settings_options,
)
from personae.cli.scan_summary import print_result
from personae.errors import FilmError, StoreError
from personae.paths import DEFAULT_FOLDER

if TYPE_CHECKING:
    from personae.films.films import FilmOutcome, Source
    from personae.progress import Progress, ProgressCallback
    from personae.project.film import ProjectFilm
    from personae.project.session import Project


@click.command()
@click.argument("films", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--cast",
    type=click.Path(path_type=Path),
    help="Learn this cast folder first, into OUT: no other model is touched.",
)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False),
              help="Where results go; a project in it, OUT/personae, is the one used.  [default: project]")  # fmt: skip
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
@references_option
@click.option("--edits", type=click.Path(path_type=Path, exists=True), help="Decisions about another copy of the film.")
@click.option("--annotate", is_flag=True, help="Also write the film with a box and a name on every face.")
@click.option("--faces", is_flag=True, help="Also write a folder of pictures per person, to rename: see name --faces.")
@click.option("--fresh", is_flag=True, help="Look through the film again, also where that was done before.")
@settings_options(
    "far", "threshold", "look_every_s", "bridge_s", "min_appearance_s", "pad_s", "min_unknown_s", "scene_gap_s",
    "cluster", "roots", *NETWORKS,
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
    follow_references: bool,
    edits: Path | None,
    annotate: bool,
    faces: bool,
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
    from personae.films.scan import PRESETS
    from personae.project.session import Project

    streams.go_on_unread()
    if options["cluster"] == "":
        raise click.UsageError("--cluster is empty: give an address, or leave it out to scan here.")
    groups, failed = _films(films, as_one=as_one, pictures=rate is not None)
    if not groups:
        return 2
    if cast is not None and project is None and out is None:
        raise click.UsageError("--cast needs --out OUT, where the model goes, or a --project of its own.")
    if project is None and out is not None and (cast is not None or (out / DEFAULT_FOLDER).is_dir()):
        project = out / DEFAULT_FOLDER
        hints.use(project=project, model=model)
    given = {**PRESETS[preset], **{k: v for k, v in options.items() if v is not None}}
    # A cast that is learnt here is learnt for that rate.
    settings = settings_from(project, given) if cast is not None else settings_at_far(project, model, given)
    if settings.cluster:
        from personae.cluster import LOCKS_S

        settings = replace(settings, lock_timeout_s=max(settings.lock_timeout_s, LOCKS_S))
    opening = {
        "stream": stream, "rate": rate, "start_timecode": start_timecode, "drop_frame": drop_frame, "reel": reel,
        "follow_references": follow_references,
    }  # fmt: skip
    with (
        Project.open(project, settings=settings, model_path=model) as opened,
        _progress(progress_as if as_json is None or progress_as != "bar" else "quiet") as progress,
    ):
        if cast is not None:
            opened.cast.train(cast, progress_callback=progress)
        if opened.card is None:
            say(nobody_enrolled(opened.folder), err=True, prose=True)
        done = 0
        wanted = {"out": out, "decisions": edits, "fresh": fresh, "opening": opening}
        sources: list[Source] = [group if as_one else group[0] for group in groups]
        for outcome in (_by_others if settings.cluster else _here)(opened, sources, wanted, progress):
            group = outcome.source if as_one else [outcome.source]
            if outcome.film is None:
                say(f"personae: {outcome.error}", err=True)
                failed += 1
                continue
            notes = outcome.film.notes
            if annotate:
                more, is_done = _annotated(outcome.film, group[0], force, follow_references, progress)
                notes += more
                failed += not is_done
            for note in notes:
                say(f"personae: {group[0]}: {note}", err=True)
            done += 1
            _show(outcome.film, as_json, faces)
    return 0 if not failed else 1 if done else 2


def _show(film: ProjectFilm, as_json: str | None, faces: bool) -> None:
    """Print what was found."""
    if as_json is None:
        print_result(film)
        if faces:
            write_faces(film)
        return
    from personae.timeline import native

    write_json(native.dumps_line(film.timeline))


def _here(
    project: Project, sources: list[Source], wanted: dict[str, Any], progress: ProgressCallback | None
) -> Iterator[FilmOutcome[ProjectFilm]]:
    """The films, scanned by this machine one by one."""
    films, telling = _telling_which(sources, progress)
    yield from project.films.scan_many(films, progress_callback=telling, **wanted)


def _by_others(
    project: Project, sources: list[Source], wanted: dict[str, Any], progress: ProgressCallback | None
) -> Iterator[FilmOutcome[ProjectFilm]]:
    """The films, scanned by other machines side by side."""
    from personae.cluster.elsewhere import Elsewhere
    from personae.cluster.engines import engine_of
    from personae.cluster.roots import roots_of
    from personae.cluster.scanning import scan_many

    settings = project.settings
    roots = roots_of(settings.roots)
    engine = engine_of(str(settings.cluster), owner=project.folder, roots=roots)
    try:
        asking = Elsewhere(engine, roots)
        yield from scan_many(project.films, sources, asking, count=len(sources), progress_callback=progress, **wanted)
    finally:
        engine.close()


def _telling_which(
    sources: list[Source], progress: ProgressCallback | None
) -> tuple[Iterator[Source], ProgressCallback | None]:
    """The films one by one, and a callback that says which of several it is about."""
    if progress is None or len(sources) < 2:
        return iter(sources), progress
    at = [""]

    def each() -> Iterator[Source]:
        from personae.films.films import name_of

        for number, source in enumerate(sources, 1):
            at[0] = f"{Path(name_of(source)).name} ({number} of {len(sources)})"
            yield source

    def tell(step: Progress) -> None:
        progress(replace(step, message=", ".join(filter(None, (at[0], step.message)))))

    return each(), tell


def _annotated(
    film: ProjectFilm, source: Path, force: bool, follow_references: bool, progress: ProgressCallback | None
) -> tuple[tuple[str, ...], bool]:
    """Write the film with boxes and names; what there is to say, and whether it was done."""
    from personae.films.films import ends_all
    from personae.media.film_errors import as_film_error

    try:
        with as_film_error(source):
            written = film.annotate(force=force, follow_references=follow_references, progress_callback=progress)
    except (FilmError, StoreError) as error:
        if ends_all(error):
            raise
        return (str(error),), False
    return (*(f"written: {path}" for path in written.paths), *written.notes), True


def _films(films: tuple[Path, ...], *, as_one: bool, pictures: bool) -> tuple[list[list[Path]], int]:
    """The files of each film to scan, and how many could not be found: each is named. `pictures`: folders are films."""
    from personae.media.picture_sequence import is_pattern
    from personae.media.video import find_films, open_film

    groups, failed = [], 0
    for path in films:
        try:
            if not path.exists() and not is_pattern(path):
                open_film(path).close()  # raises, and says what is wrong with the name
            groups += [[film] for film in ([path] if pictures or as_one else find_films(path))]
        except FilmError as error:
            say(f"personae: {error}", err=True)
            failed += 1
    if as_one:
        groups = [] if failed else [[film for group in groups for film in group]]
    return groups, failed


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
