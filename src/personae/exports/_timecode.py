"""SMPTE timecode of a frame number, and back; drop-frame at 29.97 and 59.94."""

from __future__ import annotations

import re
from fractions import Fraction

from personae.errors import InputError

_PATTERN = re.compile(r"(\d{1,2}):(\d\d):(\d\d)[:;.,](\d{2,3})")


def nominal(rate: Fraction) -> int:
    """Frames that a second of timecode counts: 24 at 23.976, 30 at 29.97."""
    return max(1, round(rate))


def can_drop(rate: Fraction) -> bool:
    """Whether drop-frame timecode exists at this rate: 30000/1001 and 60000/1001 only."""
    return rate.denominator == 1001 and nominal(rate) in {30, 60}


def to_timecode(frame: int, rate: Fraction, drop: bool) -> str:
    """Timecode of a frame number counted from 00:00:00:00; starts again after 24 hours.

    Drop-frame (SMPTE ST 12-1) leaves out the first 2 (at 59.94: 4) numbers of each minute but every tenth.
    """
    fps = nominal(rate)
    if drop:
        skipped = fps // 15
        minute, ten = 60 * fps - skipped, 600 * fps - 9 * skipped
        tens, rest = divmod(frame % (144 * ten), ten)
        # The first minute of ten is whole; each of the other nine begins with numbers left out.
        frame = frame % (144 * ten) + skipped * (9 * tens + max(0, (rest - skipped) // minute))
    seconds, frames = divmod(frame % (86400 * fps), fps)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{';' if drop else ':'}{frames:02}"


def to_frame(timecode: str, rate: Fraction, drop: bool) -> int:
    """Frame number of a timecode; raises InputError where it is none at this rate."""
    found = _PATTERN.fullmatch(timecode.strip())
    hours, minutes, seconds, frames = (int(group) for group in found.groups()) if found else (99, 0, 0, 0)
    fps = nominal(rate)
    skipped = fps // 15 if drop else 0
    if hours > 23 or minutes > 59 or seconds > 59 or frames >= fps:
        raise InputError(f"{timecode!r} is no timecode at {fps} frames a second. Write it as 01:00:00:00.")
    if drop and frames < skipped and seconds == 0 and minutes % 10:
        raise InputError(f"{timecode!r} does not exist in drop-frame timecode. Use the one after it.")
    whole_minutes = 60 * hours + minutes
    return (60 * whole_minutes + seconds) * fps + frames - skipped * (whole_minutes - whole_minutes // 10)
