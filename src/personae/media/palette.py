"""The colours of characters, the same ones on pages and on pictures: twelve that nobody takes for each other.

They were searched for: as far apart as twelve colours and the grey of unknown people can be (CIEDE2000) for people who
see all colours and, as far as it goes, for those who do not (protanopia, deuteranopia, tritanopia after Machado, 2009),
each with a contrast of at least 3 to the paper it is drawn on. `tests/media/test_palette.py` measures it. A name always
stands beside its colour: nothing is said by colour alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Colour:
    """One colour as `#rrggbb`: on light paper, and on dark paper and pictures."""

    light: str
    dark: str

    @property
    def rgb(self) -> tuple[int, int, int]:
        """As it is drawn on pictures, 0 to 255."""
        red, green, blue = bytes.fromhex(self.dark[1:])
        return red, green, blue


COLOURS: tuple[Colour, ...] = (
    Colour("#5f94f1", "#1770a3"),
    Colour("#4c5902", "#cdf41e"),
    Colour("#cb4b55", "#fc054b"),
    Colour("#87376f", "#975276"),
    Colour("#6a151a", "#ff7c43"),
    Colour("#d574b5", "#f699c4"),
    Colour("#0d5da8", "#5ec5fe"),
    Colour("#996c00", "#f9cc88"),
    Colour("#2808a9", "#908ad8"),
    Colour("#9249f2", "#9e18fd"),
    Colour("#018558", "#69f9cb"),
    Colour("#8c9d32", "#62760d"),
)
GREY = Colour("#8b867d", "#8f8d88")
"""Of people without a name."""


class Colours:
    """Who has which of the `COLOURS`, by number.

    A name has a colour of its own choice, the same in every film and picture, unless somebody has it already: then the
    next free one. When all are taken they begin again. `numbers`: who has one already.
    """

    def __init__(self, names: Iterable[str] = (), numbers: Mapping[str, int] | None = None) -> None:
        self._numbers: dict[str, int] = dict(numbers or {})
        for name in names:
            self.of(name)

    @classmethod
    def for_all(cls, shown: Sequence[str], cast: object = None) -> Colours:
        """For the names that are `shown`. A `cast` that is small enough has its colours kept free, in all its films."""
        known = [one for one in cast if isinstance(one, str)] if isinstance(cast, list | tuple) else []
        everybody = sorted({*shown, *known})
        return cls(everybody if len(everybody) <= len(COLOURS) else shown)

    @classmethod
    def of_cast(cls, cast: Mapping[str, str], shown: Collection[str] = ()) -> Colours:
        """For a project's `cast`, id -> name: by id, so that a new name changes no colour.

        Of a cast that is too large, those who are `shown`: everybody on pages that are made together.
        """
        own = {key: name for key, name in sorted(cast.items()) if len(cast) <= len(COLOURS) or name in shown}
        by_id = cls(own)
        return cls(numbers={name: by_id.of(key) for key, name in own.items()})

    @property
    def numbers(self) -> Mapping[str, int]:
        """Who has which, so far."""
        return dict(self._numbers)

    def of(self, name: str) -> int:
        """The number of somebody's colour; whoever is new gets one."""
        if name not in self._numbers:
            wanted = hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()[0] % len(COLOURS)
            taken = set(self._numbers.values())
            free = ((wanted + step) % len(COLOURS) for step in range(len(COLOURS)))
            self._numbers[name] = next((number for number in free if number not in taken), wanted)
        return self._numbers[name]
