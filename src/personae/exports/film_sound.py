"""Sound of a film between two moments, as plain samples."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from personae.exports.film_writer import SOUND_HZ
from personae.media.film_file import open_container

_RUN_UP_S = Fraction(1)


def sound_between(path: str, start_s: Fraction, end_s: Fraction) -> NDArray[np.float32]:
    """The first sound track between two times of the file's clock: (2, n) at 48 kHz, silence where there is none."""
    import av

    length = round((end_s - start_s) * SOUND_HZ)
    result = np.zeros((2, length), np.float32)
    with open_container(path) as container:
        stream = container.streams.audio[0]
        if start_s > _RUN_UP_S and stream.time_base:
            container.seek(int((start_s - _RUN_UP_S) / stream.time_base), stream=stream)
        # One channel stays as loud as it is on both sides; a resampler would turn it down.
        layout = "mono" if stream.codec_context.channels == 1 else "stereo"
        resampler = av.AudioResampler(format="fltp", layout=layout, rate=SOUND_HZ)
        at: int | None = None
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                continue  # what cannot be decoded stays silent
            for frame in frames:
                if frame.pts is not None and frame.time_base is not None:
                    here = round((frame.pts * frame.time_base - start_s) * SOUND_HZ)
                    # Times are rounded to the time base; only a real gap moves what follows.
                    at = here if at is None or abs(here - at) > SOUND_HZ // 20 else at
                for piece in resampler.resample(frame):
                    samples = np.asarray(piece.to_ndarray(), np.float32)
                    first = at or 0
                    _put(result, samples, first)
                    at = first + samples.shape[1]
            if at is not None and at >= length:
                break
    return result


def _put(result: NDArray[np.float32], samples: NDArray[np.float32], first: int) -> None:
    """Write samples at a place that may lie partly or wholly outside."""
    begin, end = max(first, 0), min(first + samples.shape[1], result.shape[1])
    if begin < end:
        result[:, begin:end] = samples[:, begin - first : end - first]
