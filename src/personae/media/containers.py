"""A film's container, opened so that it opens nothing else, and the stream in it that is the film."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from personae.errors import FilmError, reason_of
from personae.files import NotAFileError, open_input
from personae.media.photos import SUFFIXES as PHOTO_SUFFIXES

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

REFERRING = frozenset(
    {"concat", "hls", "applehttp", "dash", "imf", "sdp", "rtsp", "rtp", "vobsub", "avisynth", "vapoursynth", "lavfi"}
)
"""FFmpeg's names of formats that hold no pictures and name other files, or addresses, to be read instead."""
REFERS = (
    "it names other files, which would be read in its place. If you trust it, say so: --follow-references "
    "(in Python: follow_references=True)."
)
STILL = "this is a still picture, not a film. For photos use: personae identify"
_STILL_CODECS = frozenset({"mjpeg", "png", "apng", "bmp", "gif", "webp", "tiff", "jpeg2000", "jpegls"})
"""What cover pictures are coded in; recordings may be too."""
_COVER = 0x400
_DEFAULT = 0x1
_LOOK_AHEAD = 24
"""So many pictures of another stream with at most one of its own make a stream a cover picture."""


def open_container(path: str | Path, *, follow_references: bool = False) -> InputContainer:
    """The file as FFmpeg sees it, of whichever PyAV; raises av.error.FFmpegError.

    FFmpeg finds a format by content, whatever a file is called. Formats that refer to other files are refused unless
    `follow_references`, and then those must be files too: the network is never asked.
    """
    import av

    open_input(Path(path)).close()  # FFmpeg would wait for a pipe, and read a device for ever
    # PyAV 19 reads tags that are no valid Unicode without being told to.
    versioned: dict[str, Any] = {} if int(av.__version__.split(".")[0]) >= 19 else {"metadata_errors": "replace"}
    options = {"pattern_type": "none"}  # a picture called %d.png does not stand for others
    if follow_references:
        options |= {"protocol_whitelist": "file,crypto,data", "safe": "0"}
    else:
        options |= {"protocol_whitelist": "file", "format_whitelist": _self_contained()}
    # "file:" keeps FFmpeg from taking a name with a colon for a protocol.
    container: InputContainer = av.open(f"file:{path}", options=options, **versioned)
    return container


@cache
def _self_contained() -> str:
    import av

    return ",".join(sorted(av.formats_available - REFERRING))


def open_film_container(path: Path, *, follow_references: bool = False) -> InputContainer:
    """`open_container` for a film; raises FilmError, whose reason says what to do."""
    import av

    try:
        return open_container(path, follow_references=follow_references)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise FilmError(path, _why_not(path, error)) from None


def may_be_still(path: Path, container: InputContainer) -> bool:
    """Whether it may be a photo: it is one unless a second picture follows. Raises FilmError where it surely is one."""
    pictures = any(name == "image2" or name.endswith("_pipe") for name in container.format.name.split(","))
    named_as_photo = path.suffix.lower() in PHOTO_SUFFIXES
    if named_as_photo and (pictures or all(stream.frames == 1 for stream in container.streams.video)):
        raise FilmError(path, STILL)
    return pictures


def pick_stream(path: Path, container: InputContainer, wanted: int | None) -> VideoStream:
    """The video stream with the number `wanted`, else the default one, else the first; no cover picture.

    Raises FilmError where there is none.
    """
    streams = [s for s in container.streams.video if not s.disposition & _COVER and s.codec_context is not None]
    if not streams:
        kinds = {stream.type for stream in container.streams}
        what = "only sound in it" if "audio" in kinds else "no picture in it"
        raise FilmError(path, f"there is no video stream, {what}. Is it the right file?")
    if wanted is None:
        films = [stream for stream in streams if not _is_cover(path, stream, streams)] or streams
        defaults = [stream for stream in films if stream.disposition & _DEFAULT]
        return (defaults or films)[0]
    for stream in streams:
        if stream.index == wanted:
            return stream
    known = ", ".join(f"{s.index} ({s.codec_context.name} {s.width}x{s.height})" for s in streams)
    raise FilmError(path, f"stream {wanted} is no video stream. There are: {known}.")


def _is_cover(path: Path, stream: VideoStream, streams: list[VideoStream]) -> bool:
    """Whether a stream is one picture beside a film, also where nothing marks it as a cover."""
    if len(streams) == 1 or stream.codec_context.name not in _STILL_CODECS:
        return False
    if stream.frames == 1:
        return True
    # What a file says about numbers of pictures is seldom said, or counts places without any.
    counts = dict.fromkeys((other.index for other in streams), 0)
    with open_container(path) as container:
        for packet in container.demux([container.streams[index] for index in counts]):
            counts[packet.stream_index] += packet.size > 0
            if counts[stream.index] > 1 or max(counts.values()) >= _LOOK_AHEAD:
                break
    return counts[stream.index] <= 1 < max(counts.values())


def _why_not(path: Path, error: Exception) -> str:
    import av

    try:
        with open_input(path) as file:
            beginning = file.read(1024)
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
    if not beginning:
        return "the file is empty (0 bytes). Copy it again from its source."
    if isinstance(error, EOFError):
        return "it ends before its first picture. Copy or export it again."
    # FFmpeg's answer to a format that is not on the list; those that refer to others are text, all of them.
    if isinstance(error, av.error.ArgumentError) and b"\0" not in beginning:
        return REFERS
    detail = getattr(error, "strerror", None) or str(error)
    return f"this is not a film that can be read, or it is cut short ({detail}). Copy or export it again."
