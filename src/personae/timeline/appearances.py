"""From labelled tracks to a timeline: appearances, and each person's totals.

Visible face time counts the spans in which the face is seen, with gaps up to `bridge_s` filled; neither padding nor
depicted faces are in it. Scene presence goes from a person's first to last appearance, as long as none of the pauses
between them is longer than `scene_gap_s`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from personae.media.film import Video
from personae.settings import Settings
from personae.timeline.timeline import Appearance, BestPicture, Depicted, Shot, Timeline, Totals, Track

Span = tuple[int, int]


@dataclass(frozen=True)
class Label:
    """Who one track shows: a character, an unknown person, or (both None) nobody that is to be listed.

    `decided_by`: who said the name; `depicted_by`: who said whether it is a picture in the picture. `best`: where its
    face is seen best, with how good it is.
    """

    character: str | None = None
    unknown: str | None = None
    similarity: float = 0.0
    confidence: float = 0.0
    depicted: bool = False
    decided_by: Literal["model", "person"] = "model"
    depicted_by: Literal["model", "person"] = "model"
    best: BestPicture | None = None
    best_weight: float = 0.0

    @property
    def name(self) -> str:
        """Character or number; empty for nobody."""
        return self.character or self.unknown or ""


def build(
    video: Video,
    shots: Sequence[Shot],
    tracks: Sequence[Track],
    labels: Sequence[Label],
    settings: Settings,
    *,
    seen: Sequence[Sequence[Span]],
    model: dict[str, Any],
    facts: dict[str, Any],
    gaps: Sequence[tuple[int, int, str]] = (),
) -> Timeline:
    """The timeline of `tracks` with a label each.

    `seen`: per track the spans in which the face is visible, in order (a track goes on while it is hidden for a
    moment); `facts`: what is written as the timeline's settings.
    """
    groups: dict[tuple[str | None, str | None, bool], list[int]] = defaultdict(list)
    for at, label in enumerate(labels):
        if label.name:
            groups[label.character, label.unknown, label.depicted].append(at)
    found: list[Appearance] = []
    totals: list[Totals] = []
    pictures: list[Depicted] = []
    for (character, unknown, depicted), members in groups.items():
        own = _appearances(video, seen, members, settings)
        visible = sum(end - start for start, end, _ in own)
        if (
            unknown is not None
            and _seconds(video, visible) < settings.min_unknown_s
            and not any("person" in (labels[at].decided_by, labels[at].depicted_by) for at in members)
        ):
            continue
        own = [one for one in own if _seconds(video, one[1] - one[0]) >= settings.min_appearance_s]
        found += [_appearance(video, tracks, labels, one, settings) for one in own]
        if own and depicted:
            seconds = _seconds(video, sum(end - start for start, end, _ in own))
            pictures.append(Depicted(character, unknown, seconds, len(own)))
        elif own:
            totals.append(_totals(video, character, unknown, [(start, end) for start, end, _ in own], settings))
    found.sort(key=lambda one: (one.start_pts, one.end_pts, one.name, one.depicted))
    totals.sort(key=lambda one: (one.character is None, -one.visible_face_time_s, one.first_s))
    pictures.sort(key=lambda one: (one.character is None, -one.depicted_s, one.name))
    numbered = tuple(replace(one, id=number) for number, one in enumerate(found, 1))
    return Timeline(
        video, tuple(shots), tuple(tracks), numbered, tuple(totals), dict(model), dict(facts), tuple(gaps),
        tuple(pictures),
    )  # fmt: skip


def _appearances(
    video: Video, seen: Sequence[Sequence[Span]], members: Sequence[int], settings: Settings
) -> list[tuple[int, int, list[int]]]:
    """(start, end, positions of tracks) in order, joined over gaps up to `bridge_s`."""
    bridge = settings.bridge_s / float(video.time_base)
    result: list[tuple[int, int, list[int]]] = []
    for start, end, at in sorted((*span, member) for member in members for span in seen[member]):
        if result and start - result[-1][1] <= bridge:
            first, last, parts = result[-1]
            result[-1] = (first, max(last, end), parts if at in parts else [*parts, at])
        else:
            result.append((start, end, [at]))
    return result


def _appearance(
    video: Video,
    tracks: Sequence[Track],
    labels: Sequence[Label],
    span: tuple[int, int, list[int]],
    settings: Settings,
) -> Appearance:
    start, end, parts = span
    pad = round(settings.pad_s / float(video.time_base))
    lengths = [tracks[at].end_pts - tracks[at].start_pts for at in parts]
    whole = max(sum(lengths), 1)
    best = max(parts, key=lambda at: labels[at].best_weight)
    first = labels[parts[0]]  # name and kind are those of all parts
    return Appearance(
        id=0,
        character=first.character,
        unknown=first.unknown,
        start_pts=max(start - pad, video.start_pts),
        end_pts=min(end + pad, video.start_pts + video.duration_pts),
        similarity=sum(labels[at].similarity * length for at, length in zip(parts, lengths, strict=True)) / whole,
        confidence=sum(labels[at].confidence * length for at, length in zip(parts, lengths, strict=True)) / whole,
        tracks=tuple(sorted(tracks[at].id for at in parts)),
        best_picture=labels[best].best,
        depicted=first.depicted,
        decided_by="person" if any(labels[at].decided_by == "person" for at in parts) else "model",
    )


def _totals(
    video: Video, character: str | None, unknown: str | None, spans: Sequence[Span], settings: Settings
) -> Totals:
    visible = sum(end - start for start, end in spans)
    pause = settings.scene_gap_s / float(video.time_base)
    scenes: list[Span] = []
    for start, end in spans:
        if scenes and start - scenes[-1][1] <= pause:
            scenes[-1] = (scenes[-1][0], max(end, scenes[-1][1]))
        else:
            scenes.append((start, end))
    return Totals(
        character,
        unknown,
        visible_face_time_s=_seconds(video, visible),
        share=visible / video.duration_pts if video.duration_pts else 0.0,
        scene_presence_s=_seconds(video, sum(end - start for start, end in scenes)),
        appearances=len(spans),
        first_s=video.seconds(spans[0][0]),
        last_s=video.seconds(max(end for _, end in spans)),
    )


def _seconds(video: Video, pts: int) -> float:
    return pts * video.time_base.numerator / video.time_base.denominator
