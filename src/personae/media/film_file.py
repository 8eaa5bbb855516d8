"""One film file, read once from front to back through PyAV (FFmpeg's libraries): exact times, damage reported.

Formats: whatever FFmpeg demuxes and decodes, among them MP4, MOV, MXF, Matroska and MPEG-TS with H.264, HEVC, ProRes
and DNxHR.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import chain, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from personae.errors import FilmError
from personae.media.containers import STILL, may_be_still, open_film_container, pick_stream
from personae.media.film import FilmPicture, Gap, Video, is_irregular
from personae.media.film_errors import as_film_error
from personae.media.film_times import DecodingOrder, FilmTimes, Unseen
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
CUT_SHORT_S = 1
"""How much may be missing from the length a file states: sound and pictures seldom end together."""
CUT_SHORT = "the file ends before the length it states"
_STATE_LENGTH = ("mov", "matroska", "flv", "mxf", "ivf", "avi")
"""Formats that state their length in a place of its own; the others' is read off their end."""
LARGEST_PIXELS = 1 << 27
"""Of one picture: four times 8K. Larger ones are a sign of damage, and a few of them fill a computer's memory."""
_NO_TIMESTAMPS = 0x80
"""FFmpeg's flag of bare streams."""
_TRIES = 20


class FilmFile:
    """A film file that is open. Raises FilmError where it holds no film that can be read."""

    def __init__(self, path: Path, *, stream: int | None = None, follow_references: bool = False) -> None:
        self.path = path
        self.files = (path,)
        self._stream_wanted = stream
        self._follow = follow_references
        self._container: InputContainer | None = None
        self._fresh: Iterator[VideoFrame] | None = None
        try:
            with as_film_error(path):
                self._begin()
        except BaseException:
            self.close()
            raise

    def _begin(self) -> None:
        """Open the file and decode what tells its facts."""
        container = self._open()
        may_be_still_picture = may_be_still(self.path, container)
        self._stream = pick_stream(self.path, container, self._stream_wanted)
        self._untimed = bool(int(container.format.flags) & _NO_TIMESTAMPS)
        # MPEG streams come apart into fields, two times to a picture; their own times are those of presentation.
        in_fields = container.format.name in {"mpegts", "mpeg"}
        self._in_decoding_order = bool(self._stream.codec_context.has_b_frames) and not in_fields
        fresh = self._decode(None)
        pictures = [frame for frame in (next(fresh, None), may_be_still_picture and next(fresh, None)) if frame]
        if not pictures:
            raise FilmError(self.path, "no picture in it could be decoded. It is damaged or cut short: copy it again.")
        if may_be_still_picture and len(pictures) == 1:
            raise FilmError(self.path, STILL)
        first = pictures[0]
        if first.width * first.height > LARGEST_PIXELS:
            raise FilmError(
                self.path,
                f"its pictures are {first.width}x{first.height}, larger than films are. It is damaged, or needs a "
                "smaller copy.",
            )
        self._seekable = first.pts is not None
        self.display = _display(self._stream, first)
        self.video = self._facts(first)
        self._fresh = chain(pictures, fresh)

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
        with as_film_error(self.path):
            times = FilmTimes(self.video, irregular)
            held: FilmPicture | None = None
            for frame in self._from(start_pts):
                pts, gaps = times.next(frame, self._unseen)
                if pts is None or (start_pts is not None and pts < start_pts):
                    continue
                if held is not None:
                    end = gaps[0][0] if gaps else pts
                    yield replace(held, duration_pts=max(end - held.pts, 1))
                yield from gaps
                held = FilmPicture(pts, times.length(frame), FramePixels(frame, self.display), self.path)
            if held is not None:
                yield held
                end = held.pts + held.duration_pts
                yield from self._cut_short(end) or times.rest(end, self._unseen)

    def picture_times(self) -> list[int] | None:
        """The pts of every picture, in order, by its packets alone; raises FilmError.

        None where these do not tell it for certain: no times, times of decoding, fields, a variable rate, damage.
        """
        if not self._seekable or self._untimed or self.video.variable_rate:
            return None
        found, falls = list[int](), False
        with as_film_error(self.path), open_film_container(self.path, follow_references=self._follow) as container:
            for packet in container.demux(pick_stream(self.path, container, self._stream_wanted)):
                if packet.is_discard or not packet.size:
                    continue
                if packet.pts is None or packet.is_corrupt:
                    return None
                falls |= bool(found) and packet.pts < found[-1]
                found.append(packet.pts)
        found = sorted(pts for pts in found if pts >= self.video.start_pts)
        is_even = not any(is_irregular(float(self.video.frame_pts), after - one) for one, after in pairwise(found))
        is_told = falls or not self._in_decoding_order
        return found if found and found[0] == self.video.start_pts and is_even and is_told else None

    def _cut_short(self, end: int) -> list[Gap]:
        """The rest of the length that the file states, where neither picture nor sound reaches it."""
        container = self._container
        if container is None or not container.duration or container.format.name.split(",")[0] not in _STATE_LENGTH:
            return []
        stream, time_base = self._stream, self.video.time_base
        stated_s = Fraction(max(container.start_time or 0, 0) + container.duration, 1_000_000)
        reached_s = max(end * time_base, self._sound_s)
        if container.format.name == "avi":  # FFmpeg corrects the lengths by what is there, the number of pictures not
            stated_s = self.video.start_pts * time_base + stream.frames / self._rate()
        elif stream.duration:  # sound may be stated to last longer than the pictures
            stated_s = min(stated_s, ((stream.start_time or 0) + stream.duration) * time_base)
        if stated_s - reached_s > CUT_SHORT_S:
            return [(end, int(stated_s / self.video.time_base), CUT_SHORT)]
        return []

    def _open(self) -> InputContainer:
        container = open_film_container(self.path, follow_references=self._follow)
        self.close()
        self._container = container
        return container

    def _from(self, start_pts: int | None) -> Iterator[VideoFrame]:
        """Frames from at or before `start_pts` on."""
        fresh, self._fresh = self._fresh, None
        if start_pts is None and fresh is not None and self._container is not None:
            yield from fresh
            return
        self._stream = pick_stream(self.path, self._open(), self._stream_wanted)
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
        self._stream = pick_stream(self.path, self._open(), self._stream_wanted)
        yield from self._decode(None)

    def _decode(self, seek_pts: int | None) -> Iterator[VideoFrame]:
        """Decoded frames in order of presentation; notes which packets went in, so that their loss is noticed."""
        import av

        container, stream = self._container, self._stream
        assert container is not None
        stream.thread_type = "AUTO"
        self._unseen = Unseen(round(1 / Fraction(stream.time_base or 1)))
        self._order = DecodingOrder(float(1 / (self._rate() * Fraction(stream.time_base or 1))))
        self._sent_pts: int | None = None
        self._cut_off_pts: int | None = None
        self._sound_s = Fraction(0)
        if seek_pts is not None:
            try:
                container.seek(seek_pts, stream=stream)
            except av.error.FFmpegError:
                return
        failures, held = 0, None
        ends_inside = _ends_inside_a_packet(container)
        while failures < _TRIES:
            try:
                for packet in container.demux(stream, *container.streams.audio):
                    failures = 0
                    if packet.stream.index != stream.index:  # the last, empty packet carries no number of its own
                        self._note_sound(packet)
                        continue
                    if held is not None:
                        if not packet.size and ends_inside:
                            self._cut_off_pts = held.pts
                        yield from self._frames_of(held)
                    held = packet
                if held is not None:
                    yield from self._frames_of(held)
                return
            except av.error.FFmpegError as error:
                # The file itself could not be read on; FFmpeg often finds its way again at the next packet.
                logger.info("%s: %s", self.path, error)
                self._unseen.broke()
                failures += 1
            except IndexError:  # PyAV's answer to a stream that only begins here: it is none of ours
                failures += 1
        if held is not None:
            yield from self._frames_of(held)
        yield from self._frames_of(None)

    def _frames_of(self, packet: Packet[Any] | None) -> Iterator[VideoFrame]:
        """What the decoder gives out for one packet (None: what it still holds)."""
        import av

        if packet is not None:
            self._unseen.sent(packet)
            self._note_order(packet)
        try:
            frames = self._stream.decode(packet)
        except av.error.EOFError:
            return
        except av.error.FFmpegError as error:
            logger.info("%s: packet at %s: %s", self.path, packet and packet.pts, error)
            self._unseen.broke()
            return
        for frame in frames:
            cut_off = frame.pts is not None and frame.pts == self._cut_off_pts
            if frame.pts is None:
                frame.pts = frame.dts
            elif self._in_decoding_order:
                frame.pts = self._order.time_of(frame.pts)
            if not frame.is_corrupt and not cut_off:
                yield frame

    def _note_order(self, packet: Packet[Any]) -> None:
        """Times that fall from packet to packet are no times of decoding: they are left as they are from then on."""
        pts = packet.pts
        if pts is None or packet.is_discard:
            return
        self._in_decoding_order &= self._sent_pts is None or pts > self._sent_pts
        self._sent_pts = pts
        if self._in_decoding_order:
            self._order.sent(pts)

    def _note_sound(self, packet: Packet[Any]) -> None:
        if packet.pts is not None:
            self._sound_s = max(self._sound_s, (packet.pts + (packet.duration or 0)) * Fraction(packet.time_base))

    def _rate(self) -> Fraction:
        """Pictures per second on average; of a bare stream, whose container says 25 of all, what the codec says."""
        stream = self._stream
        stated = None if self._untimed else stream.average_rate  # of one picture no average is known
        return Fraction(stated or stream.codec_context.framerate or stream.average_rate or stream.guessed_rate or 25)

    def _facts(self, first: VideoFrame) -> Video:
        container, stream = self._container, self._stream
        assert container is not None and stream.time_base
        time_base = Fraction(stream.time_base)
        average, base = self._rate(), Fraction(stream.base_rate or self._rate())
        # Twice the average is the rate of an interlaced film's fields.
        variable = all(abs(average * fields / base - 1) > Fraction(1, 100) for fields in (1, 2))
        if self._untimed:
            variable, rate = False, usual_rate(average)
        elif not variable:
            rate = usual_rate(Fraction((stream.average_rate and stream.guessed_rate) or average))
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


def _ends_inside_a_packet(container: InputContainer) -> bool:
    """Whether an MPEG-TS was cut off: FFmpeg then takes what there is of the last picture for all of it."""
    return container.format.name == "mpegts" and all(container.size % length for length in (188, 192, 204))


def usual_rate(rate: Fraction) -> Fraction:
    """The usual rate that `rate` is a rounding of (23.98, 29.97), else `rate` itself."""
    nearest = min(USUAL_RATES, key=lambda usual: abs(usual - rate))
    return nearest if abs(nearest / rate - 1) < Fraction(1, 4000) else rate


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
