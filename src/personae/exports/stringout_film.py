"""A stringout as a film: the cuts one after the other, re-encoded, with the first sound track."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from personae.errors import FilmError
from personae.exports.film_sound import sound_between
from personae.exports.film_writer import FilmWriter, film_errors, format_of
from personae.files import open_whole
from personae.media.video import open_film
from personae.timeline.selection import Cut
from personae.timeline.timeline import Timeline
from personae.types import Progress, ProgressCallback

_SOUND_EVERY_S = 5
"""Sound and pictures take turns in a file; players want both near each other."""


def write_film(
    timeline: Timeline, cuts: Sequence[Cut], path: Path, *, progress_callback: ProgressCallback | None = None
) -> None:
    """Write the cuts as one film; picture for picture, sound for sound, exact to the sample.

    Reads the film at `timeline.video.path`. Raises FilmError where it cannot be read, WriteError.
    """
    video = timeline.video
    container = format_of(path, video.path)
    total = sum(cut.end_pts - cut.start_pts for cut in cuts)
    with film_errors(path), open_film(video.path, stream=video.stream) as film:
        sound = film.video.sound_channels > 0
        base = film.video.time_base
        done = 0
        with open_whole(path) as file, FilmWriter(file, container, film.video, sound=sound) as out:
            for cut in cuts:
                pictures, heard = 0, cut.start_pts
                for picture in film.pictures(start_pts=cut.start_pts):
                    if picture.pts >= cut.end_pts:
                        break
                    if sound and (picture.pts - heard) * base >= _SOUND_EVERY_S:
                        out.sound(sound_between(video.path, heard * base, picture.pts * base))
                        heard = picture.pts
                    out.picture(picture.rgb(), done + picture.pts - cut.start_pts)
                    pictures += 1
                    if progress_callback:
                        seconds = int((done + picture.pts - cut.start_pts) * base)
                        progress_callback(Progress("writing", seconds, int(total * base), "seconds"))
                if not pictures:
                    start = float(video.seconds(cut.start_pts))
                    raise FilmError(video.path, f"no picture at {start:.1f} s. Is it the film that was scanned?")
                if sound:
                    out.sound(sound_between(video.path, heard * base, cut.end_pts * base))
                done += cut.end_pts - cut.start_pts
