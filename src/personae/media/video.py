"""Films from disk: `open_film` gives every picture once, in order, at its exact time.

    with open_film("film.mp4") as film:
        for picture in film.pictures():
            pixels = picture.rgb()

A film is one file, several files in a row (`as_one`), or a folder of numbered pictures with a `rate`.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from personae.errors import FilmError, SettingError
from personae.files import open_input
from personae.media.film import RESTARTED, FilmPart, FilmPicture, Gap, ReadSoFar, Video, is_irregular, merged
from personae.media.film_file import FilmFile
from personae.media.left_out import FILMS as SUFFIXES
from personae.media.picture_sequence import PictureSequence, is_pattern
from personae.media.timecode import Counting, allows_drop_frame, parse_rate

logger = logging.getLogger(__name__)

__all__ = ["Film", "FilmPicture", "Gap", "ReadSoFar", "Video", "content_id", "find_films", "open_film"]

BLOCK = 1 << 20
"""Bytes of each block that `content_id` reads."""


class Part(Protocol):
    """One file, or one folder of pictures."""

    video: Video

    @property
    def files(self) -> Sequence[Path]:
        """The files it is made of."""

    def pictures(self, start_pts: int | None = None, irregular: bool = False) -> Iterator[FilmPicture | Gap]:
        """Pictures and gaps in order; `irregular`: whether intervals before `start_pts` were."""

    def picture_times(self) -> list[int] | None:
        """The pts of every picture, in order, without decoding; None where that cannot be told, or not for certain."""

    def close(self) -> None:
        """Free what is open."""


@dataclass(frozen=True)
class Opening:
    """What `open_film` was given: the film can be opened so again. `rate`: as text."""

    paths: tuple[Path, ...] = ()
    stream: int | None = None
    rate: str | None = None
    start_timecode: str | None = None
    drop_frame: bool | None = None
    reel: str | None = None
    follow_references: bool = False

    def as_dict(self) -> dict[str, Any]:
        """All but the files that is not the default, as JSON types."""
        plain = Opening()
        return {
            one.name: getattr(self, one.name)
            for one in fields(self)
            if one.name != "paths" and getattr(self, one.name) != getattr(plain, one.name)
        }


class Film:
    """A film that is open: its facts (`video`), its pictures, and what could not be read (`gaps`)."""

    def __init__(self, parts: Sequence[Part], video: Video, opening: Opening | None = None) -> None:
        self._parts = parts
        self.video = video
        self.opening = opening or Opening()
        self.so_far = ReadSoFar()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the files."""
        for part in self._parts:
            part.close()

    @property
    def own_starts_s(self) -> list[Fraction]:
        """Of each file, the time of its first picture by its own clock, in seconds."""
        return [part.video.start_pts * part.video.time_base for part in self._parts]

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Spans that could not be read, as far as the film was read: (start_pts, end_pts, why)."""
        return self.so_far.gaps

    def pictures(self, *, start_pts: int | None = None, so_far: ReadSoFar | None = None) -> Iterator[FilmPicture]:
        """Every picture in order of presentation, from the one at `start_pts` on; one is held back to know its length.

        To go on with a reading that was interrupted, give the pts of the first picture still wanted and the `so_far`
        that stood when the picture before it was handed out: numbers and gaps then come out as in one whole reading.
        After the last picture, `video` holds exact figures.
        """
        self.so_far = so_far or ReadSoFar()
        end, frame_pts = self.video.start_pts, float(self.video.frame_pts)
        for item in self._in_parts(start_pts):
            if isinstance(item, tuple):
                if item[2] == RESTARTED:
                    self.so_far = replace(self.so_far, restarted=True)
                    continue
                self.so_far = replace(self.so_far, gaps=merged(self.so_far.gaps, item))
                end = max(end, item[1])
                continue
            irregular = self.so_far.irregular or is_irregular(frame_pts, item.duration_pts)
            self.so_far = replace(self.so_far, frames=self.so_far.frames + 1, irregular=irregular)
            end = item.pts + item.duration_pts
            yield item
        self.was_read(self.so_far, end)

    def was_read(self, so_far: ReadSoFar, end_pts: int) -> None:
        """Its last picture was read, here or elsewhere, and ended at `end_pts`: `video` holds exact figures now."""
        self.so_far = so_far
        self.video = replace(
            self.video,
            frames=so_far.frames,
            duration_pts=end_pts - self.video.start_pts,
            variable_rate=so_far.irregular,
            parts=starting_at(self.video.parts, so_far.part_starts),
        )

    def picture_times(self) -> list[int] | None:
        """The pts of every picture, without decoding; None where these cannot be told so, or not for certain."""
        return self._parts[0].picture_times() if len(self._parts) == 1 else None

    def _in_parts(self, start_pts: int | None) -> Iterator[FilmPicture | Gap]:
        """Pictures and gaps of all parts, in the film's own time."""
        starts = self.so_far.part_starts
        seekable = not self.so_far.restarted
        first = 0
        if start_pts is not None and starts:
            first = max(i for i, start in enumerate(starts) if start <= max(start_pts, starts[0]))
        begin = starts[first] if starts else self.video.start_pts
        for number, part in enumerate(self._parts[first:], first):
            if number >= len(self.so_far.part_starts):
                self.so_far = replace(self.so_far, part_starts=(*self.so_far.part_starts, begin))
            scale = part.video.time_base / self._parts[0].video.time_base
            base = part.video.start_pts

            def shifted(pts: int, begin: int = begin, base: int = base, scale: Fraction = scale) -> int:
                return begin + (pts - base if scale == 1 else round((pts - base) * scale))

            from_pts = None
            # Past a restarted clock, times in the file are not those of the film: read from the start, and do not seek.
            if start_pts is not None and start_pts > begin and seekable and (len(self._parts) == 1 or starts):
                # The end of a part is wanted even where only the next one has pictures to give.
                run_up = 0 if len(self._parts) == 1 else round(1 / part.video.time_base)
                from_pts = max(base + int((start_pts - begin) / scale) - run_up, base)
            end = begin
            for item in part.pictures(from_pts, self.so_far.irregular):
                pts = shifted(item[0] if isinstance(item, tuple) else item.pts)
                end = shifted(item[1] if isinstance(item, tuple) else item.pts + item.duration_pts)
                if isinstance(item, tuple):
                    if start_pts is None or end >= start_pts:
                        yield (pts, end, item[2])
                elif start_pts is None or pts >= start_pts:
                    same = (pts, end) == (item.pts, item.pts + item.duration_pts)
                    yield item if same else replace(item, pts=pts, duration_pts=max(end - pts, 1))
            if len(self._parts) > 1:
                part.close()  # one decoder at a time; a part that is read again opens again
            begin = end


def open_film(
    paths: str | Path | Sequence[str | Path],
    *,
    stream: int | None = None,
    rate: Fraction | int | str | None = None,
    as_one: bool = False,
    start_timecode: str | None = None,
    drop_frame: bool | None = None,
    reel: str | None = None,
    follow_references: bool = False,
) -> Film:
    """Open a film: one file, or several that follow each other (`as_one`).

    `stream`: number of the video stream in the file, where there are several. `rate`: frames per second of a folder
    of pictures; of a file, the rate its pictures are to be counted and played at instead of its own (the camera
    original's, for a proxy). `start_timecode`, `drop_frame`, `reel`: instead of what the file says.
    `follow_references`: also open files that only name other files (playlists, scripts), and those; never the network.
    Raises FilmError, whose reason says what to do, for whatever cannot be read, and SettingError for a timecode or rate
    that does not exist.
    """
    files = [Path(paths)] if isinstance(paths, str | Path) else [Path(path) for path in paths]
    if not files:
        raise FilmError("", "no film was given.")
    if len(files) > 1 and not as_one:
        raise FilmError(files[0], f"{len(files)} files were given. Open one at a time, or all as one film (as_one).")
    exact = None if rate is None else parse_rate(str(rate))
    parts: list[Part] = []
    try:
        for file in files:
            if file.is_dir() or is_pattern(file):
                parts.append(PictureSequence(file, exact))
            else:
                parts.append(FilmFile(file, stream=stream, follow_references=follow_references))
            if len(files) > 1:
                parts[-1].close()
        video = _joined(files, parts)
        if exact is not None:
            video = _at_rate(video, exact)
        video = _with_timecode(video, start_timecode, drop_frame)
    except BaseException:
        for part in parts:
            part.close()
        raise
    opening = Opening(
        tuple(files), stream, None if exact is None else str(exact), start_timecode, drop_frame, reel, follow_references
    )
    return Film(parts, video if reel is None else replace(video, reel=reel), opening)


def find_films(paths: str | Path | Sequence[str | Path]) -> Iterator[Path]:
    """Every film at `paths`: files as they are named, folders searched at any depth, each in order of name.

    In folders only `SUFFIXES` count, and hidden files are passed over. A folder of numbered pictures is a film itself:
    name it to `open_film`. Raises FilmError for a folder without films.
    """
    for path in [paths] if isinstance(paths, str | Path) else paths:
        path = Path(path)
        if not path.is_dir():
            yield path
            continue
        found = False
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                if not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES:
                    found = True
                    yield Path(folder) / name
        if not found:
            raise FilmError(
                path,
                "there is no film in this folder. Where it holds numbered pictures, say how many a second: --rate 25",
            )


def content_id(paths: Sequence[Path]) -> str:
    """A digest of a film's content that is cheap for huge files: sizes and first, middle and last MiB of each file.

    "hmt1:" and the SHA-256 in hexadecimal. Copies of a film have the same one whatever their names. Of more than 32
    files (numbered pictures) only the first, middle and last are read; the sizes of all count.
    """
    digest = hashlib.sha256()
    read = set(paths) if len(paths) <= 32 else {paths[0], paths[len(paths) // 2], paths[-1]}
    for path in paths:
        size = path.stat().st_size
        digest.update(b"%d:" % size)
        if path not in read:
            continue
        with open_input(path) as file:
            for at in (0, (size - BLOCK) // 2, size - BLOCK):
                file.seek(max(at, 0))
                digest.update(file.read(BLOCK))
    return f"hmt1:{digest.hexdigest()}"


def _joined(files: Sequence[Path], parts: Sequence[Part]) -> Video:
    """Facts of the whole film: those of the first file, with the lengths added."""
    first = parts[0].video
    begin, in_a_row = first.start_pts, []
    for part in parts:
        video = part.video
        if video.size_wh != first.size_wh:
            raise FilmError(
                video.path,
                f"its pictures are {video.size_wh[0]}x{video.size_wh[1]}, those of {files[0].name} "
                f"{first.size_wh[0]}x{first.size_wh[1]}. Files of one film must have one size.",
            )
        in_a_row.append(_part(video, begin))
        begin += round(video.duration_pts * video.time_base / first.time_base)
    return replace(
        first,
        # Results are read from other folders than the one that the scan was started in.
        path=_absolute(first.path),
        parts=tuple(in_a_row) if len(parts) > 1 else (),
        content_id=content_id([file for part in parts for file in part.files]),
        frames=sum(part.video.frames for part in parts),
        duration_pts=sum(round(part.video.duration_pts * part.video.time_base / first.time_base) for part in parts),
    )


def _part(video: Video, start_pts: int) -> FilmPart:
    """A file's own timecode and reel; a timecode that does not exist at its rate is left out."""
    try:
        own = _with_timecode(video, None, None)
    except SettingError:
        own = replace(video, start_timecode=None, drop_frame=False)
    return FilmPart(
        _absolute(own.path), start_pts, own.start_timecode, own.drop_frame, own.reel, own.sound_channels, own.stream
    )


def starting_at(parts: tuple[FilmPart, ...], starts: Sequence[int]) -> tuple[FilmPart, ...]:
    """The parts with where they really start."""
    if len(parts) != len(starts):
        return parts
    return tuple(replace(part, start_pts=start) for part, start in zip(parts, starts, strict=True))


def _absolute(path: str) -> str:
    return str(Path(path).absolute())


def _at_rate(video: Video, rate: Fraction) -> Video:
    """The film counted and played at another rate. A film of variable rate keeps its times."""
    if video.variable_rate:
        return replace(video, frame_rate=rate)
    return replace(video, frame_rate=rate, time_base=video.time_base * video.frame_rate / rate)


def _with_timecode(video: Video, start_timecode: str | None, drop_frame: bool | None) -> Video:
    """What the user says about timecode before what the file says, checked and written in the usual way.

    A file's own timecode that does not exist at its rate is left out; the user's raises SettingError.
    """
    own = video.start_timecode
    drop = video.drop_frame and allows_drop_frame(video.frame_rate)
    if drop_frame is not None:
        drop = drop_frame
    elif start_timecode is not None and ";" in start_timecode:
        drop = True
    counting = Counting(video.frame_rate, drop)
    if start_timecode is not None:
        text: str | None = counting.text(counting.frame(start_timecode))
    else:
        try:
            text = counting.text(counting.frame(own)) if own else None
        except SettingError as error:
            logger.warning("%s: the file's own start timecode is not used: %s", video.path, error)
            text = None
    return replace(video, start_timecode=text, drop_frame=drop)
