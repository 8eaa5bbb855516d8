"""Who is in a film, as its page shows them: a picture, a colour, and when they are there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from personae.exports.grid import Grid
from personae.exports.page import clock, colours, data_uri, face, text
from personae.exports.page_commands import PageCommands
from personae.exports.spans import Span, spans
from personae.timeline.selection import union
from personae.timeline.timeline import Appearance, Timeline, Totals
from personae.types import count_of

MOST_UNKNOWN = 10


@dataclass(frozen=True)
class PersonRow:
    """Somebody in the film as the page shows them; `style`: the CSS class and variables of their colour."""

    name: str
    known: bool
    style: str
    totals: Totals | None
    visible_s: float
    spans: tuple[Span, ...]
    picture: str

    @property
    def appearances(self) -> int:
        """How many there are; a followed head goes on from one."""
        return sum(span.appearance.seen != "followed" for span in self.spans)

    @property
    def number(self) -> int:
        """Of an unknown person; 0 of a character."""
        return self.spans[0].appearance.unknown or 0

    @property
    def stranger(self) -> bool:
        """Whether a person said that they stay without a name."""
        return any(span.appearance.stranger for span in self.spans)

    @property
    def who(self) -> str:
        """Picture and name, side by side."""
        return f'<div class="who">{self.picture}<b>{text(self.name)}</b></div>'


def people_of(
    timeline: Timeline, grid: Grid, folder: Path | None, numbers: Mapping[str, int] | None = None
) -> list[PersonRow]:
    """Characters by visible face time, longest first, then unknown people by number. `numbers`: of colours."""
    styles, base = colours(timeline, numbers), timeline.video.time_base
    totals = {row.name: row for row in timeline.characters}
    by_name: dict[str, list[Span]] = {}
    for span in spans(timeline, grid):
        by_name.setdefault(span.appearance.name, []).append(span)
    people = []
    for name, mine in by_name.items():
        known = mine[0].appearance.character is not None
        row = totals.get(name)
        seconds = union((one.appearance.start_pts, one.appearance.end_pts) for one in mine)
        visible = row.visible_face_time_s if row else float(sum(end - start for start, end in seconds) * base)
        style = f'class="{{}} known" style="{styles[name]}"' if known else 'class="{} stranger"'
        picture = face(name, _best_picture([span.appearance for span in mine], folder))
        people.append(PersonRow(name, known, style, row, visible, tuple(mine), picture))
    return sorted(people, key=lambda one: (one.number, -one.visible_s if one.known else 0.0, one.name))


def shown_first(people: list[PersonRow]) -> list[PersonRow]:
    """All characters, and the unknown people who are seen longest; the others have their pictures further down."""
    unknown = sorted((one for one in people if not one.known), key=lambda one: -one.visible_s)[:MOST_UNKNOWN]
    return [one for one in people if one.known or one in unknown]


def told_left_out(people: list[PersonRow]) -> str:
    """A sentence about those who are not `shown_first`, with a space before it; empty where all are."""
    count = len(people) - len(shown_first(people))
    if not count:
        return ""
    return (
        " 1 more unknown person is further down." if count == 1 else f" {count} more unknown people are further down."
    )


def _best_picture(appearances: list[Appearance], folder: Path | None) -> str | None:
    best = sorted(appearances, key=lambda one: (one.depicted, -one.confidence))
    uris = (data_uri(one, folder, 192) for one in best)
    return next((uri for uri in uris if uri), None)


def unknown_cards(people: list[PersonRow], commands: PageCommands) -> str:
    """A picture of each unknown person, by number, and the command that names one; empty where there is nobody."""
    unknown = [person for person in people if not person.known]
    cards = "".join(
        f'<div {person.style.format("")} data-name="{text(person.name)}">{person.picture}<b>{text(person.name)}</b>'
        f'<span class="dim">{clock(person.visible_s)}, {count_of(person.appearances, "appearance")}'
        f"{', stays without a name' if person.stranger else ''}</span></div>"
        for person in unknown
    )
    if not cards:
        return ""
    asked = next((one.name for one in unknown if not one.stranger), None)
    how = "" if asked is None else f"Click on a picture, and this names the person: {commands.name('NAME', who=asked)}"
    return (f'<p class="note">{how}</p>' if how else "") + f'<div class="people">{cards}</div>'
