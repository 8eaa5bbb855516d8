"""`personae name --faces`: people's folders of pictures, which are renamed and moved, and then applied."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from personae.cli.console import say
from personae.hints import command, quoted
from personae.types import count_of

if TYPE_CHECKING:
    from personae.films.face_folders import FaceFolders, FoldersWritten
    from personae.films.film import StoredFilm
    from personae.films.photo_set import PhotoSet
    from personae.timeline.decisions import Decision

faces_option = click.option(
    "--faces", is_flag=False, flag_value="", metavar="[FOLDER]",
    help="A folder of pictures per person: it is written, or what you renamed and moved in it is applied. FOLDER may "
    "stand for --timeline.",
)  # fmt: skip


def timeline_of(faces: str) -> Path:
    """The timeline beside a folder of faces; raises UsageError."""
    folder = Path(faces).absolute()
    found = folder.with_name(f"{folder.name.removesuffix('.faces')}.timeline.json")
    if not folder.name.endswith(".faces") or not found.is_file():
        raise click.UsageError(f"There is no timeline beside {faces}. Say which one is meant: --timeline FILE.")
    return found


def apply_faces(media: StoredFilm | PhotoSet, author: str = "") -> None:
    """Write the folders where there are none, else apply what was changed in them."""
    from personae.films.face_folders import FaceFolders

    folders = FaceFolders.of(media)
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
    _apply(folders, author)


def write_faces(film: StoredFilm) -> None:
    """Write a scanned film's folders, or bring them up to the scan, and say what to do with them."""
    from personae.films.face_folders import FaceFolders

    folders = FaceFolders.of(film)
    if folders.is_there and folders.foresee().decisions:
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


def _apply(folders: FaceFolders, author: str) -> None:
    decided = folders.apply(by=author)
    say(f"{count_of(len(decided.decisions), 'decision')} applied; --undo takes them back together.")


def _tell(written: FoldersWritten) -> None:
    say(f"folders: {written.folder} ({count_of(written.people, 'folder')}, "
        f"{count_of(written.pictures, 'picture')})")  # fmt: skip
    for sentence in written.notes:
        say(f"note: {sentence}")
