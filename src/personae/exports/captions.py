"""WebVTT and SRT: at each moment the names of those on screen. Times are to the nearest millisecond."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from personae.exports.spans import line
from personae.timeline.presence import stretches
from personae.timeline.timeline import Timeline

_NO_TAGS = str.maketrans("<>{}", "\u2039\u203a()")


class WebVtt:
    """`.vtt`: a cue per stretch with the same people on screen."""

    name = "webvtt"
    suffixes = (".vtt",)
    title = "names as WebVTT"

    def export(self, timeline: Timeline, folder: Path | None = None) -> bytes:
        """The captions in UTF-8."""
        parts = ["WEBVTT\n"]
        for start, end, names in _cues(timeline):
            text = ", ".join(names).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
            parts.append(f"{_clock(start, '.')} --> {_clock(end, '.')}\n{text}\n")
        return "\n".join(parts).encode()


class Srt:
    """`.srt`: a subtitle per stretch with the same people on screen."""

    name = "srt"
    suffixes = (".srt",)
    title = "names as SubRip subtitles"

    def export(self, timeline: Timeline, folder: Path | None = None) -> bytes:
        """The subtitles in UTF-8."""
        parts = [
            f"{number}\n{_clock(start, ',')} --> {_clock(end, ',')}\n{_plain(', '.join(names))}\n"
            for number, (start, end, names) in enumerate(_cues(timeline), 1)
        ]
        return "\n".join(parts).encode()


def _cues(timeline: Timeline) -> Iterator[tuple[int, int, list[str]]]:
    video = timeline.video
    for stretch in stretches(timeline):
        start, end = round(1000 * video.seconds(stretch.start_pts)), round(1000 * video.seconds(stretch.end_pts))
        yield start, max(start + 1, end), [line(name) for name in stretch.names]


def _plain(text: str) -> str:
    """Text that no player takes for style: SubRip has tags in <> and {} and no way to write the signs themselves."""
    return text.translate(_NO_TAGS)


def _clock(ms: int, point: str) -> str:
    seconds, ms = divmod(ms, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{point}{ms:03}"
