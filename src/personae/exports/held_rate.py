"""Rates of films that no timecode has: formats that count frames then count at the next rate that one has, by time."""

from __future__ import annotations

from fractions import Fraction

from personae.media.timecode import rate_text
from personae.timeline.timeline import Video

USUAL = (24, 25, 30, 48, 50, 60, 100, 120)


def holds(rate: Fraction) -> bool:
    """Whether a second of timecode counts a whole number of frames at `rate`, also one slowed by 1000/1001."""
    return rate.denominator == 1 or (rate.denominator == 1001 and rate.numerator % 1000 == 0)


def held_rate(rate: Fraction) -> Fraction:
    """`rate` itself where timecode has it; else the least usual multiple, else the next usual rate above."""
    if holds(rate):
        return rate
    multiples = [usual for usual in USUAL if (usual / rate).denominator == 1]
    above = [usual for usual in USUAL if usual >= rate]
    return Fraction(next(iter([*multiples, *above]), -(-rate // 1)))


def rate_note(video: Video) -> str | None:
    """What people have to know about frame numbers and timecodes of this film; None where its rate can be held."""
    held = held_rate(video.frame_rate)
    if held == video.frame_rate:
        return None
    return (
        f"Frames and timecodes are counted at {rate_text(held)} per second, by time: the film has "
        f"{rate_text(video.frame_rate)}, which timecode cannot count."
    )
