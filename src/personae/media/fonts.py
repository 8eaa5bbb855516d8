"""A font that can write a given name, in whatever script it is.

Pillow brings a font for Latin; for other scripts the system's fonts are searched. Where no font has the characters,
the name is written in Latin letters (anyascii), which can be read where empty boxes cannot.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import ImageFont

    Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_MISSING = "\U0010fffd"  # private use, last plane: no font has it, so it draws as "missing"
_PROBE_SIZE = 20
_PREFERRED = ("NotoSans-Regular", "DejaVuSans.ttf", "NotoSansCJK", "arialuni", "Arial Unicode", "Unifont", "unifont")


def font_for(text: str, size_px: int) -> tuple[Font, str]:
    """A font of `size_px` and `text` as it can be written with it."""
    from PIL import ImageFont

    path = _font_path("".join(sorted(set(text))))
    if path is None:
        from anyascii import anyascii

        return ImageFont.load_default(size_px), anyascii(text) or "?"
    return (ImageFont.load_default(size_px) if not path else ImageFont.truetype(path, size_px)), text


@lru_cache(maxsize=512)
def _font_path(characters: str) -> str | None:
    """Path of the first font with all `characters`; "" for Pillow's own, None for none."""
    from PIL import ImageFont

    default = ImageFont.load_default(_PROBE_SIZE)
    if isinstance(default, ImageFont.FreeTypeFont) and _covers(default, characters):
        return ""
    for path in _system_fonts():
        try:
            font = ImageFont.truetype(path, _PROBE_SIZE)
        except OSError:
            continue
        if _covers(font, characters):
            return path
    return None


def _covers(font: ImageFont.FreeTypeFont, characters: str) -> bool:
    """Whether each character draws as something else than the glyph for a missing one."""
    missing = bytes(font.getmask(_MISSING))
    for character in characters:
        if character.isspace():
            continue
        drawn = bytes(font.getmask(character))
        if not drawn or drawn == missing:
            return False
    return True


@lru_cache(maxsize=1)
def _system_fonts() -> tuple[str, ...]:
    """Font files of the system, the ones that cover most first."""
    found = [str(path) for folder in _font_folders() for path in _fonts_in(folder)]
    rank = {path: next((i for i, name in enumerate(_PREFERRED) if name in path), 99) for path in found}
    return tuple(sorted(found, key=lambda path: (rank[path], path)))


def _font_folders() -> list[Path]:
    home = Path.home()
    if sys.platform == "win32":
        return [Path(os.environ.get("WINDIR", "C:/Windows")) / "Fonts", home / "AppData/Local/Microsoft/Windows/Fonts"]
    if sys.platform == "darwin":
        return [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts"]
    return [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), home / ".local/share/fonts", home / ".fonts"]


def _fonts_in(folder: Path) -> Iterator[Path]:
    for suffix in ("*.ttf", "*.otf", "*.ttc"):
        yield from folder.rglob(suffix)
