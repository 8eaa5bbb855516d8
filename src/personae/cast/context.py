"""What all parts of one open project share: where it lies, its settings, its networks, its model, its lock."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from personae.cast.trained import ModelSlot
from personae.files import Stamp, stamp_of
from personae.paths import ProjectPaths
from personae.piece_rows import PieceRows
from personae.settings import Settings, resolve

if TYPE_CHECKING:  # the libraries beneath take longer to load than most commands need
    from personae.faces.analyzer import FaceAnalyzer
    from personae.faces.film_networks import FilmNetworks


class ProjectContext:
    """One open project; making one touches nothing on disk and loads nothing. Safe to use from several threads.

    `complete` finishes a forgetting that was broken off; it is called under the project's lock, before anything else is
    read or written. A context can be pickled: it is rebuilt from folder, settings and model path.
    """

    def __init__(
        self,
        folder: str | Path | None = None,
        *,
        settings: Settings | None = None,
        analyzer: FaceAnalyzer | None = None,
        model_path: str | Path | None = None,
        complete: Callable[[ProjectContext], None] | None = None,
    ) -> None:
        self.paths = ProjectPaths.at(folder)
        self.model_path = self.paths.model if model_path is None else Path(model_path)
        self.model = ModelSlot(self.model_path, self.paths.gallery, lambda: self.settings, named=model_path is not None)
        self._given_settings = settings
        self._given_analyzer = analyzer
        self._resolved: tuple[Stamp, Settings] | None = None
        self._analyzer = analyzer
        self._complete = complete
        self._lock = threading.RLock()
        self._film_networks: FilmNetworks | None = None
        self.watch: Callable[..., Any] | None = None
        """Who looks through films instead of this machine; see `timeline.watching.watch`."""

    @property
    def settings(self) -> Settings:
        """The settings in force: those that were given, or else those of the project's file as it is now.

        A process that stays heeds what `tune` and `calibrate` write there, and makes its networks anew for it.
        """
        with self._lock:
            if self._given_settings is not None:
                return self._given_settings
            stamp = stamp_of(self.paths.settings)
            if self._resolved is None or self._resolved[0] != stamp:
                before, now = self._resolved, resolve(project=self.paths.folder)
                self._resolved = stamp, now
                if before is not None and before[1] != now:
                    self._analyzer, self._film_networks = self._given_analyzer, None
            return self._resolved[1]

    @property
    def analyzer(self) -> FaceAnalyzer:
        """What finds and embeds the faces of photos, made at first use."""
        with self._lock:
            settings = self.settings  # those of now: others than before let the analyzer go
            if self._analyzer is None:
                from personae.faces.analyzer import FaceAnalyzer

                self._analyzer = FaceAnalyzer(settings)
            return self._analyzer

    @property
    def film_networks(self) -> FilmNetworks:
        """The networks for films, made at first use and kept for the next film."""
        with self._lock:
            settings = self.settings
            if self._film_networks is None:
                from personae.faces.film_networks import FilmNetworks

                self._film_networks = FilmNetworks.of(settings, self.analyzer)
            return self._film_networks

    def settle(self, outside: Path | None = None) -> None:
        """Complete a forgetting that was broken off; whatever reads or writes the project does so first.

        `outside`: a file outside the project that is about to be read: somebody may have been forgotten while it could
        not be reached. Raises ProjectBusyError while another process is at it, StoreError.
        """
        is_back = outside is not None and os.access(outside.parent, os.W_OK) and self.paths.ledger.is_put_off(outside)
        if is_back or self.paths.is_forgetting:
            with self.locked("forget"):
                pass

    def _is_to_complete(self) -> bool:
        """Whether a forgetting was broken off, or something that it could not reach is to be tried again."""
        paths = self.paths
        return paths.is_forgetting or paths.ledger.has_put_off() or PieceRows(paths.folder).has_left()

    @contextmanager
    def locked(self, purpose: str, on_wait: Callable[[str], None] | None = None) -> Iterator[None]:
        """Be the only writer of a project in which no forgetting is pending; raises ProjectBusyError, StoreError."""
        with self.paths.locked(self.settings.lock_timeout_s, purpose, on_wait=on_wait):
            if self._complete is not None and self._is_to_complete():
                self._complete(self)
            yield

    def with_model(self, path: Path) -> ProjectContext:
        """The same project with another model file."""
        return ProjectContext(
            self.paths.folder,
            settings=self.settings,
            analyzer=self._analyzer,
            model_path=path,
            complete=self._complete,
        )

    def close(self) -> None:
        """Let networks and model go; what is asked for later is loaded again."""
        with self._lock:
            self._analyzer = self._film_networks = None
            self.model.drop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __getstate__(self) -> dict[str, Any]:
        return {
            "folder": self.paths.folder,
            "settings": self._given_settings or (self._resolved and self._resolved[1]),
            "model_path": self.model_path if self.model_path != self.paths.model else None,
            "complete": self._complete,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]
