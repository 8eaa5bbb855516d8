"""`personae name`: tell a scanned film, or photos that are kept, who somebody is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from personae.cli.console import say
from personae.cli.older import telling_older
from personae.cli.options import project_option, settings_from
from personae.types import count_of

if TYPE_CHECKING:
    from personae.films.decidable import Decided
    from personae.films.film import StoredFilm
    from personae.films.meant import Who
    from personae.films.photo_set import PhotoSet
    from personae.films.say import Saying
    from personae.project.session import Project

# What is said of WHO instead of a name: the flag, and how it is told.
_SAID = {
    "new": "is an unknown person of their own",
    "wrong": "is somebody else",
    "alive": "is alive: counted",
    "depicted": "is on a picture: not counted",
    "stranger": "stays without a name",
    "no_face": "is no face",
}


@click.command()
@click.argument("who", required=False)
@click.argument("name", required=False)
@click.option(
    "--timeline",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The film's timeline.",
)
@click.option(
    "--photos", "photo_set", metavar="SET", help="Instead of a film: photos that identify --keep kept as SET."
)
@click.option("--new", is_flag=True, help="WHO is an unknown person of their own.")
@click.option("--wrong", is_flag=True, help="WHO is not who it says.")
@click.option("--alive", is_flag=True, help="WHO is alive: no picture in the picture, and counted.")
@click.option("--depicted", is_flag=True, help="WHO is on a picture in the picture (a poster, a screen): not counted.")
@click.option("--stranger", is_flag=True, help="WHO stays without a name, and is not to be asked for again.")
@click.option("--no-face", is_flag=True, help="What was found is nobody's face.")
@click.option("--import", "other", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE",
              help="Add the decisions of another file: of another copy of the film, of a contact sheet.")  # fmt: skip
@click.option("--undo", "take_back", is_flag=True, help="Take back the last decision.")
@click.option("--learn", is_flag=True, help="Add the best of these faces to the gallery of the film's project.")
@click.option("--author", default="", metavar="NAME", help="Who decides.")
@project_option
def name(
    who: str | None,
    name: str | None,
    timeline: Path | None,
    photo_set: str | None,
    other: Path | None,
    take_back: bool,
    learn: bool,
    author: str,
    project: Path | None,
    **said: bool,
) -> None:
    """Say that WHO is NAME: personae name "Unknown 2" "Monica" --timeline out/film.timeline.json.

    WHO is a name in the timeline, which is that person in the whole film, or the number of one appearance, which is
    that one only. In photos (--photos) it is a name too, or one face: "beach/7.jpg#2" is the second from the left. NAME
    is a character, or another unknown person (the two become one). What is decided here outranks the model and survives
    scanning again. Whom you name counts as alive; what is a picture in the picture all the same is said with
    --depicted.
    """
    from personae.paths import ProjectPaths
    from personae.project.session import Project

    if (timeline is None) == (photo_set is None):
        raise click.UsageError("Say what is meant: --timeline FILE or --photos SET.")
    found = None if timeline is None else ProjectPaths.of_film(timeline)
    place = project or (None if found is None else found.folder)
    chosen = [flag for flag in _SAID if said[flag]]
    _check(who, name, chosen, take_back=take_back, other=other, learn=learn)
    with telling_older(place), Project.open(place, settings=settings_from(place, {})) as opened:
        if photo_set is not None:
            if other is not None:
                raise click.UsageError("--import is for films: give --timeline.")
            _say(opened, opened.photos[photo_set], who, name, chosen, author, learn=learn)
            return
        assert timeline is not None
        with opened.films[timeline] as film:
            if other is not None:
                say(f"{count_of(len(film.import_decisions(other).decisions), 'decision')} added")
                return
            _say(opened, film, who, name, chosen, author, learn=learn)


def _check(
    who: str | None, name: str | None, chosen: list[str], *, take_back: bool, other: Path | None, learn: bool
) -> None:
    alone = take_back or other is not None
    if alone and (who is not None or chosen or learn or (take_back and other is not None)):
        raise click.UsageError("--undo and --import stand alone.")
    if not alone and (who is None or (name is not None) + len(chosen) != 1):
        flags = ", ".join(f"--{flag.replace('_', '-')}" for flag in _SAID)
        raise click.UsageError(f"Give WHO and NAME, or WHO and one of {flags}, or --undo.")


def _say(
    opened: Project, media: StoredFilm | PhotoSet, who: str | None, name: str | None, chosen: list[str], author: str,
    *, learn: bool,
) -> None:  # fmt: skip
    if who is None:
        _undo(media, author)
        return
    decided = _decide(media, who, name, chosen, author)
    if learn and name is not None:
        added = media.learn(name, request=decided.request)
        say(f"{count_of(added, 'face')} of {name} added to {opened.context.paths.gallery}")
        say("--undo takes back the name and these faces.")


def _undo(media: StoredFilm | PhotoSet, author: str) -> None:
    undone = media.undo(by=author)
    told = "; ".join(one.said() for one in undone.decisions)
    say(f"taken back: {told}" if told else "nothing to take back")
    for sentence in undone.warnings:
        say(sentence)


def _decide(media: StoredFilm | PhotoSet, who: str, name: str | None, chosen: list[str], author: str) -> Decided:
    from personae.films.film import StoredFilm

    told = f"is {name}" if name is not None else _SAID[chosen[0]]
    in_film = isinstance(media, StoredFilm)
    subject = _subject(media, who) if isinstance(media, StoredFilm) else who
    decided = media.decide(_saying(who if in_film else _in_photos(who), name, chosen), by=author)
    for warning in decided.warnings:
        say(f"personae: {warning}", err=True)
    if isinstance(media, StoredFilm):
        _tell(media, subject, told, chosen)
    else:
        own = sum(one.decided_by == "person" for one in media.faces)
        say(f"{subject} {told}; {count_of(own, 'face')} decided by a person")
    return decided


def _subject(film: StoredFilm, who: str) -> str:
    """How somebody is called in what is told: a character may be called "1" too."""
    from personae.films.meant import meant

    return who if meant(film.timeline, who).whole else f"appearance {who}"


def _in_photos(who: str) -> Who:
    """Somebody in photos: "beach/7.jpg#2" is one face."""
    photo, _, number = who.rpartition("#")
    return (photo, int(number)) if photo and number.isascii() and number.isdigit() else who


def _tell(film: StoredFilm, subject: str, told: str, chosen: list[str]) -> None:
    from personae.timeline.depicted import left_out

    if "alive" in chosen or "depicted" in chosen:
        say(f"{subject} {told}")
        for line in left_out(film.timeline):
            say(line)
    else:
        own = sum(one.decided_by == "person" for one in film.timeline.appearances)
        say(f"{subject} {told}; {count_of(own, 'appearance')} decided by a person")


def _saying(who: Who, name: str | None, chosen: list[str]) -> Saying:
    from personae.films import say as sayings

    if name is not None:
        return sayings.name(who, name)
    if chosen == ["new"]:
        return sayings.name(who, sayings.NEW_UNKNOWN)
    by_flag = {
        "wrong": sayings.not_them,
        "alive": sayings.alive,
        "depicted": sayings.depicted,
        "stranger": sayings.stranger,
        "no_face": sayings.no_face,
    }
    return by_flag[chosen[0]](who)
