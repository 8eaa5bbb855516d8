"""One answer for several films and sets: all of it is written down, or none."""

from __future__ import annotations

import contextlib
from collections.abc import Container, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from personae.errors import ChangedMeanwhileError, InputError, PersonaeError
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
    positions: Sequence[int | None] = (),
    known: Container[str] = (),
) -> Everywhere:
    """Write down under one `request` what is said of each film and set; `learn`: then teach the cast the names.

    `positions`: for each the place in its journal that it was made on; `known`: commands that are no changes of
    others, see `Decidable.decide`. All is considered before anything is written,
    and nobody else decides meanwhile. Raises as `Decidable.decide` and `learn_from`; what was written down before that
    is taken back.
    """
    if learn:
        for medium, _ in said:
            medium.check_learning()
    media = [medium for medium, _ in said]
    if len({medium.key for medium in media}) < len(media):
        raise InputError("One film or set of photos stands there twice. Say all about it in one place.")
    done: list[Decidable] = []
    learnt = 0
    try:
        with alone_in(media):
            considered = []
            for (medium, sayings), position in zip(said, positions or [None] * len(said), strict=True):
                try:
                    considered.append(
                        medium.considered(sayings, by=by, request=request, position=position, known=known)
                    )
                except ChangedMeanwhileError as error:
                    error.medium = medium
                    raise
            for medium, one in zip(media, considered, strict=True):
                done.append(medium)
                medium.write_down(one)
        if learn:
            learnt = sum(medium.learn_from(one) for medium, one in zip(media, considered, strict=True))
    except BaseException:
        for medium in reversed(done):
            with contextlib.suppress(PersonaeError, OSError):  # the first error is the one to tell
                medium.undo(by=by, command=request)
        raise
    return Everywhere(tuple(considered), learnt)


@contextmanager
def alone_in(media: Sequence[Decidable]) -> Iterator[None]:
    """Hold the locks of several films and sets while no forgetting is under way; raises ProjectBusyError.

    Everybody takes them in one order, and the project's, which a forgetting takes first, before all of them.
    """
    ordered = sorted(media, key=lambda one: one.key)
    while True:
        for medium in ordered:
            medium.settle()
        with ExitStack() as locks:
            for medium in ordered:
                locks.enter_context(medium.held())
            if not any(medium.context.paths.is_forgetting for medium in ordered):
                yield
                return
