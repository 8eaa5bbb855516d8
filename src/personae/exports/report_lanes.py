"""The lanes of a film's page: who is there when, drawn to the film's length."""

from __future__ import annotations

from personae.exports.grid import Grid
from personae.exports.page import clock, text
from personae.exports.report_people import PersonRow, shown_first, told_left_out
from personae.exports.spans import Span
from personae.timeline.timeline import Timeline
from personae.types import percent

SURE = 0.8
"""Appearances of less confidence are drawn paler."""
_MOST_CUTS = 1500  # more than this and the row of cuts is a grey bar


def lanes(timeline: Timeline, grid: Grid, people: list[PersonRow]) -> str:
    """A lane per person, with the film's cuts and its time beneath."""
    if not people:
        return "<section><h2>Nobody</h2><p>No face was found in this film.</p></section>"
    video = timeline.video
    length = max(video.duration_s, 0.001)
    rows = []
    for person in shown_first(people):
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
    if any(span.appearance.seen == "followed" for person in people for span in person.spans):
        pale = f"Hollow: on screen without a face, the head was followed. {pale}".strip()
    return (
        '<section><div class="top"><div><h2>Timeline</h2>'
        f"<p>One lane per person; short strokes beneath are cuts. {pale}{told_left_out(people)}</p></div>"
        '<label class="zoom">Zoom<input type="range" min="0" max="6" step="0.5" value="0"></label></div>'
        f'<div class="scroll"><div class="lanes" data-seconds="{video.duration_s:.3f}">{"".join(rows)}{cuts}'
        '<div class="axis"><div class="ticks"></div></div></div></div>'
        '<p class="readout" aria-live="polite">Point at a stretch, or tap it, to read its times.</p></section>'
    )


def _unsure(span: Span) -> bool:
    one = span.appearance
    return one.character is not None and one.confidence < SURE and one.decided_by == "model"


def _bar(span: Span, grid: Grid, left: float, length: float, timeline: Timeline) -> str:
    one = span.appearance
    seconds = float((one.end_pts - one.start_pts) * timeline.video.time_base)
    classes = " ".join(
        ["unsure"] * _unsure(span) + ["depicted"] * one.depicted + ["followed"] * (one.seen == "followed")
    )
    begin, end = (clock(timeline.video.seconds(pts)) for pts in (one.start_pts, one.end_pts))
    told = f"{begin} to {end} · {clock(seconds)} long · {span.note}"
    if timeline.video.start_timecode:  # what an editing program shows there
        told += f" · timecode {grid.timecode(span.first)}"
    return (
        f'<i{f" class={chr(34)}{classes}{chr(34)}" if classes else ""} data-t="{told}" title="{told}" '
        f'style="left:{100 * left:.3f}%;width:{100 * seconds / length:.3f}%"></i>'
    )
