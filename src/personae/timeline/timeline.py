"""The timeline of one film: who is on screen, and when. Frozen values; `native` writes them.

Time is rational: a presentation timestamp (`pts`, an integer) times the time base of the stream. Seconds, frames and
timecode are views of it. Spans are half-open: [start_pts, end_pts). `start_s` and its kind count from picture one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from personae.media.film import Video
from personae.names import unknown_name

__all__ = [
    "SCHEMA", "Appearance", "BestPicture", "Box", "Depicted", "FollowedBox", "Seen", "Shot", "Timeline", "Totals",
    "Track", "Video", "name_of",
]  # fmt: skip

SCHEMA = "personae/timeline/2"

Box = tuple[int, float, float, float, float, float]
"""(pts, x1, y1, x2, y2, score), pixels of the displayed picture."""
FollowedBox = tuple[int, float, float, float, float]
"""(pts, x1, y1, x2, y2), as of a `Box`."""
Seen = Literal["face", "followed", "stated"]
"""How somebody is known to be there: their face was detected; their head was followed without it; a person said so."""


def name_of(character: str | None, unknown: int | None) -> str:
    """How somebody is shown: a character's name, or "Unknown 2"; empty for nobody."""
    return character or ("" if unknown is None else unknown_name(unknown))


@dataclass(frozen=True)
class Shot:
    """From one cut to the next."""

    start_pts: int
    end_pts: int


@dataclass(frozen=True)
class Track:
    """One face through one shot (`shot`: its number): `boxes` at the pictures where it was looked at, rising in pts.

    `followed`: (pts, x1, y1, x2, y2) where only its head was followed: before `start_pts`, after `end_pts`, or between.
    """

    id: int
    shot: int
    start_pts: int
    end_pts: int
    boxes: tuple[Box, ...]
    followed: tuple[FollowedBox, ...] = ()


@dataclass(frozen=True)
class BestPicture:
    """Where a face is seen best. `box` x1, y1, x2, y2 in displayed pixels; `file`: a thumbnail, relative, or None."""

    pts: int
    box: tuple[float, float, float, float]
    file: str | None = None


@dataclass(frozen=True)
class Appearance:
    """A character, or an unknown person, over a span of time. Exactly one of `character` and `unknown` is given.

    `character_id`: the character's in the gallery, where it is known; `unknown`: a number. `stranger`: an unknown
    person of whom a person said that they stay without a name. `seen`: only "face" is visible face time.
    """

    id: int
    character: str | None
    unknown: int | None
    start_pts: int
    end_pts: int
    similarity: float
    confidence: float
    tracks: tuple[int, ...]
    best_picture: BestPicture | None = None
    depicted: bool = False
    decided_by: Literal["model", "person"] = "model"
    character_id: str | None = None
    stranger: bool = False
    seen: Seen = "face"

    def __post_init__(self) -> None:
        if (self.character is None) == (self.unknown is None):
            raise ValueError("an appearance is of a character or of an unknown person")

    @property
    def name(self) -> str:
        """The character, or how the unknown person is shown: "Unknown 2"."""
        return name_of(self.character, self.unknown)


@dataclass(frozen=True)
class Totals:
    """One character or unknown person over the whole film; `share`: visible face time over the film's length.

    `on_screen_s`: visible face time, and besides it what was followed or stated.
    """

    character: str | None
    unknown: int | None
    visible_face_time_s: float
    share: float
    scene_presence_s: float
    appearances: int
    first_s: float
    last_s: float
    character_id: str | None = None
    on_screen_s: float = 0.0

    @property
    def name(self) -> str:
        """As of an appearance."""
        return name_of(self.character, self.unknown)


@dataclass(frozen=True)
class Depicted:
    """How long one character or unknown person is seen on pictures in the picture: in no total."""

    character: str | None
    unknown: int | None
    depicted_s: float
    appearances: int
    character_id: str | None = None

    @property
    def name(self) -> str:
        """As of an appearance."""
        return name_of(self.character, self.unknown)


@dataclass(frozen=True)
class Timeline:
    """All appearances of one film, sorted by start; `model` and `settings`: facts about how it was made."""

    video: Video
    shots: tuple[Shot, ...]
    tracks: tuple[Track, ...]
    appearances: tuple[Appearance, ...]
    characters: tuple[Totals, ...]
    model: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    gaps: tuple[tuple[int, int, str], ...] = ()
    """Spans that could not be read: (start_pts, end_pts, why)."""
    depicted: tuple[Depicted, ...] = ()
    """Who is on pictures in the picture, most time first; also of a timeline that was made `without_depicted`."""

    @property
    def times_shown(self) -> int:
        """How many appearances there are as people count them: a followed head goes on from one."""
        return sum(one.seen != "followed" for one in self.appearances)
