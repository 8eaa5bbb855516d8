"""Commands that stand on a page, whole: with the timeline and the project, as they are typed in the page's folder.

Opened from disk a page knows where it lies: its script then writes whole paths, and a command can be typed anywhere.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from personae.exports.exporter import Exporter
from personae.exports.page import text
from personae.names import readable
from personae.paths import ProjectPaths

_REPORT, _SHEET = ".report.html", ".sheet.html"


@dataclass(frozen=True)
class PageCommands:
    """The commands of one page. `timelines`, `project`: paths from the page's folder; `project` None: found by itself.

    `page`: the page's own name, where it is not the one that a report has without being told. `colours`: who has which
    colour on all pages made there (`page.styles`).
    """

    timelines: Sequence[str] = ("FILE",)
    project: str | None = None
    page: str | None = None
    colours: Mapping[str, int] | None = None

    @classmethod
    def at(
        cls,
        page: Path | None,
        timelines: Sequence[Path],
        project: Path | None,
        colours: Mapping[str, int] | None = None,
    ) -> PageCommands:
        """The commands of a page that lies at `page`, None: nobody knows where, so that paths are whole.

        `project`: the folder of the one in use, None where there is none.
        """
        folder = None if page is None else page.absolute().parent
        if page is not None and page.name.endswith(_SHEET):  # a sheet is made beside its report
            page = page.with_name(page.name.removesuffix(_SHEET) + _REPORT)
        found = [ProjectPaths.of_film(path) for path in timelines]
        is_found = project is None or all(one is not None and _same(one.folder, project) for one in found)
        own = [
            timeline.with_name(timeline.name.removesuffix(".json").removesuffix(".timeline") + _REPORT)
            for timeline in timelines
        ]
        is_usual = page is None or (len(own) == 1 and _same(own[0], page))
        return cls(
            tuple(_from(folder, path) for path in timelines),
            None if is_found or project is None else _from(folder, project),
            None if is_usual or page is None else page.name,
            colours,
        )

    def name(self, *words: str, who: str) -> str:
        """`personae name WHO ...` as HTML; `words`: typed as they are, `who`: quoted where a shell needs it."""
        quoted = f"<span data-who>{text(shlex.quote(who))}</span>"
        said = " ".join([quoted, *map(text, words)])
        options = self._timeline() + self._project()
        if who.startswith("-"):  # else it would be an option
            flags = " ".join(text(word) for word in words if word.startswith("-"))
            named = " ".join(text(word) for word in words if not word.startswith("-"))
            return _code(f"personae name {flags}{options} -- {quoted} {named}".replace("name  ", "name ").rstrip())
        return _code(f"personae name {said}{options}")

    def importing(self) -> str:
        """`personae name --import FILE` as HTML, with a place for the file's path."""
        return _code(
            f"personae name {_option('--import')} <span data-file>FILE</span>{self._timeline()}{self._project()}"
        )

    def report(self) -> str:
        """`personae report ...` that makes the page anew, as HTML."""
        made = "".join(f" {_path(one)}" for one in self.timelines)
        out = "" if self.page is None else f" {_option('--out')} {_path(self.page)}"
        return _code(f"personae report{made}{out}{self._project()}")

    def _timeline(self) -> str:
        return f" {_option('--timeline')} {_path(self.timelines[0])}"

    def _project(self) -> str:
        return "" if self.project is None else f" {_option('--project')} {_path(self.project)}"


@runtime_checkable
class Page(Exporter, Protocol):
    """An exporter whose files are pages for people."""

    def placed(self, commands: PageCommands, digest: str) -> Exporter:
        """The exporter of a page that lies where `commands` are typed; `digest`: of the whole timeline."""
        ...


def older(commands: PageCommands) -> str:
    """What a page says once it is older than its timeline; hidden till then."""
    its = "its timeline" if len(commands.timelines) == 1 else "one of its timelines"
    return (
        f'<p class="older"><b>This page is older than {its}:</b> something was scanned, named or decided since. '
        f"Make it anew: {commands.report()}</p>"
    )


def _code(content: str) -> str:
    return f'<code class="command">{content}</code>'


def _option(name: str) -> str:
    """An option that no line break parts."""
    return f'<span class="option">{name}</span>'


def _path(path: str) -> str:
    return f'<span data-typed="{text(path)}">{text(shlex.quote(path))}</span>'


def _from(folder: Path | None, path: Path) -> str:
    """A path as it is typed in `folder`."""
    whole = os.path.realpath(path)  # ".." of a linked folder is not where the link lies
    if folder is None:
        return readable(whole)
    try:
        relative = os.path.relpath(whole, os.path.realpath(folder))
    except ValueError:  # on another drive
        return readable(whole)
    return readable(os.path.join(".", relative) if relative.startswith("-") else relative)  # noqa: PTH118 - text


def _same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)
