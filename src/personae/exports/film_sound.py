"""Sound of a film between two moments, as plain samples."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from personae.exports.film_writer import SOUND_HZ
from personae.exports.source_film import SourceFile
from personae.media.containers import open_container

_RUN_UP_S = Fraction(1)


def film_sound(
    files: Sequence[SourceFile], start_s: Fraction, end_s: Fraction, *, follow_references: bool = False
) -> NDArray[np.float32]:
    """The first sound track of several files in a row between two times of the film's clock; see `sound_between`."""
    heard = [np.zeros((2, 0), np.float32)]
    for file in files:
        # What lies before the first file's first picture, or after the last one's, is asked of that file.
        begin = start_s if file is files[0] else max(start_s, file.begin_s)
        end = end_s if file.end_s is None else min(end_s, file.end_s)
        if begin < end:
            times = (begin - file.shift_s, end - file.shift_s)
            heard.append(sound_between(str(file.path), *times, follow_references=follow_references))
    return np.concatenate(heard, axis=1)


def sound_between(
    path: str, start_s: Fraction, end_s: Fraction, *, follow_references: bool = False
) -> NDArray[np.float32]:
    """The first sound track between two times of the file's clock: (2, n) at 48 kHz, silence where there is none."""
    import av

    length = round((end_s - start_s) * SOUND_HZ)
    result = np.zeros((2, length), np.float32)
    with open_container(path, follow_references=follow_references) as container:
        if not container.streams.audio:
            return result
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
