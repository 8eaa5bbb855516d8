"""`personae identify`: photos in, names out."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from personae.cli.console import progress_bar
from personae.cli.options import NETWORKS, model_option, project_option, settings_from, settings_options
from personae.errors import PhotoError
from personae.types import count_of, percent

if TYPE_CHECKING:
    from personae.recognition.identification import IdentifiedPicture, Identity


@click.command()
@click.argument("photos", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "json_to", metavar="FILE|-", help="Write the native format to FILE, or to stdout (-).")
@click.option(
    "--annotate",
    "annotate_to",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write a copy of every picture with boxes and names into DIR.",
)
@click.option("--looks", is_flag=True, help="Name the look beside the character.")
@settings_options("threshold", "strangers", *NETWORKS)
@model_option
@project_option
def identify(
    photos: tuple[Path, ...],
    json_to: str | None,
    annotate_to: Path | None,
    looks: bool,
    model: Path | None,
    project: Path | None,
    **options: Any,
) -> int:
    """Name the characters in PHOTOS: files, and folders at any depth.

    A face of nobody in the cast is unknown. Exit status 1 means that some photos could not be read (each is named, and
    the others are done), 2 that nothing was done.
    """
    from personae.media.left_out import LeftOut
    from personae.media.photos import find
    from personae.recognition.recognizer import CharacterRecognizer

    recognizer = CharacterRecognizer(project, settings=settings_from(project, options), model_path=model)
    recognizer.prepare()
    left_out = LeftOut()
    failed = done = faces = named = ambiguous = 0
    with ExitStack() as stack:
        progress = stack.enter_context(progress_bar(quiet=json_to == "-" and not sys.stderr.isatty()))
        writer = None
        if json_to is not None:
            from personae.exports.identify_json import IdentifyWriter

            stream = stack.enter_context(_output(json_to))
            writer = stack.enter_context(IdentifyWriter(stream, recognizer.model_card(), looks=looks))
        album = None
        if annotate_to is not None:
            from personae.media.album import Album

            album = Album(annotate_to)
        for picture in recognizer.identify_pictures(find(photos, left_out)):
            done += 1
            if picture.error is not None:
                failed += 1
                click.echo(f"personae: {picture.path}: {picture.error}", err=True)
            elif picture.faces is not None and picture.faces.note:
                click.echo(f"personae: {picture.path}: {picture.faces.note}", err=True)
            faces += len(picture.identities)
            named += sum(identity.match is not None for identity in picture.identities)
            ambiguous += sum(bool(identity.ambiguous) for identity in picture.identities)
            if writer is not None:
                writer.write(picture)
            if json_to != "-":
                _print_picture(picture, looks=looks)
            if album is not None and picture.error is None:
                try:
                    album.add(picture)
                except PhotoError as error:  # changed since it was read
                    failed += 1
                    click.echo(f"personae: {error}", err=True)
            if progress is not None:
                from personae.types import Progress

                progress(Progress("photos", done, None, Path(picture.path).name))
    for written in (None if json_to == "-" else json_to, annotate_to):
        if written is not None and done:
            recognizer.project.note_export(written)
    if not done:
        raise click.UsageError(" ".join([f"No photo in {', '.join(map(str, photos))}.", *left_out.sentences()]))
    for sentence in left_out.sentences():
        click.echo(f"personae: {sentence}", err=True)
    if json_to != "-":
        click.echo(
            f"{count_of(done, 'photo')}, {count_of(faces, 'face')}: {named} named, {faces - named - ambiguous} unknown"
            + (f", {ambiguous} ambiguous" if ambiguous else "")
            + (f"; {count_of(failed, 'photo')} could not be read" if failed else "")
            + (f"; pictures in {annotate_to}" if annotate_to else "")
        )
    return 1 if failed else 0


def _print_picture(picture: IdentifiedPicture, *, looks: bool) -> None:
    """A line per picture, and one per face under it, from left to right."""
    if picture.error is not None or picture.faces is None:
        return
    boxes = picture.faces.boxes_xyxy
    click.echo(f"{picture.path}" + ("" if len(boxes) else "  no face"))
    for box, identity in zip(boxes, picture.identities, strict=True):
        x1, y1, x2, y2 = (round(float(value)) for value in box)
        click.echo(
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
        stream = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="\n", write_through=True)
        try:
            yield stream
        finally:
            stream.detach()
        return
    from personae.files import open_whole

    with open_whole(Path(target)) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="\n")
        yield text
        text.flush()
        text.detach()
