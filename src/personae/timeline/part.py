"""A part of a film as plain numbers: who only speaks of it need not load what looks through it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """Chunks of a film that are looked through alone: from the one that begins at `start_pts` up to `stop_pts`.

    None: from the film's first picture, up to its last. `before_pts`: where the chunk before begins; it is looked
    through too, for heads are followed back into it. `run_up_pts`: from there on the shot detector is shown pictures.
    """

    start_pts: int | None = None
    stop_pts: int | None = None
    before_pts: int | None = None
    run_up_pts: int | None = None
