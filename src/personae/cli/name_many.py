"""`personae name WHO=NAME ...` and `--from names.csv`: many people at once, or nobody."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from personae.cli.console import ask_on, say
from personae.errors import InputError
from personae.hints import command
from personae.types import count_of

if TYPE_CHECKING:
    from personae.films.media import Media, Medium
    from personae.films.names_table import Wanted
    from personae.project.session import Project


def agreed(warnings: Sequence[str], question: str) -> bool:
    """Show what may be wrong, if anything, and ask whether to go on; raises InputError where nobody can be asked."""
    from personae.films.warning import is_slight

    if warnings and not sys.stdin.isatty():
        for warning in warnings:
            say(f"personae: {warning}", err=True)
        raise InputError("Nobody can be asked, so nothing was done. To do it all the same, give --yes.")
    return not warnings or ask_on([*warnings, question], enter=all(map(is_slight, warnings)))


def _told(one: Wanted) -> str:
    """What was said of somebody, as a sentence."""
    from personae.films.answers import who_of
    from personae.names import unknown_number

    who = f"{one.who}{f' of {one.medium}' if one.medium else ''}"
    if unknown_number(who_of(one.name)[0]) is not None:
        return f"{who} and {one.name} are one person"
    instead = {".s": "stays without a name", ".x": "is no face", ".n": "is somebody new"}.get(one.name.casefold())
    return f"{who} {instead or f'is {one.name}'}"


def name_many(
    opened: Project, media: Media, only: Sequence[Medium], pairs: Sequence[str], table: Path | None, author: str,
    *, learn: bool, yes: bool,
) -> None:  # fmt: skip
    """Name everybody in WHO=NAME words and a table, as one command."""
    from personae.films.names_table import Wanted, read_table
    from personae.films.naming_many import plan, split_pair

    wanted = [Wanted(*split_pair(pair), where=pair) for pair in pairs]
    if table is not None:
        wanted += read_table(table)
    planned = plan(opened.people, media, only, wanted)
    if not yes and not agreed(planned.warnings, "Name them all the same?"):
        say("nobody was named")
        return
    _, learnt = planned.carry_out(by=author, learn=learn)
    for one in wanted:
        say(_told(one))
    say(f"{count_of(len(wanted), 'answer')} kept; {count_of(learnt, 'face')} added to the cast")
    say(f"Take it back with: {command('name --undo')}")
