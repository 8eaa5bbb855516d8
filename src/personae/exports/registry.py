"""Exporters by name, or by the end of a file's name; ours and those of plug-ins."""

from __future__ import annotations

import importlib
import importlib.metadata
from collections.abc import Iterable
from pathlib import Path

from personae.errors import SettingError
from personae.exports.exporter import Exporter
from personae.files import means_folder, write_whole
from personae.films.film_files import shortened
from personae.names import near_names
from personae.timeline.timeline import Timeline

GROUP = "personae.exporters"
_LIST_THEM = "All of them: personae export --formats"

# The package's own entry points, again: known from a checkout that is not installed, and not to be replaced.
OURS = {
    "resolve": "personae.exports.resolve_edl:ResolveMarkers",
    "cuts": "personae.exports.cut_edl:CutList",
    "loc": "personae.exports.loc_edl:Locators",
    "avid": "personae.exports.avid_markers:AvidMarkers",
    "premiere": "personae.exports.fcp7_xml:PremiereXml",
    "fcpxml": "personae.exports.fcpxml:FinalCutXml",
    "otio": "personae.exports.otio:OpenTimeline",
    "appearances": "personae.exports.tables:Appearances",
    "tracks": "personae.exports.tables:Tracks",
    "shots": "personae.exports.tables:Shots",
    "shots-edl": "personae.exports.cut_edl:ShotList",
    "shots-otio": "personae.exports.otio:ShotTimeline",
    "totals": "personae.exports.tables:CharacterTotals",
    "seconds": "personae.exports.tables:Seconds",
    "elan": "personae.exports.elan:Elan",
    "graphml": "personae.exports.graphml:CoPresenceGraph",
    "webvtt": "personae.exports.captions:WebVtt",
    "srt": "personae.exports.captions:Srt",
    "methods": "personae.exports.methods:Methods",
    "report": "personae.exports.report:Report",
    "sheet": "personae.exports.contact_sheet:ContactSheet",
}


def exporters() -> dict[str, Exporter]:
    """Every installed exporter by name; ours first, in the order of the documentation."""
    found: dict[str, Exporter] = {}
    for name, target in OURS.items():
        module, attribute = target.split(":")
        found[name] = getattr(importlib.import_module(module), attribute)()
    for point in importlib.metadata.entry_points(group=GROUP):
        if point.name not in found:
            found[point.name] = point.load()()
    return found


def exporter_for(path: Path, format: str | None = None) -> Exporter:
    """The exporter called `format` (or its suffix), or the one with the longest suffix that `path` ends in.

    Raises SettingError, which says how to list them.
    """
    known = exporters()
    if format is not None:
        if format not in known:  # people say "srt" or ".fcpxml" too
            named = [one for one in known.values() if f".{format.lower().lstrip('.')}" in one.suffixes]
            if named:
                return named[0]
            raise SettingError(f"There is no format called {format!r}.{_near(format, known)} {_LIST_THEM}")
        return known[format]
    name = path.name.lower()
    fitting = [(suffix, one) for one in known.values() for suffix in one.suffixes if name.endswith(suffix)]
    if not fitting:
        endings = [suffix for one in known.values() for suffix in one.suffixes]
        raise SettingError(
            f"{path.name}: no format goes by this name. Give another ending, such as .edl, .fcpxml, .csv or .html, or "
            f"the format by --format.{_near(path.suffix, endings)} {_LIST_THEM}"
        )
    return max(fitting, key=lambda pair: len(pair[0]))[1]


def _near(word: str, known: Iterable[str]) -> str:
    """A question with a space before it; empty where nothing is near."""
    near = near_names(word, dict.fromkeys(known))
    return f" Did you mean {' or '.join(near)}?" if near else ""


def targets(
    timeline: Timeline, out: str | Path, format: str | None = None, *, several: bool = False
) -> list[tuple[Path, Exporter]]:
    """The files that `out` stands for, with what writes them: itself, or in a folder every format, or the one `format`.

    A text that ends in / is a folder's; so is a name without a suffix, unless `format` is given and `out` is not for
    `several` films. Raises SettingError.
    """
    path = Path(out)
    in_folder = means_folder(out) or (not path.suffix and (format is None or several))
    if format is None and in_folder:
        return [(path / file_name(timeline, exporter), exporter) for exporter in exporters().values()]
    exporter = exporter_for(path, format)
    return [(path / file_name(timeline, exporter) if in_folder else path, exporter)]


def export(timeline: Timeline, path: Path, *, format: str | None = None, folder: Path | None = None) -> Path:
    """Write `timeline` to `path`, whole; a folder gets `<film>` with the format's own suffix, which needs `format`.

    `folder`: where the timeline lies, for its pictures. What is at `path` is written over: whether it may be is for the
    caller to say (`Outputs`). Raises SettingError, InputError, WriteError.
    """
    [(path, exporter)] = targets(timeline, path, format or exporter_for(path).name)
    write_whole(path, exporter.export(timeline, folder))
    return path


def export_all(timeline: Timeline, out: Path, *, folder: Path | None = None, skip: Iterable[str] = ()) -> list[Path]:
    """Write every format but those in `skip` into the folder `out`; returns the files."""
    written = []
    for name, exporter in exporters().items():
        if name not in skip:
            path = out / file_name(timeline, exporter)
            write_whole(path, exporter.export(timeline, folder))
            written.append(path)
    return written


def file_name(timeline: Timeline, exporter: Exporter) -> str:
    """`<film><suffix>`, which can be written on every platform."""
    from personae.exports.spans import title

    stem = "".join("_" if character in '<>:"/\\|?*' else character for character in title(timeline))
    return shortened(stem) + exporter.suffixes[0]
