"""What the HTML pages share: one file with everything in it, pictures as data URIs, times for people."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from html import escape
from importlib import resources
from pathlib import Path

from personae.exports.spans import characters, line
from personae.media.photos import load
from personae.timeline.timeline import Appearance, Timeline

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


def page(title: str, body: str, name: str) -> bytes:
    """A whole document; style and script are `pages/<name>.css` and `.js`. It can load nothing from anywhere."""
    style = _asset("base.css") + _asset(f"{name}.css")
    return (
        "<!doctype html>\n"
        f'<html lang="en"><head><meta charset="utf-8"><title>{text(title)}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f'<meta name="color-scheme" content="light dark">\n<style>\n{style}</style></head>\n'
        f"<body>\n{body}\n<script>\n{_asset(f'{name}.js')}</script></body></html>\n"
    ).encode()


def _asset(name: str) -> str:
    return (resources.files("personae") / "exports" / "pages" / name).read_text(encoding="utf-8")


def text(value: str) -> str:
    """A text as HTML, also inside quotes."""
    return escape(line(value), quote=True)


def clock(seconds: float) -> str:
    """A time or length: 0:05, 12:40, 1:02:03; below ten seconds with tenths: 0:04.2."""
    if seconds < 10:
        tenths = round(seconds * 10)
        return f"0:{tenths // 10:02}" + (f".{tenths % 10}" if tenths % 10 else "")
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def hues(timeline: Timeline) -> Mapping[str, str]:
    """The style that gives a character's colour; an unknown person has none and is grey."""
    # The golden angle keeps neighbours apart; each round of eight is lighter than the one before.
    return {
        name: f"--hue:{(225 + number * 137.5) % 360:.0f};--shift:{number // 8 % 3 * 9}%"
        for number, name in enumerate(characters(timeline))
    }


def data_uri(appearance: Appearance, folder: Path | None, side_px: int) -> str | None:
    """The appearance's best picture, at most `side_px` large, as a JPEG in a data URI; None where there is none."""
    file = appearance.best_picture.file if appearance.best_picture else None
    if folder is None or not file:
        return None
    from PIL import Image

    try:
        path = (folder / file).resolve()
        if not path.is_relative_to(folder.resolve()):  # a link: what lies elsewhere is nobody's to show
            return None
        small = Image.fromarray(load(path).pixels)
    except (OSError, RuntimeError, ValueError):  # a PhotoError is a ValueError
        return None
    small.thumbnail((side_px, side_px))
    content = io.BytesIO()
    small.save(content, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(content.getvalue()).decode()


def face(name: str, uri: str | None) -> str:
    """A picture of somebody, or the first letter of the name where there is none."""
    if uri:
        return f'<img class="face" src="{uri}" alt="" loading="lazy">'
    letter = name.removeprefix("Unknown ")[:1] or "?"
    return f'<span class="face" aria-hidden="true">{text(letter)}</span>'
