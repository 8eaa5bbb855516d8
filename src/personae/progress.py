"""Progress of long work, in a closed set of stages, and the one way to cancel it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Stage = Literal[
    "waiting", "photos", "others", "model", "film", "naming", "timeline", "folds", "strangers", "tuning", "annotating",
    "writing", "fetch", "forgetting",
]  # fmt: skip

UNITS: dict[Stage, str] = {
    "waiting": "",  # for another process
    "photos": "photos",  # looked at to be enrolled or named
    "others": "photos",  # looked at to test a model with
    "model": "models",  # fitted
    "film": "seconds",  # looked through
    "naming": "tracks",
    "timeline": "timelines",  # written
    "folds": "folds",  # of a cross-validation
    "strangers": "rounds",  # in which some of the cast are left out
    "tuning": "percent",
    "annotating": "seconds",
    "writing": "seconds",
    "fetch": "bytes",
    "forgetting": "files",  # cleaned and searched
}
"""What `Progress.done` and `total` count in each stage."""


@dataclass(frozen=True)
class Progress:
    """A step of long work: `done` of `total` (None: not known) in `stage`, in the unit of `UNITS`; reads well as text.

    `done` never falls within a stage of one call.
    """

    stage: Stage
    done: int
    total: int | None = None
    message: str = ""

    def __post_init__(self) -> None:
        if self.stage not in UNITS:
            raise ValueError(f"{self.stage!r} is not one of the stages: {', '.join(UNITS)}")

    @property
    def unit(self) -> str:
        """What is counted."""
        return UNITS[self.stage]

    def __str__(self) -> str:
        if self.unit in (self.stage, ""):
            count = f"{self.done}" if self.total is None else f"{self.done}/{self.total}"
            return f"{self.stage} {count}" + (f" {self.message}" if self.message else "")
        count = f"{self.done} {self.unit}" if self.total is None else f"{self.done} of {self.total} {self.unit}"
        return f"{self.stage}: {count}" + (f", {self.message}" if self.message else "")


ProgressCallback = Callable[[Progress], None]
"""Called from the thread that works. Raise `Cancelled` in it to end the work."""


class Cancelled(BaseException):
    """Raise this in a progress callback, and the long call ends there, leaving what a kill would leave.

    Not an `Exception`, as `asyncio.CancelledError` is none: what handles a broken photo or film must not swallow it.
    """
