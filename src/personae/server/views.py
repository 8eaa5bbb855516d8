"""Timelines as they are sent, kept until something changes: many may ask for one again and again."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from personae.films.facts import stamp_with_names
from personae.films.film import StoredFilm
from personae.films.sent import as_sent
from personae.timeline import native

KEPT = 32
MAY_BE_OLD_S = 0.5
"""So old may be what somebody sees who decides nothing: where many decide, it is not made anew with each decision."""


@dataclass(frozen=True)
class View:
    """A document. `tag`: of its content; `position`: how many decisions the journal held for it."""

    body: bytes
    tag: str
    position: int


@dataclass
class _Place:
    lock: threading.Lock = field(default_factory=threading.Lock)
    state: Any = None
    view: View | None = None
    made: float = 0.0

    def is_new_enough(self) -> bool:
        """For who decides nothing."""
        return self.view is not None and time.monotonic() - self.made < MAY_BE_OLD_S


class Views:
    """The latest documents. Safe to use from several threads: what several ask for at once is made once."""

    def __init__(self) -> None:
        self._places: OrderedDict[tuple[str, bool], _Place] = OrderedDict()
        self._lock = threading.Lock()

    def timeline(self, film: StoredFilm, path: Callable[[str], str], *, strangers: bool) -> View:
        """A film's timeline as it is now, for who may see `strangers` or not. Raises a StoreError."""
        place = self._place(film.key, strangers)
        with place.lock:
            if not strangers and place.is_new_enough() and place.view is not None:
                return place.view
            state = stamp_with_names(film)
            if place.view is None or place.state != state:
                timeline, position = film.snapshot()
                body = native.dumps(as_sent(timeline, path, strangers=strangers)).encode()
                place.state, place.view = state, View(body, f'"{sha256(body).hexdigest()[:32]}"', position)
                place.made = time.monotonic()
            return place.view

    def _place(self, key: str, strangers: bool) -> _Place:
        with self._lock:
            place = self._places.setdefault((key, strangers), _Place())
            self._places.move_to_end((key, strangers))
            while len(self._places) > KEPT:
                self._places.popitem(last=False)
            return place
