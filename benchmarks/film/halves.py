"""Who films are made of to choose on (half a), and who to report on (half b).

A fixed rule, so that nobody changes sides: of the names in sorted order every second one, from the first on, is in half
a, the others in half b. So it is of the folders of people and of the files of strangers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeVar

Half = Literal["a", "b"]
HALVES: tuple[Half, ...] = ("a", "b")
One = TypeVar("One")


def half_of(everybody: Sequence[One], half: Half | None) -> list[One]:
    """Those of `everybody`, in sorted order, who are in the half; all without one."""
    return list(everybody) if half is None else list(everybody[HALVES.index(half) :: 2])
