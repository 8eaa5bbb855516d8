"""Encodes pictures into a new film (H.264, 8 bits, BT.709), through PyAV; sound and other packets can be added.

H.264 wants even sides: an odd picture loses its last column or line.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Self

import numpy as np
from numpy.typing import NDArray

from personae.errors import FilmError
from personae.exports.source_film import is_pictures, paths_of
from personae.media.film import Video
from personae.types import PixelArray

if TYPE_CHECKING:
    from av import AudioStream

SOUND_HZ = 48_000
_SOUND_BLOCK = 1024  # samples of an AAC frame
_QUALITY = {"preset": "fast", "crf": "18"}  # hardly to be told from the original
FORMATS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}


def format_of(path: Path, video: Video) -> str:
    """The container for a file name; FilmError where there is none, the film is gone, or `path` is of that film."""
    for source in paths_of(video):
        if not source.exists() and not is_pictures(source):
            raise FilmError(source, "the film that was scanned is not there any more. Say where it is: --media FILM")
        if path.exists() and source.exists() and path.samefile(source):
            raise FilmError(path, "this is the film itself, which is never written over. Choose another name.")
    if path.suffix.lower() not in FORMATS:
        raise FilmError(path, f"a film is written as {', '.join(FORMATS)}. Choose one of these names.")
    return FORMATS[path.suffix.lower()]


@contextmanager
def film_errors(path: Path) -> Iterator[None]:
    """FFmpeg's own errors as FilmError."""
    import av

    try:
        yield
    except av.error.FFmpegError as error:
        raise FilmError(path, f"it could not be written ({error}). Try .mkv, which holds most.") from error


class FilmWriter:
    """A film that is being written into `file`. `sound`: with a stereo track; `timecode`: of the first picture."""

    def __init__(
        self, file: BinaryIO, container: str, video: Video, *, sound: bool = False, timecode: str | None = None
    ) -> None:
        import av

        self.container = av.open(file, "w", format=container)
        self._stream = self.container.add_stream("libx264", rate=video.frame_rate, options=_QUALITY)
        self._stream.width, self._stream.height = (side - side % 2 for side in video.size_wh)
        self._stream.pix_fmt = "yuv420p"
        self._base = self._stream.codec_context.time_base = video.time_base
        context = self._stream.codec_context
        context.color_primaries = context.color_trc = context.colorspace = 1  # BT.709
        context.color_range = 1
        if timecode is not None:
            self._stream.metadata["timecode"] = timecode
        self._voice: AudioStream | None = None
        if sound:
            self._voice = self.container.add_stream("aac", rate=SOUND_HZ, layout="stereo")
        self._waiting = np.zeros((2, 0), np.float32)
        self._samples = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._flush()
        self.container.close()

    def picture(self, pixels: PixelArray, pts: int) -> None:
        """Append a picture, (h, w, 3) uint8 RGB, at a time later than that of the one before."""
        import av

        height, width = self._stream.height, self._stream.width
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels[:height, :width]), format="rgb24")
        frame = frame.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")
        frame.pts, frame.time_base = pts, self._base
        self.container.mux(self._stream.encode(frame))

    def sound(self, samples: NDArray[np.float32]) -> None:
        """Append sound: (2, n) at 48 kHz, -1 to 1."""
        self._waiting = np.concatenate([self._waiting, samples], axis=1)
        while self._waiting.shape[1] >= _SOUND_BLOCK:
            self._encode(self._waiting[:, :_SOUND_BLOCK])
            self._waiting = self._waiting[:, _SOUND_BLOCK:]

    def _encode(self, samples: NDArray[np.float32]) -> None:
        import av

        assert self._voice is not None
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = SOUND_HZ, self._samples, Fraction(1, SOUND_HZ)
        self._samples += samples.shape[1]
        self.container.mux(self._voice.encode(frame))

    def _flush(self) -> None:
        self.container.mux(self._stream.encode(None))
        if self._voice is not None:
            if self._waiting.shape[1]:
                self._encode(self._waiting)
            self.container.mux(self._voice.encode(None))
