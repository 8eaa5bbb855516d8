"""What changes in a project, whoever changes it, as events: the command line beside a running server is seen too.

Nothing tells the server what another process did, so it looks: at the table of jobs, at the files of films and sets, at
the cast. Each change is an event with a number; a client that comes back with its last number gets what it missed, and
is told to read everything again where that is no longer known.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from personae.errors import PersonaeError
from personae.files import stamp_of
from personae.server.jobs_json import job_dict
from personae.server.problems import ProblemError
from personae.server.service import Service

EVERY_S = 0.5
FILES_EVERY = 3
"""Every so many looks are at films too, within two seconds: of 500 each costs some 30 ms."""
KEPT = 5000
"""So many events are known to who comes back."""
LEAST_SHARE = 6
"""So many clients of one key may follow in any case; of many that may, a tenth."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Event:
    """Something changed. `kind`: "job", "media", "decision", "cast", "training", "people", "forgetting", "reset".

    A decision is told beside the change of its film or set, a training beside that of the cast. "people": who they may
    be is known anew.
    """

    number: int
    kind: str
    data: dict[str, Any]


class Watcher:
    """Looks at a project from a thread; use as a context manager. `boot` tells its numbers from another server's."""

    def __init__(self, service: Service) -> None:
        self.boot = uuid4().hex[:8]
        self._service = service
        self._events: deque[Event] = deque(maxlen=KEPT)
        self._number = 0
        self._news = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="personae-watch", daemon=True)
        self._followers: Counter[str] = Counter()
        self._jobs: dict[str, dict[str, Any]] = {}
        self._stamps: dict[str, Any] = {}
        self._made = 0

    def __enter__(self) -> Watcher:
        self._look(tell=False)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.end()
        self._thread.join()

    def end(self) -> None:
        """Have every stream end; also from a signal's handler."""
        self._over.set()

    def since(self, last: str) -> tuple[Event, ...]:
        """What happened after the event `last` ("boot-number"); a reset where that is not known any more."""
        boot, _, number = last.partition("-")
        with self._news:
            if not last:
                return ()
            oldest = self._events[0].number if self._events else self._number + 1
            if boot != self.boot or not (number.isascii() and number.isdigit()) or int(number) < oldest - 1:
                return (Event(self._number, "reset", {}),)
            return tuple(one for one in self._events if one.number > int(number))

    @property
    def is_forgetting(self) -> bool:
        """Whether somebody was being forgotten at the last look."""
        return bool(self._stamps.get("forgetting"))

    @property
    def streams(self) -> int:
        """Clients that follow now."""
        return self._followers.total()

    @contextlib.contextmanager
    def followed(self, key: str, *, most: int) -> Iterator[None]:
        """While a client of that key follows; raises ProblemError where `most` do, or too many of one key.

        From one thread: the server's own.
        """
        share = max(most // 10, LEAST_SHARE)
        if self.streams >= most:
            raise ProblemError(503, "busy", f"{most} clients follow the events already.")
        if self._followers[key] >= share:
            raise ProblemError(503, "busy", f"{share} clients with this key follow the events already.")
        self._followers[key] += 1
        try:
            yield
        finally:
            self._followers[key] -= 1
            if not self._followers[key]:
                del self._followers[key]

    @property
    def latest(self) -> int:
        """The number of the latest event."""
        with self._news:
            return self._number

    def after(self, number: int) -> tuple[Event, ...]:
        """Events after `number`; empty where nothing happened."""
        with self._news:
            if self._number <= number:
                return ()
            return tuple(one for one in self._events if one.number > number)

    @property
    def is_over(self) -> bool:
        """Whether the server is ending."""
        return self._over.is_set()

    # Inside

    def _watch(self) -> None:
        turn = 0
        while not self._over.wait(EVERY_S):
            turn += 1
            try:
                self._look(files=turn % FILES_EVERY == 0)
            except (PersonaeError, OSError) as error:  # busy, or being forgotten: the next look may get through
                log.debug("Looking for changes: %s", error)

    def _look(self, *, files: bool = True, tell: bool = True) -> None:
        changed = (*self._changed_jobs(), *(self._changed_files() if files else ()), *self._changed_people())
        for kind, data in changed:
            if tell:
                with self._news:
                    if kind == "forgetting":
                        self._events.clear()  # what was told before may name them: who comes back reads all again
                    self._number += 1
                    self._events.append(Event(self._number, kind, data))

    def _changed_jobs(self) -> Iterator[tuple[str, dict[str, Any]]]:
        now: dict[str, dict[str, Any]] = {}
        after = 0
        while True:
            jobs, after = self._service.jobs.page(after=after, most=500, since=time.time() - 3600)
            now |= {job.id: job_dict(job) for job in jobs}
            if not after:
                break
        for id, row in now.items():
            before = self._jobs.get(id)
            if row != before:
                yield "job", row
        self._jobs = now

    def _changed_people(self) -> Iterator[tuple[str, dict[str, Any]]]:
        before, self._made = self._made, self._service.suggestions_made
        if self._made != before:
            yield "people", {}

    def _changed_files(self) -> Iterator[tuple[str, dict[str, Any]]]:
        project = self._service.project
        model = stamp_of(project.context.model_path)
        stamps: dict[str, Any] = {"cast": (stamp_of(project.context.paths.gallery), model), "training": model}
        stamps["forgetting"] = project.context.paths.is_forgetting
        with contextlib.suppress(PersonaeError):
            for id, one in self._service.listing.now().items():
                stamp = one.files.stamp()
                stamps[id] = stamp, stamp[2 if one.kind == "film" else 1]  # of the journal
        for key in dict.fromkeys((*stamps, *self._stamps)):
            if stamps.get(key) != self._stamps.get(key):
                if key in {"cast", "training", "forgetting"}:
                    yield key, {"active": bool(stamps[key])} if key == "forgetting" else {}
                    continue
                yield "media", {"id": key, "gone": key not in stamps}
                before, now = self._stamps.get(key), stamps.get(key)
                if before is not None and now is not None and before[1] != now[1]:
                    yield "decision", {"id": key}
        self._stamps = stamps
