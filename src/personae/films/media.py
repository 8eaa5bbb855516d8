"""The films and photo sets of a project, found by what people call them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from personae.errors import InputError, UnknownFilmError, UnknownPhotoSetError
from personae.films.film import StoredFilm
from personae.films.films import Films
from personae.films.people import Part
from personae.films.photo_set import PhotoSet
from personae.films.photo_sets import PhotoSets
from personae.names import no_such_name

Medium = StoredFilm | PhotoSet


class Media:
    """Films and photo sets; each is opened once."""

    def __init__(self, films: Films[Any], photos: PhotoSets) -> None:
        self._films = films
        self._photos = photos
        self._opened: dict[tuple[str, str], Medium] = {}

    def __iter__(self) -> Iterator[Medium]:
        for name in self._films.names():
            yield self.film(name)
        for name in self._photos.names():
            yield self.photo_set(name)

    def film(self, name: str | Path) -> StoredFilm:
        """A film by its name or by the path of its timeline; raises UnknownFilmError."""
        found: Any = self._films[name]
        kept = self._opened.setdefault(("film", found.name), found)
        return kept if isinstance(kept, StoredFilm) and kept.path == found.path else found

    def photo_set(self, name: str) -> PhotoSet:
        """A set by its name; raises UnknownPhotoSetError."""
        kept = self._opened.setdefault(("photos", name), self._photos[name])
        assert isinstance(kept, PhotoSet)
        return kept

    def find(self, word: str | Path) -> Medium:
        """The film or set that a word means: a timeline's path, or a name. Raises InputError."""
        if os.path.isfile(word):  # noqa: PTH113 - never raises
            return self.film(Path(word))
        found: list[Medium] = []
        with contextlib.suppress(UnknownFilmError):
            found.append(self.film(str(word)))
        with contextlib.suppress(UnknownPhotoSetError):
            found.append(self.photo_set(str(word)))
        if len(found) == 1:
            return found[0]
        if found:
            raise InputError(f"{word} is a film and a set of photos. Say which: --timeline FILE or --photos {word}.")
        known = [*self._films.names(), *self._photos.names()]
        raise InputError(f"{word} is no timeline, film or set of photos here. {no_such_name(str(word), known)}")

    def has(self, word: str) -> bool:
        """Whether a word means a film or a set."""
        return os.path.isfile(word) or word in self._films.names() or word in self._photos.names()  # noqa: PTH113

    def of(self, part: Part) -> Medium:
        """The film or set that shows a part of somebody."""
        return self.film(part.medium) if part.kind == "film" else self.photo_set(part.medium)

    def close(self) -> None:
        """Write what is to be written, and let everything go."""
        for one in self._opened.values():
            if isinstance(one, StoredFilm):
                one.close()
        self._opened.clear()


def names_in(medium: Medium) -> set[str]:
    """The characters that a film or a set shows, by name."""
    if isinstance(medium, StoredFilm):
        return {one.character for one in medium.timeline.appearances if one.character is not None}
    return {one.character for one in medium.faces if one.character is not None}
