"""The figures of a film's page: how long everybody is there, with whom, and how large."""

from __future__ import annotations

from collections.abc import Mapping

from personae.exports.page import clock, text
from personae.exports.page_commands import PageCommands
from personae.exports.report_people import PersonRow, shown_first, told_left_out
from personae.timeline.depicted import left_out
from personae.timeline.presence import co_presence
from personae.timeline.scale import SCALES, seconds_by_scale
from personae.timeline.timeline import Timeline
from personae.types import percent

_MOST_PAIRS = 12


def totals(timeline: Timeline, people: list[PersonRow], commands: PageCommands) -> str:
    """How long everybody is there, by each measure."""
    pictures = _on_pictures(timeline, commands)
    if not people:
        return f"<section><h2>How long</h2>{pictures}</section>" if pictures else ""
    most = max(person.visible_s for person in people) or 1
    rows = []
    for person in shown_first(people):
        row = person.totals
        share = f' <span class="dim">{percent(row.share, 1)}</span>' if row else ""
        meter = f'<span class="meter"><i style="width:{100 * person.visible_s / most:.1f}%"></i></span>'
        cells = (
            ("Visible face time", f"{clock(person.visible_s)}{share}{meter}"),
            ("On screen", clock(row.on_screen_s) if row else "–"),
            ("Scene presence", clock(row.scene_presence_s) if row else "–"),
            ("Appearances", str(person.appearances)),
            ("First and last", f"<span>{clock(row.first_s)}</span> – <span>{clock(row.last_s)}</span>" if row else "–"),
        )
        tail = "".join(f'<td data-label="{label}">{value}</td>' for label, value in cells)
        rows.append(f"<tr {person.style.format('')}><td>{person.who}</td>{tail}</tr>")
    return (
        "<section><h2>How long</h2><p>Three measures, each wider than the one before; none is screen time, which also "
        f"counts somebody who never shows a face.{told_left_out(people)}</p><table><thead><tr><th>Who</th>"
        "<th>Visible face time<small>how long the face can be seen, and its share of the film</small></th>"
        "<th>On screen<small>with the time in which the head was followed without a face</small></th>"
        "<th>Scene presence<small>from first to last appearance in each scene</small></th>"
        "<th>Appearances</th><th>First and last</th></tr></thead><tbody>" + "".join(rows) + "</tbody></table>"
        f"{pictures}</section>"
    )


def _on_pictures(timeline: Timeline, commands: PageCommands) -> str:
    """Who is on pictures in the picture, and what to type where somebody is alive after all."""
    if not timeline.depicted:
        return ""
    listed = "".join(f"<li>{text(sentence)}</li>" for sentence in left_out(timeline, clock))
    first = min(timeline.depicted, key=lambda one: (one.unknown or 0, -one.depicted_s))
    command = commands.name("--alive", who=first.name)
    return (
        '<p class="note">Faces on pictures in the picture (posters, screens) are in no total:</p>'
        f'<ul class="note">{listed}</ul><p class="note">Who is alive all the same is counted after {command}</p>'
    )


def together(timeline: Timeline, people: list[PersonRow]) -> str:
    """Who is on screen with whom."""
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
        f"<section><h2>Together</h2><p>Both on screen at the same time.{more}</p>"
        f'<ul class="pairs">{"".join(rows)}</ul></section>'
    )


def _colour(person: PersonRow) -> str:
    return person.style.split("--colour:")[1].split('"')[0] if person.known else "var(--grey)"


def scales(timeline: Timeline, people: list[PersonRow]) -> str:
    """How large everybody is seen."""
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
