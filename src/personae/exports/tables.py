"""Tidy CSVs in UTF-8: a row per appearance, track, shot, character, second. Seconds count from the first picture.

Each begins with a byte order mark: without it Excel reads UTF-8 as something else. A text that a spreadsheet would run
as a formula (it begins with = + - @) has an apostrophe before it, as OWASP advises against CSV injection.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from personae.exports.grid import Grid
from personae.exports.shots import listed_shots
from personae.exports.spans import line, spans
from personae.timeline.presence import names_of
from personae.timeline.selection import face_share, intersection, union
from personae.timeline.timeline import Appearance, Timeline, Totals

# A negative number is none. Tab and carriage return cannot begin a cell: `line` has taken them out.
_FORMULA = re.compile(r"[=@\uff1d\uff20\uff0b\uff0d]|[+-](?!\d+(\.\d+)?$)|[\t\r\n]")


class Appearances:
    """`.csv`: a row per appearance, with the frame numbers and timecodes of its first and last frame."""

    name = "appearances"
    suffixes = (".appearances.csv", ".csv")
    title = "table: a row per appearance"
    counts_frames = True

    def export(self, timeline: Timeline, folder: Path | None = None) -> bytes:
        """The table."""
        video, grid, clock = timeline.video, Grid.of(timeline.video), Grid.held(timeline.video)
        columns = (
            "appearance", "character", "unknown", "start_s", "end_s", "duration_s", "first_frame", "last_frame",
            "first_timecode", "last_timecode", "similarity", "confidence", "decided_by", "depicted", "tracks",
            "seen",
        )  # fmt: skip
        rows = []
        for span in spans(timeline, grid):
            one = span.appearance
            start, end = video.seconds(one.start_pts), video.seconds(one.end_pts)
            first, after = clock.span(one.start_pts, one.end_pts)
            rows.append(
                (
                    one.id, *_who(one), _s(start), _s(end), _s(end - start),
                    span.first, span.end - 1, clock.timecode(first), clock.timecode(after - 1),
                    f"{one.similarity:.4f}", f"{one.confidence:.4f}", one.decided_by, _flag(one.depicted),
                    " ".join(map(str, one.tracks)), one.seen,
                )
            )  # fmt: skip
        return _csv(columns, rows)


class Tracks:
    """`.tracks.csv`: a row per track, with whom it belongs to and how large the face is."""

    name = "tracks"
    suffixes = (".tracks.csv",)
    title = "table: a row per track"

    def export(self, timeline: Timeline, folder: Path | None = None) -> bytes:
        """The table; a track of no appearance has no name."""
        video = timeline.video
        owner = {number: one for one in timeline.appearances for number in one.tracks}
        columns = ("track", "shot", "character", "unknown", "start_s", "end_s", "faces", "face_height_share",
                   "detection_score")  # fmt: skip
        rows = []
        for track in sorted(timeline.tracks, key=lambda track: (track.start_pts, track.id)):
            one = owner.get(track.id)
            rows.append(
                (
                    track.id, track.shot, *_who(one),
                    _s(video.seconds(track.start_pts)), _s(video.seconds(track.end_pts)), len(track.boxes),
                    f"{face_share(timeline, track):.4f}", f"{max((box[5] for box in track.boxes), default=0):.3f}",
                )
            )  # fmt: skip
        return _csv(columns, rows)


class Shots:
    """`.shots.csv`: a row per shot, with who is in it; names are parted by ` + `."""

    name = "shots"
    suffixes = (".shots.csv",)
    title = "table: a row per shot, with who is in it"
    counts_frames = True

    def export(self, timeline: Timeline, folder: Path | None = None) -> bytes:
        """The table; a shot with nobody in it has a row too."""
        video, grid, clock = timeline.video, Grid.of(timeline.video), Grid.held(timeline.video)
        columns = (
            "shot", "people", "unknown", "depicted", "start_s", "end_s", "duration_s", "frames", "first_frame",
            "last_frame", "first_timecode", "last_timecode",
        )  # fmt: skip
        rows = []
        for one, timed in zip(listed_shots(timeline, grid), listed_shots(timeline, clock), strict=True):
            start, end = video.seconds(one.shot.start_pts), video.seconds(one.shot.end_pts)
            rows.append(
                (
                    one.number, *(" + ".join(names) for names in (one.people, one.unknown, one.depicted)),
                    _s(start), _s(end), _s(end - start), one.frames, one.first, one.end - 1,
                    clock.timecode(timed.first), clock.timecode(timed.end - 1),
                )
            )  # fmt: skip
        return _csv(columns, rows)


class CharacterTotals:
    """`.totals.csv`: a row per character and unknown person; the measures of time side by side, never mixed."""

    name = "totals"
    suffixes = (".totals.csv",)
    title = "table: totals per character"

    def export(self, timeline: Timeline, folder: Path | None = None) -> bytes:
        """The table, in the timeline's own order."""
        columns = ("character", "unknown", "visible_face_time_s", "share", "on_screen_s", "scene_presence_s",
                   "appearances", "first_s", "last_s")  # fmt: skip
        rows = [
            (
                *_who(row), _s(row.visible_face_time_s), f"{row.share:.6f}", _s(row.on_screen_s),
                _s(row.scene_presence_s), row.appearances, _s(row.first_s), _s(row.last_s),
            )
            for row in timeline.characters
        ]  # fmt: skip
        return _csv(columns, rows)


class Seconds:
    """`.seconds.csv`: a row per second of film, a column per person: the share of that second with their face."""

    name = "seconds"
    suffixes = (".seconds.csv",)
    title = "table: a row per second, a column per person"
    counts_frames = True

    def export(self, timeline: Timeline, folder: Path | None = None) -> bytes:
        """The table; the last second may be cut short by the film's end, its shares are of a whole one all the same."""
        grid, video = Grid.held(timeline.video), timeline.video
        names = names_of(timeline)
        length = math.ceil(video.duration_pts * video.time_base)
        shares = [[0.0] * length for _ in names]
        for name, column in zip(names, shares, strict=True):
            faces = (one for one in timeline.appearances if one.name == name and one.seen == "face")
            mine = union((one.start_pts, one.end_pts) for one in faces)
            for start, end in intersection(mine, [(video.start_pts, video.start_pts + video.duration_pts)]):
                first, last = video.seconds(start), video.seconds(end)
                for second in range(int(first), math.ceil(last)):
                    column[second] += min(last, second + 1) - max(first, second)
        rows = (
            (second, grid.timecode(math.ceil(second * grid.rate)), *(f"{column[second]:.3f}" for column in shares))
            for second in range(length)
        )
        return _csv(("second", "timecode", *map(line, names)), rows)


def _who(one: Appearance | Totals | None) -> tuple[str, str]:
    """The cells of character and unknown person."""
    name = "" if one is None else line(one.name)
    return ("", name) if one is not None and one.character is None else (name, "")


def _csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")  # RFC 4180
    writer.writerow([plain(cell) for cell in columns])
    writer.writerows([plain(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def plain(cell: object) -> object:
    """A cell that is no formula: numbers stay numbers. Spreadsheets take the full-width signs for the same."""
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell


def _s(seconds: float) -> str:
    return f"{seconds:.3f}"


def _flag(value: bool) -> str:
    return "true" if value else "false"
