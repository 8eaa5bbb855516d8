"""The scanned film opened again, for exports that show its pictures and play its sound; its files on one clock."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from personae.media.film import Video
from personae.media.picture_sequence import is_pattern
from personae.media.video import Film, open_film


@dataclass(frozen=True)
class SourceFile:
    """One file of the film. `begin_s`: when its first picture comes by the film's clock.

    `end_s`: where the next file begins; None: it is the last. `shift_s`: the film's clock less the file's own.
    """

    path: Path
    begin_s: Fraction
    end_s: Fraction | None
    shift_s: Fraction


def paths_of(video: Video) -> list[Path]:
    """The files, or folders of pictures, that the film is made of."""
    return [Path(part.path) for part in video.parts] or [Path(video.path)]


def inputs_of(video: Video) -> list[Path]:
    """What must not be written over: the files of the film, or the folder that its numbered pictures lie in."""
    return [path.parent if is_pattern(path) else path for path in paths_of(video)]


def open_source(video: Video, *, follow_references: bool = False) -> Film:
    """The film of a timeline, opened as it was scanned; raises FilmError where it cannot be."""
    paths = paths_of(video)
    streams = {part.stream for part in video.parts} or {video.stream}
    return open_film(
        paths,
        stream=streams.pop() if len(streams) == 1 else None,
        rate=video.frame_rate if any(is_pictures(path) for path in paths) else None,
        as_one=len(paths) > 1,
        follow_references=follow_references,
    )


def is_pictures(path: Path) -> bool:
    """Whether it is numbered pictures, which have no sound."""
    return path.is_dir() or is_pattern(path)


def source_files(video: Video, film: Film) -> list[SourceFile]:
    """The files of `film`, which was opened for the timeline's `video`, in their order; without numbered pictures."""
    base = film.video.time_base
    begins = [part.start_pts * base for part in video.parts] or [film.video.start_pts * base]
    ends = [*begins[1:], None]
    return [
        SourceFile(path, begin, end, begin - own_start)
        for path, begin, end, own_start in zip(paths_of(video), begins, ends, film.own_starts_s, strict=True)
        if not is_pictures(path)
    ]
