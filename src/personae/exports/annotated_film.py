"""The film with a box and a name on every face; every other stream and the timecode are copied.

Pictures are re-encoded at their own times and in their displayed size. Between the pictures where a face was looked at,
its box moves in a straight line; before the first and after the last it stands still, to the ends of its track. A head
that was followed without a face has a dashed box.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from personae.exports.film_writer import FORMATS, FilmWriter, film_errors, format_of
from personae.exports.source_film import SourceFile, open_source, source_files
from personae.exports.spans import characters
from personae.files import open_whole
from personae.media.annotate import BoxLabel, annotate
from personae.media.containers import open_container
from personae.media.palette import Colours
from personae.progress import Progress, ProgressCallback
from personae.timeline.timeline import Appearance, Box, Timeline, Track
from personae.types import Picture, percent

if TYPE_CHECKING:
    from av import Packet
    from av.container import InputContainer
    from av.stream import Stream

_COPIED = ("audio", "subtitle")


def write_annotated(
    timeline: Timeline,
    path: Path,
    *,
    colours: Mapping[str, int] | None = None,
    follow_references: bool = False,
    progress_callback: ProgressCallback | None = None,
) -> tuple[str, ...]:
    """Write the film, or its parts in a row, with what the timeline says drawn on it; `.mp4`, `.mov` or `.mkv`.

    Returns the streams that are not in the new film since its container cannot hold them, as people call them; Matroska
    holds most. `colours`: who has which in the palette; `follow_references`: as the film was opened. Raises FilmError
    where the film cannot be read, WriteError.
    """
    video = timeline.video
    container = format_of(path, video)
    moments = _Labels(timeline, colours)
    with (
        film_errors(path),
        open_source(video, follow_references=follow_references) as film,
        open_whole(path) as file,
        FilmWriter(file, container, film.video, timecode=video.start_timecode) as out,
    ):
        numbers = [part.stream for part in video.parts] or [video.stream]
        others = _Others(source_files(video, film), numbers, out, follow_references)
        for picture in film.pictures():
            pixels = picture.rgb()
            labels = moments.at(picture.pts)
            if labels:
                pixels = np.asarray(annotate(Picture(pixels, video.path), labels, enlarge=False), np.uint8)
            out.picture(pixels, picture.pts)
            others.copy_until(picture.pts * film.video.time_base)
            if progress_callback:
                done = int(film.video.seconds(picture.pts))
                progress_callback(Progress("annotating", done, int(video.duration_s)))
        others.copy_until(None)
        if progress_callback:
            progress_callback(Progress("annotating", int(video.duration_s), int(video.duration_s)))
    return others.left_out


def path_beside(timeline: Timeline, timeline_path: Path) -> Path:
    """What the annotated film beside a timeline's file is called: in the film's own kind of container if it is ours.

    Else as QuickTime, which holds uncompressed sound and timecode.
    """
    suffix = Path(timeline.video.path).suffix.lower()
    stem = timeline_path.name.removesuffix(".json").removesuffix(".timeline")
    return timeline_path.with_name(f"{stem}.annotated{suffix if suffix in FORMATS else '.mov'}")


class _Others:
    """The sound and subtitles of the film's files, packet by packet in order of time."""

    def __init__(self, files: Sequence[SourceFile], pictures: Sequence[int], out: FilmWriter, follow: bool) -> None:
        self._out, self._follow = out, follow
        self._copies: dict[tuple[str, int], Stream] = {}
        left_out: list[str] = []
        chosen: list[dict[int, Stream]] = []
        for file, picture in zip(files, pictures, strict=False):
            with open_container(file.path, follow_references=self._follow) as source:
                chosen.append(self._chosen(source, picture, left_out, file.path.name if len(files) > 1 else ""))
        self.left_out = tuple(left_out)
        self._packets = self._in_order(files, chosen)
        self._held = next(self._packets, None)

    def _chosen(self, source: InputContainer, picture: int, left_out: list[str], where: str) -> dict[int, Stream]:
        """Number of each stream of a file that is copied, with its stream in the new film."""
        result: dict[int, Stream] = {}
        numbers: Counter[str] = Counter()
        for stream in source.streams:
            if stream.index == picture or "timecode" in stream.metadata:
                continue  # both are written anew
            key = (stream.type, numbers[stream.type])
            numbers[stream.type] += 1
            if key not in self._copies:
                made = _copied(self._out, stream)
                if made is not None:
                    self._copies[key] = made
            copy = self._copies.get(key)
            if copy is not None and _continues(copy, stream):
                result[stream.index] = copy
            else:
                name = stream.codec_context.name if stream.codec_context else "unknown"
                left_out.append(f"{stream.type} stream {stream.index} ({name})" + (f" of {where}" if where else ""))
        return result

    def _in_order(
        self, files: Sequence[SourceFile], chosen: Sequence[dict[int, Stream]]
    ) -> Iterator[tuple[Fraction, Packet[Any]]]:
        """Time by the film's clock, and packet; those of one file end where the next begins."""
        last: dict[Stream, Fraction] = {}
        for file, streams in zip(files, chosen, strict=True):
            with open_container(file.path, follow_references=self._follow) as source:
                for packet in source.demux([source.streams[index] for index in streams]) if streams else ():
                    if packet.dts is None or not packet.time_base:
                        continue
                    shift = round(file.shift_s / packet.time_base)
                    time_s = (packet.dts + shift) * packet.time_base
                    copy = streams[packet.stream_index]
                    # Sound may begin before a file's pictures, or go on after them.
                    early = file is not files[0] and time_s < file.begin_s
                    late = file.end_s is not None and time_s >= file.end_s
                    if early or late or time_s <= last.get(copy, time_s - 1):
                        continue
                    last[copy] = time_s
                    packet.dts += shift
                    if packet.pts is not None:
                        packet.pts += shift
                    packet.stream = copy
                    yield time_s, packet

    def copy_until(self, time_s: Fraction | None) -> None:
        """Copy what comes up to a time of the film's clock; None: everything that is left."""
        while self._held is not None and (time_s is None or self._held[0] <= time_s):
            self._out.container.mux_one(self._held[1])
            self._held = next(self._packets, None)


def _continues(copy: Stream, stream: Stream) -> bool:
    """Whether packets of `stream` can go on in the new film's `copy`: the same codec with the same sound."""
    one, other = copy.codec_context, stream.codec_context
    if one is None or other is None or one.name != other.name:
        return False
    facts = ("sample_rate", "channels")
    return all(getattr(one, fact, None) == getattr(other, fact, None) for fact in facts)


def _copied(out: FilmWriter, stream: Stream) -> Stream | None:
    """A stream of the new film for the packets of an old one; None where its container cannot hold it."""
    if stream.type not in _COPIED or stream.codec_context is None:
        return None
    name = stream.codec_context.name
    if name not in out.container.supported_codecs or (out.container.format.name == "mp4" and name.startswith("pcm_")):
        return None  # FFmpeg lists uncompressed sound for MP4, and fails when the file is closed
    copy: Stream = out.container.add_stream_from_template(stream)
    for key in ("language", "title"):
        if key in stream.metadata:
            copy.metadata[key] = stream.metadata[key]
    return copy


class _Labels:
    """Who is where at each moment."""

    def __init__(self, timeline: Timeline, numbers: Mapping[str, int] | None = None) -> None:
        owner = {number: one for one in timeline.appearances for number in one.tracks}
        shown = characters(timeline)
        self._colours = Colours.for_all(shown, timeline.model.get("characters"))
        if numbers is not None:
            self._colours = Colours(sorted(shown), numbers)
        # Several tracks of one appearance are several spans; a track without a name gets no box.
        drawn = (_Drawn.of(track, owner[track.id]) for track in timeline.tracks if track.id in owner and track.boxes)
        self._drawn = sorted(drawn, key=lambda one: one.start_pts)
        self._starts = [one.start_pts for one in self._drawn]
        self._longest = max((one.end_pts - one.start_pts for one in self._drawn), default=0)

    def at(self, pts: int) -> list[BoxLabel]:
        """The labels of one picture."""
        last = bisect_right(self._starts, pts)
        first = bisect_right(self._starts, pts - self._longest - 1)
        return [self._label(one, pts) for one in self._drawn[first:last] if pts < one.end_pts]

    def _label(self, one: _Drawn, pts: int) -> BoxLabel:
        name, text = one.appearance.character, one.appearance.name
        if name is not None and one.appearance.decided_by == "model":
            text += f" {percent(one.appearance.confidence)}"
        colour = None if name is None else self._colours.of(name)
        return BoxLabel(box_at(one.boxes, pts), text, name, colour, one.is_followed(pts))


@dataclass(frozen=True, eq=False)
class _Drawn:
    """One track as it is drawn, from `start_pts` until `end_pts`: where its head was followed too.

    `boxes`: of faces and followed heads, in order; a followed one has no score.
    """

    appearance: Appearance
    boxes: tuple[Box, ...]
    start_pts: int
    end_pts: int

    @classmethod
    def of(cls, track: Track, appearance: Appearance) -> _Drawn:
        """That of a track with a name."""
        followed = tuple((*box, 0.0) for box in track.followed)
        boxes = tuple(sorted((*track.boxes, *followed), key=lambda box: box[0])) if followed else track.boxes
        start, end = (followed[0][0], followed[-1][0] + 1) if followed else (track.start_pts, track.end_pts)
        return cls(appearance, boxes, min(track.start_pts, start), max(track.end_pts, end))

    def is_followed(self, pts: int) -> bool:
        """Whether the face was not seen then: from where the head was followed until the face is seen again."""
        return self.boxes[max(bisect_right(self.boxes, pts, key=lambda box: box[0]) - 1, 0)][5] == 0


def box_at(
    boxes: Sequence[tuple[int, float, float, float, float, float]], pts: int
) -> tuple[float, float, float, float]:
    """The box at a time: (x1, y1, x2, y2) in displayed pixels, in a straight line between the two nearest."""
    after = bisect_right(boxes, pts, key=lambda box: box[0])
    before_box, after_box = boxes[max(after - 1, 0)], boxes[min(after, len(boxes) - 1)]
    length = after_box[0] - before_box[0]
    share = min(max((pts - before_box[0]) / length, 0), 1) if length else 0
    x1, y1, x2, y2 = (a + share * (b - a) for a, b in zip(before_box[1:5], after_box[1:5], strict=True))
    return x1, y1, x2, y2
