"""The contact sheet: one picture per appearance, the least sure first, to be gone through with two keys.

What a person decides can be saved as a file of decisions, `film.checked.jsonl`, a line each as in a film's journal: who
it was, a time and a box, the appearance's span, the decision (right, not, alive, depicted), who decided, and when.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from personae.exports.grid import Grid
from personae.exports.page import data_uri, face, hues, page, text
from personae.exports.spans import Span, file_name, line, spans, title
from personae.timeline.decision_rows import SCHEMA
from personae.timeline.timeline import Appearance, Timeline, Track, Video
from personae.types import count_of


class ContactSheet:
    """`.sheet.html`: everything in one file; decisions stay in the browser until they are saved."""

    name = "sheet"
    suffixes = (".sheet.html",)
    title = "contact sheet to check names with two keys (HTML)"
    counts_frames = True

    def export(self, timeline: Timeline, folder: Path | None = None) -> bytes:
        """The page in UTF-8."""
        grid, colours = Grid.held(timeline.video), hues(timeline)
        # Somebody unknown bears no name that could be wrong: after all others.
        order = sorted(
            (span for span in spans(timeline, grid) if _is_asked(span.appearance)),
            key=lambda span: (1.0 if span.colour is None else span.appearance.confidence - 1, span.first),
        )
        tracks = {track.id: track for track in timeline.tracks}
        cards = "".join(
            _card(span, tracks, timeline.video, grid, colours.get(span.appearance.name), folder) for span in order
        )
        film = title(timeline)
        head = (
            f"<header><div><h1>{text(film)}: is this who it says?</h1><p>{count_of(len(order), 'appearance')}, "
            "the least sure first. "
            '<span class="keys">Right is <kbd>J</kbd>, wrong is <kbd>F</kbd>, back is <kbd>U</kbd>; arrows move. '
            "<kbd>P</kbd> says that a face is on a picture in the picture, <kbd>A</kbd> that it is alive. </span>"
            "What you decide stays in this browser until you save it.</p></div>"
            '<label>Your name <input id="author" autocomplete="name"></label></header>'
        )
        data = {
            # Another scan has other appearances under the same numbers: what was decided then is not for them.
            "key": hashlib.sha256(cards.encode()).hexdigest()[:16],
            "schema": SCHEMA,
            "film": line(timeline.video.content_id),
            "path": file_name(timeline),
            "size": json.dumps(timeline.video.size_wh),
            "download": f"{film}.checked.jsonl",
        }
        attributes = " ".join(f'data-{key}="{text(value)}"' for key, value in data.items())
        return page(
            f"{film}: contact sheet",
            f'<main>{head}<ol class="cards" {attributes}>{cards}</ol></main>{_DOCK if order else ""}',
            "sheet",
        )


def _is_asked(one: Appearance) -> bool:
    """Whether there is a face to look at, of somebody who is not said to stay without a name."""
    return one.seen == "face" and not one.stranger


def _card(
    span: Span, tracks: Mapping[int, Track], video: Video, grid: Grid, hue: str | None, folder: Path | None
) -> str:
    one = span.appearance
    pts, (x1, y1, x2, y2) = _place(one, tracks, video)
    width, height = video.size_wh
    shares = (x1 / width, y1 / height, x2 / width, y2 / height)
    facts = {
        "appearance": one.id,
        "who": {
            "character": one.character and line(one.character),
            "character_id": one.character_id,
            "unknown": one.unknown,
        },
        "place": [round(video.seconds(pts), 6), *(round(value, 5) for value in shares)],
        "span_s": [round(video.seconds(at), 6) for at in (one.start_pts, one.end_pts)],
    }
    colour = f'class="card known" style="{hue}"' if hue else 'class="card stranger"'
    depicted = " data-depicted" * one.depicted
    return (
        f'<li {colour} data-id="{one.id}"{depicted} data-facts="{text(json.dumps(facts, ensure_ascii=False))}">'
        f"{face(one.name, data_uri(one, folder, 220))}<div><b>{text(one.name)}</b>"
        f'<span class="dim">{span.note}</span><span class="dim">{grid.timecode(span.first)}</span></div></li>'
    )


def _place(one: Appearance, tracks: Mapping[int, Track], video: Video) -> tuple[int, tuple[float, ...]]:
    """Where the decided face is: pts, and box in displayed pixels; its best picture's, else its surest."""
    if one.best_picture:
        return one.best_picture.pts, one.best_picture.box
    boxes = [box for number in one.tracks if number in tracks for box in tracks[number].boxes]
    if not boxes:
        return one.start_pts, (0, 0, *video.size_wh)
    surest = max(boxes, key=lambda box: box[5])
    return surest[0], surest[1:5]


_DOCK = (
    '<div class="dock"><div><div id="asked"></div><p><b id="question"></b><span id="done"></span>'
    '<span class="meter"><i></i></span></p><div class="buttons">'
    '<button type="button" class="wrong" id="wrong">Wrong<kbd>F</kbd></button>'
    '<button type="button" class="right" id="right">Right<kbd>J</kbd></button>'
    '<button type="button" id="alive">Alive<kbd>A</kbd></button>'
    '<button type="button" id="depicted" title="On a poster or a screen: not counted">Picture<kbd>P</kbd></button>'
    '<button type="button" id="undo">Undo<kbd>U</kbd></button>'
    '<button type="button" id="save" disabled title="Save the decisions as a file">Save</button></div></div></div>'
)
