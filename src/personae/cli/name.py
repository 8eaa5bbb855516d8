"""`personae name`: say who somebody in scanned films and kept photos is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from personae.cli.name_faces import apply_faces, faces_option, timeline_of
from personae.cli.name_one import SAID, name_one, take_back
from personae.cli.older import telling_older
from personae.cli.options import TimelineType, project_option, settings_from

if TYPE_CHECKING:
    from personae.films.media import Media, Medium
    from personae.project.session import Project


@click.command()
@click.argument("words", nargs=-1, metavar="[T...] [WHO=NAME...] | WHO NAME")
@click.option(
    "--timeline",
    type=TimelineType(),
    help="The film (its timeline or its name): that of WHO, or whom to ask about.",
)
@click.option(
    "--photos", "photo_set", metavar="SET", help="Instead of a film: photos that identify --keep kept as SET."
)
@click.option(
    "--from",
    "table",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="CSV",
    help="Name everybody in a table: columns who, name and, if you like, film.",
)
@click.option(
    "--learn/--no-learn",
    default=None,
    help="Whether a name teaches the cast the best faces.  [default: not for WHO NAME, else yes]",
)
@click.option("--yes", is_flag=True, help="Go on without being asked where something may be wrong.")
@click.option("--undo", "undone", is_flag=False, flag_value="", metavar="[ID]",
              help="Take back the last command, or the decision with this number or id in: personae log.")  # fmt: skip
@faces_option
@click.option("--author", default="", metavar="NAME", help="Who decides.")
@click.option("--new", is_flag=True, help="WHO is an unknown person of their own.")
@click.option("--wrong", is_flag=True, help="WHO is not who it says.")
@click.option("--stranger", is_flag=True, help="WHO stays without a name, and is not to be asked for again.")
@click.option("--no-face", is_flag=True, help="What was found is nobody's face.")
@click.option("--alive", is_flag=True, help="WHO is alive: no picture in the picture, and counted.")
@click.option("--depicted", is_flag=True, help="WHO is on a picture in the picture (a poster, a screen): not counted.")
@click.option("--import", "other", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE",
              help="Add the decisions of another file: of another copy of the film, of a contact sheet.")  # fmt: skip
@project_option
def name(
    words: tuple[str, ...],
    timeline: Path | None,
    photo_set: str | None,
    table: Path | None,
    learn: bool | None,
    yes: bool,
    undone: str | None,
    faces: str | None,
    author: str,
    other: Path | None,
    project: Path | None,
    **said: bool,
) -> None:
    """Say who people without a name are.

    personae name asks about one person after the other, most face time first: in the films and photo sets T (a
    timeline, or the name of a film or set), or in all of the project. Type a number to take a suggestion, or a name;
    Enter takes the suggestion in brackets, or leaves the person for later. Commands begin with a dot, and .? shows
    them. From a pipe it reads a line a person.

    personae name T "Unknown 1=Monica" "Unknown 2=Chandler" names several at once, or nobody where one cannot be; in
    several films WHO is "Unknown 4 of ep2". The first = parts the two, so a NAME may hold one. In the place of a name
    .s is a stranger, .x no face, .n somebody new.

    personae name "Unknown 2" "Monica" --timeline FILE says it of one person: WHO is a name in the timeline, which is
    that person in the whole film, or the number of one appearance, which is that one only. In photos (--photos SET) it
    is a name too, or one face: "beach/7.jpg#2" is the second from the left. NAME is a character, or another unknown
    person (the two become one).

    What is decided here outranks the model and survives scanning again. Whom you name counts as alive; what is a
    picture in the picture all the same is said with --depicted.
    """
    from personae.films.media import Media
    from personae.paths import ProjectPaths
    from personae.project.session import Project

    if timeline is not None and photo_set is not None:
        raise click.UsageError("Say what is meant: --timeline FILE or --photos SET.")
    if photo_set is not None and other is not None:
        raise click.UsageError("--import is for films: give --timeline.")
    flags = [flag for flag in SAID if said[flag]]
    first = timeline or next((Path(word) for word in words if Path(word).is_file()), None)
    if first is None and faces and not words and photo_set is None:
        first = timeline_of(faces)
    found = None if first is None else ProjectPaths.of_film(first)
    place = project or (None if found is None else found.folder)
    with telling_older(place), Project.open(place, settings=settings_from(place, {})) as opened:
        media = Media(opened.films, opened.photos)
        try:
            one = media.film(timeline) if timeline is not None else media.photo_set(photo_set) if photo_set else None
            if undone is not None and one is None and len(words) == 1:
                one, words = media.find(words[0]), ()
            if undone is not None:
                _alone("--undo", bool(words or flags or other or table))
                take_back(opened, media, one, undone, author)
            elif faces is not None:
                _alone("--faces", bool(flags or other or table) or len(words) > 1)
                apply_faces(media, one, faces, words, author, learn=learn is not False, yes=yes)
            elif other is not None or flags or (one is not None and len(words) == 2 and not _are_pairs(words, media)):
                _alone("--from", table is not None)
                name_one(opened, one, words, flags, other, author, learn=learn, yes=yes)
            else:
                _many_or_dialogue(opened, media, one, words, table, author, learn=learn is not False, yes=yes)
        finally:
            media.close()


def _many_or_dialogue(
    opened: Project, media: Media, one: Medium | None, words: tuple[str, ...], table: Path | None, author: str,
    *, learn: bool, yes: bool,
) -> None:  # fmt: skip
    pairs = [word for word in words if "=" in word and not media.has(word)]
    others = [word for word in words if word not in pairs]
    if one is not None and others:
        raise click.UsageError('Give WHO and NAME, or WHO=NAME: personae name "Unknown 2=Monica" --timeline FILE')
    if one is None and len(others) == 2 and not any(map(media.has, others)):
        raise click.UsageError("Say which film or photos are meant: --timeline FILE or --photos SET.")
    only = [one] if one is not None else [media.find(word) for word in others]
    if pairs or table is not None:
        from personae.cli.name_many import name_many

        name_many(opened, media, only, pairs, table, author, learn=learn, yes=yes)
    else:
        from personae.cli.name_dialogue import ask_for_names

        ask_for_names(opened, media, only, author, learn=learn, yes=yes)


def _are_pairs(words: tuple[str, ...], media: Media) -> bool:
    """Whether two words after --timeline are WHO=NAME each, and not WHO and NAME."""
    return all("=" in word for word in words)


def _alone(option: str, others: bool) -> None:
    if others:
        raise click.UsageError(f"{option} stands alone.")
