"""What commands say of pages that are older than their timelines."""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from personae import hints
from personae.cli.console import say

if TYPE_CHECKING:
    from personae.project.session import Project


@contextmanager
def telling_older(project: Path | None) -> Iterator[None]:
    """At the end, say which pages of the project have become older than their timelines, and how to make them anew."""
    before = set(_older(project))
    try:
        yield
    finally:
        for page, command in _older(project).items():
            if page not in before:
                say(f"{page} is older than its timeline now. Make it anew: {command}", err=True)


def say_names_of_before(opened: Project) -> None:
    """After an edit of who is one character: which films show names of before, and the command that names them anew."""
    from personae.films.seen_people import named_by

    card = opened.card
    now = None if card is None else card.as_dict()
    cast = set(opened.cast.names().values())
    found = []
    for name in opened.films.names():
        with opened.films[name] as film:
            shown = {row.character for row in film.timeline.characters if row.character is not None}
            if shown and (shown - cast or named_by(film) != now):
                found.append(shlex.quote(os.path.relpath(film.path)))
    if found:
        count, them = ("A film was", "it") if len(found) == 1 else (f"{len(found)} films were", "them")
        say(f"{count} named before this edit and may show the names of before.")
        say(f"Name {them} anew: {hints.command('relabel ' + ' '.join(found))}")


def say_older(project: Path | None) -> None:
    """Say which pages of the project are older than their timelines, and how to make them anew."""
    for page, command in _older(project).items():
        say(f"{page} is older than its timeline. Make it anew: {command}")


def _older(project: Path | None) -> dict[Path, str]:
    """Each report that is older -> the command that makes it anew; its contact sheet is made with it."""
    from personae.errors import StoreError
    from personae.old_pages import REPORT, older_pages
    from personae.paths import ProjectPaths

    found: dict[Path, str] = {}
    with contextlib.suppress(StoreError):  # whoever needs the ledger says what is wrong with it
        for page in older_pages(ProjectPaths.at(project).ledger):
            timeline = Path(page.source)
            usual = timeline.with_name(timeline.name.removesuffix(".json").removesuffix(".timeline") + ".report.html")
            path = Path(page.path)
            if page.kind == REPORT and timeline.is_file():
                out = "" if path.resolve() == usual.resolve() else f" --out {shlex.quote(str(path))}"
                found[path] = hints.command(f"report {shlex.quote(str(timeline))}{out}")
    return found
