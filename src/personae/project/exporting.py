"""What is written of scanned films for the user: exports, pages, stringouts, the annotated film. Checked, then written.

Everything is made and checked before the first file is written; what is written goes into the ledger of the film's
project, so that a forgetting finds it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PureWindowsPath

from personae.errors import InputError
from personae.exports import registry
from personae.exports.annotated_film import path_beside, write_annotated
from personae.exports.exporter import Exporter
from personae.exports.film_writer import FORMATS
from personae.exports.held_rate import rate_note
from personae.exports.page_commands import Page, PageCommands
from personae.exports.source_film import inputs_of
from personae.exports.spans import characters as characters_of
from personae.exports.spans import everybody
from personae.exports.stringouts import COUNT_FRAMES, stringout, write_stringout
from personae.files import means_folder
from personae.films.film_files import FilmFiles
from personae.forgetting.names import names_in
from personae.outputs import Outputs
from personae.paths import ProjectPaths
from personae.progress import ProgressCallback
from personae.project.colours import Numbers, colours_of
from personae.timeline import native, selection
from personae.timeline.selection import Cut, Wanted
from personae.timeline.timeline import Timeline


@dataclass(frozen=True)
class Written:
    """Files that were written, in order, and sentences for people."""

    paths: tuple[Path, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shown:
    """Who of a timeline is written: `characters` (empty: all), unknown people, faces on pictures in the picture.

    `strangers` False: for whom people without a name are none of their business; no track of theirs is left.
    """

    characters: tuple[str, ...] = ()
    unknown: bool = True
    depicted: bool = False
    strangers: bool = True

    def of(self, timeline: Timeline) -> Timeline:
        """The timeline with those alone; raises UnknownCharacterError."""
        if not self.depicted:
            timeline = selection.without_depicted(timeline)
        if not self.unknown:
            timeline = selection.without_unknown(timeline)
        if not self.strangers:
            timeline = selection.without_strangers(timeline)
        return selection.of_names(timeline, self.characters) if self.characters else timeline


def timeline_outputs(
    timelines: Mapping[Path, Timeline], project: str | Path | None, *, force: bool, media: Path | None = None
) -> dict[Path, Outputs]:
    """For each timeline's path what may be written of it: its own project's ledger, unless another is named.

    Inputs are all the timelines, the files beside them, and their films.
    """
    inputs = [] if media is None else [media]
    for path, timeline in timelines.items():
        files = FilmFiles.of(path)
        inputs += [path, files.tracks, files.decisions, files.edits, *inputs_of(timeline.video)]
    return {path: Outputs.of_project(project or _project_of(path), inputs, force=force) for path in timelines}


def _project_of(timeline: Path) -> Path | None:
    found = ProjectPaths.of_film(timeline)
    return None if found is None else found.folder


def pointing_to(timeline: Timeline, media: Path | None) -> Timeline:
    """The timeline with `media`, where it is given, as its film instead of the one that was scanned."""
    if media is None:
        return timeline
    return replace(timeline, video=replace(timeline.video, path=str(media.absolute()), parts=()))


def elsewhere(timeline: Timeline, media: str | None) -> Timeline:
    """The timeline for another machine, where the film lies at `media`; None: of its files only the names are told.

    Raises InputError for a `media` that is no whole path.
    """
    video = timeline.video
    if media is not None:
        if not (media.startswith("/") or PureWindowsPath(media).is_absolute()):
            raise InputError(f"{media!r} is no whole path. Give the film's whole path, as it is where you work.")
        return replace(timeline, video=replace(video, path=media, parts=()))
    parts = tuple(replace(part, path=_name_alone(part.path)) for part in video.parts)
    return replace(timeline, video=replace(video, path=_name_alone(video.path), parts=parts))


def _name_alone(path: str) -> str:
    return f"/{PureWindowsPath(path).name}"


def export_timelines(
    timelines: Mapping[Path, Timeline],
    outs: Sequence[str | Path],
    outputs: Mapping[Path, Outputs],
    *,
    shown: Shown,
    format: str | None = None,
    media: Path | None = None,
    follow_references: bool = False,
    progress_callback: ProgressCallback | None = None,
) -> Written:
    """Write each timeline to each of `outs`: a file by its suffix or `format`, a folder every format, a film annotated.

    A text that ends in / is a folder's, and so is a name without a suffix where there are several timelines.
    Raises SettingError for a name of no format, InputError where two would get one name, WriteError, ForeignFileError,
    and for a film what reading it raises.
    """
    found = {path: shown.of(pointing_to(timeline, media)) for path, timeline in timelines.items()}
    films: list[tuple[Path, Path]] = []
    files: list[tuple[Path, Path, Exporter]] = []
    for path, timeline in found.items():
        for target in outs:
            if format is None and Path(target).suffix.lower() in FORMATS and not means_folder(target):
                films.append((path, Path(target)))
            else:
                files += [(path, *job) for job in registry.targets(timeline, target, format, several=len(found) > 1)]
    _check_names([(target, exporter) for _, target, exporter in files] + [(target, None) for _, target in films])
    colours = colours_of(timelines, map(project_in_use, outputs.values()))
    contents = [
        placed(exporter, timelines[path], path, target, outputs[path], colours[path]).export(found[path], path.parent)
        for path, target, exporter in files
    ]
    for (path, target, exporter), content in zip(files, contents, strict=True):
        outputs[path].check_content(target, content, kind=exporter.name, source=path)
    for path, target in films:
        outputs[path].check(target, kind="annotated film", source=path)
    for (path, target, exporter), content in zip(files, contents, strict=True):
        who = named_in(content, found[path], shows_faces=isinstance(exporter, Page))
        outputs[path].write(target, content, kind=exporter.name, who=who, source=path)
    counted = any(getattr(exporter, "counts_frames", False) for *_, exporter in files)
    rates = (rate_note(found[path].video) for path, *_ in files)
    notes = list(dict.fromkeys(filter(None, rates))) if counted else []
    for path, target in films:
        notes += _annotate(
            found[path], target, path, outputs[path], colours[path], follow_references, progress_callback
        )
    return Written((*(target for _, target, _ in files), *(target for _, target in films)), tuple(notes))


def placed(
    exporter: Exporter, timeline: Timeline, path: Path, target: Path, outputs: Outputs, colours: Numbers | None
) -> Exporter:
    """The exporter for a file that will lie at `target`: a page says what can be typed there. Others do not care."""
    if not isinstance(exporter, Page):
        return exporter
    commands = PageCommands.at(target, [path], project_in_use(outputs), colours)
    return exporter.placed(commands, native.digest(timeline))


def named_in(content: bytes, timeline: Timeline, *, shows_faces: bool) -> list[str]:
    """The characters that a file about a timeline names; where it `shows_faces`, everybody in the timeline besides.

    The film's model may know many others: whoever is forgotten is not to be told of files that do not name them.
    """
    shown = characters_of(timeline) if shows_faces else []
    return list(dict.fromkeys([*shown, *names_in(content, everybody(timeline))]))


def project_in_use(outputs: Outputs) -> Path | None:
    """The project whose ledger knows what is written; None where there is none."""
    return None if outputs.ledger is None else outputs.ledger.project


def exported(timeline: Timeline, path: Path, *, shown: Shown, format: str | None) -> tuple[bytes, str | None]:
    """The bytes of one export, for a stream, and a note about its rate; raises as `export_timelines`."""
    whole, timeline = timeline, shown.of(timeline)
    exporter = registry.exporter_for(Path("-"), format)
    if isinstance(exporter, Page):
        project = _project_of(path)
        commands = PageCommands.at(None, [path], project, colours_of({path: whole}, [project])[path])
        exporter = exporter.placed(commands, native.digest(whole))
    note = rate_note(timeline.video) if getattr(exporter, "counts_frames", False) else None
    return exporter.export(timeline, path.parent), note


def write_selection(
    timeline: Timeline,
    path: Path,
    out: Path,
    outputs: Outputs,
    wanted: Wanted,
    *,
    depicted: bool = False,
    follow_references: bool = False,
    progress_callback: ProgressCallback | None = None,
) -> tuple[Written, Sequence[Cut]]:
    """Write a stringout of what is `wanted` in the timeline at `path`; also its cuts. Raises as `write_stringout`."""
    timeline = timeline if depicted else selection.without_depicted(timeline)
    cuts = selection.select(timeline, wanted)
    with outputs.writing(out, kind="stringout", who=characters_of(timeline), source=path):
        write_stringout(timeline, cuts, out, follow_references=follow_references, progress_callback=progress_callback)
    note = rate_note(timeline.video) if out.suffix.lower() in COUNT_FRAMES else None
    return Written((out,), () if note is None else (note,)), cuts


def selected(timeline: Timeline, wanted: Wanted, format: str, *, name: str, depicted: bool = False) -> bytes:
    """A stringout for an editing program: `format` edl, otio, fcpxml or xml. Raises as `write_stringout`."""
    timeline = timeline if depicted else selection.without_depicted(timeline)
    return stringout(timeline, selection.select(timeline, wanted), f".{format}", name)


def annotate_beside(
    timeline: Timeline,
    path: Path,
    outputs: Outputs,
    *,
    follow_references: bool = False,
    progress_callback: ProgressCallback | None = None,
) -> Written:
    """Write the film with a box and a name on every face, beside its timeline; raises FilmError, StoreError."""
    target = path_beside(timeline, path)
    colours = colours_of({path: timeline}, [project_in_use(outputs)])[path]
    notes = _annotate(timeline, target, path, outputs, colours, follow_references, progress_callback)
    return Written((target,), tuple(notes))


def _annotate(
    timeline: Timeline,
    target: Path,
    path: Path,
    outputs: Outputs,
    colours: Numbers | None,
    follow_references: bool,
    progress_callback: ProgressCallback | None,
) -> list[str]:
    with outputs.writing(target, kind="annotated film", who=characters_of(timeline), source=path):
        left_out = write_annotated(
            timeline, target, colours=colours, follow_references=follow_references,
            progress_callback=progress_callback,
        )  # fmt: skip
    return [f"{target} is without {', '.join(left_out)}. Matroska (.mkv) holds most."] if left_out else []


def _check_names(targets: list[tuple[Path, Exporter | None]]) -> None:
    """Two timelines must not be written over each other."""
    names = [target for target, _ in targets]
    for target, exporter in targets:
        if names.count(target) > 1:
            how = "Export one by one."
            if exporter is not None:
                how = f"Give a folder and the format: -o FOLDER/ --format {exporter.name}. Or export one by one."
            raise InputError(f"{target} would be written more than once. {how}")
