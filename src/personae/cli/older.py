"""What commands say of pages that are older than their timelines."""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from personae import hints
from personae.cli.console import say

if TYPE_CHECKING:
    from personae.ledger import Entry
    from personae.project.session import Project

_REPORT_ENDS, _SHEET_ENDS = ".report.html", ".sheet.html"


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
    """Each page that is older -> the command that makes it anew; what that makes with another page is not told of."""
    from personae.errors import StoreError
    from personae.old_pages import older_pages
    from personae.paths import ProjectPaths

    with contextlib.suppress(StoreError):  # whoever needs the ledger says what is wrong with it
        pages = older_pages(ProjectPaths.at(project).ledger)
        commands = {Path(page.path): _command(page) for page in pages}
        return {path: command for path, command in commands.items() if command and not _comes_with_another(path, pages)}
    return {}


def _command(page: Entry) -> str | None:
    """The command that makes a page anew; None where one of its timelines is not there any more."""
    from personae.old_pages import OVERVIEW, timelines_on

    path = _report_of(Path(page.path))
    timelines = [Path(page.source)]
    if page.kind == OVERVIEW:
        timelines = [Path(os.path.realpath(one)) for one in timelines_on(path)]
    if not timelines or not all(one.is_file() for one in timelines):
        return None
    usual = timelines[0].with_name(timelines[0].name.removesuffix(".json").removesuffix(".timeline") + _REPORT_ENDS)
    is_usual = page.kind != OVERVIEW and path.resolve() == usual.resolve()
    out = "" if is_usual else f" --out {shlex.quote(str(path))}"
    return hints.command(f"report {shlex.join(map(str, timelines))}{out}")


def _report_of(path: Path) -> Path:
    """The report beside which a contact sheet is made; any other page is its own."""
    base = path.name.removesuffix(_SHEET_ENDS)
    return path if base == path.name else path.with_name(base + _REPORT_ENDS)


def _comes_with_another(path: Path, pages: Sequence[Entry]) -> bool:
    """Whether another page that is older brings this one: a report its sheet, an overview the pages of its films."""
    from personae.old_pages import OVERVIEW

    base = path.name.removesuffix(_SHEET_ENDS)
    reports = {path.with_name(base + ending) for ending in (_REPORT_ENDS, ".html")} if base != path.name else set()
    return any(
        Path(page.path) in reports
        or (
            page.kind == OVERVIEW
            and Path(page.path).parent == path.parent
            and path.name.startswith(f"{Path(page.path).stem}.")
            and path != Path(page.path)
        )
        for page in pages
    )
