"""Cuts as a CMX 3600 EDL: a stringout of stretches of the film from 01:00:00:00 on, or the film in its shots."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from personae.exports.edl import comments, event, head
from personae.exports.grid import Grid
from personae.exports.media_files import media_files, pieces
from personae.exports.shots import listed_shots
from personae.exports.spans import line, spans, title
from personae.timeline.selection import Cut
from personae.timeline.timeline import Timeline


def stringout(timeline: Timeline, cuts: Sequence[Cut], name: str) -> bytes:
    """The cuts in order; record time begins at one hour and has no gaps."""
    grid = Grid.held(timeline.video)
    record = grid.counting.frame("01:00:00:00") - grid.start_frame
    lines = head(timeline, line(name), grid)
    files = media_files(timeline, grid)
    found = [(cut, piece) for cut in cuts for piece in pieces(files, *grid.span(cut.start_pts, cut.end_pts))]
    for number, (cut, piece) in enumerate(found, 1):
        after = record + piece.frames
        source = (piece.file.grid.timecode(piece.first), piece.file.grid.timecode(piece.end))
        lines.append(event(piece.file, number, source, (grid.timecode(record), grid.timecode(after))))
        lines += comments(piece.file)
        lines.append(f"* COMMENT: {line(' + '.join(cut.names))}")
        record = after
    return ("\n".join(lines) + "\n").encode()


class CutList:
    """`.cuts.edl`: every appearance as a cut, in film order."""

    name = "cuts"
    suffixes = (".cuts.edl",)
    title = "every appearance as a cut (CMX 3600)"
    counts_frames = True

    def export(self, timeline: Timeline, folder: Path | None = None) -> bytes:
        """The EDL in UTF-8."""
        found = [span.appearance for span in spans(timeline)]
        cuts = [Cut(appearance.start_pts, appearance.end_pts, (appearance.name,)) for appearance in found]
        return stringout(timeline, cuts, title(timeline))


class ShotList:
    """`.shots.edl`: the film in its shots, each with who is in it; record time is the film's own.

    So a program that cuts a finished film by an EDL (Resolve: pre-conformed) cuts it at every shot, and what could not
    be read stays a gap.
    """

    name = "shots-edl"
    suffixes = (".shots.edl",)
    title = "the film in its shots, with who is in each (CMX 3600)"
    counts_frames = True

    def export(self, timeline: Timeline, folder: Path | None = None) -> bytes:
        """The EDL in UTF-8."""
        grid = Grid.held(timeline.video)
        lines = head(timeline, title(timeline), grid)
        files = media_files(timeline, grid)
        found = [
            (shot, piece) for shot in listed_shots(timeline, grid) for piece in pieces(files, shot.first, shot.end)
        ]
        for number, (shot, piece) in enumerate(found, 1):
            source = (piece.file.grid.timecode(piece.first), piece.file.grid.timecode(piece.end))
            first = piece.film_first
            lines.append(event(piece.file, number, source, (grid.timecode(first), grid.timecode(first + piece.frames))))
            lines += comments(piece.file)
            lines.append(f"* COMMENT: SHOT {shot.number}: {shot.names or 'nobody'}")
        return ("\n".join(lines) + "\n").encode()
