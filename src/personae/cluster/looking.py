"""The unit of work: a piece, looked through on this machine, to one file. A plain function from plain values."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from personae.cluster.faults import MachineError, PieceError
from personae.cluster.piece import Piece, check_version
from personae.cluster.result import write_result
from personae.cluster.roots import Roots, here
from personae.errors import FilmError, InputError, MissingExtraError, SettingError, WeightsError, WriteError, reason_of
from personae.faces.analyzer import FaceAnalyzer
from personae.faces.film_networks import FilmNetworks
from personae.films.scan import fingerprint_of
from personae.media.film import ReadSoFar
from personae.media.picture_sequence import is_pattern
from personae.media.video import Film, open_film
from personae.progress import ProgressCallback
from personae.settings import Settings
from personae.timeline.chunk_pass import Watching, look_through
from personae.timeline.chunks import Chunk
from personae.timeline.part import Part


class Looker:
    """Looks through pieces one after the other; networks are kept for the next one.

    `own`: this machine's settings; `machine`: what it is called.
    """

    def __init__(self, own: Settings, roots: Roots, machine: str) -> None:
        self._own = own
        self._roots = roots
        self._machine = machine
        self._networks: tuple[Settings, FilmNetworks] | None = None

    def look_at(self, piece: Piece, out: Path, progress: ProgressCallback | None = None) -> None:
        """Look through one piece and write the result to the file `out`.

        Raises MachineError where this machine cannot do it, PieceError where no machine could.
        """
        check_version(piece)
        networks, settings = self._networks_for(piece)
        try:
            paths = here(piece.root, piece.paths, self._roots)
        except InputError as error:
            raise MachineError(str(error)) from None
        if missing := next((path for path in paths if not (path.parent if is_pattern(path) else path).exists()), None):
            if piece.root and not any(self._roots[piece.root].iterdir()):
                raise MachineError(f"{self._roots[piece.root]} is empty on this machine. Is the disk there?")
            raise MachineError(f"{missing} is not there on this machine.", ends=False)
        try:
            with open_film(paths if len(paths) > 1 else paths[0], as_one=len(paths) > 1, **piece.opening) as film:
                own = fingerprint_of(film.video, networks, settings)
                if own != dict(piece.fingerprint):
                    raise _misfit(own, piece)
                before, chunks = _look_through(film, (networks.detector, networks.embedder.embed, settings),
                                               piece.part, progress)  # fmt: skip
        except FilmError as error:  # who asks could open it: it is this machine's file that is another
            raise MachineError(f"{paths[0]} cannot be opened on this machine: {error.reason}", ends=False) from None
        try:
            write_result(out, piece, before, chunks, self._machine)
        except (OSError, WriteError) as error:
            raise MachineError(f"What was found cannot be written ({reason_of(error)}).") from None

    def _networks_for(self, piece: Piece) -> tuple[FilmNetworks, Settings]:
        try:
            settings = piece.settings_here(self._own)
            if self._networks is None or self._networks[0] != settings:
                self._networks = settings, FilmNetworks.of(settings, FaceAnalyzer(settings))
        except (WeightsError, MissingExtraError, SettingError) as error:
            raise MachineError(str(error)) from None
        return self._networks[1], settings


def _look_through(
    film: Film, watching: Watching, part: Part, progress: ProgressCallback | None
) -> tuple[ReadSoFar, list[Chunk]]:
    try:
        return look_through(film, watching, part, progress)
    except FilmError as error:
        raise PieceError(error.reason) from None


def _misfit(own: dict[str, object], piece: Piece) -> MachineError | PieceError:
    """What is another here than where the project is."""
    wanted = dict(piece.fingerprint)
    for name, what in (("embedder", "embedder"), ("detector", "detector"), ("version", "way of tracking")):
        if own[name] != wanted.get(name):
            return MachineError(f"This machine has another {what} ({own[name]}) than is asked for ({wanted[name]}).")
    return MachineError(f"{piece.name} is another film here than where it was asked for.", ends=False)


Look = Callable[[Piece, Path, ProgressCallback | None], None]
