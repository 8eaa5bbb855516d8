"""What shall be written of photos for archives, as one value."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from personae.errors import SettingError


@dataclass(frozen=True)
class ArchiveWishes:
    """What shall be written, and where; raises SettingError for what makes no sense together.

    `out`: a folder for sidecars, in folders like those of the photos; `sort_into`: a folder for a folder per person,
    with copies, or `links`; `xmp`: sidecars beside those too; `embed`: names into the copies, where their format
    takes them; `beside_originals`: sidecars into the user's own folders; `adobe_names`: sidecars are called `1.xmp`
    instead of `1.jpg.xmp`; `unknown`: people without a name too.
    """

    out: Path | None = None
    sort_into: Path | None = None
    xmp: bool = False
    links: bool = False
    embed: bool = False
    beside_originals: bool = False
    adobe_names: bool = False
    unknown: bool = True

    def __post_init__(self) -> None:
        if self.out is not None and self.beside_originals:
            raise SettingError("Sidecars lie in one place: give --out or --beside-originals.")
        if self.sort_into is None and (self.links or self.embed):
            raise SettingError("--links and --embed say how photos are sorted: give --sort-into DIR too.")
        if self.links and self.embed:
            raise SettingError(
                "--embed would write into the photos that the links point to. Sort copies, or give --xmp."
            )
        if self.xmp and not (self.out or self.sort_into or self.beside_originals):
            raise SettingError(
                "--xmp needs a place: --out DIR, --sort-into DIR, or --beside-originals for the photos' own folders."
            )

    def __bool__(self) -> bool:
        return self.out is not None or self.sort_into is not None or self.beside_originals
