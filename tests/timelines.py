"""Timelines of films that do not exist, at any frame rate, with names that test every format."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from personae.names import unknown_number
from personae.timeline.timeline import Appearance, Shot, Timeline, Totals, Track, Video

NTSC = {24: Fraction(24000, 1001), 30: Fraction(30000, 1001), 60: Fraction(60000, 1001)}
RATES: dict[str, tuple[Fraction, bool]] = {
    "23.976": (NTSC[24], False),
    "24": (Fraction(24), False),
    "25": (Fraction(25), False),
    "29.97df": (NTSC[30], True),
    "29.97ndf": (NTSC[30], False),
    "30": (Fraction(30), False),
    "50": (Fraction(50), False),
    "59.94df": (NTSC[60], True),
    "59.94ndf": (NTSC[60], False),
}
LENGTH_S = 90
NASTY = 'Zoë "Ø" O\'Brien <&> 李小龙 🎬'
UNKNOWN = "Unknown 1"
Part = tuple[str, int, int]


def parts(nominal: int) -> list[Part]:
    """(name, first frame, frame after the last): the film's first frame, one frame alone, a minute crossed, its end."""
    last = LENGTH_S * nominal
    return [
        ("Thor", 0, 2 * nominal),
        (NASTY, nominal, nominal + 1),
        (UNKNOWN, 10 * nominal, 12 * nominal + 5),
        ("thor", 60 * nominal - 1, 60 * nominal + 7),
        ("Thor", last - 3, last),
    ]


def film(
    rate: Fraction = Fraction(25),
    *,
    drop: bool = False,
    found: Sequence[Part] | None = None,
    start_pts: int = 0,
    path: str = "/films/My film.mov",
    start_timecode: str | None = "default",
    reel: str | None = "A001",
) -> Timeline:
    """A film of 90 (nominal) seconds from 01:00:00:00 on, a track and a shot for each of `found`."""
    nominal = round(rate)
    tick = 1000  # several ticks a frame, as containers have
    base = 1 / (rate * tick)
    if start_timecode == "default":
        start_timecode = "01:00:00;00" if drop else "01:00:00:00"
    frames = LENGTH_S * nominal
    video = Video(
        path=path,
        content_id="sha256:00",
        stream=0,
        frame_rate=rate,
        time_base=base,
        variable_rate=False,
        start_pts=start_pts,
        duration_pts=frames * tick,
        size_wh=(1920, 1080),
        frames=frames,
        start_timecode=start_timecode,
        drop_frame=drop,
        reel=reel,
    )
    appearances, tracks = [], []
    for number, (name, first, end) in enumerate(parts(nominal) if found is None else found, 1):
        start, stop = start_pts + first * tick, start_pts + end * tick
        height = 600.0 if number % 2 else 200.0
        box = (100.0, 100.0, 100.0 + height * 0.8, 100.0 + height)
        tracks.append(Track(number, 0, start, stop, ((start, *box, 0.9), (stop - tick, *box, 0.8))))
        appearances.append(
            Appearance(
                number,
                None if unknown_number(name) else name,
                unknown_number(name),
                start,
                stop,
                0.6,
                0.9 + number / 100,
                (number,),
            )
        )
    totals = []
    for name in dict.fromkeys(one.name for one in appearances):
        mine = [one for one in appearances if one.name == name]
        visible = sum(float((one.end_pts - one.start_pts) * base) for one in mine)
        first_s, last_s = video.seconds(mine[0].start_pts), video.seconds(mine[-1].end_pts)
        who, share = (mine[0].character, mine[0].unknown), visible / video.duration_s
        totals.append(Totals(*who, visible, share, last_s - first_s, len(mine), first_s, last_s))
    return Timeline(
        video,
        (Shot(start_pts, start_pts + frames * tick),),
        tuple(tracks),
        tuple(appearances),
        tuple(totals),
        {"embedder": "sface:d128:p1:0123456789ab", "far": 0.01, "characters": ["Thor", NASTY, "thor"]},
        {"personae_version": "0.1.0"},
    )


def named(key: str) -> Timeline:
    """The film at one of `RATES`."""
    rate, drop = RATES[key]
    return film(rate, drop=drop)


def at_rate(nominal: int) -> Timeline:
    """The film at 24000/1001, 30000/1001 or 60000/1001."""
    return film(NTSC[nominal])
