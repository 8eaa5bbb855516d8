"""What `identify` and `archive` write for archives: the options, and what is said at the end."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from personae.cli.console import say
from personae.types import count_of

if TYPE_CHECKING:
    from personae.outputs import Outputs
    from personae.project.archive_wishes import ArchiveWishes
    from personae.project.archiving import Archive
    from personae.recognition.identification import IdentifiedPicture

_Command = TypeVar("_Command", bound=Callable[..., Any])
_FOLDER = click.Path(path_type=Path, file_okay=False)
_OPTIONS = (
    click.option("--xmp", is_flag=True, help="Write names and face regions as XMP sidecars: see the next options."),
    click.option("--out", type=_FOLDER, metavar="DIR",
                 help="Sidecars go into DIR, in folders like those of the photos."),
    click.option("--sort-into", type=_FOLDER, metavar="DIR",
                 help="Copy the photos into a folder per person in DIR; with --xmp each with its sidecar."),
    click.option("--links", is_flag=True, help="Links to the photos instead of copies."),
    click.option("--embed", is_flag=True, help="Write the names into the copies themselves (JPEG, PNG)."),
    click.option("--beside-originals", is_flag=True,
                 help="Sidecars go beside the photos themselves; those of other programs are added to."),
    click.option("--adobe-names", is_flag=True, help="Call sidecars 1.xmp, as Adobe does, instead of 1.jpg.xmp."),
    click.option("--no-unknown", is_flag=True, help="Leave unknown people out of sidecars and folders."),
)  # fmt: skip
_NAMES = ("xmp", "out", "sort_into", "links", "embed", "beside_originals", "adobe_names")


def archive_options(command: _Command) -> _Command:
    """The options; the command gets what they ask for as `archives`, one value that is false where it is nothing."""

    @functools.wraps(command)
    def with_wishes(*arguments: Any, **given: Any) -> Any:
        from personae.project.archive_wishes import ArchiveWishes

        wishes = ArchiveWishes(**{name: given.pop(name) for name in _NAMES}, unknown=not given.pop("no_unknown"))
        return command(*arguments, archives=wishes, **given)

    decorated: Any = with_wishes
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    made: _Command = decorated
    return made


def archive_of(wishes: ArchiveWishes, outputs: Outputs, photos: Iterable[Path]) -> Archive | None:
    """What takes each photo as it is identified; None where nothing is wished. `photos`: files and folders."""
    if not wishes:
        return None
    from personae.exports.album import common_root
    from personae.project.archiving import Archive

    into = wishes.sort_into
    if into is not None and any(one.is_dir() and into.is_dir() and one.samefile(into) for one in photos):
        raise click.UsageError(f"--sort-into {into}: the photos lie there. Choose a folder of its own for the copies.")
    return Archive(wishes, outputs, common_root(photos))


def passed_on(pictures: Iterable[IdentifiedPicture], archive: Archive | None) -> Iterator[IdentifiedPicture]:
    """The pictures, each given to the archive on its way."""
    for picture in pictures:
        if archive is not None:
            archive.add_picture(picture)
        yield picture


def say_archived(archive: Archive | None, wishes: ArchiveWishes, *, err: bool = False) -> int:
    """Say what was written; how many photos or files could not be."""
    if archive is None:
        return 0
    done = archive.finish()
    for path, why in done.failed:
        say(f"personae: {path}: {why}", err=True)
    for note in done.notes:
        say(f"personae: {note}", err=True)
    if wishes.out is not None or wishes.beside_originals:
        without = _others(done.nobody, "without one", "to write down")
        say(f"XMP sidecars of {count_of(len(done.sidecars), 'photo')} {_where(wishes)}{without}", err=err)
    if wishes.sort_into is not None:
        what = "link" if wishes.links else "sorted photo"
        people = "1 person" if done.people == 1 else f"{done.people} people"
        without = _others(done.unsorted, "in no folder", "to sort by")
        say(f"{count_of(len(done.sorted), what)} of {people} in {wishes.sort_into}{without}", err=err)
    return len(done.failed)


def _others(photos: list[Path], how: str, why: str) -> str:
    """What became of the photos of nobody; nothing where there is none."""
    there = "it" if len(photos) == 1 else "them"
    return f"; {count_of(len(photos), 'photo')} {how}: nobody in {there} {why}" if photos else ""


def _where(wishes: ArchiveWishes) -> str:
    return "beside them" if wishes.beside_originals else f"in {wishes.out}"
