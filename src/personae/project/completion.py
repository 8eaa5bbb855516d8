"""Complete a forgetting that was broken off, or put off: what every opened project does before anything else."""

from __future__ import annotations

import logging
from pathlib import Path

from personae.cast.context import ProjectContext
from personae.paths import ProjectPaths
from personae.piece_rows import PieceRows

log = logging.getLogger(__name__)


def complete(context: ProjectContext) -> None:
    """Complete the forgetting that is under way in a project, and tell what became of it; the caller holds its lock."""
    from personae.project import forget_later, forgetting  # only where one is under way: it loads much

    if context.paths.is_forgetting:
        report = forgetting.complete(context)
        context.model.drop()
        if report is not None:
            forgetting.tell(report)
    forget_later.clean(context)
    for database in PieceRows(context.paths.folder).clean():
        log.warning("Cleaned of somebody who was forgotten, now that it can be reached: %s", database)


def settle_project_of(timeline: str | Path) -> None:
    """Complete a forgetting that was broken off in the project of a film, before the film names the person again.

    Costs a look at three folders where there is none. Raises ProjectBusyError while another process is at it.
    """
    paths = ProjectPaths.forgetting_above(timeline)
    if paths is not None:
        ProjectContext(paths.folder, complete=complete).settle()
