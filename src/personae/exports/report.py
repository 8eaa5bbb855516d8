"""The report: one HTML file for people. A lane per character, totals, who with whom, shot scale, unknown people."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from personae._version import __version__
from personae.exports.grid import Grid
from personae.exports.methods import Methods
from personae.exports.page import clock, page, text
from personae.exports.page_commands import PageCommands, older
from personae.exports.report_figures import scales, together, totals
from personae.exports.report_lanes import lanes
from personae.exports.report_people import PersonRow, people_of, unknown_cards
from personae.exports.spans import cut_short, title
from personae.timeline import native
from personae.timeline.presence import stretches
from personae.timeline.timeline import Timeline
from personae.types import percent


class Report:
    """`.html`: everything in one file that loads nothing; pictures are found in the timeline's folder.

    `commands`: as they are typed where the page lies; `digest`: of the whole timeline, where only a part is shown.
    """

    name = "report"
    suffixes = (".report.html", ".html")
    title = "report for people (HTML)"
    counts_frames = True

    def __init__(self, commands: PageCommands | None = None, digest: str | None = None) -> None:
        self.commands = commands or PageCommands()
        self.digest = digest

    def placed(self, commands: PageCommands, digest: str) -> Report:
        """For a page that lies somewhere."""
        return Report(commands, digest)

    def export(self, timeline: Timeline, folder: Path | None = None) -> bytes:
        """The page in UTF-8."""
        grid = Grid.held(timeline.video)
        where = self.commands
        people = people_of(timeline, grid, folder, where.colours)
        sections = (
            _header(timeline, where),
            _figures(timeline, people),
            lanes(timeline, grid, people),
            totals(timeline, people, where),
            together(timeline, people),
            scales(timeline, people),
            _unknown(people, where),
            _made(timeline),
        )
        body = "<main>\n" + "\n".join(filter(None, sections)) + "\n</main>"
        made_of = {timeline.video.content_id: self.digest or native.digest(timeline)}
        return page(f"{title(timeline)}: who is on screen", body, "report", made_of)


def _header(timeline: Timeline, commands: PageCommands) -> str:
    video = timeline.video
    rate = f"{float(video.frame_rate):.3f}".rstrip("0").rstrip(".")
    facts = [clock(video.duration_s), f"{video.size_wh[0]} × {video.size_wh[1]}", f"{rate} frames per second"]
    if video.start_timecode:
        facts.append(f"first timecode {video.start_timecode}")
    missing = "".join(f'<p class="warning">{text(sentence)}</p>' for sentence in cut_short(timeline, clock))
    told = f"Who is on screen, and when. {' · '.join(facts)}"
    return f"<header><h1>{text(title(timeline))}</h1><p>{told}</p>{older(commands)}{missing}</header>"


def _figures(timeline: Timeline, people: list[PersonRow]) -> str:
    faces = replace(timeline, appearances=tuple(one for one in timeline.appearances if one.seen == "face"))
    somebody = sum(one.end_pts - one.start_pts for one in stretches(faces)) * timeline.video.time_base
    share = float(somebody) / timeline.video.duration_s if timeline.video.duration_pts else 0.0
    known = sum(person.known for person in people)
    figures = (
        (known, "character" if known == 1 else "characters"),
        (len(people) - known, "unknown person" if len(people) - known == 1 else "unknown people"),
        (timeline.times_shown, "appearance" if timeline.times_shown == 1 else "appearances"),
        (len(timeline.shots), "shot" if len(timeline.shots) == 1 else "shots"),
        (percent(min(1, share)), "of the film shows a face"),
    )
    return (
        '<div class="figures">' + "".join(f"<div><b>{value}</b><span>{what}</span></div>" for value, what in figures)
    ) + "</div>"


def _unknown(people: list[PersonRow], commands: PageCommands) -> str:
    cards = unknown_cards(people, commands)
    if not cards:
        return ""
    return f"<section><h2>Unknown people</h2><p>Each is one person, without a name in this film.</p>{cards}</section>"


def _made(timeline: Timeline) -> str:
    gaps = "".join(
        f"<li>{clock(timeline.video.seconds(start))} to {clock(timeline.video.seconds(end))}: {text(why)}</li>"
        for start, end, why in timeline.gaps
    )
    told = text_lines(Methods(clock).export(timeline).decode())
    missing = f'<p class="note">Could not be read:</p><ul class="note">{gaps}</ul>' if gaps else ""
    return (
        f"<section><details{' open' if gaps else ''}><summary>How this was made</summary>{missing}"
        f"<pre>{told}</pre></details></section><footer>Personae {text(__version__)}</footer>"
    )


def text_lines(value: str) -> str:
    """A text of several lines as HTML."""
    return "\n".join(text(row) for row in value.splitlines())
