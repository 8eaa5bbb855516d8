"""The exporter protocol, version 1: a timeline goes in, the bytes of one file come out.

Implementations stand beside this file and come in by the entry point group `personae.exporters`: a callable
`make() -> Exporter`. `tests/exports/test_exporter_contract.py` runs over all of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, runtime_checkable

from personae.timeline.timeline import Timeline


@runtime_checkable
class Exporter(Protocol):
    """Writes timelines in one format. Stateless; the same timeline gives the same bytes."""

    @property
    def name(self) -> str:
        """What `--format` calls it: lower case, one word."""
        ...

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Ends of file names that choose it, lower case, the one it is written with first: `.totals.csv`."""
        ...

    # May also have `counts_frames = True`: it counts frames at `held_rate`, and people are told so.
    # A page for people has `placed` too (`page_commands.Page`), which tells it what can be typed where it lies.

    @property
    def title(self) -> str:
        """The format and the program it is for, in a few words."""
        ...

    def export(self, timeline: Timeline, folder: Path | None = None) -> bytes:
        """The file's content. `folder`: where the timeline lies, which its pictures' names are relative to.

        Any timeline is right, also an empty one. Raises InputError where the film's own data are wrong.
        """
        ...
