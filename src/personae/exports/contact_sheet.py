"""The contact sheet: one picture per appearance, the least sure first, to be gone through with two keys.

What a person decides can be saved as a decisions file, `film.edits.json`: per appearance its tracks, time and box, the
decision (right or wrong), who decided, and when.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from personae.exports.grid import Grid
from personae.exports.page import data_uri, face, hues, page, text
from personae.exports.spans import Span, file_name, line, spans, title
from personae.timeline.timeline import Timeline
from personae.types import count_of

EDITS_SCHEMA = "personae/edits/1"


class ContactSheet:
    """`.sheet.html`: everything in one file; decisions stay in the browser until they are saved."""

    name = "sheet"
    suffixes = (".sheet.html",)
    title = "contact sheet to check names with two keys (HTML)"

    def export(self, timeline: Timeline, folder: Path | None = None) -> bytes:
        """The page in UTF-8."""
        grid, colours = Grid.of(timeline.video), hues(timeline)
        # Somebody unknown bears no name that could be wrong: after all others.
        order = sorted(
            spans(timeline, grid),
            key=lambda span: (span.appearance.character is None, span.appearance.confidence, span.first),
        )
        cards = "".join(_card(span, timeline, grid, colours.get(span.appearance.name), folder) for span in order)
        film = title(timeline)
        head = (
            f"<header><div><h1>{text(film)}: is this who it says?</h1><p>{count_of(len(order), 'appearance')}, "
            "the least sure first. "
            '<span class="keys">Right is <kbd>J</kbd>, wrong is <kbd>F</kbd>, back is <kbd>U</kbd>; '
            "arrows move. </span>What you decide stays in this browser until you save it.</p></div>"
            '<label>Your name <input id="author" autocomplete="name"></label></header>'
        )
        data = {
            # Another scan has other appearances under the same numbers: what was decided then is not for them.
            "key": hashlib.sha256(cards.encode()).hexdigest()[:16],
            "schema": EDITS_SCHEMA,
            "film": line(timeline.video.content_id),
            "path": file_name(timeline),
            "download": f"{film}.edits.json",
        }
        attributes = " ".join(f'data-{key}="{text(value)}"' for key, value in data.items())
        return page(
            f"{film}: contact sheet",
            f'<main>{head}<ol class="cards" {attributes}>{cards}</ol></main>{_DOCK if order else ""}',
            "sheet",
        )


def _card(span: Span, timeline: Timeline, grid: Grid, hue: str | None, folder: Path | None) -> str:
    one, video = span.appearance, timeline.video
    best = one.best_picture
    facts = {
        "appearance": one.id,
        "tracks": list(one.tracks),
        "character": one.character and line(one.character),
        "unknown": one.unknown and line(one.unknown),
        "start_pts": one.start_pts,
        "end_pts": one.end_pts,
        "pts": best.pts if best else one.start_pts,
        "t_s": round(video.seconds(best.pts if best else one.start_pts), 3),
        "box": [round(value, 1) for value in best.box] if best else None,
    }
    colour = f'class="card known" style="{hue}"' if hue else 'class="card stranger"'
    return (
        f'<li {colour} data-id="{one.id}" data-facts="{text(json.dumps(facts, ensure_ascii=False))}">'
        f"{face(one.name, data_uri(one, folder, 220))}<div><b>{text(one.name)}</b>"
        f'<span class="dim">{span.note}</span><span class="dim">{grid.timecode(span.first)}</span></div></li>'
    )


_DOCK = (
    '<div class="dock"><div><div id="asked"></div><p><b id="question"></b><span id="done"></span>'
    '<span class="meter"><i></i></span></p><div class="buttons">'
    '<button type="button" class="wrong" id="wrong">Wrong<kbd>F</kbd></button>'
    '<button type="button" class="right" id="right">Right<kbd>J</kbd></button>'
    '<button type="button" id="undo">Undo<kbd>U</kbd></button>'
    '<button type="button" id="save" disabled title="Save the decisions as a file">Save</button></div></div></div>'
)
