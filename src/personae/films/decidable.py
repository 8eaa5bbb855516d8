"""What people can decide about, a film or a set of photos: the order of the locks, undoing, and teaching the cast."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from personae.cast.cast import Cast
from personae.cast.context import ProjectContext
from personae.cast.gallery import EnrolledFace, PhotoRecord
from personae.cast.trained import EMPTY, TrainedModel
from personae.errors import (
    ChangedMeanwhileError,
    EmbedderMismatchError,
    InputError,
    ModelNotFoundError,
    PersonaeError,
    UnknownCharacterError,
)
from personae.files import Stamp, stamp_of
from personae.films.changed import FindAll, touching
from personae.films.face_media import FaceMedia
from personae.films.say import Saying
from personae.films.say import undo as say_undo
from personae.films.worth_learning import names_given, worth_learning
from personae.names_of_today import NamesOfToday
from personae.timeline.decisions import Decision, Decisions


@dataclass(frozen=True)
class Decided:
    """What was written down, and sentences about what may be wrong with it; `about`: the decision of each of these."""

    decisions: tuple[Decision, ...]
    warnings: tuple[str, ...] = ()
    about: tuple[Decision, ...] = ()

    @classmethod
    def of(cls, made: Sequence[Decision], warnings_of: Callable[[Decision], Iterable[str]]) -> Decided:
        """Decisions with what may be wrong with each."""
        warned = [(text, one) for one in made for text in warnings_of(one)]
        return cls(tuple(made), tuple(text for text, _ in warned), tuple(one for _, one in warned))

    @property
    def request(self) -> str:
        """The id of the command; empty where nothing was decided."""
        return self.decisions[0].request if self.decisions else ""


class Decidable(ABC):
    """One film or one set of photos. Safe to use from several threads.

    Its own lock (`_lock`) comes before that of its files, and the project's before both: so nothing here asks for the
    project's while it holds one of the others.
    """

    context: ProjectContext
    _lock: threading.RLock
    _state: Any
    """As it was read; None before, and when it was let go."""
    _without_model: Stamp | None = None
    _names_known: tuple[Stamp, NamesOfToday] | None = None
    _outside: Path | None = None
    """A file of it that lies outside the project; see `ProjectContext.settle`."""

    @property
    @abstractmethod
    def key(self) -> str:
        """What tells it from any other film or set: where its files lie."""

    @property
    @abstractmethod
    def decisions(self) -> Decisions:
        """What people decided about it, oldest first, undone decisions and the undoings too."""

    @property
    def is_open(self) -> bool:
        """Whether it was read and is kept in memory."""
        return self._state is not None

    @property
    @abstractmethod
    def stamp(self) -> Stamp:
        """What tells its present state from another: of its files."""

    @abstractmethod
    def relabel(self) -> Any:
        """Name everybody anew by the cast's model of now, and apply the decisions."""

    def decide(
        self,
        sayings: Saying | Iterable[Saying],
        *,
        by: str = "",
        request: str = "",
        position: int | None = None,
        known: Container[str] = (),
    ) -> Decided:
        """Write down what somebody says, all of it or nothing; see `personae.say` for what can be said.

        Who is meant: a name or "Unknown 2", which is that person everywhere; in a film the number of one appearance, in
        photos (photo, number of the face). `by`: who says it; `request`: the client's id of this command: sent twice,
        it is written down once. `position`: how many decisions the journal held when it was made, and numbers of
        appearances are those of then; default as it is now. Raises UnknownCharacterError and InputError for what cannot
        be, ChangedMeanwhileError where others decided about the same people since `position` (all but the commands
        `known`, by their request), StoreError where the
        tracks or faces are missing, ProjectBusyError.
        """
        said = [sayings] if callable(sayings) else list(sayings)
        with self.alone():
            return self.write_down(self.considered(said, by=by, request=request, position=position, known=known))

    def decided(self, request: str) -> Decided:
        """What a request wrote down, with what may have been wrong with it; empty for one that is not known."""
        self.settle()
        with self._lock:
            made = self._decisions().of_request(request)
            return self._warned(made, self._names()) if made else Decided(())

    def warnings(self, sayings: Saying | Iterable[Saying]) -> tuple[str, ...]:
        """What `decide` would warn of, before anything is written down. Raises as `decide` where it cannot be said."""
        return self.foresee(sayings).warnings

    def foresee(self, sayings: Saying | Iterable[Saying], *, position: int | None = None) -> Decided:
        """What `decide` would write down and warn of; nothing is. Raises as `decide` where it cannot be said."""
        said = [sayings] if callable(sayings) else list(sayings)
        self.context.settle(self._outside)
        with self._lock:
            return self.considered(said, position=position, dry=True)

    def considered(
        self,
        said: Sequence[Saying],
        *,
        by: str = "",
        request: str = "",
        position: int | None = None,
        known: Container[str] = (),
        dry: bool = False,
    ) -> Decided:
        """What `decide` writes down then; of a request that is known what it wrote, with the warnings of then.

        For who decides in several at once: the caller is `alone`, and gives it to `write_down`. Raises as `decide`.
        """
        names, entries = self._names(), self._decisions().entries
        if before := self._decisions().of_request(request):
            return self._warned(before, names)
        if position is None or position == len(entries):
            return self._considered(said, by, request, names, dry=dry)
        if position > len(entries):
            raise InputError(f"The journal holds {len(entries)} decisions: nothing was decided on {position}.")
        with contextlib.suppress(UnknownCharacterError):  # who was not there then is looked for now
            self._check_unchanged(self._considered(said, by, request, names, dry=True, then=position), position, known)
        made = self._considered(said, by, request, names, dry=dry, seen=position)
        self._check_unchanged(made, position, known)
        return made

    def write_down(self, considered: Decided) -> Decided:
        """Write down what was `considered`, unless it is known; the caller has been `alone` since."""
        if considered.decisions and not self._decisions().of_request(considered.request):
            self._write_down(considered.decisions)
        return considered

    def undo(
        self, *, by: str = "", command: str | None = None, only: str | None = None, anew: bool = True, request: str = ""
    ) -> Decided:
        """Take back all that the last command decided, also what it taught the cast; empty where there is nothing.

        `command`: another one than the last, by its id (`Decided.request`); `only`: one decision of any command, by its
        id. What was decided later about the same faces stays as it is. `anew`: name everybody anew where the cast was
        taught by it; without that the caller does, when it is undone wherever else it was said. `request`: the client's
        id of this undo: sent twice, it takes back once.
        """
        decisions = self.decisions
        if before := decisions.of_request(request):
            return Decided(decisions.taken_back_by(before))
        if only is not None:
            last = tuple(one for one in decisions.in_force() if one.id == only)
        else:
            last = decisions.last_command() if command is None else decisions.of_command(command)
        if not last:
            return Decided(())
        # What was taught goes first: where the project is busy, nothing is undone yet, and it can be asked for again.
        requests = {request for one in last for request in (one.request, one.command) if request}
        notes = [note for request in sorted(requests) for note in self._take_back(request, last, only=only is not None)]
        made = self.decide(say_undo([one.id for one in last]), by=by, request=request)
        last = self.decisions.taken_back_by(made.decisions)  # of two who sent the same at once, what the first did
        if notes and anew:
            self.relabel()  # by the model that was not taught
        return Decided(last, tuple(notes))

    def learn(self, name: str, *, request: str = "", only_new: bool = False) -> int:
        """Add the best faces that a person named `name` here to the gallery; how many were added.

        It is an edit of the gallery like `add`: logged, kept by later trainings, and undone by `Cast.undo`; it belongs
        to the command `request` (default: the last that gave the name) and is undone with that. `only_new`: leave out
        poor faces, and those that are nearly enrolled already: there may be none left. Raises
        EmbedderMismatchError where other networks embedded the faces, ModelNotFoundError where a film is of no project.
        """
        if not self.context.paths.gallery.is_file() and not self._is_ours():
            raise ModelNotFoundError(
                self.context.paths.gallery,
                "there is no gallery to add faces to. Say which project is meant: --project",
            )
        self.check_learning()
        cast = Cast(self.context)
        known = cast.embeddings(name) if only_new else None
        best = self._faces(name)
        theirs = {photo.sha256 for photo, _ in best}
        if known is not None and not worth_learning(best, known) and not cast.has_faces_of_others(name, theirs):
            return 0

        def faces() -> Sequence[tuple[PhotoRecord, EnrolledFace]]:
            """Read under the project's lock: who is forgotten meanwhile must not be taught again."""
            found = self._faces(name)
            return found if known is None else worth_learning(found, known)

        request = request or self._request_of(name)
        return len(cast.add_faces(name, faces, request=request, source=self._source, theirs=theirs).changes)

    def check_learning(self) -> None:
        """Raise what `learn` would because of the networks in use."""
        with self._lock:
            found, where = self._embedder()
        embedder = self.context.analyzer.embedder_id
        if embedder != found:
            raise EmbedderMismatchError(found, embedder, where=where)

    def learn_from(self, decided: Decided) -> int:
        """Teach the cast the names that were just decided, where they add something; how many faces were added.

        It is taken back with them. Raises as `learn`.
        """
        return sum(
            self.learn(name, request=command, only_new=True)
            for command in dict.fromkeys(one.command for one in decided.decisions)
            for name in names_given(one for one in decided.decisions if one.command == command)
        )

    def taught_by(self, command: str) -> bool:
        """Whether the cast ever learnt from what a command decided here, taken back since or not."""
        own = [one for one in Cast(self.context).log() if one.action == "add" and one.detail.get("request") == command]
        return any(one.detail.get("source") in (None, self._source) for one in own)

    @abstractmethod
    def face_media(self) -> FaceMedia:
        """Its faces as they are now, for folders of them. Nothing is waited for, so that `alone` may be around it."""

    # Inside

    def _faces(self, name: str) -> Sequence[tuple[PhotoRecord, EnrolledFace]]:
        with self._lock:
            return self._faces_named(name)

    @abstractmethod
    def _locked(self, purpose: str) -> AbstractContextManager[None]:
        """The lock of its files."""

    @abstractmethod
    def _decisions(self) -> Decisions:
        """As `decisions`; the caller holds the locks."""

    @abstractmethod
    def _considered(
        self,
        said: Sequence[Saying],
        by: str,
        request: str,
        names: NamesOfToday,
        *,
        dry: bool = False,
        then: int | None = None,
        seen: int | None = None,
    ) -> Decided:
        """What becomes of what is said, and what may be wrong with it; nothing is written down.

        `dry`: nothing will be, so that numbers of new people need not be kept for it. `then`: what would have become of
        it when the journal held so many decisions, without warnings; `seen`: numbers of appearances are those of then.
        """

    @abstractmethod
    def _warned(self, made: Sequence[Decision], names: NamesOfToday) -> Decided:
        """Decisions of the journal with what may have been wrong with them."""

    @abstractmethod
    def _finding(self) -> FindAll:
        """Finds the positions of the faces at places, as the files are now."""

    def _check_unchanged(self, made: Decided, position: int, known: Container[str]) -> None:
        entries = self._decisions().entries
        if touched := touching(made.decisions, entries, position, self._finding(), known):
            raise ChangedMeanwhileError(touched, len(entries))

    @abstractmethod
    def _write_down(self, made: Sequence[Decision]) -> None:
        """Write decisions into the journal; the caller holds the locks."""

    @abstractmethod
    def _embedder(self) -> tuple[str, str]:
        """Contract id of what embedded its faces, and where that stands, for a message."""

    @abstractmethod
    def _faces_named(self, name: str) -> Sequence[tuple[PhotoRecord, EnrolledFace]]:
        """The best faces that a person named so."""

    def _is_ours(self) -> bool:
        """Whether it belongs to this project, so that a cast may begin with it."""
        return True

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the locks while no forgetting is under way; raises ProjectBusyError."""
        while True:
            self.settle()
            with self.held():
                # One begun since: whoever is forgotten must not be named again by what was read before.
                if not self.context.paths.is_forgetting:
                    yield
                    return

    def settle(self) -> None:
        """Complete a forgetting that was broken off; see `ProjectContext.settle`."""
        self.context.settle(self._outside)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the locks, whatever is under way; see `alone`."""
        with self._lock, self._locked("decide"):
            yield

    def _names(self) -> NamesOfToday:
        """Who is called what in the cast today; read again only where the gallery was written."""
        stamp = stamp_of_names(self.context)
        known = self._names_known
        if known is None or known[0] != stamp:
            known = self._names_known = stamp, Cast(self.context).names_of_today()
        return known[1]

    def _trained(self, embedder: str | None = None) -> TrainedModel:
        """The model, to warn by; empty where there is none that can be used, which keeps nobody from deciding."""
        model = self.context.model
        stamp = (*stamp_of(model.path), *stamp_of_names(self.context))
        if stamp == self._without_model:  # to find that nobody is enrolled takes reading the gallery
            return EMPTY
        try:
            found = model.current_or_empty(embedder)
        except PersonaeError:
            return EMPTY
        if found is EMPTY:
            self._without_model = stamp
        return found

    def _take_back(self, request: str, undone: Sequence[Decision], *, only: bool) -> list[str]:
        """Take back what a command taught: all of it, or only the names of `undone` where the others still hold.

        `only`: others may hold elsewhere, in another film.
        """
        holds = only or any(one not in undone for one in self.decisions.of_command(request))
        names = {one.to.name for one in undone if one.to is not None}
        return Cast(self.context).take_back(request, into=names if holds else None, source=self._source)

    @property
    def _source(self) -> str:
        """What tells its taught faces from another's in the log: no name, no path."""
        return hashlib.sha256(self._identity().encode()).hexdigest()[:16]

    @abstractmethod
    def _identity(self) -> str:
        """What stays the same of it: a film's content, a set's name."""

    def _request_of(self, name: str) -> str:
        """The command that named somebody so last."""
        named = (one for one in reversed(self.decisions.in_force()) if one.to is not None and one.to.name == name)
        return next((one.request for one in named), "")


def stamp_of_names(context: ProjectContext) -> Stamp:
    """What tells the names of now from earlier ones: of the gallery, and of its log of writes where it holds any."""
    gallery = context.paths.gallery
    database, writes = stamp_of(gallery, gallery.with_name(f"{gallery.name}-wal"))
    return database, writes if writes is not None and writes[2] else None


def said_to(maker: Any, sayings: Iterable[Saying]) -> tuple[list[Decision], Any]:
    """What a maker of decisions makes of several things said at once, one after the other; and the maker after them."""
    made: list[Decision] = []
    for saying in sayings:
        new = saying(maker)
        made += new
        maker = maker.after(new)
    return made, maker
