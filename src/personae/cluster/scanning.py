"""Many films scanned by other machines at once: opened, waited for side by side, and brought in one by one."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

from personae.cluster.elsewhere import Elsewhere
from personae.errors import FilmError, StoreError
from personae.films.film import StoredFilm
from personae.films.films import FilmOutcome, Films, Source, ends_all, name_of
from personae.media.film_errors import as_film_error
from personae.progress import Progress, ProgressCallback
from personae.types import seconds_text

FEWEST_AT_ONCE = 4
MOST_AT_ONCE = 256
A_MACHINE = 2
"""So many films are on their way for each machine: none waits for the next one."""
TELL_EVERY_S = 0.5
AT_LEAST_S = 10.0
"""Before, nobody can tell when all will be ready: the starts count most."""
Opened = TypeVar("Opened", bound=StoredFilm)


def scan_many(
    films: Films[Opened],
    sources: Iterable[Source],
    elsewhere: Elsewhere,
    *,
    count: int | None = None,
    progress_callback: ProgressCallback | None = None,
    opening: Mapping[str, Any] | None = None,
    **options: Any,
) -> Iterator[FilmOutcome[Opened]]:
    """As `Films.scan_many`, by other machines: each film as it is done, in no order.

    `count`: how many there are; `options`: those of `Films.scan`.
    """
    films.check()
    films.context.watch = elsewhere.watch
    standing = _Standing(elsewhere, count, progress_callback)
    waiting: dict[Future[Opened], Source] = {}
    left = iter(sources)

    def one(source: Source) -> Opened:
        with as_film_error(name_of(source)):
            return films.scan(source, progress_callback=standing.of(source), **options, **(opening or {}))

    with ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="personae-film") as pool:
        try:
            while True:
                while len(waiting) < _at_once(elsewhere) and (source := next(left, None)) is not None:
                    waiting[pool.submit(one, source)] = source
                if not waiting:
                    return
                done, _ = wait(waiting, TELL_EVERY_S, FIRST_COMPLETED)
                standing.tell()
                for future in done:
                    source = waiting.pop(future)
                    yield standing.ended(_outcome(future, source))
        finally:
            elsewhere.over.set()
            for future in waiting:
                future.cancel()


def _outcome(future: Future[Opened], source: Source) -> FilmOutcome[Opened]:
    try:
        return FilmOutcome(source, future.result())
    except (FilmError, StoreError) as error:
        if ends_all(error):
            raise
        return FilmOutcome(source, None, error)


def _at_once(elsewhere: Elsewhere) -> int:
    return max(FEWEST_AT_ONCE, min(A_MACHINE * len(elsewhere.engine.machines()) + 2, MOST_AT_ONCE))


class _Standing:
    """How far all of it is: films, pictures a second, machines, what failed, when it will be ready."""

    def __init__(self, elsewhere: Elsewhere, count: int | None, progress: ProgressCallback | None) -> None:
        self._elsewhere = elsewhere
        self._count = count
        self._progress = progress
        self._began = time.monotonic()
        self._shares: dict[str, float] = {}
        self._done = 0
        self._failed = 0

    def of(self, source: Source) -> ProgressCallback:
        """Who is told about one film."""
        name = str(source)

        def tell(step: Progress) -> None:
            if step.stage == "film" and step.total:
                self._shares[name] = step.done / step.total

        return tell

    def ended(self, outcome: FilmOutcome[Opened]) -> FilmOutcome[Opened]:
        """One film is done, or failed."""
        self._shares.pop(str(outcome.source), None)
        self._done += 1
        self._failed += outcome.film is None
        self.tell()
        return outcome

    def tell(self) -> None:
        """Tell who wants to know."""
        if self._progress is None:
            return
        passed = max(time.monotonic() - self._began, 1e-3)
        overall = f"{self._elsewhere.pictures / passed:.0f} pictures a second"
        parts = [overall if self._done == self._count else self._elsewhere.standing()]
        if self._failed:
            parts.append(f"{self._failed} failed")
        shares = sum(list(self._shares.values()))
        seen = self._done - self._failed + shares
        if self._done == self._count:
            parts.append("ready")
        elif self._count and seen > 0 and passed > AT_LEAST_S:
            left_s = passed * (self._count - self._done - shares) / seen
            parts.append(f"ready in {seconds_text(max(left_s, 1.0))}")
        self._progress(Progress("timeline", self._done, self._count, ", ".join(parts)))
