"""The report: one HTML file for people. A lane per character, totals, who with whom, shot scale, unknown people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from personae._version import __version__
from personae.exports.grid import Grid
from personae.exports.methods import Methods
from personae.exports.page import clock, data_uri, face, hues, page, text
from personae.exports.spans import Span, cut_short, spans, title
from personae.timeline.depicted import left_out
from personae.timeline.presence import co_presence, stretches
from personae.timeline.scale import SCALES, seconds_by_scale
from personae.timeline.selection import union
from personae.timeline.timeline import Appearance, Timeline, Totals
from personae.types import count_of, percent

SURE = 0.8
"""Appearances of less confidence are drawn paler."""
_MOST_PAIRS = 12
_MOST_UNKNOWN = 10
_MOST_CUTS = 1500  # more than this and the row of cuts is a grey bar


@dataclass(frozen=True)
class PersonRow:
    """Somebody in the film as the page shows them; `style`: the CSS class and variables of their colour."""

    name: str
    known: bool
    style: str
    totals: Totals | None
    visible_s: float
    spans: tuple[Span, ...]
    picture: str

    @property
    def who(self) -> str:
        """Picture and name, side by side."""
        return f'<div class="who">{self.picture}<b>{text(self.name)}</b></div>'


class Report:
    """`.html`: everything in one file that loads nothing; pictures are found in the timeline's folder."""

    name = "report"
    suffixes = (".report.html", ".html")
    title = "report for people (HTML)"
    counts_frames = True

    def export(self, timeline: Timeline, folder: Path | None = None) -> bytes:
        """The page in UTF-8."""
        grid = Grid.held(timeline.video)
        people = _people(timeline, grid, folder)
        sections = (
            _header(timeline),
            _figures(timeline, people),
            _lanes(timeline, grid, people),
            _totals(timeline, people),
            _together(timeline, people),
            _scales(timeline, people),
            _unknown(people),
            _made(timeline),
        )
        body = "<main>\n" + "\n".join(filter(None, sections)) + "\n</main>"
        return page(f"{title(timeline)}: who is on screen", body, "report")


def _people(timeline: Timeline, grid: Grid, folder: Path | None) -> list[PersonRow]:
    """Characters, then unknown people, each by visible face time, longest first."""
    colours, base = hues(timeline), timeline.video.time_base
    totals = {row.name: row for row in timeline.characters}
    by_name: dict[str, list[Span]] = {}
    for span in spans(timeline, grid):
        by_name.setdefault(span.appearance.name, []).append(span)
    people = []
    for name, mine in by_name.items():
        known = mine[0].appearance.character is not None
        row = totals.get(name)
        seconds = union((one.appearance.start_pts, one.appearance.end_pts) for one in mine)
        visible = row.visible_face_time_s if row else float(sum(end - start for start, end in seconds) * base)
        style = f'class="{{}} known" style="{colours[name]}"' if known else 'class="{} stranger"'
        picture = face(name, _best_picture([span.appearance for span in mine], folder))
        people.append(PersonRow(name, known, style, row, visible, tuple(mine), picture))
    return sorted(people, key=lambda person: (not person.known, -person.visible_s, person.name))


def _best_picture(appearances: list[Appearance], folder: Path | None) -> str | None:
    best = sorted(appearances, key=lambda one: (one.depicted, -one.confidence))
    uris = (data_uri(one, folder, 192) for one in best)
    return next((uri for uri in uris if uri), None)


def _header(timeline: Timeline) -> str:
    video = timeline.video
    rate = f"{float(video.frame_rate):.3f}".rstrip("0").rstrip(".")
    facts = [clock(video.duration_s), f"{video.size_wh[0]} × {video.size_wh[1]}", f"{rate} frames per second"]
    if video.start_timecode:
        facts.append(f"from {video.start_timecode}")
    missing = "".join(f'<p class="warning">{text(sentence)}</p>' for sentence in cut_short(timeline))
    told = f"Who is on screen, and when. {' · '.join(facts)}"
    return f"<header><h1>{text(title(timeline))}</h1><p>{told}</p>{missing}</header>"


def _figures(timeline: Timeline, people: list[PersonRow]) -> str:
    somebody = sum(one.end_pts - one.start_pts for one in stretches(timeline)) * timeline.video.time_base
    share = float(somebody) / timeline.video.duration_s if timeline.video.duration_pts else 0.0
    known = sum(person.known for person in people)
    figures = (
        (known, "character" if known == 1 else "characters"),
        (len(people) - known, "unknown person" if len(people) - known == 1 else "unknown people"),
        (len(timeline.appearances), "appearance" if len(timeline.appearances) == 1 else "appearances"),
        (len(timeline.shots), "shot" if len(timeline.shots) == 1 else "shots"),
        (percent(min(1, share)), "of the film shows a face"),
    )
    return (
        '<div class="figures">' + "".join(f"<div><b>{value}</b><span>{what}</span></div>" for value, what in figures)
    ) + "</div>"


def _lanes(timeline: Timeline, grid: Grid, people: list[PersonRow]) -> str:
    if not people:
        return "<section><h2>Nobody</h2><p>No face was found in this film.</p></section>"
    video = timeline.video
    length = max(video.duration_s, 0.001)
    rows = []
    for person in _first(people):
        bars = "".join(_bar(span, grid, video.seconds(span.appearance.start_pts) / length, length, timeline)
                       for span in person.spans)  # fmt: skip
        rows.append(
            f'<div {person.style.format("lane")} data-name="{text(person.name)}">{person.who}'
            f'<div class="bar">{bars}</div></div>'
        )
    cuts = ""
    if len(timeline.shots) <= _MOST_CUTS:
        marks = (video.seconds(shot.start_pts) / length for shot in timeline.shots[1:])
        cuts = (
            '<div class="axis"><div class="cuts" title="Cuts">'
            + "".join(f'<s style="left:{100 * mark:.3f}%"></s>' for mark in marks)
            + "</div></div>"
        )
    pale = f"Paler: less than {percent(SURE)} sure." if any(_unsure(s) for p in people for s in p.spans) else ""
    return (
        '<section><div class="top"><div><h2>Timeline</h2>'
        f"<p>One lane per person; short strokes beneath are cuts. {pale}{_left_out(people)}</p></div>"
        '<label class="zoom">Zoom<input type="range" min="0" max="6" step="0.5" value="0"></label></div>'
        f'<div class="scroll"><div class="lanes" data-seconds="{video.duration_s:.3f}">{"".join(rows)}{cuts}'
        '<div class="axis"><div class="ticks"></div></div></div></div>'
        '<p class="readout" aria-live="polite">Point at a stretch, or tap it, to read its times.</p></section>'
    )


def _first(people: list[PersonRow]) -> list[PersonRow]:
    """All characters, and as many unknown people as can be taken in; the others have their pictures further down."""
    known = sum(person.known for person in people)
    return people[: known + _MOST_UNKNOWN]


def _left_out(people: list[PersonRow]) -> str:
    count = len(people) - len(_first(people))
    if not count:
        return ""
    return (
        " 1 more unknown person is further down." if count == 1 else f" {count} more unknown people are further down."
    )


def _unsure(span: Span) -> bool:
    one = span.appearance
    return one.character is not None and one.confidence < SURE and one.decided_by == "model"


def _bar(span: Span, grid: Grid, left: float, length: float, timeline: Timeline) -> str:
    one = span.appearance
    seconds = float((one.end_pts - one.start_pts) * timeline.video.time_base)
    classes = " ".join(["unsure"] * _unsure(span) + ["depicted"] * one.depicted)
    told = f"{grid.timecode(span.first)} to {grid.timecode(span.end - 1)} · {clock(seconds)} · {span.note}"
    return (
        f'<i{f" class={chr(34)}{classes}{chr(34)}" if classes else ""} data-t="{told}" title="{told}" '
        f'style="left:{100 * left:.3f}%;width:{100 * seconds / length:.3f}%"></i>'
    )


def _totals(timeline: Timeline, people: list[PersonRow]) -> str:
    pictures = "".join(f"<li>{text(sentence)}</li>" for sentence in left_out(timeline))
    pictures = pictures and (
        '<p class="note">Faces on pictures in the picture (posters, screens) are in no total. Who is alive all the '
        "same is counted after <code>personae name NAME --alive --timeline FILE</code>:</p>"
        f'<ul class="note">{pictures}</ul>'
    )
    if not people:
        return f"<section><h2>How long</h2>{pictures}</section>" if pictures else ""
    most = max(person.visible_s for person in people) or 1
    rows = []
    for person in _first(people):
        row = person.totals
        share = f' <span class="dim">{percent(row.share, 1)}</span>' if row else ""
        meter = f'<span class="meter"><i style="width:{100 * person.visible_s / most:.1f}%"></i></span>'
        cells = (
            ("Visible face time", f"{clock(person.visible_s)}{share}{meter}"),
            ("Scene presence", clock(row.scene_presence_s) if row else "–"),
            ("Appearances", str(len(person.spans))),
            ("First and last", f"{clock(row.first_s)} – {clock(row.last_s)}" if row else "–"),
        )
        tail = "".join(f'<td data-label="{label}">{value}</td>' for label, value in cells)
        rows.append(f"<tr {person.style.format('')}><td>{person.who}</td>{tail}</tr>")
    return (
        "<section><h2>How long</h2><p>Two measures that are never mixed; neither is screen time, which also counts "
        f"somebody seen from behind.{_left_out(people)}</p><table><thead><tr><th>Who</th>"
        "<th>Visible face time<small>how long the face can be seen, and its share of the film</small></th>"
        "<th>Scene presence<small>from first to last appearance in each scene</small></th>"
        "<th>Appearances</th><th>First and last</th></tr></thead><tbody>" + "".join(rows) + "</tbody></table>"
        f"{pictures}</section>"
    )


def _together(timeline: Timeline, people: list[PersonRow]) -> str:
    pairs = co_presence(timeline)
    if not pairs:
        return ""
    by_name = {person.name: person for person in people}
    rows = []
    for pair in pairs[:_MOST_PAIRS]:
        width = 100 * pair.together_s / pairs[0].together_s
        colours = ";".join(
            f"--{end}:{_colour(by_name[name])}" for end, name in (("from", pair.first), ("to", pair.second))
        )
        times = "once" if pair.times == 1 else f"{pair.times} times"
        rows.append(
            f"<li><div><b>{text(pair.first)} &amp; {text(pair.second)}</b>"
            f"<span>{clock(pair.together_s)}, {times}</span>"
            f'</div><span class="meter" style="{colours}"><i style="width:{width:.1f}%"></i></span></li>'
        )
    more = f" The first {_MOST_PAIRS} of {len(pairs)} pairs." if len(pairs) > _MOST_PAIRS else ""
    return (
        f"<section><h2>Together</h2><p>Both faces on screen at the same time.{more}</p>"
        f'<ul class="pairs">{"".join(rows)}</ul></section>'
    )


def _colour(person: PersonRow) -> str:
    if not person.known:
        return "var(--grey)"
    return "oklch(var(--light) var(--chroma) {})".format(person.style.split("--hue:")[1].split(";")[0])


def _scales(timeline: Timeline, people: list[PersonRow]) -> str:
    found: Mapping[str, Mapping[str, float]] = seconds_by_scale(timeline)
    rows = []
    for person in people:
        seconds = found.get(person.name)
        if not seconds or not person.known:
            continue
        whole = sum(seconds.values())
        parts = "".join(
            f'<i style="--step:{step};width:{100 * seconds[name] / whole:.2f}%" '
            f'title="{name}: {clock(seconds[name])}, {percent(seconds[name] / whole)}"></i>'
            for step, (name, _) in enumerate(SCALES)
            if seconds[name] > 0
        )
        rows.append(f'<div {person.style.format("")}>{person.who}<div class="stack">{parts}</div></div>')
    if not rows:
        return ""
    legend = "".join(
        f'<span><i style="--step:{step}"></i>{name} ({"up to 10%" if least == 0 else f"from {percent(least)}"})</span>'
        for step, (name, least) in enumerate(SCALES)
    )
    return (
        "<section><h2>Shot scale</h2><p>How large the face is, as share of the picture's height.</p>"
        f'<div class="scales">{"".join(rows)}</div><div class="legend">{legend}</div></section>'
    )


def _unknown(people: list[PersonRow]) -> str:
    strangers = [person for person in people if not person.known]
    if not strangers:
        return ""
    cards = "".join(
        f'<div {person.style.format("")}>{person.picture}<b>{text(person.name)}</b><span class="dim">'
        f"{clock(person.visible_s)}, {count_of(len(person.spans), 'appearance')}</span></div>"
        for person in strangers
    )
    asked = (one for one in strangers if not any(span.appearance.stranger for span in one.spans))
    example = next((text(one.name) for one in asked), None)
    how = (
        ""
        if example is None
        else (
            " Give somebody a name with "
            f"<code>personae name &quot;{example}&quot; &quot;NAME&quot; --timeline FILE</code>"
        )
    )
    return (
        f"<section><h2>Unknown people</h2><p>Faces of the same person, outside the cast.{how}</p>"
        f'<div class="people">{cards}</div></section>'
    )


def _made(timeline: Timeline) -> str:
    gaps = "".join(
        f"<li>{clock(timeline.video.seconds(start))} to {clock(timeline.video.seconds(end))}: {text(why)}</li>"
        for start, end, why in timeline.gaps
    )
    told = text_lines(Methods().export(timeline).decode())
    missing = f'<p class="note">Could not be read:</p><ul class="note">{gaps}</ul>' if gaps else ""
    return (
        f"<section><details{' open' if gaps else ''}><summary>How this was made</summary>{missing}"
        f"<pre>{told}</pre></details></section><footer>Personae {text(__version__)}</footer>"
    )


def text_lines(value: str) -> str:
    """A text of several lines as HTML."""
    return "\n".join(text(row) for row in value.splitlines())
