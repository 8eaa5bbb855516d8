"""`personae people`: who is in the project's films and photos without a name, and who they may be."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from personae import hints
from personae.cli.console import say, say_json, show, table
from personae.cli.options import TimelineType, project_option, settings_from
from personae.types import count_of

if TYPE_CHECKING:
    from personae.films.film import StoredFilm
    from personae.films.photo_set import PhotoSet
    from personae.films.unknown_person import DecidedPart, Part, Suggestion, UnknownPerson
    from personae.project.session import Project

PICTURES = 10
"""The best pictures of so many people are listed; folders show all."""
SUGGESTED = 3
"""So many suggestions stand in the table; --json has all."""


@click.command()
@click.option(
    "--timeline",
    "timelines",
    multiple=True,
    type=TimelineType(),
    help="Only who is in this film (its timeline or its name); may be given several times.",
)
@click.option(
    "--photos",
    "photo_sets",
    multiple=True,
    metavar="SET",
    help="Only who is in photos kept as SET.",
)
@click.option("--all", "everybody", is_flag=True, help="Also who has a name, and who was set aside as a stranger.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@project_option
def people(
    timelines: tuple[Path, ...], photo_sets: tuple[str, ...], everybody: bool, as_json: bool, project: Path | None
) -> None:
    """List the people without a name in films and kept photos, each once, and who they may be.

    Who is in several films or sets stands there once where the faces are clear about it. What comes after a name is
    how probable it is. Nothing is named before you say so: personae name.
    """
    from personae.paths import ProjectPaths
    from personae.project.session import Project

    found = next((own for path in timelines if (own := ProjectPaths.of_film(path)) is not None), None)
    place = project or (None if found is None else found.folder)
    with Project.open(place, settings=settings_from(place, {})) as opened:
        media: list[StoredFilm | PhotoSet] = [opened.films[path] for path in timelines]
        media += [opened.photos[name] for name in photo_sets]
        unnamed = opened.people.undecided(media or None)
        others = opened.people.decided(media or None) if everybody else ()
        if as_json:
            document = {"people": [_person(one) for one in unnamed]}
            say_json(document | ({"decided": [_part(one) for one in others]} if everybody else {}))
            return
        set_aside = sum(part.stranger for part in others or opened.people.decided(media or None))
        _print(opened, unnamed, set_aside)
        if others:
            listed = table("who", "in", "faces>", "face time s>")
            for part in others:
                listed.add_row(
                    part.who + (" (stranger)" if part.stranger else ""),
                    part.medium,
                    str(part.faces),
                    _seconds(part.face_time_s),
                )
            show(listed)


def _print(opened: Project, unnamed: tuple[UnknownPerson, ...], set_aside: int) -> None:
    if not unnamed:
        empty = not opened.films.names() and not opened.photos.names()
        advice = f"{hints.command('scan FILM')}, or {hints.command('identify PHOTOS --keep NAME')}"
        say(f"Nothing is scanned or kept yet: {advice}" if empty else _nobody(set_aside))
        return
    listed = table("who", "also in", "faces>", "face time s>", "may be")
    for one in unnamed:
        listed.add_row(
            one.name,
            ", ".join(part.name for part in one.parts[1:]),
            str(one.faces),
            _seconds(one.face_time_s),
            "  ".join(f"{at} {_said(own)}" for at, own in enumerate(one.choices[:SUGGESTED], 1)) or "-",
        )
    show(listed)
    say("Their best pictures:")
    for one in unnamed[:PICTURES]:
        where = next((part for part in one.parts if part.picture is not None), None)
        if where is not None:
            say(f"  {one.name}: {where.picture}" + ("" if where.face is None else f"#{where.face}"))
    if len(unnamed) > PICTURES:
        say(f"  and {len(unnamed) - PICTURES} more")
    first = unnamed[0].parts[0].medium
    say(f"All pictures of a film or of photos as folders, to look through, rename and apply: "
        f"{hints.command(f'name {hints.quoted(first)} --faces')}")  # fmt: skip
    count = count_of(len(unnamed), "unknown person", "unknown people")
    say(f"{count}. Say who they are: {hints.command('name')}")


def _nobody(set_aside: int) -> str:
    """That nobody is to be named, and how many were set aside."""
    if not set_aside:
        return "Everybody has a name."
    count = "1 person was" if set_aside == 1 else f"{set_aside} people were"
    return f"Nobody is left to be named; {count} set aside as strangers, film by film: {hints.command('people --all')}"


def _said(one: Suggestion) -> str:
    return f"{one.name} {_share(one.probability)}"


def _share(probability: float) -> str:
    """As .62; never 1, which nobody can vouch for."""
    return f"{min(probability, 0.99):.2f}".removeprefix("0")


def _seconds(value: float) -> str:
    return f"{value:.1f}" if value else "-"


def _person(one: UnknownPerson) -> dict[str, Any]:
    return {
        "name": one.name,
        "faces": one.faces,
        "face_time_s": round(one.face_time_s, 3),
        "parts": [
            _part(part) | {"unknown": part.unknown, "picture": None if part.picture is None else str(part.picture),
                           "face": part.face}
            for part in one.parts
        ],
        "suggestions": [
            {"name": own.name, "probability": round(own.probability, 4), "character": own.character,
             "other": None if own.other is None else {"in": own.other.medium, "unknown": own.other.unknown}}
            for own in one.suggestions
        ],
    }  # fmt: skip


def _part(part: Part | DecidedPart) -> dict[str, Any]:
    return {"name": part.who, "in": part.medium, "kind": part.kind, "faces": part.faces,
            "face_time_s": round(part.face_time_s, 3)}  # fmt: skip
