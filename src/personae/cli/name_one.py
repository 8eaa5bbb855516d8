"""`personae name WHO NAME`: one thing said of one person in one film or photo set; and taking back."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from personae.cli.console import ask_on, say
from personae.hints import command
from personae.types import count_of

if TYPE_CHECKING:
    from personae.films.film import StoredFilm
    from personae.films.meant import Who
    from personae.films.media import Medium
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


def name_one(
    opened: Project, medium: Medium | None, words: tuple[str, ...], flags: list[str], other: Path | None, author: str,
    *, learn: bool, yes: bool,
) -> None:  # fmt: skip
    """Say one thing of one person, or add the decisions of another file."""
    if medium is None:
        raise click.UsageError("Say what is meant: --timeline FILE or --photos SET.")
    if other is not None:
        if words or flags or learn:
            raise click.UsageError("--import stands alone.")
        _import(medium, other)
        return
    who, name = (*words, None, None)[:2]
    if who is None or len(words) > 2 or (name is not None) + len(flags) != 1:
        options = ", ".join(f"--{flag.replace('_', '-')}" for flag in SAID)
        raise click.UsageError(f"Give WHO and NAME, or WHO and one of {options}, or --undo.")
    request = _decide(medium, who, name, flags, author, yes=yes)
    if request is not None and learn and name is not None:
        added = medium.learn(name, request=request)
        say(f"{count_of(added, 'face')} of {name} added to {opened.context.paths.gallery}")
        say("--undo takes back the name and these faces.")


def take_back(opened: Project, medium: Medium | None, which: str, author: str) -> None:
    """Take back the last command, in one film or set or, where none is given, wherever it was said; or one decision."""
    if medium is None and which:
        raise click.UsageError("A decision is one of a film's or a photo set's: give --timeline FILE or --photos SET.")
    if medium is None:
        lines = opened.people.undo(by=author)
        for line in lines or ("nothing to take back",):
            say(line)
        return
    if which:
        from personae.films.decision_log import take_back_one

        undone = take_back_one(medium, which, by=author)
    else:
        undone = medium.undo(by=author)
    told = "; ".join(one.said() for one in undone.decisions)
    say(f"taken back: {told}" if told else "nothing to take back")
    for sentence in undone.warnings:
        say(sentence)


def _import(medium: Medium, other: Path) -> None:
    from personae.films.film import StoredFilm

    assert isinstance(medium, StoredFilm)  # --photos was refused
    added = medium.import_decisions(other).decisions
    for one in added[:MOST_LISTED]:
        say(f"  {one.said()}")
    timeline = f"--timeline {shlex.quote(str(medium.path))}"
    if len(added) > MOST_LISTED:
        say(f"  and {len(added) - MOST_LISTED} more: {command(f'log {timeline}')}")
    say(f"{count_of(len(added), 'decision')} added" + ("" if added else ": all of them are there already"))
    if added:
        say(f"Take {'it' if len(added) == 1 else 'them'} back with: {command(f'name {timeline} --undo')}")


def _decide(medium: Medium, who: str, name: str | None, flags: list[str], author: str, *, yes: bool) -> str | None:
    """The id of the command; None where somebody looked at the warnings and said no."""
    from personae.films.film import StoredFilm
    from personae.films.naming_many import in_photos

    told = f"is {name}" if name is not None else SAID[flags[0]]
    subject = _subject(medium, who) if isinstance(medium, StoredFilm) else who
    saying = _saying(who if isinstance(medium, StoredFilm) else in_photos(who), name, flags)
    if sys.stdin.isatty() and not yes:  # elsewhere nobody can answer: it holds, and --undo takes it back
        warnings = medium.warnings(saying)
        if warnings and not ask_on([*warnings, f"{subject} {told} all the same?"]):
            say("nothing was said")
            return None
        shown = warnings
    else:
        shown = ()
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
