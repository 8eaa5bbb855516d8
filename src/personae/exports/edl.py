"""What the EDLs share: the CMX 3600 event line, reel names, the frame code mode."""

from __future__ import annotations

import re
import unicodedata

from personae.exports.grid import Grid
from personae.exports.held_rate import rate_note
from personae.exports.media_files import MediaFile
from personae.timeline.timeline import Timeline

LOCATOR_COLOURS = ("BLUE", "GREEN", "MAGENTA", "YELLOW", "CYAN", "RED")
LOCATOR_UNKNOWN = "WHITE"


def head(timeline: Timeline, name: str, grid: Grid) -> list[str]:
    """Title, frame code mode, and at which rate frames are counted where it is not the film's own."""
    note = rate_note(timeline.video)
    mode = "DROP FRAME" if grid.drop else "NON-DROP FRAME"
    return [f"TITLE: {name}", f"FCM: {mode}", *([f"* COMMENT: {note}"] if note else []), ""]


def reel(file: MediaFile) -> str:
    """A file's reel, in the letters an EDL allows; "AX" where it has none.

    CMX 3600 had 8 characters; programs of today read 32, and camera reels need them.
    """
    plain = unicodedata.normalize("NFKD", file.reel or "").encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", plain).strip("_")[:32] or "AX"


def event(file: MediaFile, number: int, source: tuple[str, str], record: tuple[str, str]) -> str:
    """A cut of picture and sound: source and record in and out as timecodes; out is the frame after the last."""
    tracks = "AA/V" if file.sound_channels else "V"
    return f"{number:03}  {reel(file):<8} {tracks:<5} C        {source[0]} {source[1]} {record[0]} {record[1]}"


def comments(file: MediaFile) -> list[str]:
    """The lines that name the file beneath an event."""
    return [f"* FROM CLIP NAME: {file.name}"]
