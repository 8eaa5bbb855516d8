"""The user's own films and photos, as far as they lie below a media root. Everything else is as if it was not there."""

from __future__ import annotations

import os
from collections.abc import Sequence
from io import BufferedReader
from pathlib import Path
from typing import Any

from personae.exports.source_film import is_pictures, paths_of
from personae.files import open_input
from personae.media.film import Video
from personae.server.problems import ProblemError
from personae.server.roots import MediaRoots

_NOT_THERE = "{what} is not where it was, or lies in none of the folders that this server reads."


def below(roots: MediaRoots, path: Path, what: str) -> Path:
    """A file or folder with every link resolved; raises ProblemError where it is not below a root, or not there."""
    real = Path(os.path.realpath(path))
    if not path.is_absolute() or not roots.holds(real) or not real.exists():
        raise ProblemError(404, "no-file", _NOT_THERE.format(what=what))
    return real


def opened(roots: MediaRoots, path: Path, what: str) -> BufferedReader:
    """A file below a root, open to be read; raises as `below`."""
    real = below(roots, path, what)
    try:
        file = open_input(real)
    except OSError:
        raise ProblemError(404, "no-file", _NOT_THERE.format(what=what)) from None
    # A link may have been put in its place between the two.
    if not (roots.holds(real) and os.path.samestat(os.fstat(file.fileno()), os.lstat(real))):
        file.close()
        raise ProblemError(404, "no-file", _NOT_THERE.format(what=what))
    return file


def film_file(roots: MediaRoots, video: Video, part: int) -> tuple[BufferedReader, Path]:
    """A file of a film, open, and its path; `part`: which of several, from 1. Raises ProblemError."""
    paths = paths_of(video)
    if part > len(paths):
        raise ProblemError(404, "no-part", f"The film has {len(paths)} file{'s' * (len(paths) > 1)}.")
    path = paths[part - 1]
    if is_pictures(path):
        raise ProblemError(409, "numbered-pictures", "The film is made of numbered pictures and has no file.")
    return opened(roots, path, "The film"), path


def video_facts(roots: MediaRoots, video: Video) -> dict[str, Any]:
    """What the helper needs to open a film as it was scanned, its files found below a root; raises ProblemError."""
    paths = paths_of(video)
    streams = {part.stream for part in video.parts} or {video.stream}
    return {
        "paths": [_film_path(roots, path) for path in paths],
        "stream": streams.pop() if len(streams) == 1 else None,
        "rate": str(video.frame_rate) if any(is_pictures(path) for path in paths) else None,
        "starts": _starts(video),
        "content_id": video.content_id,
    }


def _starts(video: Video) -> Sequence[int]:
    return [part.start_pts for part in video.parts] or [video.start_pts]


def _film_path(roots: MediaRoots, path: Path) -> str:
    if not is_pictures(path):
        return str(below(roots, path, "The film"))
    folder = path if path.is_dir() else path.parent
    real = below(roots, folder, "The film")
    with os.scandir(real) as entries:
        leads_out = any(entry.is_symlink() and not roots.holds(entry.path) for entry in entries)
    if leads_out:
        raise ProblemError(404, "no-file", _NOT_THERE.format(what="The film"))
    return str(real if path.is_dir() else real / path.name)
