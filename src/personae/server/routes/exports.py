"""Timelines in other people's formats, pages, stringouts and sidecars, as downloads. Nothing is written for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel

from personae.exports import registry
from personae.exports.exporter import Exporter
from personae.exports.page_commands import Page
from personae.names import unknown_name
from personae.project.exporting import Shown
from personae.project.film import ProjectFilm
from personae.server.asking import By, Served, sees
from personae.server.downloads import disposition, file_name
from personae.server.keys import Caller
from personae.server.originals import below
from personae.server.problems import ProblemError
from personae.server.ranges import SANDBOX
from personae.server.zips import TYPE as ZIP
from personae.server.zips import zip_answer
from personae.timeline.selection import Wanted

router = APIRouter(tags=["exports"])
MOST_FILMS = 500
_AT_ONCE = 20
_TYPES = {".html": "text/html; charset=utf-8", ".csv": "text/csv; charset=utf-8", ".txt": "text/plain; charset=utf-8"}
_FILE: dict[int | str, dict[str, object]] = {
    200: {"description": "The file.", "content": {"application/octet-stream": {}}}
}
_ZIP: dict[int | str, dict[str, object]] = {200: {"description": "A ZIP file.", "content": {ZIP: {}}}}
Seconds = Annotated[float, Query(ge=0, le=10**6)]
Media = Annotated[
    str | None,
    Query(max_length=4096, description="Where the film lies for who opens the file; else the file says its name only."),
]


class Format(BaseModel):
    """A format. `suffixes`: ends of file names, the usual one first; `title`: what it is and for which program."""

    name: str
    suffixes: list[str]
    title: str
    is_page: bool
    counts_frames: bool


class Formats(BaseModel):
    """`formats`: of whole timelines; `selections`: of stringouts; `films`: of films that a job writes."""

    formats: list[Format]
    selections: list[str]
    films: list[str]


@dataclass(frozen=True)
class Choice:
    """Who is in an export, as a client asks for it."""

    character: list[str]
    unknown: bool
    depicted: bool
    media: str | None


def _choice(
    character: Annotated[list[str] | None, Query(max_length=100, description="Ids of characters; none: all.")] = None,
    unknown: Annotated[bool, Query(description="Also people without a name.")] = True,
    depicted: Annotated[bool, Query(description="Also faces on pictures in the picture.")] = False,
    media: Media = None,
) -> Choice:
    return Choice(character or [], unknown, depicted, media)


Chosen = Annotated[Choice, Depends(_choice)]


@router.get("/exports")
def list_formats(service: Served, caller: By) -> Formats:
    """The formats that there are."""
    from personae.exports.film_writer import FORMATS
    from personae.exports.stringouts import WRITERS

    formats = [
        Format(
            name=name, suffixes=list(one.suffixes), title=one.title, is_page=isinstance(one, Page),
            counts_frames=bool(getattr(one, "counts_frames", False)),
        )
        for name, one in registry.exporters().items()
    ]  # fmt: skip
    return Formats(formats=formats, selections=[end.lstrip(".") for end in WRITERS], films=[*FORMATS])


@router.get("/media/{id}/exports", response_class=Response, responses=_ZIP)
def export_film_in_every_format(service: Served, caller: By, id: str, chosen: Chosen) -> Response:
    """A film's timeline in every format, as a ZIP file."""
    film, shown = service.film(id), _shown(service, caller, chosen)
    members = (
        (file_name(film.name, one.suffixes[0]), _exported(service, caller, film, one, shown, chosen.media))
        for one in registry.exporters().values()
    )
    return zip_answer(members, f"{film.name}.exports")


@router.get("/media/{id}/exports/{format}", response_class=Response, responses=_FILE)
def export_film(service: Served, caller: By, id: str, format: str, chosen: Chosen) -> Response:
    """A film's timeline in another format."""
    exporter = _exporter(format)
    film, shown = service.film(id), _shown(service, caller, chosen)
    return _download(_exported(service, caller, film, exporter, shown, chosen.media), film, exporter)


@router.get("/exports/{format}", response_class=Response, responses=_ZIP)
def export_films(
    service: Served,
    caller: By,
    format: str,
    medium: Annotated[list[str], Query(min_length=1, max_length=MOST_FILMS, description="Ids of films.")],
    chosen: Chosen,
) -> Response:
    """Several films' timelines in one format, as a ZIP file; of `report` also the contact sheets, and one page over all
    of them.
    """
    exporter = _exporter(format)
    if chosen.media is not None:
        raise ProblemError(422, "input", "media is of one film. Export one by one.")
    films = [service.film(id) for id in dict.fromkeys(medium)]
    shown = _shown(service, caller, chosen)
    if exporter.name == "report":
        return zip_answer(_pages(service, caller, films, shown), "films.report")
    names = _own_names(films, exporter.suffixes[0])
    members = (
        (name, _exported(service, caller, film, exporter, shown, None)) for film, name in zip(films, names, strict=True)
    )
    return zip_answer(members, f"films.{exporter.name}")


@router.get("/media/{id}/selections/{format}", response_class=Response, responses=_FILE)
def select_in_film(
    service: Served,
    caller: By,
    id: str,
    format: Literal["edl", "otio", "fcpxml", "xml"],
    character: Annotated[list[str] | None, Query(max_length=100, description="Ids: any of them.")] = None,
    unknown_person: Annotated[list[int] | None, Query(max_length=100, description="Numbers: or any of them.")] = None,
    together: Annotated[list[str] | None, Query(max_length=100, description="Ids: only with all of them.")] = None,
    without: Annotated[list[str] | None, Query(max_length=100, description="Ids: only without any of them.")] = None,
    close_ups: bool = False,
    min_s: Seconds = 0.0,
    handles_s: Seconds = 0.0,
    depicted: bool = False,
    media: Media = None,
) -> Response:
    """A stringout: every stretch of the film with somebody, one after the other, for an editing program."""
    if unknown_person and not sees(caller, "strangers"):
        raise ProblemError(403, "role", "That takes the role editor: people without a name are not shown to viewers.")
    if not character and not unknown_person:
        raise ProblemError(422, "input", "Say who: character or unknown_person.")
    film = service.film(id)
    who, others, absent = (tuple(map(service.character, ids or ())) for ids in (character, together, without))
    wanted = Wanted((*who, *map(unknown_name, unknown_person or ())), others, absent, close_ups, min_s, handles_s)
    found = film.selected(format, wanted, depicted=depicted, media=media)
    return Response(found, headers=_headers(film.name, f".selection.{format}"), media_type="application/octet-stream")


@router.get("/media/{id}/sidecars", response_class=Response, responses=_ZIP)
def export_sidecars(service: Served, caller: By, id: str, unknown: bool = True, adobe_names: bool = False) -> Response:
    """XMP sidecars of a set of photos, as a ZIP file: `1.jpg.xmp`, or with `adobe_names` `1.xmp`.

    Of the photos that lie below a media root and are as they were kept.
    """
    photos = service.photo_set(id)
    unknown = unknown and sees(caller, "strangers")
    root, paths = Path(photos.root), [one.path for one in photos.photos]

    def members() -> Iterator[tuple[str, bytes]]:
        for start in range(0, len(paths), _AT_ONCE):
            there = dict(_there(service, root, paths[start : start + _AT_ONCE]))
            asked = {"photos": photos.name, "paths": there, "unknown": unknown}
            found = service.helper.ask("sidecars", by=caller.key, **asked) if there else {}
            for path, xmp in found.items():
                yield f"{path.rpartition('.')[0] if adobe_names else path}.xmp", xmp.encode()

    return zip_answer(members(), photos.name)


def _there(service: Served, root: Path, paths: Sequence[str]) -> Iterator[tuple[str, str]]:
    for path in paths:
        try:
            yield path, str(below(service.roots, root / path, "The photo"))
        except ProblemError:
            continue


def _exporter(format: str) -> Exporter:
    known = registry.exporters()
    if format not in known:
        raise ProblemError(404, "unknown-format", f"There is no format {format!r}. There are: {', '.join(known)}.")
    return known[format]


def _shown(service: Served, caller: Caller, chosen: Choice) -> Shown:
    names = tuple(map(service.character, chosen.character))
    return Shown(names, chosen.unknown, chosen.depicted, strangers=sees(caller, "strangers"))


def _exported(
    service: Served, caller: Caller, film: ProjectFilm, exporter: Exporter, shown: Shown, media: str | None
) -> bytes:
    """The bytes of one export. What shows pictures decodes them, a plug-in may do anything: the helper does both."""
    if exporter.name in registry.OURS and not isinstance(exporter, Page):
        return film.exported(exporter.name, shown, media=media)
    film.flush()
    asked = {"film": film.name, "format": exporter.name, "shown": asdict(shown), "media": media}
    found: bytes = service.helper.ask("export", by=caller.key, **asked)
    return found


def _pages(service: Served, caller: Caller, films: Sequence[ProjectFilm], shown: Shown) -> Iterator[tuple[str, bytes]]:
    known = registry.exporters()
    reports, sheets = _own_names(films, ".report.html"), _own_names(films, ".sheet.html")
    rows = [[film.name, *names] for film, *names in zip(films, reports, sheets, strict=True)]
    for film in films:
        film.flush()
    yield "films.html", service.helper.ask("overview", by=caller.key, films=rows, shown=asdict(shown))
    for film, report, sheet in zip(films, reports, sheets, strict=True):
        yield report, _exported(service, caller, film, known["report"], shown, None)
        yield sheet, _exported(service, caller, film, known["sheet"], shown, None)


def _own_names(films: Sequence[ProjectFilm], suffix: str) -> list[str]:
    """What each film's file is called in a ZIP file: names that differ in case alone get a number."""
    names: list[str] = []
    for film in films:
        name, number = file_name(film.name, suffix), 1
        while name.casefold() in {one.casefold() for one in names}:
            number += 1
            name = file_name(f"{film.name}-{number}", suffix)
        names.append(name)
    return names


def _download(content: bytes, film: ProjectFilm, exporter: Exporter) -> Response:
    suffix = exporter.suffixes[0]
    kind = _TYPES.get(suffix[suffix.rfind(".") :], "application/octet-stream")
    return Response(content, headers=_headers(film.name, suffix), media_type=kind)


def _headers(name: str, suffix: str) -> dict[str, str]:
    """A download; should a browser show it all the same, nothing in it may run with this server's rights."""
    return {
        "content-disposition": disposition(name, suffix),
        "content-security-policy": SANDBOX,
        "cache-control": "private, no-store",
    }
