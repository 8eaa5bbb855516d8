"""Reading the native format: every field is checked before it becomes part of a `Timeline`.

Timelines go from hand to hand. What fits its type and range and agrees with the rest (spans inside the film and in
order, numbers that stand for something, each once) can go through every export. For others,
`schemas/timeline-2.schema.json` says the first half. `native_upgrade` makes documents of
version 1 what is read here.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple, cast, get_args

from personae.checks import Fields, MisfitError, inside, misfit, number, require, text, unique, whole
from personae.errors import SettingError
from personae.media.film import FilmPart, Gap
from personae.media.timecode import Counting, allows_drop_frame
from personae.timeline.native_boxes import FARTHEST_PX, ROUNDING, BoxNumbers
from personae.timeline.timeline import (
    Appearance,
    BestPicture,
    Depicted,
    FollowedBox,
    Seen,
    Shot,
    Timeline,
    Totals,
    Track,
    Video,
)

LONGEST_S = 31 * 86400
"""Longer films than a month do not exist; tables with a row per second would fill the memory."""
MOST_FRAMES_A_SECOND = 1000
LARGEST_PX = 1 << 16
BEHIND_S = 86400 * 366 * 100
"""How far a clock may be from zero at the first picture: some cameras count from 1970."""
MOST_UNKNOWN = 10**9 - 1
SEEN: tuple[Seen, ...] = get_args(Seen)
_RATIO = re.compile(r"[0-9]{1,18}/[1-9][0-9]{0,17}")
_MOST_NUMBER = 10**9


def timeline_of(document: Any) -> Timeline:
    """The timeline of a parsed document; MisfitError says which field cannot be right."""
    whole_file = Fields(document)
    video = video_of(whole_file.inner("video"))
    shots = shots_of(whole_file, video)
    tracks = _tracks(whole_file.rows("tracks"), video, len(shots))
    numbers = {track.id for track in tracks}
    appearances = tuple(_appearance(row, video, numbers) for row in whole_file.rows("appearances"))
    unique([one.id for one in appearances], "appearances: the id")
    starts = [one.start_pts for one in appearances]
    require(all(map(operator.le, starts, starts[1:])), "appearances are not in the order of the film")
    totals = tuple(_totals(row, video) for row in whole_file.rows("characters"))
    unique([one.name for one in totals], "characters: the name")
    gaps = gaps_of(whole_file, video) if "gaps" in whole_file else ()
    if "depicted" in whole_file:
        depicted = tuple(_depicted(row, video) for row in whole_file.rows("depicted"))
        unique([one.name for one in depicted], "depicted: the name")
    else:  # earlier files do not sum them up
        depicted = _depicted_in(appearances, video)
    return Timeline(
        video,
        shots,
        tracks,
        appearances,
        totals,
        dict(model_facts(whole_file)),
        dict(whole_file.facts("settings")),
        gaps,
        depicted,
    )


def model_facts(row: Fields) -> dict[str, Any]:
    """Facts about the model: whatever it says, those that are shown or reckoned with being of their type.

    Empty where nobody was enrolled.
    """
    if row.get("model") is None:
        return {}
    found = row.facts("model")
    model = row.inner("model")
    for name in ("embedder", "created", "head", "personae_version"):
        if name in model:
            model.or_none(name, text)
    for name in ("far", "threshold"):
        if name in model:
            model.or_none(name, number)
    if "characters" in model:
        model.each("characters", text)
    if "film" in model:
        film = model.inner("film")
        for name in ("far", "strangers"):
            film.number(name, 0, 1)
        if "tracks" in film:
            for name in ("tracks", "unknown_tracks"):
                film.whole(name, 0, _MOST_NUMBER)
            film.number("expected_wrong_names", 0, _MOST_NUMBER)
        if "unknown_people" in film:
            film.whole("unknown_people", 0, _MOST_NUMBER)
            film.number("expected_wrong_people", 0, _MOST_NUMBER)
    return found


def shots_of(row: Fields, video: Video) -> tuple[Shot, ...]:
    """The shots, one after the other and inside the film."""
    shots = []
    after = video.start_pts
    for shot in row.rows("shots"):
        start, end = span_of(shot, video, seconds=True)
        require(start >= after, f"{shot.at} begins before the one before it ends")
        after = end
        shots.append(Shot(start, end))
    return tuple(shots)


def gaps_of(row: Fields, video: Video, *, seconds: bool = True) -> tuple[Gap, ...]:
    """The gaps, inside the film; `seconds`: see `span_of`."""
    return tuple((*span_of(gap, video, seconds=seconds), gap.text("why")) for gap in row.rows("gaps"))


def span_of(row: Fields, video: Video, *, seconds: bool = False) -> tuple[int, int]:
    """A span that does not end before it begins and lies inside the film; `seconds`: it says so in seconds too."""
    start, end = row.whole("start_pts"), row.whole("end_pts")
    film_end = video.start_pts + video.duration_pts
    if not video.start_pts <= start <= end <= film_end:
        raise MisfitError(
            f"{row.at or 'the span'} goes from pts {start} to {end}, not forwards and inside the film "
            f"({video.start_pts} to {film_end})"
        )
    if seconds:
        row.number("start_s")
        row.number("end_s")
    return start, end


def video_of(row: Fields) -> Video:
    """A film's facts; MisfitError where one cannot be right."""
    frame_rate = _ratio(row, "frame_rate", MOST_FRAMES_A_SECOND)
    time_base = _ratio(row, "time_base", 86400)
    most = math.floor(LONGEST_S / time_base)
    far = math.floor(BEHIND_S / time_base)
    video = Video(
        path=row.text("path"),
        content_id=row.text("content_id"),
        stream=row.whole("stream", 0, 1 << 16),
        frame_rate=frame_rate,
        time_base=time_base,
        variable_rate=row.flag("variable_rate"),
        start_pts=row.whole("start_pts", -far, far),
        duration_pts=row.whole("duration_pts", 0, most),
        size_wh=cast(tuple[int, int], tuple(row.each("size", _pixels, 2))),
        frames=row.whole("frames", 0, LONGEST_S * MOST_FRAMES_A_SECOND),
        start_timecode=row.or_none("start_timecode", text),
        drop_frame=row.flag("drop_frame"),
        reel=row.or_none("reel", text),
        sound_channels=row.whole("sound_channels", 0, 1024) if "sound_channels" in row else 0,
        parts=_parts(row) if "parts" in row else (),
    )
    row.number("duration_s", 0, LONGEST_S + 1)
    counting = Counting(frame_rate, video.drop_frame and allows_drop_frame(frame_rate))
    for at, timecode in (
        (row.where("start_timecode"), video.start_timecode),
        *((f"{row.where('parts')}[{i}].start_timecode", part.start_timecode) for i, part in enumerate(video.parts)),
    ):
        try:
            _ = counting.frame(timecode) if timecode else 0
        except SettingError as error:
            raise MisfitError(f"{at}: {error}") from None
    starts = [part.start_pts for part in video.parts]
    ordered = all(map(operator.le, [video.start_pts, *starts], [*starts, video.start_pts + video.duration_pts]))
    require(ordered or not starts, f"{row.where('parts')} are not in order and inside the film")
    return video


def _pixels(value: Any, at: str) -> int:
    return whole(value, at, 1, LARGEST_PX)


def _ratio(row: Fields, name: str, most: int) -> Fraction:
    found = Fraction(row.text(name, _RATIO))
    if not 0 < found <= most:
        misfit(row.where(name), str(found), f"above 0 and at most {most}")
    return found


def _parts(row: Fields) -> tuple[FilmPart, ...]:
    return tuple(
        FilmPart(
            path=part.text("path"),
            start_pts=part.whole("start_pts"),
            start_timecode=part.or_none("start_timecode", text),
            drop_frame=part.flag("drop_frame"),
            reel=part.or_none("reel", text),
            sound_channels=part.whole("sound_channels", 0, 1024),
            stream=part.whole("stream", 0, 1 << 16),
        )
        for part in row.rows("parts")
    )


class Named(NamedTuple):
    """Whom a row is about: a character, with their id where it is known; an unknown person's number; or nobody."""

    character: str | None
    unknown: int | None
    character_id: str | None = None


def person_of(row: Fields) -> Named:
    """Character and unknown person, at most one of which is given."""
    character = row.or_none("character", _name)
    unknown = row.or_none("unknown", number_of_unknown)
    require(character is None or unknown is None, f"{row.at} is of a character and of an unknown person")
    return Named(character, unknown, row.or_none("character_id", _name))


def somebody_of(row: Fields) -> Named:
    """As `person_of`, with how they are shown; MisfitError where it is nobody."""
    found = person_of(row)
    row.text("name")
    require(found.character is not None or found.unknown is not None, f"{row.at} is of nobody")
    return found


def _name(value: Any, at: str) -> str:
    return text(value, at, empty=False)


def number_of_unknown(value: Any, at: str) -> int:
    """An unknown person's number."""
    return whole(value, at, 1, MOST_UNKNOWN)


def box_of(row: Fields, name: str = "box") -> tuple[float, float, float, float]:
    """x1, y1, x2, y2 of a box in pixels, the second corner not before the first."""
    x1, y1, x2, y2 = row.each(name, _coordinate, 4)
    require(x1 <= x2 and y1 <= y2, f"{row.where(name)} ends before it begins")
    return x1, y1, x2, y2


def _coordinate(value: Any, at: str) -> float:
    return number(value, at, -FARTHEST_PX, FARTHEST_PX)


def _appearance(row: Fields, video: Video, tracks: set[int]) -> Appearance:
    start, end = span_of(row, video, seconds=True)
    character, unknown, character_id = somebody_of(row)
    seen = cast(Seen, row.one_of("seen", SEEN))
    own = row.each("tracks", whole)
    require(own or seen == "stated", f"{row.where('tracks')} is empty")
    for track in own:
        require(track in tracks, f"{row.where('tracks')}: there is no track {track}")
    return Appearance(
        id=row.whole("id", 0, _MOST_NUMBER),
        character=character,
        unknown=unknown,
        start_pts=start,
        end_pts=end,
        similarity=row.number("similarity", -1 - ROUNDING, 1 + ROUNDING),
        confidence=row.number("confidence", 0, 1),
        tracks=tuple(own),
        best_picture=None if row.get("best_picture") is None else _best(row.inner("best_picture"), video),
        depicted=row.flag("depicted"),
        decided_by=row.one_of("decided_by", ("model", "person")),  # type: ignore[arg-type]
        character_id=character_id,
        stranger=row.flag("stranger"),
        seen=seen,
    )


def _best(row: Fields, video: Video) -> BestPicture:
    row.number("t_s")
    return BestPicture(moment_of(row, video), box_of(row), row.or_none("file", inside))


def moment_of(row: Fields, video: Video, name: str = "pts") -> int:
    """A time inside the film."""
    return row.whole(name, video.start_pts, video.start_pts + video.duration_pts)


def _totals(row: Fields, video: Video) -> Totals:
    character, unknown, character_id = somebody_of(row)
    longest = video.duration_s + 1
    first, last = (row.number(name, -ROUNDING, longest) for name in ("first_s", "last_s"))
    require(first <= last + ROUNDING, f"{row.at} ends before it begins")
    return Totals(
        character=character,
        unknown=unknown,
        visible_face_time_s=row.number("visible_face_time_s", 0, longest),
        share=row.number("share", 0, 1 + ROUNDING),
        scene_presence_s=row.number("scene_presence_s", 0, longest),
        appearances=row.whole("appearances", 0, _MOST_NUMBER),
        first_s=first,
        last_s=last,
        character_id=character_id,
        on_screen_s=row.number("on_screen_s" if "on_screen_s" in row else "visible_face_time_s", 0, longest),
    )


def _depicted(row: Fields, video: Video) -> Depicted:
    character, unknown, character_id = somebody_of(row)
    # Several appearances of one person may overlap, so no more is known than that each lies inside the film.
    appearances = row.whole("appearances", 0, _MOST_NUMBER)
    longest = (video.duration_s + 1) * max(appearances, 1)
    return Depicted(character, unknown, row.number("depicted_s", 0, longest), appearances, character_id)


def _depicted_in(appearances: Sequence[Appearance], video: Video) -> tuple[Depicted, ...]:
    found: dict[tuple[str | None, int | None], list[Appearance]] = {}
    for one in appearances:
        if one.depicted:
            found.setdefault((one.character, one.unknown), []).append(one)
    return tuple(
        Depicted(*who, float(sum(one.end_pts - one.start_pts for one in own) * video.time_base), len(own))
        for who, own in found.items()
    )


def _tracks(rows: Iterable[Fields], video: Video, shots: int) -> tuple[Track, ...]:
    """The tracks. Their boxes are most of a file, so the numbers of all of them are checked at once."""
    tracks, numbers = [], BoxNumbers()
    for row in rows:
        start, end = span_of(row, video)
        boxes = numbers.take(row.items("boxes"), row.where("boxes"))
        followed = tuple(row.each("followed", partial(_followed, video))) if "followed" in row else ()
        require(all(a[0] < b[0] for a, b in pairwise(followed)), f"{row.where('followed')}: pts go back")
        number, shot = row.whole("id", 0, _MOST_NUMBER), row.whole("shot", 0, max(shots - 1, 0))
        tracks.append(Track(number, shot, start, end, boxes, followed))
    numbers.check(tracks)
    unique([track.id for track in tracks], "tracks: the id")
    return tuple(tracks)


def _followed(video: Video, value: Any, at: str) -> FollowedBox:
    """A head that was followed, at a time inside the film."""
    row = Fields({"row": value}, at)
    pts, *sides = row.items("row", 5)
    first, last = video.start_pts, video.start_pts + video.duration_pts
    x1, y1, x2, y2 = (_coordinate(side, at) for side in sides)
    require(x1 <= x2 and y1 <= y2, f"{at} ends before it begins")
    return whole(pts, at, first, last), x1, y1, x2, y2
