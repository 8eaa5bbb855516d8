"""`personae name --faces`: people's folders of pictures, which are renamed and moved, and then applied."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from personae.cli.console import say
from personae.cli.options import settings_from
from personae.hints import command, quoted
from personae.types import count_of

if TYPE_CHECKING:
    from personae.films.face_folders import FaceFolders, FoldersWritten
    from personae.films.film import StoredFilm
    from personae.timeline.decisions import Decision

faces_option = click.option(
    "--faces", is_flag=False, flag_value="", metavar="[FOLDER]",
    help="A folder of pictures per person: it is written, or what you renamed and moved in it is applied. FOLDER may "
    "stand for --timeline.",
)  # fmt: skip


def apply_faces(
    faces: str, timeline: Path | None, photo_set: str | None, project: Path | None, author: str, *, alone: bool
) -> None:
    """Write the folders of a film or of photos where there are none, else apply what was changed in them.

    `faces`: a folder, or empty; `alone`: nothing else is to be done by the same command. Raises UsageError.
    """
    from personae.films.face_folders import FaceFolders
    from personae.paths import ProjectPaths
    from personae.project.session import Project

    if not alone:
        raise click.UsageError("--faces stands alone.")
    if faces and timeline is None and photo_set is None:
        timeline = _timeline_of(faces)
    if (timeline is None) == (photo_set is None):
        raise click.UsageError("Say which faces are meant: --timeline FILE, --photos SET, or --faces FOLDER.")
    found = None if timeline is None else ProjectPaths.of_film(timeline)
    place = project or (None if found is None else found.folder)
    with Project.open(place, settings=settings_from(place, {})) as opened:
        if timeline is None:
            _apply(FaceFolders.of(opened.photos[str(photo_set)]), author)
        else:
            with opened.films[timeline] as film:
                _apply(FaceFolders.of(film), author)


def _timeline_of(faces: str) -> Path:
    folder = Path(faces)
    found = folder.absolute().with_name(f"{folder.absolute().name.removesuffix('.faces')}.timeline.json")
    if not folder.absolute().name.endswith(".faces") or not found.is_file():
        raise click.UsageError(f"There is no timeline beside {faces}. Say which one is meant: --timeline FILE.")
    return found if folder.is_absolute() else folder.with_name(found.name)


def _apply(folders: FaceFolders, author: str) -> None:
    written = None if folders.is_there else folders.write()
    foreseen = folders.foresee()
    if written is not None and not foreseen.decisions and not foreseen.problems:
        _tell(written)
        say("Rename a folder to who it is, move pictures that are somebody else's, and give this command again.")
        return
    for sentence in foreseen.notes:
        say(f"note: {sentence}")
    if not foreseen.decisions and not foreseen.problems:
        say("nothing in the folders was changed; rename one to who it is, and give this command again")
        _tell(folders.write())
        return
    for one in foreseen.decisions:
        say(_said(one))
    for warning in foreseen.warnings:
        say(f"personae: {warning}", err=True)
    if foreseen.warnings and sys.stdin.isatty() and not click.confirm("Apply this all the same?", default=True):
        say("nothing was applied")
        return
    decided = folders.apply(by=author)
    say(f"{count_of(len(decided.decisions), 'decision')} applied; --undo takes them back together.")


def write_faces(film: StoredFilm) -> None:
    """Write a scanned film's folders, or bring them up to the scan, and say what to do with them."""
    from personae.films.face_folders import FaceFolders

    folders = FaceFolders.of(film)
    if folders.is_there:
        foreseen = folders.foresee()
        if foreseen.decisions or foreseen.problems:
            return  # the scan said so
    _tell(folders.write())
    advice = command(f"name --timeline {quoted(str(film.path))} --faces")
    say(f"Rename folders to who they are, move pictures that are somebody else's, then: {advice}")


def _said(one: Decision) -> str:
    """A decision as half a sentence, with how many tracks or faces were moved where it is about more than one."""
    count = len(one.places)
    if one.kind != "give" or count < 2 or one.who is None or one.to is None:
        return one.said()
    return f"{count} faces of {one.who.name} are {one.to.name}"


def _tell(written: FoldersWritten) -> None:
    say(f"folders: {written.folder} ({count_of(written.people, 'folder')}, "
        f"{count_of(written.pictures, 'picture')})")  # fmt: skip
    for sentence in written.notes:
        say(f"note: {sentence}")
