"""`personae name WHO NAME`: one thing said of one person in one film or photo set; and taking back."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from personae.cli.console import say
from personae.cli.name_many import agreed
from personae.hints import command
from personae.types import count_of

if TYPE_CHECKING:
    from personae.films.decidable import Decided
    from personae.films.film import StoredFilm
    from personae.films.meant import Who
    from personae.films.media import Media, Medium
    from personae.films.say import Saying
    from personae.project.session import Project

SAID = {
    "new": "is an unknown person of their own",
    "wrong": "is somebody else",
    "alive": "is alive: counted",
    "depicted": "is on a picture: not counted",
    "stranger": "stays without a name",
    "no_face": "is no face",
}
"""What is said of WHO instead of a name: the flag, and how it is told."""
MOST_LISTED = 20
"""So many decisions of another file are listed; `personae log` has all."""
_INSTEAD = {".s": "stranger", ".x": "no_face", ".n": "new"}
"""The commands of the dialogue in the place of a name -> the flag that says the same."""


def name_one(
    opened: Project, medium: Medium | None, words: tuple[str, ...], flags: list[str], other: Path | None, author: str,
    *, learn: bool | None, yes: bool,
) -> None:  # fmt: skip
    """Say one thing of one person, or add the decisions of another file."""
    if medium is None:
        raise click.UsageError("Say what is meant: --timeline FILE or --photos SET.")
    if other is not None:
        if words or flags:
            raise click.UsageError("--import stands alone.")
        _import(opened, medium, other, learn=learn is not False)
        return
    who, name = (*words, None, None)[:2]
    if name is not None and not flags and (instead := _INSTEAD.get(name.casefold())) is not None:
        name, flags = None, [instead]
    if who is None or len(words) > 2 or (name is not None) + len(flags) != 1:
        options = ", ".join(f"--{flag.replace('_', '-')}" for flag in SAID)
        raise click.UsageError(f"Give WHO and NAME, or WHO and one of {options}, or --undo.")
    from personae.films.naming_many import name_in
    from personae.names import is_unknown_name

    who, name = name_in(medium, who), None if name is None else name_in(medium, name)
    request = _decide(medium, who, name, flags, author, yes=yes)
    if request is not None and learn and name is not None and not is_unknown_name(name):
        added = medium.learn(name, request=request)
        say(f"{count_of(added, 'face')} of {name} added to {opened.context.paths.gallery}")
        say("--undo takes back the name and these faces.")


def say_learnt(medium: Medium, decided: Decided, *, learn: bool) -> None:
    """Teach the cast the names that were decided, unless it shall not learn, and say so."""
    from personae.errors import EmbedderMismatchError, ModelNotFoundError
    from personae.films.worth_learning import names_given

    if not names_given(decided.decisions):
        return
    if not learn:
        say("The cast was not taught: --no-learn.")
        return
    try:
        say(f"{count_of(medium.learn_from(decided), 'face')} added to the cast")
    except (ModelNotFoundError, EmbedderMismatchError) as error:  # a film of no project, or of other networks
        say(f"The cast was not taught: {error}", err=True)


def take_back(opened: Project, media: Media, medium: Medium | None, which: str, author: str) -> None:
    """Take back the last command, of one film or set or of all, or one decision: wherever the same was said."""
    if medium is None and which:
        raise click.UsageError("A decision is one of a film's or a photo set's: give --timeline FILE or --photos SET.")
    from personae.films.undoing import take_back as take_back_everywhere

    lines = opened.people.undo(by=author) if medium is None else take_back_everywhere(medium, which, media, by=author)
    for line in lines or ("nothing to take back",):
        say(line)


def _import(opened: Project, medium: Medium, other: Path, *, learn: bool) -> None:
    from personae.films.film import StoredFilm

    assert isinstance(medium, StoredFilm)  # --photos was refused
    added = medium.import_decisions(other)
    count = len(added.decisions)
    for one in added.decisions[:MOST_LISTED]:
        say(f"  {one.said()}")
    timeline = f"--timeline {shlex.quote(str(medium.path))}"
    if count > MOST_LISTED:
        say(f"  and {count - MOST_LISTED} more: {command(f'log {timeline}')}")
    say(f"{count_of(count, 'decision')} added" + ("" if count else ": all of them are there already"))
    if count:
        say_learnt(medium, added, learn=learn)
        say(f"Take {'it' if count == 1 else 'them'} back with: {command(f'name {timeline} --undo')}")


def _decide(medium: Medium, who: str, name: str | None, flags: list[str], author: str, *, yes: bool) -> str | None:
    """The id of the command; None where somebody looked at the warnings and said no."""
    from personae.films.film import StoredFilm
    from personae.films.naming_many import in_photos

    told = f"is {name}" if name is not None else SAID[flags[0]]
    subject = _subject(medium, who) if isinstance(medium, StoredFilm) else who
    saying = _saying(who if isinstance(medium, StoredFilm) else in_photos(who), name, flags)
    shown = () if yes else medium.warnings(saying)
    if not agreed(shown, f"{subject} {told} all the same?"):
        say("nothing was said")
        return None
    decided = medium.decide(saying, by=author)
    for warning in decided.warnings:
        if warning not in shown:
            say(f"personae: {warning}", err=True)
    if isinstance(medium, StoredFilm):
        _tell(medium, subject, told, flags)
    else:
        own = sum(one.decided_by == "person" for one in medium.faces)
        say(f"{subject} {told}; {count_of(own, 'face')} decided by a person")
    return decided.request


def _subject(film: StoredFilm, who: str) -> str:
    """How somebody is called in what is told: a character may be called "1" too."""
    from personae.films.meant import meant

    return who if meant(film.timeline, who).whole else f"appearance {who}"


def _tell(film: StoredFilm, subject: str, told: str, flags: list[str]) -> None:
    from personae.timeline.depicted import left_out

    if "alive" in flags or "depicted" in flags:
        say(f"{subject} {told}")
        for line in left_out(film.timeline):
            say(line)
    else:
        own = sum(one.decided_by == "person" for one in film.timeline.appearances)
        say(f"{subject} {told}; {count_of(own, 'appearance')} decided by a person")


def _saying(who: Who, name: str | None, flags: list[str]) -> Saying:
    from personae.films import say as sayings

    if name is not None:
        return sayings.name(who, name)
    if flags == ["new"]:
        return sayings.name(who, sayings.NEW_UNKNOWN)
    by_flag = {
        "wrong": sayings.not_them,
        "alive": sayings.alive,
        "depicted": sayings.depicted,
        "stranger": sayings.stranger,
        "no_face": sayings.no_face,
    }
    return by_flag[flags[0]](who)
