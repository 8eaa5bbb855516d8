"""Cuts as a CMX 3600 EDL: a stringout of stretches of the film, one after the other from 01:00:00:00."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from personae.exports.edl import comments, event, head
from personae.exports.grid import Grid
from personae.exports.media_files import media_files, pieces
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
