"""`personae name`: tell a scanned film who somebody is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from personae import hints
from personae.cli.console import say
from personae.cli.options import project_option, settings_from
from personae.types import count_of

if TYPE_CHECKING:
    from personae.films.maker import Maker
    from personae.settings import Settings
    from personae.timeline.decisions import Decision

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
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The film's timeline.",
)
@click.option("--new", is_flag=True, help="WHO is an unknown person of their own.")
@click.option("--wrong", is_flag=True, help="WHO is not who it says.")
@click.option("--alive", is_flag=True, help="WHO is alive: no picture in the picture, and counted.")
@click.option("--depicted", is_flag=True, help="WHO is on a picture in the picture (a poster, a screen): not counted.")
@click.option("--stranger", is_flag=True, help="WHO stays without a name, and is not to be asked for again.")
@click.option("--no-face", is_flag=True, help="What was found is nobody's face.")
@click.option("--undo", "take_back", is_flag=True, help="Take back the last decision.")
@click.option("--learn", is_flag=True, help="Add the best of these faces to the gallery of the film's project.")
@click.option("--author", default="", metavar="NAME", help="Who decides.")
@project_option
def name(
    who: str | None,
    name: str | None,
    timeline: Path,
    take_back: bool,
    learn: bool,
    author: str,
    project: Path | None,
    **said: bool,
) -> None:
    """Say that WHO is NAME: personae name "Unknown 2" "Monica" --timeline out/film.timeline.json.

    WHO is a name in the timeline, which is that person in the whole film, or the number of one appearance, which is
    that one only. NAME is a character, or another unknown person (the two become one). What is decided here outranks
    the model and survives scanning again. Whom you name counts as alive; what is a picture in the picture all the same
    is said with --depicted.
    """
    from personae.films import naming

    project = project or naming.project_of(timeline)
    settings = settings_from(project, {})
    chosen = [flag for flag in _SAID if said[flag]]
    if take_back:
        if who is not None or chosen or learn:
            raise click.UsageError("--undo stands alone.")
        _, last = naming.undo(timeline, settings=settings)
        told = "; ".join(one.said() for one in last)
        say(f"taken back: {told}" if last else "nothing to take back")
        return
    if who is None or (name is not None) + len(chosen) != 1:
        flags = ", ".join(f"--{flag.replace('_', '-')}" for flag in _SAID)
        raise click.UsageError(f"Give WHO and NAME, or WHO and one of {flags}, or --undo.")
    _decide(who, name, chosen, timeline, author, settings)
    if learn and name is not None:
        _learn(name, timeline, project, settings)


def _decide(who: str, name: str | None, chosen: list[str], timeline: Path, author: str, settings: Settings) -> None:
    from personae.films import naming
    from personae.timeline.depicted import left_out

    decided = naming.decide(timeline, lambda film: _made(film, who, name, chosen), author, settings)
    subject = f"appearance {who}" if who.isdigit() else who
    told = f"is {name}" if name is not None else _SAID[chosen[0]]
    if "alive" in chosen or "depicted" in chosen:
        say(f"{subject} {told}")
        for line in left_out(decided):
            say(line)
        return
    own = sum(one.decided_by == "person" for one in decided.appearances)
    say(f"{subject} {told}; {count_of(own, 'appearance')} decided by a person")


def _made(film: Maker, who: str, name: str | None, chosen: list[str]) -> tuple[Decision, ...]:
    from personae.films.maker import NEW_UNKNOWN

    if name is not None:
        return film.name(who, name)
    ways = {
        "new": lambda: film.name(who, NEW_UNKNOWN),
        "wrong": lambda: film.reject(who),
        "alive": lambda: film.mark(who, depicted=False),
        "depicted": lambda: film.mark(who, depicted=True),
        "stranger": lambda: film.stranger(who),
        "no_face": lambda: film.no_face(who),
    }
    return ways[chosen[0]]()


def _learn(name: str, timeline: Path, project: Path | None, settings: Settings) -> None:
    from personae.films import naming
    from personae.project.recognizer import CharacterRecognizer

    recognizer = CharacterRecognizer(project, settings=settings)
    added = naming.learn(timeline, name, recognizer)
    say(f"{count_of(added, 'face')} of {name} added to {recognizer.project.gallery}")
    hints.use(project=recognizer.project.folder)
    say(f"Take that back with: {hints.command('undo')}")
