"""What a scan says at its end: totals per person, what could not be read, and what to do next."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from personae.cli.console import say, show, table
from personae.hints import command
from personae.types import count_of, percent, seconds_text

if TYPE_CHECKING:
    from personae.project.film import ProjectFilm
    from personae.timeline.timeline import Timeline

MAY_BE = 0.2
"""Of an unknown person the confidence in the nearest character from which it may be that one, seen badly."""


def print_result(result: ProjectFilm) -> None:
    """Totals per person, then lines about the film; the last one says what to do about people without a name."""
    from personae.timeline.depicted import left_out

    timeline, path = result.timeline, quote(str(result.files.timeline))
    _print_totals(timeline)
    for line in left_out(timeline):
        say(line)
    if timeline.depicted:
        say(f"Somebody alive among them? personae name WHO --alive --timeline {path}")
    say(_about(timeline) + ("; the film was not read again" if result.reused else ""))
    for sentence in _unread(timeline):
        say(sentence, prose=True)
    say(f"timeline: {result.files.timeline}")
    page = result.files.timeline.with_name(f"{result.files.name}.report.html")
    say(f"report: {page}" if page.is_file() else f"report: {command(f'report {path}')}")
    for line in about_unknown(timeline, path):
        say(line)


def about_unknown(timeline: Timeline, path: str) -> list[str]:
    """At most one line: how many unknown people there are, and how to name them; `path`: of the timeline, quoted."""
    nearest: dict[int, float] = {}
    for one in timeline.appearances:
        if one.unknown is not None and not one.stranger and not one.depicted:
            nearest[one.unknown] = max(nearest.get(one.unknown, 0.0), one.confidence)
    if not nearest:
        return []
    advice = command(f"name {path}")
    who = f"{len(nearest)} unknown {'person' if len(nearest) == 1 else 'people'}"
    doubtful = sum(confidence >= MAY_BE for confidence in nearest.values())
    if not doubtful:
        return [f"{who}. Name them: {advice}"]
    are = "a cast member" if doubtful == 1 else "cast members"
    return [f"{doubtful} of {who} may be {are} seen badly: {advice}"]


def _print_totals(timeline: Timeline) -> None:
    rows = table(
        "who", "visible face time>", "share>", "on screen>", "scene presence>", "appearances>", "first>", "last>"
    )
    for one in timeline.characters:
        rows.add_row(
            one.name,
            seconds_text(one.visible_face_time_s),
            percent(one.share, 1),
            seconds_text(one.on_screen_s),
            seconds_text(one.scene_presence_s),
            str(one.appearances),
            f"{one.first_s:.1f} s",
            seconds_text(one.last_s),
        )
    if timeline.characters:
        show(rows)


def _about(timeline: Timeline) -> str:
    depicted = sum(one.depicted for one in timeline.appearances)
    lost = sum(timeline.video.seconds(end) - timeline.video.seconds(start) for start, end, _ in timeline.gaps)
    return (
        f"{Path(timeline.video.path).name}: {seconds_text(timeline.video.duration_s)}"
        + (f", of which {seconds_text(lost)} could not be read" if lost else "")
        + f", {count_of(len(timeline.shots), 'shot')}, {count_of(len(timeline.tracks), 'track')}, "
        f"{count_of(timeline.times_shown, 'appearance')}"
        + (f", {depicted} of them on pictures in the picture" if depicted else "")
    )


def _unread(timeline: Timeline) -> list[str]:
    from personae.films.scan import unread

    return [sentence[:1].upper() + sentence[1:] for sentence in unread(timeline)]
