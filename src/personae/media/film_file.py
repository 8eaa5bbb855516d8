"""One film file, read once from front to back through PyAV (FFmpeg's libraries): exact times, damage reported.

Formats: whatever FFmpeg demuxes and decodes, among them MP4, MOV, MXF, Matroska and MPEG-TS with H.264, HEVC, ProRes
and DNxHR.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from personae.errors import FilmError, reason_of
from personae.files import NotAFileError, open_input
from personae.media.film import MISSING, RESTARTED, FilmPicture, Gap, Video, is_irregular
from personae.media.photos import SUFFIXES as PHOTO_SUFFIXES
from personae.media.pixels import Display, FramePixels, turn_of

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

logger = logging.getLogger(__name__)

USUAL_RATES = (
    *(Fraction(whole * 1000, 1001) for whole in (24, 30, 48, 60, 120)),
    *(Fraction(whole) for whole in (24, 25, 30, 48, 50, 60, 100, 120)),
)
SEEK_MARGIN_S = 2.0
"""A new reading starts so much before the picture asked for: streams without clean key pictures need a run-up."""
HOLE_S = 0.5
"""A shorter hole in a film of constant rate is no gap: a player shows the picture before it a little longer."""
CUT_SHORT_S = 1
"""How much may be missing from the length a file states: sound and pictures seldom end together."""
JUMP_BACK_S = 1.0
"""A clock that goes back further than this has been restarted (joined recordings); less is a picture out of place."""
DAMAGED = "damaged: could not be decoded"
CUT_SHORT = "the file ends before the length it states"
_STATE_LENGTH = ("mov", "matroska")
"""Formats that state their length in a place of its own; the others' is read off their end."""
_TRIES = 20


def open_container(path: str | Path) -> InputContainer:
    """The file as FFmpeg sees it, of whichever PyAV; raises av.error.FFmpegError, OSError as `open_input`."""
    import av

    open_input(Path(path)).close()  # FFmpeg would wait for a pipe, and read a device for ever

    # PyAV 19 reads tags that are no valid Unicode without being told to.
    options: dict[str, Any] = {} if int(av.__version__.split(".")[0]) >= 19 else {"metadata_errors": "replace"}
    # "file:" keeps FFmpeg from taking a name with a colon for a protocol.
    container: InputContainer = av.open(f"file:{path}", **options)
    return container


class FilmFile:
    """A film file that is open. Raises FilmError where it holds no film that can be read."""

    def __init__(self, path: Path, *, stream: int | None = None) -> None:
        self.path = path
        self.files = (path,)
        self._stream_wanted = stream
        self._container: InputContainer | None = None
        self._fresh: Iterator[VideoFrame] | None = None
        container = self._open()
        self._stream = _pick(path, container, stream)
        fresh = self._decode(None)
        first = next(fresh, None)
        if first is None:
            raise FilmError(path, "no picture in it could be decoded. It is damaged or cut short: copy it again.")
        self._seekable = first.pts is not None
        self.display = _display(self._stream, first)
        self.video = self._facts(first)
        self._fresh = chain([first], fresh)

    def close(self) -> None:
        """Free the decoder and the file."""
        self._fresh = None
        if self._container is not None:
            self._container.close()
            self._container = None

    def pictures(self, start_pts: int | None = None, irregular: bool = False) -> Iterator[FilmPicture | Gap]:
        """Every picture from `start_pts` on in order of presentation, and gaps where they come.

        Each call starts anew with one seek; nothing is decoded twice within a call. `irregular`: whether intervals
        before `start_pts` were; a hole in such a film is no gap.
        """
        clock = _Clock(self.video, irregular)
        held: FilmPicture | None = None
        for frame in self._from(start_pts):
            pts, gap = clock.next(frame, self._unseen)
            if pts is None or (start_pts is not None and pts < start_pts):
                continue
            if held is not None:
                end = gap[0] if gap and gap[1] > gap[0] else pts
                yield FilmPicture(held.pts, max(end - held.pts, 1), held.pixels)
            if gap is not None:
                yield gap
            held = FilmPicture(pts, clock.length(frame), FramePixels(frame, self.display))
        if held is not None:
            yield held
            yield from self._cut_short(held.pts + held.duration_pts)

    def _cut_short(self, end: int) -> Iterator[Gap]:
        """The rest of the length that the file states, where neither picture nor sound reaches it."""
        container = self._container
        if container is None or not container.duration or container.format.name.split(",")[0] not in _STATE_LENGTH:
            return
        stated_s = Fraction(max(container.start_time or 0, 0) + container.duration, 1_000_000)
        reached_s = max(end * self.video.time_base, self._sound_s)
        if self._stream.duration:  # sound may be stated to last longer than the pictures
            stated_s = min(stated_s, ((self._stream.start_time or 0) + self._stream.duration) * self.video.time_base)
        if stated_s - reached_s > CUT_SHORT_S:
            yield (end, int(stated_s / self.video.time_base), CUT_SHORT)

    def _open(self) -> InputContainer:
        import av

        try:
            container = open_container(self.path)
        except (av.error.FFmpegError, OSError, ValueError) as error:
            raise FilmError(self.path, _why_not(self.path, error)) from None
        self.close()
        self._container = container
        return container

    def _from(self, start_pts: int | None) -> Iterator[VideoFrame]:
        """Frames from at or before `start_pts` on."""
        fresh, self._fresh = self._fresh, None
        if start_pts is None and fresh is not None and self._container is not None:
            yield from fresh
            return
        self._stream = _pick(self.path, self._open(), self._stream_wanted)
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
        self._stream = _pick(self.path, self._open(), self._stream_wanted)
        yield from self._decode(None)

    def _decode(self, seek_pts: int | None) -> Iterator[VideoFrame]:
        """Decoded frames in order of presentation; notes which packets went in, so that their loss is noticed."""
        import av

        container, stream = self._container, self._stream
        assert container is not None
        stream.thread_type = "AUTO"
        self._unseen = _Unseen(round(1 / Fraction(stream.time_base or 1)))
        self._sound_s = Fraction(0)
        if seek_pts is not None:
            try:
                container.seek(seek_pts, stream=stream)
            except av.error.FFmpegError:
                return
        failures = 0
        while failures < _TRIES:
            try:
                for packet in container.demux(stream, *container.streams.audio):
                    failures = 0
                    if packet.stream.index == stream.index:  # the last, empty packet carries no number of its own
                        yield from self._frames_of(packet)
                    else:
                        self._note_sound(packet)
                return
            except av.error.FFmpegError as error:
                # The file itself could not be read on; FFmpeg often finds its way again at the next packet.
                logger.info("%s: %s", self.path, error)
                self._unseen.broke()
                failures += 1
        yield from self._frames_of(None)

    def _frames_of(self, packet: Packet[Any] | None) -> Iterator[VideoFrame]:
        """What the decoder gives out for one packet (None: what it still holds)."""
        import av

        if packet is not None:
            self._unseen.sent(packet)
        try:
            frames = self._stream.decode(packet)
        except av.error.EOFError:
            return
        except av.error.FFmpegError as error:
            logger.info("%s: packet at %s: %s", self.path, packet and packet.pts, error)
            self._unseen.broke()
            return
        for frame in frames:
            if frame.pts is None:
                frame.pts = frame.dts
            if not frame.is_corrupt:
                yield frame

    def _note_sound(self, packet: Packet[Any]) -> None:
        if packet.pts is not None:
            self._sound_s = max(self._sound_s, (packet.pts + (packet.duration or 0)) * Fraction(packet.time_base))

    def _facts(self, first: VideoFrame) -> Video:
        container, stream = self._container, self._stream
        assert container is not None and stream.time_base
        time_base = Fraction(stream.time_base)
        average = Fraction(stream.average_rate or stream.guessed_rate or 25)
        base = Fraction(stream.base_rate or average)
        # Twice the average is the rate of an interlaced film's fields.
        variable = all(abs(average * fields / base - 1) > Fraction(1, 100) for fields in (1, 2))
        if not variable:
            rate = usual_rate(Fraction(stream.guessed_rate or average))
        else:
            rate = base if base in USUAL_RATES else min(USUAL_RATES, key=lambda usual: abs(usual - average))
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
            duration_pts=max(duration, 0),
            size_wh=self.display.displayed_wh,
            frames=stream.frames or max(round(duration * time_base * average), 0),
            start_timecode=timecode,
            drop_frame=bool(timecode) and any(mark in str(timecode)[-4:] for mark in ";."),
            reel=tags.get("reel_name") or tags.get("reel"),
            sound_channels=next((sound.codec_context.channels for sound in container.streams.audio), 0),
        )


class _Unseen:
    """The packets that went into the decoder and gave no picture yet, by pts, and where the file broke."""

    def __init__(self, second_pts: int) -> None:
        self._second = second_pts
        self._pts: list[int] = []
        self._breaks: list[int] = []

    def sent(self, packet: Packet[Any]) -> None:
        """A packet goes in. One outside the film's edit list is decoded but not shown, and not missed."""
        if packet.is_corrupt:
            self.broke()
        if packet.pts is not None and not packet.is_discard:
            self._pts.append(packet.pts)

    def broke(self) -> None:
        """Something was lost hereabouts."""
        self._breaks.append(self._pts[-1] if self._pts else 0)

    def between(self, last: int, pts: int) -> bool:
        """Whether something after `last` and before `pts` was lost; what lies before `pts` is then forgotten."""
        lost = any(last < p < pts for p in self._pts) or any(last - self._second < p < pts for p in self._breaks)
        self._pts = [p for p in self._pts if p > pts]
        self._breaks = [p for p in self._breaks if p > pts - self._second]
        return lost


class _Clock:
    """Gives every frame a rising pts: fills in missing ones, passes over repeated ones, goes on after a restart."""

    def __init__(self, video: Video, irregular: bool) -> None:
        self.frame = max(round(video.frame_pts), 1)
        self._start = video.start_pts
        self._exact = float(video.frame_pts)
        self._irregular = irregular or video.variable_rate
        self._hole = round(HOLE_S / video.time_base)
        self._jump = round(JUMP_BACK_S / video.time_base)
        self._last: int | None = None
        self._shift = 0

    def length(self, frame: VideoFrame) -> int:
        """How long a frame lasts by itself, in pts."""
        return int(frame.duration) if frame.duration and frame.duration > 0 else self.frame

    def next(self, frame: VideoFrame, unseen: _Unseen) -> tuple[int | None, Gap | None]:
        """Its pts (None: pass over it), and the gap just before it, if there is one."""
        last = self._last
        if last is None:
            self._last = frame.pts if frame.pts is not None else self._start
            return self._last, None
        expected = last + self.frame
        pts = expected if frame.pts is None else frame.pts + self._shift
        lost = unseen.between(last - self._shift, pts - self._shift)
        gap: Gap | None = None
        if pts <= last:
            if last - pts < self._jump:
                return None, None
            self._shift += expected - pts
            pts = expected
            gap = (pts, pts, RESTARTED)
        elif pts - expected > self._exact / 2 and lost:
            gap = (expected, pts, DAMAGED)
        elif pts - expected >= self._hole and not self._irregular:
            gap = (expected, pts, MISSING)
        else:
            self._irregular |= is_irregular(self._exact, pts - last, missing=True)
        self._last = pts
        return pts, gap


def usual_rate(rate: Fraction) -> Fraction:
    """The usual rate that `rate` is a rounding of (23.98, 29.97), else `rate` itself."""
    nearest = min(USUAL_RATES, key=lambda usual: abs(usual - rate))
    return nearest if abs(nearest / rate - 1) < Fraction(1, 4000) else rate


def _pick(path: Path, container: InputContainer, wanted: int | None) -> VideoStream:
    still = any(name == "image2" or name.endswith("_pipe") for name in container.format.name.split(","))
    single = path.suffix.lower() in PHOTO_SUFFIXES and all(s.frames == 1 for s in container.streams.video)
    if still or single:
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
        with open_input(path) as file:
            if not file.read(1):
                return "the file is empty (0 bytes). Copy it again from its source."
    except FileNotFoundError:
        return "there is no such file. Check the spelling and the folder."
    except IsADirectoryError:
        return "this is a folder, not a film."
    except NotAFileError:
        return "this is a device or pipe, not a film. Save the film to a file first."
    except PermissionError:
        return "permission denied. Change the file's permissions, or copy it to where you may."
    except (OSError, ValueError) as problem:
        return f"it cannot be opened ({reason_of(problem)})."
    if isinstance(error, EOFError):
        return "it ends before its first picture. Copy or export it again."
    detail = getattr(error, "strerror", None) or str(error)
    return f"this is not a film that can be read, or it is cut short ({detail}). Copy or export it again."
