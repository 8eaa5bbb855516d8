"""`AsyncProject`: the long calls of a project for asyncio. They run in a thread, and cancelling a task ends them."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from personae.cast.trainer import TrainingReport
from personae.progress import Cancelled, Progress, ProgressCallback
from personae.project.session import Project
from personae.recognition.identification import IdentifiedPicture
from personae.settings import Settings

if TYPE_CHECKING:
    from personae.assessment.validation import EvaluationReport
    from personae.faces.analyzer import FaceAnalyzer
    from personae.faces.analyzer import Source as Photos
    from personae.films.films import Source
    from personae.films.photo_set import PhotoSet
    from personae.project.film import ProjectFilm
    from personae.project.forgetting import ForgetReport

_Result = TypeVar("_Result")


class AsyncProject:
    """A project whose long calls can be awaited; `project` is the same session without asyncio.

    A task that is cancelled ends its call at the next sign of progress, within about a second between calls into other
    libraries, and then raises `asyncio.CancelledError`; what it leaves is what a kill would leave, and the same call
    goes on from there. Progress callbacks are called from the thread that works.
    """

    def __init__(self, project: Project) -> None:
        self.project = project

    @classmethod
    def open(
        cls,
        folder: str | Path | None = None,
        *,
        settings: Settings | None = None,
        analyzer: FaceAnalyzer | None = None,
        model_path: str | Path | None = None,
    ) -> Self:
        """Open a project as `Project.open` does."""
        return cls(Project.open(folder, settings=settings, analyzer=analyzer, model_path=model_path))

    async def train(
        self, folder: str | Path, *, fresh: bool = False, progress_callback: ProgressCallback | None = None
    ) -> TrainingReport:
        """See `Cast.train`."""
        return await cancellable(self.project.cast.train, folder, fresh=fresh, progress_callback=progress_callback)

    async def identify(
        self, pictures: Iterable[Photos], *, threshold: float | None = None
    ) -> AsyncIterator[IdentifiedPicture]:
        """See `Project.identify`; a picture is waited for in a thread."""
        found = self.project.identify(pictures, threshold=threshold)
        try:
            while (picture := await asyncio.to_thread(next, found, None)) is not None:
                yield picture
        finally:
            with contextlib.suppress(ValueError):  # cancelled while the thread looks at a picture: it ends with that
                found.close()  # type: ignore[attr-defined]

    async def scan(
        self,
        film: Source,
        out: str | Path | None = None,
        *,
        decisions: str | Path | None = None,
        fresh: bool = False,
        progress_callback: ProgressCallback | None = None,
        **opening: Any,
    ) -> ProjectFilm:
        """See `Films.scan`."""
        return await cancellable(
            self.project.films.scan, film, out,
            decisions=decisions, fresh=fresh, progress_callback=progress_callback, **opening,
        )  # fmt: skip

    async def relabel(self, film: str | Path, *, progress_callback: ProgressCallback | None = None) -> ProjectFilm:
        """See `StoredFilm.relabel`; `film`: its name, or the path of its timeline."""
        return await cancellable(self.project.films[film].relabel, progress_callback=progress_callback)

    async def keep(
        self,
        paths: str | Path | Iterable[str | Path],
        name: str | None = None,
        *,
        progress_callback: ProgressCallback | None = None,
    ) -> PhotoSet:
        """See `PhotoSets.keep`."""
        return await cancellable(self.project.photos.keep, paths, name, progress_callback=progress_callback)

    async def evaluate(
        self,
        cast: str | Path | None = None,
        *,
        folds: int | None = None,
        unknown: str | Path | None = None,
        groups: str | Path | None = None,
        progress_callback: ProgressCallback | None = None,
    ) -> EvaluationReport:
        """See `Assessment.evaluate`."""
        return await cancellable(
            self.project.assess.evaluate, cast,
            folds=folds, unknown=unknown, groups=groups, progress_callback=progress_callback,
        )  # fmt: skip

    async def forget(self, name: str, *, progress_callback: ProgressCallback | None = None) -> ForgetReport:
        """See `Project.forget`. Cancelled in the middle, it is completed by whoever opens the project next."""
        return await cancellable(self.project.forget, name, progress_callback=progress_callback)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        self.project.close()


async def cancellable(
    call: Callable[..., _Result], *arguments: Any, progress_callback: ProgressCallback | None = None, **options: Any
) -> _Result:
    """Run a long call in a thread; where the task is cancelled, the call is too, and its end is waited for."""
    stop = threading.Event()

    def tell(progress: Progress) -> None:
        if stop.is_set():
            raise Cancelled
        if progress_callback is not None:
            progress_callback(progress)

    work = asyncio.ensure_future(asyncio.to_thread(call, *arguments, progress_callback=tell, **options))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        stop.set()
        with contextlib.suppress(Cancelled, Exception):
            await work
        raise
