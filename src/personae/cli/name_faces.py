"""`personae name --faces`: people's folders of pictures, which are renamed and moved, and then applied."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from personae.cli.console import say
from personae.cli.name_many import agreed
from personae.cli.name_one import say_learnt
from personae.hints import command, quoted
from personae.types import count_of

if TYPE_CHECKING:
    from personae.films.face_folders import FaceFolders, FoldersWritten
    from personae.films.film import StoredFilm
    from personae.films.media import Media, Medium
    from personae.timeline.decisions import Decision

faces_option = click.option(
    "--faces", is_flag=False, flag_value="", metavar="[FOLDER]",
    help="A folder of pictures per person: it is written, or what you renamed and moved in it is applied. FOLDER may "
    "stand for --timeline.",
)  # fmt: skip


def apply_faces(
    media: Media, one: Medium | None, faces: str, words: Sequence[str], author: str, *, learn: bool, yes: bool
) -> None:
    """Write the folders of a film or of photos where there are none, else apply what was changed in them.

    Which: `one`, or what the only one of `words` means, or the film beside the folder `faces`. Raises UsageError.
    """
    from personae.films.face_folders import FaceFolders

    if one is None and words:
        one = media.find(words[0])
    elif one is None and faces:
        one = media.find(timeline_of(faces))
    elif words:
        raise click.UsageError("--faces is about one film or set of photos.")
    if one is None:
        raise click.UsageError("Say whose faces are meant: personae name T --faces")
    _apply(FaceFolders.of(one), author, learn=learn, yes=yes)


def timeline_of(faces: str) -> Path:
    """The timeline beside a folder of faces; raises UsageError."""
    folder = Path(faces)
    found = folder.absolute().with_name(f"{folder.absolute().name.removesuffix('.faces')}.timeline.json")
    if not folder.absolute().name.endswith(".faces") or not found.is_file():
        raise click.UsageError(f"There is no timeline beside {faces}. Say which one is meant: --timeline FILE.")
    return found if folder.is_absolute() else folder.with_name(found.name)


def _apply(folders: FaceFolders, author: str, *, learn: bool, yes: bool) -> None:
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
    if not yes and not agreed(foreseen.warnings, "Apply this all the same?"):
        say("nothing was applied")
        return
    for warning in foreseen.warnings if yes else ():
        say(f"personae: {warning}", err=True)
    decided = folders.apply(by=author)
    say_learnt(folders.media, decided, learn=learn)
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
