"""Appearances as editing programs see them: a name, a first frame, the frame after the last, a colour."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from personae.exports.grid import Grid
from personae.media.film_file import CUT_SHORT
from personae.names import readable
from personae.timeline.timeline import Appearance, Timeline
from personae.types import percent

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]+")


@dataclass(frozen=True)
class Span:
    """One appearance on the frame grid, half-open: [first, end). `colour`: number of the character, None of unknown."""

    name: str
    first: int
    end: int
    colour: int | None
    appearance: Appearance

    @property
    def frames(self) -> int:
        """Length."""
        return self.end - self.first

    @property
    def note(self) -> str:
        """How sure the name is, in a few words; an unknown person's has nothing to be sure of."""
        note = f"confidence {percent(self.appearance.confidence)}"
        if self.appearance.decided_by == "person":
            note = "decided by a person"
        elif self.appearance.character is None:
            note = "not in the cast"
        if self.appearance.seen == "followed":
            note = f"head followed without a face, {note}"
        return f"depicted, {note}" if self.appearance.depicted else note

    def colour_of(self, colours: tuple[str, ...], unknown: str) -> str:
        """The character's colour out of a program's own; they begin again when they are used up."""
        return unknown if self.colour is None else colours[self.colour % len(colours)]


def spans(timeline: Timeline, grid: Grid | None = None) -> list[Span]:
    """Every appearance on the film's frame grid, in film order."""
    grid = grid or Grid.of(timeline.video)
    numbers = {name: number for number, name in enumerate(characters(timeline))}
    result = []
    for appearance in timeline.appearances:
        first, end = grid.span(appearance.start_pts, appearance.end_pts)
        number = None if appearance.character is None else numbers[appearance.character]
        result.append(Span(line(appearance.name), first, end, number, appearance))
    return sorted(result, key=lambda span: (span.first, span.end, span.name))


def characters(timeline: Timeline) -> list[str]:
    """Every character in the order of first appearance, then who is only said to be on pictures."""
    found = sorted(timeline.appearances, key=lambda appearance: (appearance.start_pts, appearance.id))
    named = [*(one.character for one in found), *(one.character for one in timeline.depicted)]
    return list(dict.fromkeys(name for name in named if name is not None))


def cut_short(timeline: Timeline, told: Callable[[float], str] = "{:.1f} s".format) -> list[str]:
    """A sentence per file of the film that ends before the length it states. `told`: writes seconds."""
    video = timeline.video
    found = [(video.seconds(start), video.seconds(end)) for start, end, why in timeline.gaps if why == CUT_SHORT]
    return [f"The film is cut short: {told(end - start)} are missing from {told(start)} on." for start, end in found]


def everybody(timeline: Timeline) -> list[str]:
    """Every character whose name a file about the timeline may hold: who is in it, and whom its model knows."""
    known = timeline.model.get("characters", [])
    return list(dict.fromkeys([*characters(timeline), *(known if isinstance(known, list) else [])]))


def line(text: str) -> str:
    """`text` as one line that is valid in UTF-8 and XML: control characters become a space."""
    return _CONTROL.sub(" ", readable(text)).strip()


def title(timeline: Timeline) -> str:
    """The film's file name without its suffix, on any platform."""
    return line(PureWindowsPath(timeline.video.path).stem) or "film"


def file_name(timeline: Timeline) -> str:
    """The film's file name, on any platform."""
    return line(PureWindowsPath(timeline.video.path).name) or "film"


def file_url(path: str) -> str:
    """A film's path as `file://` URL; a relative path counts from the current folder."""
    if PureWindowsPath(path).drive:
        return PureWindowsPath(path).as_uri()
    return (PurePosixPath(path) if path.startswith("/") else Path(path).absolute()).as_uri()
