"""METHODS.txt: how a timeline was made, in sentences to paste into a paper, and every setting beneath."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from personae._version import __version__
from personae.exports.spans import cut_short, file_name, line
from personae.timeline.depicted import left_out
from personae.timeline.timeline import Timeline
from personae.types import count_of, seconds_text


class Methods:
    """`METHODS.txt`: version, weights, settings, false-accept rate, and what the measures mean.

    `told`: writes seconds; a page has its own way.
    """

    name = "methods"
    suffixes = (".methods.txt", "methods.txt")
    title = "how it was made, for a paper"

    def __init__(self, told: Callable[[float], str] = seconds_text) -> None:
        self.told = told

    def export(self, timeline: Timeline, folder: Path | None = None) -> bytes:
        """The text in UTF-8."""
        decisions = line(_decisions(timeline, self.told))
        paragraphs = [_how(timeline, self.told), _measures(timeline), decisions, "Facts", _facts(timeline)]
        return ("\n\n".join(filter(None, paragraphs)) + "\n").encode()


def _how(timeline: Timeline, told: Callable[[float], str]) -> str:
    video, model = timeline.video, timeline.model
    version = _find(model, "personae_version") or _find(timeline.settings, "personae_version") or __version__
    embedder = _find(model, "embedder")
    far = _find(model, "far") or _find(timeline.settings, "far")
    known = _find(model, "characters")
    cast = "compared with a cast" if model else "grouped by person"
    if isinstance(known, list):
        cast += f" of {count_of(len(known), 'character')}"
    rate = f"{float(video.frame_rate):.3f}".rstrip("0").rstrip(".")
    text = (
        f"Faces in {file_name(timeline)} ({video.size_wh[0]}x{video.size_wh[1]} pixels, {rate} frames per second, "
        f"{told(video.duration_s)}) were found, followed through each shot and {cast} "
        f"by Personae {version}{f', with the embedder {embedder}' if embedder else ''}."
    )
    if not model:
        return f"{text} Nobody was enrolled, so nobody has a name but by a person's word."
    if isinstance(far, int | float):
        text += (
            f" Names were given at a false-accept rate of {100 * far:g} %: of the tracks of people outside the cast, "
            "the share that is expected to get any name."
        )
    return text


def _measures(timeline: Timeline) -> str:
    people = {one.name for one in timeline.appearances if one.unknown is not None}
    unknown = count_of(len(people), "unknown person", "unknown people")
    return (
        f"The film has {count_of(len(timeline.shots), 'shot')}, {count_of(len(timeline.tracks), 'face track')} and "
        f"{count_of(timeline.times_shown, 'appearance')}, with {unknown}. "
        "Visible face time is how long a face is visible; time on screen adds spans in which a head was followed "
        "without a face; scene presence is the time from a character's first to last appearance in a scene. None is "
        "screen time: who never shows a face is not counted. "
        "Similarity is the cosine between embeddings; confidence is a calibrated probability."
    )


def _decisions(timeline: Timeline, told: Callable[[float], str]) -> str:
    decided = sum(one.decided_by == "person" and one.seen != "followed" for one in timeline.appearances)
    verb = "was" if decided == 1 else "were"
    text = f"{decided} of {count_of(timeline.times_shown, 'appearance')} {verb} decided by a person."
    if timeline.depicted:
        listed = "; ".join(left_out(timeline, told))
        text += f" Faces on pictures in the picture (posters, screens) are in no total: {listed}."
    text += "".join(f" {sentence}" for sentence in cut_short(timeline, told))
    if timeline.gaps:
        seconds = sum((end - start) * timeline.video.time_base for start, end, _ in timeline.gaps)
        text += f" {count_of(len(timeline.gaps), 'gap')} of {told(float(seconds))} together could not be read."
    return text


def _facts(timeline: Timeline) -> str:
    video = timeline.video
    facts = {
        "personae": __version__,
        "film": {
            "file": file_name(timeline),
            "content_id": video.content_id,
            "frame_rate": str(video.frame_rate),
            "variable_rate": video.variable_rate,
            "frames": video.frames,
            "start_timecode": video.start_timecode,
            "drop_frame": video.drop_frame,
        },
        "model": timeline.model,
        "settings": timeline.settings,
    }
    return "\n".join(f"{key}: {value}" for key, value in _flat(facts))


def _flat(facts: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for key, value in facts.items():
        if isinstance(value, Mapping):
            rows += _flat(value, f"{prefix}{key}.")
        elif isinstance(value, list | tuple) and len(value) > 40:
            rows.append((prefix + key, f"{len(value)} values"))
        else:
            rows.append((prefix + line(str(key)), line(str(value))))
    return rows


def _find(facts: Mapping[str, Any], key: str) -> Any:
    """The first value of that name, however deep."""
    if key in facts:
        return facts[key]
    inner = (_find(value, key) for value in facts.values() if isinstance(value, Mapping))
    return next((value for value in inner if value is not None), None)
