"""One page over several films: who is in which, how long altogether, and a link to each film's own page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from personae._version import __version__
from personae.exports.grid import Grid
from personae.exports.page import clock, page, styles, text
from personae.exports.page_commands import PageCommands, older
from personae.exports.report_people import PersonRow, people_of, unknown_cards
from personae.exports.spans import title
from personae.timeline import native
from personae.timeline.timeline import Timeline
from personae.types import count_of, percent


@dataclass(frozen=True)
class FilmPage:
    """A film on the page: its timeline as it is `shown`, the whole one, its folder, and the names of its own pages."""

    shown: Timeline
    timeline: Timeline
    folder: Path
    report: str
    sheet: str


@dataclass(frozen=True)
class _Film:
    """A film with its people. `title`: tells it from the others; `link`: to its own page, as HTML."""

    page: FilmPage
    title: str
    people: list[PersonRow]

    @property
    def link(self) -> str:
        return f'<a href="{quote(self.page.report)}">{text(self.title)}</a>'

    @property
    def length_s(self) -> float:
        return self.page.shown.video.duration_s


def overview(films: Sequence[FilmPage], commands: PageCommands) -> bytes:
    """The page in UTF-8. `commands`: with the films' timelines in the same order."""
    titles = _titles(films)
    found = [
        _Film(one, name, people_of(one.shown, Grid.held(one.shown.video), one.folder, commands.colours))
        for one, name in zip(films, titles, strict=True)
    ]
    count = count_of(len(found), "film")
    length = clock(sum(film.length_s for film in found))
    head = (
        f"<header><h1>{count}</h1><p>Who is on screen in which, and how long altogether. {length} in all.</p>"
        f"{older(commands)}</header>"
    )
    sections = (head, _figures(found), _people(found, commands), _films(found), _unknown(found, commands))
    body = "<main>\n" + "\n".join(filter(None, sections)) + f"\n<footer>Personae {text(__version__)}</footer></main>"
    made_of = {one.timeline.video.content_id: native.digest(one.timeline) for one in films}
    return page(f"{count}: who is on screen", body, "report", made_of)


def _titles(films: Sequence[FilmPage]) -> list[str]:
    """The films' names; those that share one are counted."""
    names = [title(one.shown) for one in films]
    return [
        name if names.count(name) == 1 else f"{name} ({names[:at].count(name) + 1})" for at, name in enumerate(names)
    ]


def _figures(films: list[_Film]) -> str:
    characters = {person.name for film in films for person in film.people if person.known}
    unknown = sum(not person.known for film in films for person in film.people)
    appearances = sum(len(film.page.shown.appearances) for film in films)
    figures = (
        (len(films), "film" if len(films) == 1 else "films"),
        (len(characters), "character" if len(characters) == 1 else "characters"),
        (unknown, "unknown person" if unknown == 1 else "unknown people, each film counted alone"),
        (appearances, "appearance" if appearances == 1 else "appearances"),
    )
    tiles = "".join(f"<div><b>{value}</b><span>{what}</span></div>" for value, what in figures)
    return f'<div class="figures">{tiles}</div>'


def _people(films: list[_Film], commands: PageCommands) -> str:
    """A row per character: the totals over all films, and each film with its time."""
    found: dict[str, list[tuple[_Film, PersonRow]]] = {}
    for film in films:
        for person in film.people:
            if person.known:
                found.setdefault(person.name, []).append((film, person))
    if not found:
        return "<section><h2>Nobody by name</h2><p>No character is in any of these films.</p></section>"
    cast = [name for film in films for name in film.page.shown.model.get("characters") or []]
    colours, length = styles(sorted(found), cast, commands.colours), sum(film.length_s for film in films)
    seconds = {name: sum(person.visible_s for _, person in own) for name, own in found.items()}
    most = max(seconds.values()) or 1
    rows = []
    for name in sorted(found, key=lambda name: (-seconds[name], name)):
        own = found[name]
        best = max((person for _, person in own), key=lambda person: (bool(person.picture), person.visible_s))
        own = sorted(own, key=lambda pair: -pair[1].visible_s)
        on_screen = sum(person.totals.on_screen_s for _, person in own if person.totals)
        presence = sum(person.totals.scene_presence_s for _, person in own if person.totals)
        share = f'<span class="dim">{percent(seconds[name] / length if length else 0, 1)}</span>'
        meter = f'<span class="meter"><i style="width:{100 * seconds[name] / most:.1f}%"></i></span>'
        where = "".join(
            f'<span class="chip">{film.link} <span class="dim">{clock(person.visible_s)}</span></span>'
            for film, person in own
        )
        cells = (
            ("Visible face time", f"{clock(seconds[name])} {share}{meter}"),
            ("On screen", clock(on_screen)),
            ("Scene presence", clock(presence)),
            ("Appearances", str(sum(person.appearances for _, person in own))),
            ("Films", f'<span class="chips">{where}</span>'),
        )
        rows.append(f'<tr class="known" style="{colours[name]}"><td>{best.who}</td>{_cells(cells)}</tr>')
    return (
        "<section><h2>People</h2><p>Over all films, most time first. Three measures, each wider than the last; none is "
        "screen time, which also counts somebody who never shows a face.</p><table><thead><tr><th>Who</th>"
        "<th>Visible face time<small>how long the face can be seen, and its share of all films</small></th>"
        "<th>On screen<small>with the time in which the head was followed without a face</small></th>"
        "<th>Scene presence<small>from first to last appearance in each scene</small></th><th>Appearances</th>"
        "<th>Films<small>with the visible face time in each</small></th></tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></section>"
    )


def _cells(cells: Iterable[tuple[str, str]]) -> str:
    return "".join(f'<td data-label="{label}">{value}</td>' for label, value in cells)


def _films(films: list[_Film]) -> str:
    rows = []
    for film in films:
        known = sum(person.known for person in film.people)
        cells = (
            ("Length", clock(film.length_s)),
            ("Characters", str(known)),
            ("Unknown people", str(len(film.people) - known)),
            ("Appearances", str(len(film.page.shown.appearances))),
            ("Check names", f'<a href="{quote(film.page.sheet)}">contact sheet</a>'),
        )
        rows.append(f"<tr><td><b>{film.link}</b></td>{_cells(cells)}</tr>")
    return (
        "<section><h2>Films</h2><p>Each has a page of its own, beside this one.</p><table><thead><tr><th>Film</th>"
        "<th>Length</th><th>Characters</th><th>Unknown people</th><th>Appearances</th><th>Check names</th></tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></section>"
    )


def _unknown(films: list[_Film], commands: PageCommands) -> str:
    """The people without a name, film by film: a number counts in its film alone."""
    blocks = []
    for film, timeline in zip(films, commands.timelines, strict=True):
        cards = unknown_cards(film.people, replace(commands, timelines=(timeline,)))
        if cards:
            blocks.append(f'<div class="film"><h3>{film.link}</h3>{cards}</div>')
    if not blocks:
        return ""
    return (
        "<section><h2>Unknown people</h2><p>Each is one person, without a name; a number counts in its film alone.</p>"
        f"{''.join(blocks)}</section>"
    )
