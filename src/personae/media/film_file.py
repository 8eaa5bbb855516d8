"""One film file, read once from front to back through PyAV (FFmpeg's libraries): exact times, damage reported.

Formats: whatever FFmpeg demuxes and decodes, among them MP4, MOV, MXF, Matroska and MPEG-TS with H.264, HEVC, ProRes
and DNxHR.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from personae.errors import FilmError
from personae.media.film import FilmPicture, Gap, Video
from personae.media.pixels import Display, FramePixels, turn_of

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

logger = logging.getLogger(__name__)

USUAL_RATES = (
    *(Fraction(whole * 1000, 1001) for whole in (24, 30, 48, 60, 120)),
    *(Fraction(whole) for whole in (24, 25, 30, 48, 50, 60, 100, 120)),
)
SEEK_MARGIN_S = 2.0
"""A new reading starts so much before the picture asked for: streams without clean key pictures need a run-up."""
JUMP_BACK_S = 1.0
"""A clock that goes back further than this has been restarted (joined recordings); less is a picture out of place."""
DAMAGED = "damaged: could not be decoded"
MISSING = "pictures are missing"
RESTARTED = "the file's clock starts again here"
CUT_SHORT = "the file ends before the length it states"


@dataclass(frozen=True)
class _Timed:
    """A decoded frame, or None for damage, with its time as the file has it."""

    frame: Any
    pts: int | None


class FilmFile:
    """A film file that is open. Raises FilmError where it holds no film that can be read."""

    def __init__(self, path: Path, *, stream: int | None = None) -> None:
        self.path = path
        self._stream_wanted = stream
        self._container: InputContainer | None = None
        container = self._open()
        self._stream = _pick(path, container, stream)
        first = next((item for item in self._decode(None) if item.frame is not None), None)
        if first is None:
            raise FilmError(path, "no picture in it could be decoded. It is damaged or cut short: copy it again.")
        self._seekable = first.pts is not None
        self.display = _display(self._stream, first.frame)
        self.video = self._facts(first)

    def close(self) -> None:
        """Free the decoder and the file."""
        if self._container is not None:
            self._container.close()
            self._container = None

    def pictures(self, start_pts: int | None = None) -> Iterator[FilmPicture | Gap]:
        """Every picture from `start_pts` on in order of presentation, and gaps where they come.

        Each call starts anew with one seek; nothing is decoded twice within a call.
        """
        clock = _Clock(self.video)
        held: FilmPicture | None = None
        for item in self._from(start_pts):
            if item.frame is None:
                clock.damaged = True
                continue
            pts, gap = clock.next(item)
            if pts is None:
                continue
            if start_pts is not None and pts < start_pts:
                continue
            if held is not None:
                end = gap[0] if gap and gap[1] > gap[0] else pts
                yield FilmPicture(held.pts, max(end - held.pts, 1), held.pixels)
            if gap is not None:
                yield gap
            held = FilmPicture(pts, clock.length(item.frame), FramePixels(item.frame, self.display))
        if held is not None:
            yield held
            end = held.pts + held.duration_pts
            if clock.damaged or self._broken:
                stated = self.video.start_pts + self.video.duration_pts
                if stated - end > clock.frame:
                    yield (end, stated, CUT_SHORT)

    def _open(self) -> InputContainer:
        import av

        try:
            # "file:" keeps FFmpeg from taking a name with a colon for a protocol.
            container = av.open(f"file:{self.path}", metadata_errors="replace")
        except av.error.FFmpegError as error:
            raise FilmError(self.path, _why_not(self.path, error)) from None
        self.close()
        self._container = container
        return container

    def _from(self, start_pts: int | None) -> Iterator[_Timed]:
        """Frames from at or before `start_pts` on."""
        container = self._open()
        self._stream = _pick(self.path, container, self._stream_wanted)
        if start_pts is None or not self._seekable or start_pts <= self.video.start_pts:
            yield from self._decode(None)
            return
        margin = round(SEEK_MARGIN_S / self.video.time_base)
        frames = self._decode(max(start_pts - margin, self.video.start_pts))
        first = next(frames, None)
        if first is not None and first.pts is not None and first.pts <= start_pts:
            yield first
            yield from frames
            return
        logger.info("%s: seeking failed, reading from the start", self.path)
        container = self._open()
        self._stream = _pick(self.path, container, self._stream_wanted)
        yield from self._decode(None)

    def _decode(self, seek_pts: int | None) -> Iterator[_Timed]:
        """Decoded frames in order of presentation; a `_Timed(None, None)` for each packet that could not be read."""
        import av

        container, stream = self._container, self._stream
        assert container is not None
        stream.thread_type = "AUTO"
        self._broken = False
        if seek_pts is not None:
            try:
                container.seek(seek_pts, stream=stream)
            except av.error.FFmpegError:
                return
        failures = 0
        while True:
            try:
                for packet in container.demux(stream):
                    try:
                        frames = packet.decode()
                    except av.error.EOFError:
                        return
                    except av.error.FFmpegError as error:
                        logger.info("%s: packet at %s: %s", self.path, packet.pts, error)
                        yield _Timed(None, None)
                        continue
                    if packet.is_corrupt:
                        self._broken = True
                    for frame in frames:
                        if frame.is_corrupt:
                            yield _Timed(None, None)
                        else:
                            yield _Timed(frame, frame.pts if frame.pts is not None else frame.dts)
                    failures = 0
                return
            except av.error.FFmpegError as error:
                # The file itself could not be read on; FFmpeg often finds its way again at the next packet.
                logger.info("%s: %s", self.path, error)
                self._broken = True
                failures += 1
                yield _Timed(None, None)
                if failures > 20:
                    for frame in stream.decode(None):
                        yield _Timed(frame, frame.pts)
                    return

    def _facts(self, first: _Timed) -> Video:
        container, stream = self._container, self._stream
        assert container is not None and stream.time_base
        time_base = Fraction(stream.time_base)
        average = Fraction(stream.average_rate or stream.guessed_rate or 25)
        base = Fraction(stream.base_rate or average)
        variable = abs(average / base - 1) > Fraction(1, 100)
        rate = usual_rate(Fraction(stream.guessed_rate or average) if not variable else average)
        start = first.pts if first.pts is not None else (stream.start_time or 0)
        if stream.duration:
            duration = (stream.start_time or 0) + stream.duration - start
        else:
            total = Fraction(container.duration or 0, 1_000_000)
            duration = round(total / time_base) - max(
                start - round(Fraction(container.start_time or 0, 1_000_000) / time_base), 0
            )
        tags = _tags(container, stream)
        timecode = tags.get("timecode")
        return Video(
            path=str(self.path),
            content_id="",
            stream=stream.index,
            frame_rate=rate,
            time_base=time_base,
            variable_rate=variable,
            start_pts=start,
            duration_pts=max(duration, 1),
            size_wh=self.display.displayed_wh,
            frames=stream.frames or max(round(duration * time_base * rate), 1),
            start_timecode=timecode,
            drop_frame=bool(timecode) and any(mark in str(timecode)[-4:] for mark in ";."),
            reel=tags.get("reel_name") or tags.get("reel"),
        )


class _Clock:
    """Gives every frame a rising pts: fills in missing ones, passes over repeated ones, goes on after a restart."""

    def __init__(self, video: Video) -> None:
        self.frame = max(round(video.frame_pts), 1)
        self._exact = video.frame_pts
        self._constant = not video.variable_rate
        self._jump = round(JUMP_BACK_S / video.time_base)
        self._start = video.start_pts
        self._last: int | None = None
        self._shift = 0
        self._length = self.frame
        self.damaged = False

    def length(self, frame: Any) -> int:
        """How long a frame lasts by itself, in pts."""
        return int(frame.duration) if frame.duration and frame.duration > 0 else self.frame

    def next(self, item: _Timed) -> tuple[int | None, Gap | None]:
        """Its pts (None: pass over it), and the gap just before it, if there is one."""
        last = self._last
        expected = self._start if last is None else last + self._length
        pts = expected if item.pts is None else item.pts + self._shift
        gap: Gap | None = None
        if last is not None and pts <= last:
            if last - pts < self._jump:
                return None, None
            self._shift += expected - pts
            pts = expected
            gap = (pts, pts, RESTARTED)
        elif last is not None and pts - expected > self._exact / 2 and (self.damaged or self._constant):
            gap = (expected, pts, DAMAGED if self.damaged else MISSING)
        self.damaged = False
        self._last, self._length = pts, self.length(item.frame) if not self._constant else self.frame
        return pts, gap


def usual_rate(rate: Fraction) -> Fraction:
    """The usual rate that `rate` is a rounding of (23.98, 29.97), else `rate` itself."""
    nearest = min(USUAL_RATES, key=lambda usual: abs(usual - rate))
    return nearest if abs(nearest / rate - 1) < Fraction(1, 4000) else rate


def _pick(path: Path, container: InputContainer, wanted: int | None) -> VideoStream:
    if any(name == "image2" or name.endswith("_pipe") for name in container.format.name.split(",")):
        raise FilmError(path, "this is a still picture, not a film. For photos use: personae identify")
    streams = [s for s in container.streams.video if not s.disposition & 0x400 and s.codec_context is not None]
    if not streams:
        kinds = {stream.type for stream in container.streams}
        what = "only sound in it" if "audio" in kinds else "no picture in it"
        raise FilmError(path, f"there is no video stream, {what}. Is it the right file?")
    if wanted is None:
        defaults = [stream for stream in streams if stream.disposition & 1]
        return (defaults or streams)[0]
    for stream in streams:
        if stream.index == wanted:
            return stream
    known = ", ".join(f"{s.index} ({s.codec_context.name} {s.width}x{s.height})" for s in streams)
    raise FilmError(path, f"stream {wanted} is no video stream. There are: {known}.")


def _display(stream: VideoStream, frame: Any) -> Display:
    aspect = Fraction(stream.sample_aspect_ratio or 1) or Fraction(1)
    matrix = frame.side_data.get("DISPLAYMATRIX")
    width, height = max(round(frame.width * aspect), 1), frame.height
    return Display((width, height), turn_of(bytes(matrix) if matrix is not None else None))


def _tags(container: InputContainer, stream: VideoStream) -> dict[str, str]:
    """Tags in lower case: the stream's own before those of the timecode track before the file's."""
    others = [other.metadata for other in container.streams if other.type == "data"]
    result: dict[str, str] = {}
    for tags in (stream.metadata, *others, container.metadata):
        for key, value in tags.items():
            result.setdefault(key.lower(), value)
    return result


def _why_not(path: Path, error: Exception) -> str:
    try:
        if path.is_dir():
            return "this is a folder, not a film."
        if not path.exists():
            return "there is no such file. Check the spelling and the folder."
        if path.stat().st_size == 0:
            return "the file is empty (0 bytes). Copy it again from its source."
        with path.open("rb") as file:
            file.read(1)
    except PermissionError:
        return "permission denied. Change the file's permissions, or copy it to where you may."
    except (OSError, ValueError) as problem:
        return f"it cannot be opened ({problem})."
    detail = getattr(error, "strerror", None) or str(error)
    return f"this is not a film that can be read, or it is cut short ({detail}). Copy or export it again."
