"""One answer for several films and sets: all of it is written down, or none."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

from personae.errors import PersonaeError
from personae.films.decidable import Decidable, Decided
from personae.films.say import Saying


@dataclass(frozen=True)
class Everywhere:
    """What was decided in each film and set, in their order, and how many faces the cast was taught by it."""

    decided: tuple[Decided, ...]
    learnt: int = 0


def decide_everywhere(
    said: Sequence[tuple[Decidable, Sequence[Saying]]],
    *,
    by: str = "",
    request: str,
    learn: bool = False,
) -> Everywhere:
    """Write down under one `request` what is said of each film and set; `learn`: then teach the cast the names.

    Raises as `Decidable.decide` and `learn_from`; what was written down before that is taken back.
    """
    if learn:
        for medium, _ in said:
            medium.check_learning()
    done: list[tuple[Decidable, Decided]] = []
    learnt = 0
    try:
        for medium, sayings in said:
            done.append((medium, medium.decide(sayings, by=by, request=request)))
        if learn:
            learnt = sum(medium.learn_from(decided) for medium, decided in done)
    except BaseException:
        for medium, _ in reversed(done):
            with contextlib.suppress(PersonaeError, OSError):  # the first error is the one to tell
                medium.undo(by=by, command=request)
        raise
    return Everywhere(tuple(decided for _, decided in done), learnt)
