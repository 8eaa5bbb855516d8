"""`personae identify`: photos in, names out."""

from __future__ import annotations

import io
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, cast

import click

from personae.cli import streams
from personae.cli.console import JsonStdout, progress_bar, say, show, table
from personae.cli.identify_archives import archive_of, archive_options, passed_on, say_archived
from personae.cli.identify_kept import finish, print_named
from personae.cli.options import (
    NETWORKS,
    force_option,
    model_option,
    nobody_enrolled,
    project_option,
    settings_at_far,
    settings_options,
)
from personae.errors import PhotoError
from personae.progress import Progress
from personae.types import count_of, percent

if TYPE_CHECKING:
    from personae.cast.trained import ModelCard
    from personae.exports.album import Album
    from personae.exports.identify_csv import FacesTable
    from personae.exports.identify_json import IdentifyWriter
    from personae.films.photo_sets import Keeping
    from personae.outputs import Outputs
    from personae.project.archive_wishes import ArchiveWishes
    from personae.project.session import Project
    from personae.recognition.identification import IdentifiedPicture, Identity

_SCHEMA = "personae/identify"
_TABLE = "identify table"


@click.command()
@click.argument("photos", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "json_to", metavar="FILE|-", help="Write the native format to FILE, or to stdout (-).")
@click.option(
    "--annotate",
    "annotate_to",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write a copy of every picture with boxes and names into DIR, in folders like those of PHOTOS.",
)
@click.option("--csv", "csv_to", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Write a table to FILE, a row per face.")  # fmt: skip
@click.option("--only-unknown", is_flag=True, help="Print only the photos and faces without a name.")
@click.option("--looks", is_flag=True, help="Name the look beside the character.")
@click.option(
    "--keep",
    "keep",
    is_flag=False,
    flag_value="",
    metavar="[NAME]",
    help="Keep the faces in the project as a set of photos, called NAME or like their folder. Write it after PHOTOS.",
)
@click.option("--no-keep", is_flag=True, hidden=True, help="Keep nothing, as without --keep.")
@settings_options("far", "threshold", "strangers", *NETWORKS)
@force_option
@model_option
@project_option
@archive_options
def identify(
    photos: tuple[Path, ...],
    json_to: str | None,
    annotate_to: Path | None,
    csv_to: Path | None,
    only_unknown: bool,
    looks: bool,
    keep: str | None,
    no_keep: bool,
    force: bool,
    model: Path | None,
    project: Path | None,
    archives: ArchiveWishes,
    **options: Any,
) -> int:
    """Name the characters in PHOTOS: files, and folders at any depth.

    A face of nobody in the cast is unknown. With --keep the faces stay in the project: those without a name are brought
    together as Unknown 1, Unknown 2, and can be named with personae name. Exit status 1 means that some photos could
    not be read (each is named, and the others are done), 2 that nothing was done.
    """
    from personae.films.own_copies import without_copies
    from personae.media.left_out import LeftOut
    from personae.media.photos import find
    from personae.outputs import Outputs
    from personae.project.session import Project

    _check_keep(keep, no_keep=no_keep)
    opened = Project.open(project, settings=settings_at_far(project, model, options), model_path=model)
    networks = (str(options[name] or "") for name in ("detector", "embedder"))
    read = [Path(part) for one in (str(model or ""), *networks) for part in one.split(",") if Path(part).is_file()]
    outputs = Outputs.of_project(project, [*photos, *read], force=force)
    _check_outputs(outputs, json_to, csv_to)
    if json_to not in (None, "-") or annotate_to is not None or csv_to is not None or archives:
        streams.go_on_unread()
    opened.prepare()
    card = opened.card
    if card is None and keep is None:  # who keeps begins without a cast, and names people afterwards
        say(nobody_enrolled(opened.folder), err=True, prose=True)
    left_out, tally = LeftOut(), _Tally()
    who = set[str](card.characters if card else ())  # the document names whom the model knows
    with ExitStack() as stack:
        progress = stack.enter_context(progress_bar(quiet=json_to == "-" and not sys.stderr.isatty()))
        writers = _writers(stack, outputs, json_to, csv_to, card, who, looks=looks)
        album = None if annotate_to is None else _album(annotate_to, photos, outputs, opened.cast.names())
        archive = archive_of(archives, outputs, photos)
        keeping = _keeping(opened, photos, keep)
        found = without_copies(find(photos, left_out), photos, opened.context.paths.ledger, left_out)
        found = _without(_without(found, annotate_to), archives.sort_into)
        for picture in passed_on(_looked_at(opened, keeping, found), archive):
            copy = tally.add(picture, album)
            who |= {identity.match.character for identity in picture.identities if identity.match is not None}
            for writer in writers:
                writer.write(picture, copy)
            if json_to != "-":
                _show(picture, is_kept=keeping is not None, looks=looks, only_unknown=only_unknown)
            if progress is not None:
                progress(Progress("photos", tally.photos, None, Path(picture.path).name))
        if not tally.photos:  # inside: what an earlier call wrote to the file stays
            raise click.UsageError(" ".join([f"No photo in {', '.join(map(str, photos))}.", *left_out.sentences()]))
    for sentence in left_out.sentences():
        say(f"personae: {sentence}", err=True)
    if json_to != "-":
        tally.print_totals(is_kept=keeping is not None)
        say(f"{tally}" + (f"; pictures in {annotate_to}" if annotate_to else ""))
    failed = tally.failed + say_archived(archive, archives, err=json_to == "-")
    finish(keeping if tally.photos > tally.failed else None, err=json_to == "-")
    return 1 if failed else 0


def _check_outputs(outputs: Outputs, json_to: str | None, csv_to: Path | None) -> None:
    if json_to is not None and json_to != "-":
        outputs.check(Path(json_to), kind="identify", like=_SCHEMA)
    if csv_to is not None:
        outputs.check(csv_to, kind=_TABLE)


def _writers(
    stack: ExitStack,
    outputs: Outputs,
    json_to: str | None,
    csv_to: Path | None,
    card: ModelCard | None,
    who: set[str],
    *,
    looks: bool,
) -> list[IdentifyWriter | FacesTable]:
    """What writes each picture, open until `stack` ends; the document is in the ledger with `who`, read at the end."""
    writers: list[IdentifyWriter | FacesTable] = []
    if json_to is not None:
        if json_to != "-":
            stack.enter_context(outputs.writing(Path(json_to), kind="identify", who=who, like=_SCHEMA))
        writers.append(stack.enter_context(_document(json_to, card, looks=looks)))
    if csv_to is not None:
        writers.append(stack.enter_context(_table(csv_to, outputs)))
    return writers


def _check_keep(keep: str | None, *, no_keep: bool) -> None:
    if keep is not None and no_keep:
        raise click.UsageError("Give --keep or --no-keep.")
    if keep and Path(keep).exists():
        raise click.UsageError(
            f"--keep {keep}: there is a file or folder of this name. Write --keep after PHOTOS, or --keep=NAME with "
            "another name."
        )


def _keeping(opened: Project, photos: tuple[Path, ...], keep: str | None) -> Keeping | None:
    """What keeps the faces as `keep` ("": like their folder); None where nothing is kept."""
    return None if keep is None else opened.photos.keeping(photos, keep or None)


def _looked_at(opened: Project, keeping: Keeping | None, photos: Iterable[Path]) -> Iterator[IdentifiedPicture]:
    return opened.identify(photos) if keeping is None else keeping.look(photos)


@dataclass
class _Tally:
    """What was found in the photos so far."""

    photos: int = 0
    failed: int = 0
    faces: int = 0
    named: int = 0
    ambiguous: int = 0
    faces_of: Counter[str] = field(default_factory=Counter)
    photos_of: Counter[str] = field(default_factory=Counter)

    def add(self, picture: IdentifiedPicture, album: Album | None) -> Path | None:
        """Count one picture, and say what is wrong with it; where its annotated copy is, if there is one."""
        self.photos += 1
        error, copy = picture.error, None
        if album is not None and error is None:
            try:
                copy = album.add(picture)
            except PhotoError as late:  # it was there a moment ago
                error = late.reason
        note = picture.faces.note if picture.faces is not None else ""
        if error is not None or note:
            say(f"personae: {picture.path}: {error or note}", err=True)
        self.failed += error is not None
        self.faces += len(picture.identities)
        self.named += sum(identity.match is not None for identity in picture.identities)
        self.ambiguous += sum(bool(identity.ambiguous) for identity in picture.identities)
        here = Counter(describe(identity) for identity in picture.identities)
        self.faces_of += here
        self.photos_of.update(here.keys())
        return copy

    def print_totals(self, *, is_kept: bool) -> None:
        """A table of who is how often in how many photos: characters, then who is not told apart, then unknown.

        `is_kept`: the table comes when all are grouped.
        """
        if is_kept:
            return
        rows = table("who", "faces>", "photos>")
        rank = {name: (name == "unknown", " or " in name, -count, name) for name, count in self.faces_of.items()}
        for name in sorted(rank, key=rank.__getitem__):
            rows.add_row(name, str(self.faces_of[name]), str(self.photos_of[name]))
        if rank:
            show(rows)

    def __str__(self) -> str:
        unknown = self.faces - self.named - self.ambiguous
        text = (
            f"{count_of(self.photos, 'photo')}, {count_of(self.faces, 'face')}: {self.named} named, {unknown} unknown"
        )
        text += f", {self.ambiguous} ambiguous" if self.ambiguous else ""
        return text + (f"; {count_of(self.failed, 'photo')} could not be read" if self.failed else "")


@contextmanager
def _document(target: str, card: ModelCard | None, *, looks: bool) -> Iterator[IdentifyWriter]:
    """The document in the native format, open to take pictures."""
    from personae.exports.identify_json import IdentifyWriter

    facts = None if card is None else card.as_dict()
    with _output(target) as stream, IdentifyWriter(stream, facts, looks=looks) as writer:
        yield writer


@contextmanager
def _table(path: Path, outputs: Outputs) -> Iterator[FacesTable]:
    """The table of faces, open to take pictures; it is in the ledger with whom it names."""
    from personae.exports.identify_csv import FacesTable
    from personae.files import open_whole

    named = set[str]()
    with outputs.writing(path, kind=_TABLE, who=named), open_whole(path) as file:
        yield FacesTable(file, named)


def _album(folder: Path, photos: tuple[Path, ...], outputs: Outputs, cast: Mapping[str, str]) -> Album:
    """Where annotated copies go; not into the photos' own folders, where the next call would read them."""
    from personae.exports.album import Album, common_root
    from personae.media.palette import Colours

    own = [one if one.is_dir() else one.parent for one in photos]
    if any(one.is_dir() and folder.is_dir() and one.samefile(folder) for one in own):
        raise click.UsageError(f"--annotate {folder}: the photos lie there. Choose a folder of its own for the copies.")
    return Album(folder, root=common_root(photos), outputs=outputs, colours=Colours.of_cast(cast).numbers)


def _without(photos: Iterable[Path], folder: Path | None) -> Iterator[Path]:
    """The photos that do not lie in `folder`, where the copies are."""
    own = None if folder is None else Path(os.path.abspath(folder))  # noqa: PTH100 - links are not followed
    for photo in photos:
        if own is None or not Path(os.path.abspath(photo)).is_relative_to(own):  # noqa: PTH100
            yield photo


def _show(picture: IdentifiedPicture, *, is_kept: bool, looks: bool, only_unknown: bool) -> None:
    """What is said of a picture while it is looked at."""
    if is_kept and not only_unknown:
        print_named(picture)
    else:
        _print_picture(picture, looks=looks, only_unknown=only_unknown)


def _print_picture(picture: IdentifiedPicture, *, looks: bool, only_unknown: bool = False) -> None:
    """A line per picture, and one per face under it, from left to right; or only those without a name."""
    if picture.error is not None or picture.faces is None:
        return
    boxes = picture.faces.boxes_xyxy
    if only_unknown and all(identity.match is not None for identity in picture.identities):
        return
    say(f"{picture.path}" + ("" if len(boxes) else "  no face"))
    for box, identity in zip(boxes, picture.identities, strict=True):
        if only_unknown and identity.match is not None:
            continue
        x1, y1, x2, y2 = (round(float(value)) for value in box)
        say(
            f"  {describe(identity, looks=looks):<28} {_numbers(identity)}  {x2 - x1}x{y2 - y1} px at ({x1}, {y1})"
            + ("  repeated" if identity.repeated else "")
            + ("  (fallback)" if identity.method == "fallback" else "")
        )


def describe(identity: Identity, *, looks: bool = False) -> str:
    """The name of a face, with its look where wanted; "A or B" for an ambiguous one, "unknown" for None."""
    if identity.match is None:
        return " or ".join(identity.ambiguous) or "unknown"
    look = identity.match.look if looks else None
    return identity.match.character + (f" ({look})" if look else "")


def _numbers(identity: Identity) -> str:
    if identity.match is not None:
        return f"similarity {identity.match.similarity:.2f}  confidence {percent(identity.match.confidence, 1):>6}"
    if identity.candidates:
        nearest = identity.candidates[0]
        return f"nearest {nearest.character} at {nearest.similarity:.2f}"
    return ""


@contextmanager
def _output(target: str) -> Iterator[TextIO]:
    """Stdout for "-"; else a file that appears under its name when it is complete."""
    if target == "-":
        yield cast(TextIO, JsonStdout())
        return
    from personae.files import open_whole

    with open_whole(Path(target)) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="\n")
        yield text
        text.flush()
        text.detach()
