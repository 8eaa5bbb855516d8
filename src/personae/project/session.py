"""`Project`: the one door to a project. Cast, films, assessment and forgetting over the same parts and locks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Self

from personae.cast.cast import Cast
from personae.cast.context import ProjectContext
from personae.cast.identifier import Identifier
from personae.cast.trained import ModelCard
from personae.progress import ProgressCallback
from personae.project.completion import complete
from personae.recognition.identification import IdentifiedPicture
from personae.settings import Settings

if TYPE_CHECKING:  # each loads what most sessions do not need
    from personae.assessment.assessment import Assessment
    from personae.faces.analyzer import FaceAnalyzer, Source
    from personae.films.people import People
    from personae.films.photo_set import PhotoSet
    from personae.films.photo_sets import PhotoSets
    from personae.project.archive_wishes import ArchiveWishes
    from personae.project.archiving import Archive, Archived
    from personae.project.film import ProjectFilms
    from personae.project.forgetting import ForgetReport


class Project:
    """One project, opened. Opening is cheap: nothing is read or loaded before it is used.

    Safe to use from many threads; any number of sessions, in any number of processes, may be open on one project: each
    answer is made with the model that is on disk at that moment. It can be pickled, and is rebuilt from its folder,
    settings and model path. Close it, or use it as a context manager.
    """

    def __init__(self, context: ProjectContext) -> None:
        self.context = context
        self.cast = Cast(context)
        self._identifier = Identifier(context, empty_cast=True)

    @classmethod
    def open(
        cls,
        folder: str | Path | None = None,
        *,
        settings: Settings | None = None,
        analyzer: FaceAnalyzer | None = None,
        model_path: str | Path | None = None,
    ) -> Self:
        """Open the project in `folder`: default `PERSONAE_PROJECT`, else ./personae. It need not exist yet.

        `settings`: default environment and the project's settings file; `analyzer`: default from the settings;
        `model_path`: a model file outside the project.
        """
        return cls(
            ProjectContext(folder, settings=settings, analyzer=analyzer, model_path=model_path, complete=complete)
        )

    @property
    def folder(self) -> Path:
        """The project's folder."""
        return self.context.paths.folder

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.context.settings

    @property
    def films(self) -> ProjectFilms:
        """Its films."""
        from personae.project.film import ProjectFilms

        return ProjectFilms(self.context)

    @property
    def photos(self) -> PhotoSets:
        """Its sets of photos: those whose faces are kept."""
        from personae.films.photo_sets import PhotoSets

        return PhotoSets(self.context)

    @property
    def people(self) -> People:
        """Who is in its films and photos without a name."""
        from personae.films.people import People

        return People(self.films, self.photos)

    @property
    def assess(self) -> Assessment:
        """How good its cast is."""
        from personae.assessment.assessment import Assessment

        return Assessment(self.context)

    @property
    def card(self) -> ModelCard | None:
        """Facts about what names the faces; None while the cast is empty. Raises a StoreError for a damaged model."""
        return self._identifier.card()

    def threshold_at(self, far: float) -> float | None:
        """The cosine from which the share `far` of strangers gets a name, as a `threshold`; None for an empty cast.

        Reckoned with what `calibrate` measured. Raises a StoreError for a damaged model.
        """
        return self._identifier.trained().threshold_at(far)

    def prepare(self) -> None:
        """Load networks and model now; raises what would go wrong at the first picture."""
        self._identifier.trained(self.context.analyzer.embedder_id)

    def identify(self, pictures: Iterable[Source], *, threshold: float | None = None) -> Iterator[IdentifiedPicture]:
        """Name every face of any number of pictures, in flat memory; one that cannot be read has an `error`.

        A picture is a path, the content of a photo's file, an open file, or pixels ((h, w, 3) uint8 RGB, or `Picture`).

        While the cast is empty everybody is unknown. `threshold`: a cosine instead of the model's own.
        """
        return self._identifier.pictures(pictures, threshold=threshold)

    def archive(
        self,
        photos: str | PhotoSet | Iterable[IdentifiedPicture],
        *,
        out: str | Path | None = None,
        sort_into: str | Path | None = None,
        xmp: bool = False,
        links: bool = False,
        embed: bool = False,
        beside_originals: bool = False,
        adobe_names: bool = False,
        unknown: bool = True,
        force: bool = False,
    ) -> Archived:
        """Write who is in photos for archives: XMP sidecars, a folder per person, or both.

        `photos`: a kept set or its name, with every decision, or what `identify` gives. The rest as of `ArchiveWishes`;
        `force`: names also go into sidecars in `out` that are not ours. Raises SettingError, InputError, WriteError.
        """
        from personae.project.archive_wishes import ArchiveWishes

        into = None if sort_into is None else Path(sort_into)
        wishes = ArchiveWishes(
            None if out is None else Path(out), into, xmp, links, embed, beside_originals, adobe_names, unknown
        )
        photos = self.photos[photos] if isinstance(photos, str) else photos
        return self.archive_of(photos, wishes, force=force).finish()

    def archive_of(
        self, photos: PhotoSet | Iterable[IdentifiedPicture], wishes: ArchiveWishes, *, force: bool = False
    ) -> Archive:
        """`archive`, for who has the wishes as one value: all is written, and `finish` says what. Raises as it does."""
        from personae.project.archiving import archived

        return archived(self.context, photos, wishes, force=force)

    def forget(self, name: str, *, progress_callback: ProgressCallback | None = None) -> ForgetReport:
        """Remove a person from everything in the project and what it wrote elsewhere, for good, and prove it.

        There is no undo. `progress_callback` is told of each file, and may raise to break off. Broken off or killed at
        any moment, it is completed by whoever opens the project next. Raises UnknownCharacterError for a name that is
        in no file, StoreError.
        """
        from personae.project.forgetting import forget

        return forget(self.context, name, progress_callback=progress_callback)

    def close(self) -> None:
        """Let networks and model go."""
        self.context.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __reduce__(self) -> tuple[type[Project], tuple[ProjectContext]]:
        return type(self), (self.context,)
