"""A stringout as a film: the cuts one after the other, re-encoded, with the first sound track."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from personae.errors import FilmError
from personae.exports.film_sound import film_sound
from personae.exports.film_writer import FilmWriter, film_errors, format_of
from personae.exports.source_film import open_source, source_files
from personae.files import open_whole
from personae.media.film import ReadSoFar
from personae.progress import Progress, ProgressCallback
from personae.timeline.selection import Cut
from personae.timeline.timeline import Timeline

_SOUND_EVERY_S = 5
"""Sound and pictures take turns in a file; players want both near each other."""


def write_film(
    timeline: Timeline,
    cuts: Sequence[Cut],
    path: Path,
    *,
    follow_references: bool = False,
    progress_callback: ProgressCallback | None = None,
) -> None:
    """Write the cuts as one film; picture for picture, sound for sound, exact to the sample.

    Reads the film, or its parts, where `timeline.video` says. Raises FilmError where it cannot be read, WriteError.
    """
    video = timeline.video
    container = format_of(path, video)
    total = sum(cut.end_pts - cut.start_pts for cut in cuts)
    with film_errors(path), open_source(video, follow_references=follow_references) as film:
        files = source_files(video, film)
        sound = max((part.sound_channels for part in video.parts), default=film.video.sound_channels) > 0
        base = film.video.time_base
        sound_of = partial(film_sound, files, follow_references=follow_references)
        known = ReadSoFar(part_starts=tuple(part.start_pts for part in video.parts))
        done = 0
        with open_whole(path) as file, FilmWriter(file, container, film.video, sound=sound) as out:
            for cut in cuts:
                pictures, heard = 0, cut.start_pts
                for picture in film.pictures(start_pts=cut.start_pts, so_far=known):
                    if picture.pts >= cut.end_pts:
                        break
                    if sound and (picture.pts - heard) * base >= _SOUND_EVERY_S:
                        out.sound(sound_of(heard * base, picture.pts * base))
                        heard = picture.pts
                    out.picture(picture.rgb(), done + picture.pts - cut.start_pts)
                    pictures += 1
                    if progress_callback:
                        seconds = int((done + picture.pts - cut.start_pts) * base)
                        progress_callback(Progress("writing", seconds, int(total * base)))
                if not pictures:
                    start = float(video.seconds(cut.start_pts))
                    raise FilmError(video.path, f"no picture at {start:.1f} s. Is it the film that was scanned?")
                if sound:
                    out.sound(sound_of(heard * base, cut.end_pts * base))
                done += cut.end_pts - cut.start_pts
                if progress_callback:
                    progress_callback(Progress("writing", int(done * base), int(total * base)))
