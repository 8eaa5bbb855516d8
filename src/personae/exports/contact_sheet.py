"""The contact sheet: one picture per appearance, the least sure first, to be gone through with a few keys.

What a person decides can be saved as a file of decisions, `film.checked-<time>.jsonl`, a line each as in a film's
journal: who it was, times and boxes, the appearance's span, the decision, who decided, and when. An unknown person who
gets a name has it wherever they are; of a character a name is about the one appearance.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from personae.exports.grid import Grid
from personae.exports.page import page, text
from personae.exports.page_commands import PageCommands, older
from personae.exports.sheet_cards import Cards
from personae.exports.spans import Span, characters, file_name, line, spans, title
from personae.names import is_unknown_name
from personae.timeline import native
from personae.timeline.decision_rows import SCHEMA
from personae.timeline.timeline import Timeline
from personae.types import count_of


class ContactSheet:
    """`.sheet.html`: everything in one file; decisions stay in the browser until they are saved.

    `commands`, `digest`: as of the report.
    """

    name = "sheet"
    suffixes = (".sheet.html",)
    title = "contact sheet to check names with a few keys (HTML)"
    counts_frames = True

    def __init__(self, commands: PageCommands | None = None, digest: str | None = None) -> None:
        self.commands = commands or PageCommands()
        self.digest = digest

    def placed(self, commands: PageCommands, digest: str) -> ContactSheet:
        """For a page that lies somewhere."""
        return ContactSheet(commands, digest)

    def export(self, timeline: Timeline, folder: Path | None = None) -> bytes:
        """The page in UTF-8."""
        found = [span for span in spans(timeline, Grid.held(timeline.video)) if span.appearance.seen == "face"]
        asked = sorted((span for span in found if not span.appearance.stranger), key=_order)
        strangers = sorted((span for span in found if span.appearance.stranger), key=_order)
        made = Cards(timeline, folder, self.commands.colours)
        cards = "".join(map(made.of, asked))
        left_out = "".join(map(made.of, strangers)) + made.of_nobody()
        film = title(timeline)
        data = {
            # Another scan has other appearances under the same numbers: what was decided then is not for them.
            "key": hashlib.sha256((cards + left_out).encode()).hexdigest()[:16],
            "schema": SCHEMA,
            "film": line(timeline.video.content_id),
            "path": file_name(timeline),
            "size": json.dumps(timeline.video.size_wh),
            "download": f"{film}.checked",
        }
        attributes = " ".join(f'data-{key}="{text(value)}"' for key, value in data.items())
        body = _head(film, len(asked), self.commands) + f'<ol class="cards" {attributes}>{cards}</ol>'
        if left_out:
            body += _LEFT_OUT + f'<ol class="cards left-out">{left_out}</ol>'
        dock = _dock(timeline, self.commands) if cards or left_out else ""
        made_of = {timeline.video.content_id: self.digest or native.digest(timeline)}
        return page(f"{film}: contact sheet", f"<main>{body}</main>{dock}", "sheet", made_of)


def _order(span: Span) -> tuple[float, int, int]:
    """The least sure first; unknown people, whose number is no name that could be wrong, after all others."""
    one = span.appearance
    return (1.0 if one.unknown is not None else one.confidence - 1, one.unknown or 0, span.first)


def _head(film: str, count: int, commands: PageCommands) -> str:
    return (
        f"<header><div><h1>{text(film)}: who is this?</h1><p>{count_of(count, 'appearance')}, "
        "the least sure first, unknown people last. "
        '<span class="keys">'
        "Right is <kbd>J</kbd>, wrong is <kbd>F</kbd>, a name is <kbd>N</kbd>, back is <kbd>U</kbd>; "
        "arrows move. <kbd>S</kbd> stays without a name, <kbd>X</kbd> is no face, <kbd>P</kbd> is on a picture in the "
        "picture, <kbd>A</kbd> is alive. </span>"
        "What you decide stays in this browser until you save it.</p></div>"
        '<label>Your name <input id="author" autocomplete="name"></label></header>' + older(commands)
    )


_LEFT_OUT = (
    "<h2>Left out</h2><p>Who stays without a name, and what was said to be no face or is too little to tell. "
    "Names and decisions count here too.</p>"
)


def _dock(timeline: Timeline, commands: PageCommands) -> str:
    known = timeline.model.get("characters")
    cast = [one for one in known if isinstance(one, str)] if isinstance(known, list) else []
    names = sorted({*characters(timeline), *cast}, key=lambda name: (name.casefold(), name))
    options = "".join(f'<option value="{text(name)}">' for name in names if not is_unknown_name(name))
    return (
        f'<datalist id="names">{options}</datalist>'
        '<div class="dock"><div><div id="asked"></div><p><b id="question"></b><span id="done"></span>'
        '<span class="meter"><i></i></span></p><form id="naming"><input id="name" list="names" maxlength="200" '
        'placeholder="Name" aria-label="Name" autocomplete="off" autocapitalize="words">'
        '<button id="give">Name<kbd>N</kbd></button></form><div class="buttons">'
        '<button type="button" class="wrong" id="wrong">Wrong<kbd>F</kbd></button>'
        '<button type="button" class="right" id="right">Right<kbd>J</kbd></button>'
        '<button type="button" id="stranger" title="Stays without a name, and is not asked for again">'
        "Stranger<kbd>S</kbd></button>"
        '<button type="button" id="no_face" title="What was found is nobody\'s face">No face<kbd>X</kbd></button>'
        '<button type="button" id="alive">Alive<kbd>A</kbd></button>'
        '<button type="button" id="depicted" title="On a poster or a screen: not counted">Picture<kbd>P</kbd></button>'
        '<button type="button" id="undo">Undo<kbd>U</kbd></button>'
        '<button type="button" id="save" disabled title="Save the decisions as a file">Save</button></div>'
        '<p id="told" role="status" hidden></p>'
        f'<p id="apply" hidden>Saved. This adds it to the film: {commands.importing()}</p></div></div>'
    )
