"""Pages for people about scanned films: of each a report and a contact sheet; of several one page over all."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from personae.errors import InputError
from personae.exports import registry
from personae.exports.overview import FilmPage, overview
from personae.exports.page_commands import PageCommands
from personae.files import means_folder
from personae.films.film_files import FilmFiles
from personae.old_pages import OVERVIEW, REPORT, SHEET
from personae.outputs import Outputs
from personae.project.colours import Numbers, colours_of
from personae.project.exporting import Written, named_in, placed, project_in_use
from personae.timeline import selection
from personae.timeline.timeline import Timeline

_PAGES = {".html", ".htm"}


@dataclass(frozen=True)
class _Page:
    """A page that is to be written. `who`: the characters it may hold; `source`: the timeline it is made of."""

    target: Path
    content: bytes
    kind: str
    who: list[str]
    source: Path
    outputs: Outputs


def report_timelines(
    timelines: Mapping[Path, Timeline],
    out: str | Path | None,
    outputs: Mapping[Path, Outputs],
    *,
    depicted: bool = False,
) -> Written:
    """Write each timeline as a page for people, and beside it a contact sheet; `out`: the page, or a folder for them.

    Of several timelines a page `out` is about all of them, and each has its own beside it. Everything is made and
    checked before the first file is written. Raises InputError where two would get one name or `out` is no page's name,
    WriteError, ForeignFileError.
    """
    is_page = out is not None and not means_folder(out) and Path(out).suffix != ""
    out = None if out is None else Path(out)
    if is_page and out is not None and out.suffix.lower() not in _PAGES:
        raise InputError(f"{out}: a page's name ends in .html. Give one, or a folder.")
    reports = {path: _report_of(path, out, is_page=is_page, several=len(timelines) > 1) for path in timelines}
    if len(set(reports.values())) < len(reports):
        raise InputError(
            "Several timelines give one page, as their files have one name. Give -o FOLDER/page.html for one page over "
            "all, or report them one by one."
        )
    known = registry.exporters()
    pages: list[_Page] = []
    colours = colours_of(timelines, map(project_in_use, outputs.values()))
    if is_page and out is not None and len(timelines) > 1:
        pages.append(_overview(timelines, out, reports, outputs, colours, depicted=depicted))
    for path, timeline in timelines.items():
        shown = timeline if depicted else selection.without_depicted(timeline)
        # To be checked are those on pictures too: one may be alive.
        wanted = {REPORT: (reports[path], shown), SHEET: (_sheet(reports[path]), timeline)}
        for name, (target, of) in wanted.items():
            content = placed(known[name], timeline, path, target, outputs[path], colours[path]).export(of, path.parent)
            who = named_in(content, timeline, shows_faces=True)
            pages.append(_Page(target, content, name, who, path, outputs[path]))
    for page in pages:
        page.outputs.check_content(page.target, page.content, kind=page.kind, source=page.source)
    for page in pages:
        page.outputs.write(page.target, page.content, kind=page.kind, who=page.who, source=page.source)
        if page.kind == OVERVIEW:  # each project whose people it shows is to find it when somebody is forgotten
            digest = hashlib.sha256(page.content).hexdigest()
            source = os.path.abspath(page.source)  # noqa: PTH100 - of a link the link is the source
            for ledger in {one.ledger.project: one.ledger for one in outputs.values() if one.ledger}.values():
                ledger.record(page.target, sha256=digest, kind=OVERVIEW, who=page.who, source=source)
    return Written(tuple(page.target for page in pages))


def _overview(
    timelines: Mapping[Path, Timeline],
    out: Path,
    reports: Mapping[Path, Path],
    outputs: Mapping[Path, Outputs],
    colours: Mapping[Path, Numbers | None],
    *,
    depicted: bool,
) -> _Page:
    """The page over all of them; in the ledger it is made of one of them, and its head names every one."""
    first = _made_of(out, timelines, outputs)
    films = [
        FilmPage(
            timeline if depicted else selection.without_depicted(timeline), timeline, path.parent, reports[path].name,
            _sheet(reports[path]).name,
        )
        for path, timeline in timelines.items()
    ]  # fmt: skip
    commands = PageCommands.at(out, list(timelines), project_in_use(outputs[first]), colours[first])
    content = overview(films, commands)
    every = (named_in(content, timeline, shows_faces=True) for timeline in timelines.values())
    who = list(dict.fromkeys(name for named in every for name in named))
    return _Page(out, content, OVERVIEW, who, first, outputs[first])


def _made_of(out: Path, timelines: Mapping[Path, Timeline], outputs: Mapping[Path, Outputs]) -> Path:
    """The timeline that stands in the ledger for all: as it does for the page that is there, whatever the order."""
    for path, own in outputs.items():
        if own.is_of(out, kind=OVERVIEW, source=path):
            return path
    return next(iter(timelines))


def _report_of(timeline: Path, out: Path | None, *, is_page: bool, several: bool) -> Path:
    """Where a timeline's page goes: what is called like a page is one, anything else a folder for it."""
    name = timeline.name.removesuffix(".json").removesuffix(".timeline") + ".report.html"
    if out is None:
        return timeline.with_name(name)
    title = _title(timeline)
    if not is_page:
        return out / (f"{title}.report.html" if several else name)
    return out.with_name(f"{out.stem}.{title}.report.html") if several else out


def _title(timeline: Path) -> str:
    """What a film is called: a project's own have a folder each, named after them."""
    name = FilmFiles.of(timeline).name
    return timeline.absolute().parent.name if name == "film" and timeline.absolute().parent.name else name


def _sheet(page: Path) -> Path:
    """The contact sheet beside a page."""
    return page.with_name(page.name.removesuffix(".html").removesuffix(".report") + ".sheet.html")
