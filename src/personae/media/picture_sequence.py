"""A folder of numbered pictures as a film: each number is one frame, and a number that is missing is a gap."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from personae.errors import FilmError, PhotoError, reason_of
from personae.files import open_input
from personae.media.film import MISSING, FilmPicture, Gap, Pixels, Video
from personae.media.photos import SUFFIXES as PHOTO_SUFFIXES
from personae.media.photos import load
from personae.media.pixels import ArrayPixels, Display, FramePixels

SUFFIXES = PHOTO_SUFFIXES - {".gif", ".apng"} | {".dpx", ".tga"}
"""Lower-case file endings of the pictures of a sequence."""

_NUMBER = re.compile(r"(\d+)(?=\D*$)")
_PATTERN = re.compile(r"%0?\d*d|#+")


def is_pattern(path: Path) -> bool:
    """Whether a path stands for numbered files: shot.%04d.png or shot.####.png."""
    return bool(_PATTERN.search(path.name)) and not path.exists()


class PictureSequence:
    """The pictures of one folder, or of one pattern, at `rate` pictures per second; pts counts pictures.

    Raises FilmError for an empty folder, for several sequences in one folder, and where no rate is given.
    """

    def __init__(self, path: Path, rate: Fraction | None) -> None:
        self.path = path
        self.numbered = _numbered(path)
        self.files = [self.numbered[number] for number in sorted(self.numbered)]
        if rate is None:
            raise FilmError(path, "pictures in a folder need a rate in pictures per second, for example --rate 24.")
        first_number = min(self.numbered)
        try:
            self._size = _read(self.numbered[first_number]).size_wh
        except PhotoError as error:
            raise FilmError(error.path, error.reason) from None
        length = max(self.numbered) - first_number + 1
        self.video = Video(
            path=str(path),
            content_id="",
            stream=0,
            frame_rate=rate,
            time_base=1 / rate,
            variable_rate=False,
            start_pts=0,
            duration_pts=length,
            size_wh=self._size,
            frames=len(self.numbered),
        )

    def close(self) -> None:
        """Nothing stays open."""

    def picture_times(self) -> list[int] | None:
        """The pts of every picture; None where numbers are missing. One that cannot be read is among them."""
        numbers = sorted(self.numbered)
        is_whole = numbers[-1] - numbers[0] + 1 == len(numbers)
        return list(range(len(numbers))) if is_whole else None

    def pictures(self, start_pts: int | None = None, irregular: bool = False) -> Iterator[FilmPicture | Gap]:
        """Every picture in order of its number; a gap where a number is missing or a picture cannot be used."""
        first, expected = min(self.numbered), start_pts or 0
        for number in sorted(self.numbered):
            pts = number - first
            if pts < (start_pts or 0):
                continue
            if pts > expected:
                yield (expected, pts, MISSING)
            expected = pts + 1
            try:
                pixels = _read(self.numbered[number])
            except PhotoError as error:
                yield (pts, pts + 1, f"{self.numbered[number].name}: {error.reason}")
                continue
            if pixels.size_wh != self._size:
                yield (pts, pts + 1, f"{self.numbered[number].name}: it is not {self._size[0]}x{self._size[1]} pixels")
                continue
            yield FilmPicture(pts, 1, pixels, self.numbered[number])


def _numbered(path: Path) -> dict[int, Path]:
    """The pictures by number."""
    pattern = _PATTERN.search(path.name) if is_pattern(path) else None
    folder = path.parent if pattern else path
    try:
        names = sorted(entry.name for entry in folder.iterdir() if not entry.name.startswith(".") and entry.is_file())
    except OSError as error:
        raise FilmError(path, f"the folder cannot be read ({error.strerror or error}).") from None
    if pattern:
        before, after = path.name[: pattern.start()], path.name[pattern.end() :]
        found = [re.fullmatch(re.escape(before) + r"(\d+)" + re.escape(after), name) for name in names]
        result = {int(match[1]): folder / match[0] for match in found if match}
        if not result:
            raise FilmError(
                path, "no picture in the folder fits this pattern. Check the name and the number of digits."
            )
        return result
    pictures = [name for name in names if Path(name).suffix.lower() in SUFFIXES]
    if not pictures:
        what = "there are no pictures in it" if names else "the folder is empty"
        raise FilmError(path, f"{what}. Name a film, or a folder of numbered pictures.")
    matches = [(name, _NUMBER.search(Path(name).stem)) for name in pictures]
    if any(match is None for _, match in matches):
        raise FilmError(
            path, "its pictures are not numbered, so their order is not known. Name them like shot_0001.png."
        )
    stems = sorted({name[: match.start()] for name, match in matches if match})
    if len(stems) > 1:
        raise FilmError(
            path,
            f'there are several sequences in it ("{stems[0]}", "{stems[1]}"). Name one by a pattern: '
            f"{path / (stems[0] + '####' + Path(pictures[0]).suffix)}",
        )
    return {int(match[1]): folder / name for name, match in matches if match}


def _read(path: Path) -> Pixels:
    """One picture, decoded. Raises PhotoError."""
    if path.suffix.lower() in PHOTO_SUFFIXES:
        return ArrayPixels(load(path).pixels)
    import av

    try:
        open_input(path).close()
        with av.open(f"file:{path}") as container:
            frame = next(container.decode(video=0))
    except (av.error.FFmpegError, StopIteration, IndexError):
        raise PhotoError(path, "the picture is damaged or cut short. Copy or export it again.") from None
    except OSError as error:
        raise PhotoError(path, f"it cannot be read ({reason_of(error)}).") from None
    return FramePixels(frame, Display((frame.width, frame.height)))
