"""A film of a project with everything that can be made of it: exports, pages, stringouts, the annotated film."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from personae.exports import registry
from personae.exports.overview import FilmPage, overview
from personae.exports.page_commands import Page, PageCommands
from personae.films.film import StoredFilm
from personae.films.films import Films
from personae.outputs import Outputs
from personae.progress import ProgressCallback
from personae.project import exporting
from personae.project.colours import Numbers, colours_of
from personae.project.reporting import report_timelines
from personae.timeline import native
from personae.timeline.selection import Wanted
from personae.timeline.timeline import Timeline


class ProjectFilm(StoredFilm):
    """A scanned film. What is written of it goes into the project's ledger; `force`: also over files not as written."""

    def export(
        self,
        *out: str | Path,
        format: str | None = None,
        characters: Sequence[str] = (),
        unknown: bool = True,
        depicted: bool = False,
        media: str | Path | None = None,
        force: bool = False,
        follow_references: bool = False,
        progress_callback: ProgressCallback | None = None,
    ) -> exporting.Written:
        """Write the timeline to each of `out`: a file by its suffix or `format`, a folder every format.

        `characters`, `unknown`, `depicted`: who is in it; `media`: the film that the file shall point to. Raises
        SettingError, UnknownCharacterError, WriteError, ForeignFileError.
        """
        shown = exporting.Shown(tuple(characters), unknown, depicted)
        other = None if media is None else Path(media)
        return exporting.export_timelines(
            {self.path: self.timeline}, out, {self.path: self._outputs(force, other)},
            shown=shown, format=format, media=other, follow_references=follow_references,
            progress_callback=progress_callback,
        )  # fmt: skip

    def exported(self, format: str, shown: exporting.Shown, *, media: str | None = None) -> bytes:
        """What `export` would write in a format, for another machine; see `exporting.elsewhere`.

        Nothing is written, and no path of this machine is in it. Raises as `export`.
        """
        self.flush()  # with the pictures that pages show
        whole, exporter = self.timeline, registry.exporter_for(Path("-"), format)
        if isinstance(exporter, Page):
            exporter = exporter.placed(PageCommands((self.name,), colours=self._colours(whole)), native.digest(whole))
        return exporter.export(exporting.elsewhere(shown.of(whole), media), self.path.parent)

    def selected(self, format: str, wanted: Wanted, *, depicted: bool = False, media: str | None = None) -> bytes:
        """What `select` would write, for another machine; `format`: edl, otio, fcpxml or xml. Raises as `select`."""
        timeline = exporting.elsewhere(self.timeline, media)
        return exporting.selected(timeline, wanted, format, name=self.name, depicted=depicted)

    def report(
        self, out: str | Path | None = None, *, depicted: bool = False, force: bool = False
    ) -> exporting.Written:
        """Write a page for people and a contact sheet: beside the timeline, or as or in `out`. Raises as `export`."""
        outputs = {self.path: self._outputs(force)}
        return report_timelines({self.path: self.timeline}, out, outputs, depicted=depicted)

    def select(
        self,
        out: str | Path,
        characters: Sequence[str],
        *,
        together: Sequence[str] = (),
        without: Sequence[str] = (),
        close_ups: bool = False,
        min_s: float = 0.0,
        handles_s: float = 0.0,
        depicted: bool = False,
        media: str | Path | None = None,
        force: bool = False,
        follow_references: bool = False,
        progress_callback: ProgressCallback | None = None,
    ) -> exporting.Written:
        """Write a stringout: every stretch with one of `characters`, in film order. Raises as `export`, InputError."""
        other = None if media is None else Path(media)
        written, _ = exporting.write_selection(
            exporting.pointing_to(self.timeline, other), self.path, Path(out), self._outputs(force, other),
            Wanted(tuple(characters), tuple(together), tuple(without), close_ups, min_s, handles_s),
            depicted=depicted, follow_references=follow_references, progress_callback=progress_callback,
        )  # fmt: skip
        return written

    def annotate(
        self,
        *,
        force: bool = False,
        follow_references: bool = False,
        progress_callback: ProgressCallback | None = None,
    ) -> exporting.Written:
        """Write the film with a box and a name on every face, beside its timeline. Raises FilmError, StoreError."""
        return exporting.annotate_beside(
            self.timeline, self.path, self._outputs(force),
            follow_references=follow_references, progress_callback=progress_callback,
        )  # fmt: skip

    def _colours(self, timeline: Timeline) -> Numbers | None:
        return colours_of({self.path: timeline}, [self.context.paths.folder])[self.path]

    def _outputs(self, force: bool, media: Path | None = None) -> Outputs:
        self.flush()  # with the pictures that pages show
        project = self.context.paths.folder
        timelines = {self.path: self.timeline}
        return exporting.timeline_outputs(timelines, project, force=force, media=media)[self.path]


class ProjectFilms(Films[ProjectFilm]):
    """The films of a project."""

    opened_as = ProjectFilm

    def overview(self, films: Sequence[tuple[str, str, str]], shown: exporting.Shown) -> bytes:
        """One page over several films; each by its name, with what its own page and contact sheet are called.

        Nothing is written. Raises UnknownFilmError, StoreError.
        """
        found = [(self[name], report, sheet) for name, report, sheet in films]
        timelines = {film.path: film.timeline for film, *_ in found}
        project = self.context.paths.folder
        colours = colours_of(timelines, [project] * len(timelines))
        pages = [
            FilmPage(
                exporting.elsewhere(shown.of(timelines[film.path]), None), timelines[film.path], film.path.parent,
                report, sheet,
            )
            for film, report, sheet in found
        ]  # fmt: skip
        commands = PageCommands([film.name for film, *_ in found], colours=next(iter(colours.values()), None))
        return overview(pages, commands)
