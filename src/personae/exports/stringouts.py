"""A selection as one film after the other: cuts for editing programs, chosen by the end of the file's name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from personae.errors import InputError, SettingError
from personae.exports import cut_edl, fcp7_xml, fcpxml, otio
from personae.files import write_whole
from personae.progress import ProgressCallback
from personae.timeline.selection import Cut
from personae.timeline.timeline import Timeline

Writer = Callable[[Timeline, Sequence[Cut], str], bytes]
WRITERS: dict[str, Writer] = {
    ".edl": cut_edl.stringout,
    ".otio": otio.stringout,
    ".fcpxml": fcpxml.stringout,
    ".xml": fcp7_xml.stringout,
}
FILM = ".mp4"
COUNT_FRAMES = frozenset({".edl", ".xml"})
"""Those that count whole frames a second: at a rate that timecode has."""


def write_stringout(
    timeline: Timeline,
    cuts: Sequence[Cut],
    path: Path,
    *,
    name: str | None = None,
    follow_references: bool = False,
    progress_callback: ProgressCallback | None = None,
) -> None:
    """Write `cuts` one after the other, whole; `.mp4` needs the film itself, at `timeline.video.path`.

    `name`: the sequence's, by default the file's. Raises SettingError, InputError where there is no cut, WriteError,
    and for `.mp4` what reading the film raises.
    """
    suffix = path.suffix.lower()
    if suffix not in {*WRITERS, FILM}:
        raise SettingError(f"{path.name}: a selection can be {', '.join(WRITERS)} or {FILM}.")
    if suffix == FILM:
        _check(cuts)
        from personae.exports.stringout_film import write_film

        write_film(timeline, cuts, path, follow_references=follow_references, progress_callback=progress_callback)
        return
    write_whole(path, stringout(timeline, cuts, suffix, name or path.stem))


def stringout(timeline: Timeline, cuts: Sequence[Cut], suffix: str, name: str) -> bytes:
    """`cuts` one after the other, for an editing program; raises SettingError, InputError where there is no cut."""
    if suffix not in WRITERS:
        raise SettingError(f"{suffix}: a selection for an editing program can be {', '.join(WRITERS)}.")
    _check(cuts)
    return WRITERS[suffix](timeline, cuts, name)


def _check(cuts: Sequence[Cut]) -> None:
    if not cuts:
        raise InputError("Nothing in the film fits. Ask for less: fewer names, a smaller --min-s, no --close-ups.")
