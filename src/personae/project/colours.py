"""Who has which colour: one answer for all pages and pictures of a project, whenever its films were named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from personae.cast.cast import Cast
from personae.cast.context import ProjectContext
from personae.exports.spans import characters
from personae.media.palette import COLOURS, Colours
from personae.project.completion import complete
from personae.timeline.timeline import Timeline

Numbers = Mapping[str, int]
"""Name -> number of a colour in the palette."""


def colours_of(timelines: Mapping[Path, Timeline], projects: Iterable[Path | None]) -> dict[Path, Numbers | None]:
    """The colours on what is made of each of the timelines together: by the casts of their projects.

    None where there is no cast: then a timeline's own people decide. Of a large cast everybody who is in any of the
    timelines has a colour; where they are too many too, those of each. Raises a StoreError.
    """
    cast: dict[str, str] = {}
    for folder in dict.fromkeys(projects):
        if folder is not None:
            cast |= Cast(ProjectContext(folder, complete=complete)).names()
    if not cast:
        return dict.fromkeys(timelines)
    shown = {path: set(characters(timeline)) for path, timeline in timelines.items()}
    everybody = set().union(*shown.values())
    together = len(cast) <= len(COLOURS) or len(everybody) <= len(COLOURS)
    return {path: Colours.of_cast(cast, everybody if together else own).numbers for path, own in shown.items()}
