"""What the HTML pages share: one file with everything in it, pictures as data URIs, times for people."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from html import escape
from importlib import resources
from pathlib import Path

from personae.exports.lifting import lifted
from personae.exports.spans import characters, line
from personae.media.palette import COLOURS, GREY, Colours
from personae.media.photos import load
from personae.names import unknown_number
from personae.old_pages import attributes
from personae.timeline.timeline import Appearance, Timeline

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


def page(title: str, body: str, name: str, made_of: Mapping[str, str] | None = None) -> bytes:
    """A whole document; style and script are `pages/<name>.css` and `.js`. It can load nothing from anywhere.

    `made_of`: what each film's timeline was, by the film, so that the page can be told to be older (`old_pages`).
    """
    style = _palette() + _asset("base.css") + _asset(f"{name}.css")
    return (
        "<!doctype html>\n"
        f'<html lang="en"{attributes(made_of or {})}><head><meta charset="utf-8"><title>{text(title)}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f'<meta name="color-scheme" content="light dark">\n<style>\n{style}</style></head>\n'
        f"<body>\n{body}\n<script>\n{_asset('base.js')}{_asset(f'{name}.js')}</script></body></html>\n"
    ).encode()


def _asset(name: str) -> str:
    return (resources.files("personae") / "exports" / "pages" / name).read_text(encoding="utf-8")


def _palette() -> str:
    """The characters' colours as variables, for light screens and dark ones."""
    light, dark = (
        f":root{{--grey:{getattr(GREY, kind)};"
        + "".join(f"--c{number}:{getattr(one, kind)};" for number, one in enumerate(COLOURS))
        + "}"
        for kind in ("light", "dark")
    )
    return f"{light}\n@media (prefers-color-scheme: dark) {{ {dark} }}\n"


def text(value: str) -> str:
    """A text as HTML, also inside quotes."""
    return escape(line(value), quote=True)


def clock(seconds: float) -> str:
    """A time or a length, always written alike, so that any two can be compared: 0:00:04.2, 1:02:03.0."""
    tenths = round(seconds * 10)
    return f"{tenths // 36000}:{tenths // 600 % 60:02}:{tenths // 10 % 60:02}.{tenths % 10}"


def colours(timeline: Timeline, numbers: Mapping[str, int] | None = None) -> Mapping[str, str]:
    """The style that gives a character's colour; an unknown person has none and is grey. `numbers`: see `styles`."""
    return styles(characters(timeline), timeline.model.get("characters"), numbers)


def styles(shown: Sequence[str], cast: object = None, numbers: Mapping[str, int] | None = None) -> Mapping[str, str]:
    """The style of each name. `cast`: who else may be shown elsewhere, in the same colours.

    `numbers`: who has which colour on all pages of a project; without it by these names alone.
    """
    found = Colours.for_all(shown, cast) if numbers is None else Colours(sorted(shown), numbers)
    return {name: f"--colour:var(--c{found.of(name)})" for name in shown}


def data_uri(appearance: Appearance, folder: Path | None, side_px: int) -> str | None:
    """The appearance's best picture, see `picture_uri`; None where there is none."""
    return picture_uri(appearance.best_picture.file if appearance.best_picture else None, folder, side_px)


def picture_uri(file: str | None, folder: Path | None, side_px: int) -> str | None:
    """A picture at most `side_px` large, as a JPEG in a data URI; a dark one is made brighter.

    `file`: its path in `folder`. None where there is none.
    """
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
    lifted(small).save(content, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(content.getvalue()).decode()


def face(name: str, uri: str | None) -> str:
    """A picture of somebody, or the first letter of the name, or the number, where there is none."""
    if uri:
        return f'<img class="face" src="{uri}" alt="" loading="lazy">'
    number = unknown_number(name)
    letter = str(number) if number is not None else name[:1] or "?"
    return f'<span class="face" aria-hidden="true">{text(letter)}</span>'
