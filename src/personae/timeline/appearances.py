"""From labelled tracks to a timeline: appearances, and each person's totals.

Visible face time counts the spans in which the face is seen, with gaps up to `bridge_s` filled; neither padding,
depicted faces, followed heads nor what a person states without a face are in it. Time on screen is it with the latter
two. Scene presence goes from a person's first to last
appearance, as long as none of the pauses between them is longer than `scene_gap_s`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from personae.media.film import Video
from personae.settings import Settings
from personae.timeline.person import Key, Person
from personae.timeline.stated import SLACK_S, Stated, Stretch, laid_over
from personae.timeline.timeline import Appearance, BestPicture, Depicted, Shot, Timeline, Totals, Track, name_of

Span = tuple[int, int]
MOMENT_S = 0.5
"""A face that is away for no longer, because it is turned or hidden for a moment, is one that is seen."""
LEAST_FOLLOWED_S = 0.2
"""A head that is followed for less is no news."""


@dataclass(frozen=True)
class Label:
    """Who one track shows: a character, an unknown person, or (both None) nobody that is to be listed.

    `decided_by`: who said the name; `depicted_by`: who said whether it is a picture in the picture. `best`: where its
    face is seen best, with how good it is. `stranger`: see `Appearance`.
    """

    character: str | None = None
    unknown: int | None = None
    similarity: float = 0.0
    confidence: float = 0.0
    depicted: bool = False
    decided_by: Literal["model", "person"] = "model"
    depicted_by: Literal["model", "person"] = "model"
    best: BestPicture | None = None
    best_weight: float = 0.0
    character_id: str | None = None
    stranger: bool = False

    @property
    def name(self) -> str:
        """Character, or how the unknown person is shown; empty for nobody."""
        return name_of(self.character, self.unknown)

    @property
    def person(self) -> Person | None:
        """Who it is; None for nobody."""
        return Person(self.character, self.unknown, self.character_id) if self.name else None


def build(
    video: Video,
    shots: Sequence[Shot],
    tracks: Sequence[Track],
    labels: Sequence[Label],
    settings: Settings,
    *,
    seen: Sequence[Sequence[Span]],
    followed: Sequence[Sequence[Span]] = (),
    model: dict[str, Any],
    facts: dict[str, Any],
    gaps: Sequence[tuple[int, int, str]] = (),
    stated: Sequence[Stated] = (),
    known: Known | None = None,
) -> Timeline:
    """The timeline of `tracks` with a label each.

    `seen`: per track the spans in which the face is visible, in order (a track goes on while it is hidden for a
    moment); `followed`: the spans in which only its head is; `facts`: what is written as the timeline's settings;
    `stated`: what a person said besides, in order. `known`: what the last call made, for who builds the same tracks
    again with other labels; all else must be the same.
    """
    groups: dict[tuple[Key, bool], _Group] = {}
    for at, label in enumerate(labels):
        person = label.person
        if person is not None:
            groups.setdefault((person.key, label.depicted), _Group(person, label.depicted)).members.append(at)
    for one in stated:
        groups.setdefault((one.person.key, one.depicted), _Group(one.person, one.depicted)).stated.append(one)
    known = {} if known is None else known
    people: list[_Built] = []
    for key, group in groups.items():
        given = tuple(group.members), tuple([labels[at] for at in group.members]), tuple(group.stated)
        built = known.get(key)
        if built is None or built.given != given:
            built = known[key] = _built(given, group, video, tracks, labels, settings, seen, followed)
        people.append(built)
    for key in known.keys() - groups.keys():
        known.pop(key, None)
    found = [one for built in people for one in built.appearances]
    found.sort(key=lambda one: one.place)
    totals = [one.totals for one in people if one.totals is not None]
    totals.sort(key=lambda one: (one.character is None, -one.visible_face_time_s, one.first_s))
    pictures = [one.depicted for one in people if one.depicted is not None]
    pictures.sort(key=lambda one: (one.character is None, -one.depicted_s, one.name))
    numbered = tuple([one.numbered(number) for number, one in enumerate(found, 1)])
    return Timeline(
        video, tuple(shots), tuple(tracks), numbered, tuple(totals), dict(model), dict(facts), tuple(gaps),
        tuple(pictures),
    )  # fmt: skip


class _Placed:
    """An appearance before all are numbered, and as it was numbered last: mostly it has the same number again."""

    def __init__(self, raw: Appearance) -> None:
        self.place = (raw.start_pts, raw.end_pts, raw.name, raw.depicted)
        self._last = raw

    def numbered(self, number: int) -> Appearance:
        last = self._last
        if last.id != number:
            last = self._last = replace(last, id=number)
        return last


@dataclass(frozen=True)
class _Built:
    """What one person is made into, from what was `given`: positions of their tracks, the labels of these, and what
    was stated.
    """

    given: tuple[tuple[int, ...], tuple[Label, ...], tuple[Stated, ...]]
    appearances: list[_Placed]
    totals: Totals | None
    depicted: Depicted | None


Known = dict[tuple[Key, bool], _Built]
"""What was built of each person last time; who has the same tracks with the same labels is not built anew."""


def _built(
    given: tuple[tuple[int, ...], tuple[Label, ...], tuple[Stated, ...]],
    group: _Group,
    video: Video,
    tracks: Sequence[Track],
    labels: Sequence[Label],
    settings: Settings,
    seen: Sequence[Sequence[Span]],
    followed: Sequence[Sequence[Span]],
) -> _Built:
    own = _stretches(group, video, tracks, labels, settings, seen, followed)
    found = [
        # Padded at both ends, and not where a face goes on as a head without one.
        _Placed(_appearance(video, tracks, labels, group, stretch, settings, (at == 0, at == len(run) - 1)))
        for run in _runs(own)
        for at, stretch in enumerate(run)
    ]
    if own and group.depicted:
        seconds = _seconds(video, _visible(own))
        return _Built(given, found, None, Depicted(*group.person.key, seconds, len(own), group.person.character_id))
    return _Built(given, found, _totals(video, group.person, own, settings) if own else None, None)


@dataclass(frozen=True)
class _Group:
    """One person, alive or depicted: the positions of their tracks, and what was stated about them."""

    person: Person
    depicted: bool
    members: list[int] = field(default_factory=list)
    stated: list[Stated] = field(default_factory=list)


def _stretches(
    group: _Group,
    video: Video,
    tracks: Sequence[Track],
    labels: Sequence[Label],
    settings: Settings,
    seen: Sequence[Sequence[Span]],
    followed: Sequence[Sequence[Span]],
) -> list[Stretch]:
    """When the person is there, in order; nothing for an unknown person who is hardly seen and nobody spoke of."""
    heads = [] if group.depicted or not followed else [(*span, at) for at in group.members for span in followed[at]]
    own = _joined(video, seen, group.members, settings, heads)
    said = (who for at in group.members for who in (labels[at].decided_by, labels[at].depicted_by))
    of_interest = bool(group.stated) or "person" in said
    if group.person.unknown is not None and not of_interest and _seconds(video, _visible(own)) < settings.min_unknown_s:
        return []
    if heads:
        own = _with_followed(own, heads, video, settings)
    if group.stated:
        own = laid_over(own, group.stated, tracks, round(SLACK_S / float(video.time_base)))
    return [one for run in _runs(own) for one in run if one.exact or _is_long(run, video, settings)]


def _runs(stretches: Sequence[Stretch]) -> list[list[Stretch]]:
    """The stretches, those that go on from each other together: a face, and its head without it."""
    runs: list[list[Stretch]] = []
    for one in stretches:
        if runs and runs[-1][-1].end == one.start:
            runs[-1].append(one)
        else:
            runs.append([one])
    return runs


def _is_long(run: Sequence[Stretch], video: Video, settings: Settings) -> bool:
    return _seconds(video, run[-1].end - run[0].start) >= settings.min_appearance_s


def _joined(
    video: Video,
    seen: Sequence[Sequence[Span]],
    members: Sequence[int],
    settings: Settings,
    heads: Sequence[tuple[int, int, int]],
) -> list[Stretch]:
    """The spans of the tracks at the positions `members`, joined over gaps up to `bridge_s`.

    A longer gap than a moment in which the head was followed (`heads`: start, end, track) is no face's: it is not known
    to be there, but known not to be seen.
    """
    bridge, moment = (seconds / float(video.time_base) for seconds in (settings.bridge_s, MOMENT_S))
    result: list[tuple[int, int, list[int]]] = []

    def is_one(end: int, start: int) -> bool:
        if start - end <= min(bridge, moment) or not heads:
            return start - end <= bridge
        without = sum(max(min(last, start) - max(first, end), 0) for first, last, _ in heads)
        return start - end <= bridge and 2 * without < start - end

    for start, end, at in sorted((*span, member) for member in members for span in seen[member]):
        if result and is_one(result[-1][1], start):
            first, last, parts = result[-1]
            result[-1] = (first, max(last, end), parts if at in parts else [*parts, at])
        else:
            result.append((start, end, [at]))
    return [Stretch(start, end, tuple(parts)) for start, end, parts in result]


def _with_followed(
    faces: list[Stretch], spans: list[tuple[int, int, int]], video: Video, settings: Settings
) -> list[Stretch]:
    """The stretches with a face, and between them what is left of `spans` (start, end, track) of followed heads.

    A gap up to `bridge_s` beside a followed head is filled with it, as one between faces is with a face.
    """
    least, bridge = (seconds / float(video.time_base) for seconds in (LEAST_FOLLOWED_S, settings.bridge_s))
    result: list[Stretch] = []
    for start, end, at in sorted(spans):
        pieces = [(start, end)]
        for one in (*faces, *result):
            pieces = [
                piece
                for first, last in pieces
                for piece in ((first, min(last, one.start)), (max(first, one.end), last))
                if piece[0] < piece[1]
            ]
        for first, last in pieces:
            if result and result[-1].end == first and result[-1].parts != (at,):
                before = result.pop()
                result.append(replace(before, end=last, parts=tuple(dict.fromkeys((*before.parts, at)))))
            else:
                result.append(Stretch(first, last, (at,), seen="followed"))
    long = [one for one in result if one.end - one.start >= least]
    whole: list[Stretch] = []
    for one in sorted([*faces, *long], key=lambda one: (one.start, one.end)):
        if whole and 0 < one.start - whole[-1].end <= bridge and "followed" in (one.seen, whole[-1].seen):
            if one.seen == "followed":
                one = replace(one, start=whole[-1].end)
            else:
                whole[-1] = replace(whole[-1], end=one.start)
        whole.append(one)
    return whole


def _visible(stretches: Sequence[Stretch]) -> int:
    return sum(one.end - one.start for one in stretches if one.seen == "face")


def _appearance(
    video: Video,
    tracks: Sequence[Track],
    labels: Sequence[Label],
    group: _Group,
    span: Stretch,
    settings: Settings,
    ends: tuple[bool, bool],
) -> Appearance:
    """`ends`: whether nothing of the person comes right before it, and right after."""
    pad = 0 if span.exact else round(settings.pad_s / float(video.time_base))
    parts = span.parts
    lengths = [tracks[at].end_pts - tracks[at].start_pts for at in parts]
    whole = max(sum(lengths), 1)
    best = max(parts, key=lambda at: labels[at].best_weight, default=None)
    by_person = not parts or any(labels[at].decided_by == "person" for at in parts)
    return Appearance(
        id=0,
        character=group.person.character,
        unknown=group.person.unknown,
        start_pts=max(span.start - pad * ends[0], video.start_pts),
        end_pts=min(span.end + pad * ends[1], video.start_pts + video.duration_pts),
        similarity=sum(labels[at].similarity * length for at, length in zip(parts, lengths, strict=True)) / whole,
        confidence=1.0 if not parts else (
            sum(labels[at].confidence * length for at, length in zip(parts, lengths, strict=True)) / whole
        ),
        tracks=tuple(sorted(tracks[at].id for at in parts)),
        best_picture=span.best if best is None else labels[best].best,
        depicted=group.depicted,
        decided_by="person" if by_person else "model",
        character_id=group.person.character_id,
        stranger=any(labels[at].stranger for at in group.members),
        seen=span.seen,
    )  # fmt: skip


def _totals(video: Video, person: Person, stretches: Sequence[Stretch], settings: Settings) -> Totals:
    visible = _visible(stretches)
    pause = settings.scene_gap_s / float(video.time_base)
    scenes: list[Span] = []
    for one in stretches:
        if scenes and one.start - scenes[-1][1] <= pause:
            scenes[-1] = (scenes[-1][0], max(one.end, scenes[-1][1]))
        else:
            scenes.append((one.start, one.end))
    return Totals(
        *person.key,
        visible_face_time_s=_seconds(video, visible),
        share=visible / video.duration_pts if video.duration_pts else 0.0,
        scene_presence_s=_seconds(video, sum(end - start for start, end in scenes)),
        appearances=sum(one.seen != "followed" for one in stretches),
        first_s=video.seconds(stretches[0].start),
        last_s=video.seconds(max(one.end for one in stretches)),
        character_id=person.character_id,
        on_screen_s=_seconds(video, sum(one.end - one.start for one in stretches)),
    )


def _seconds(video: Video, pts: int) -> float:
    return pts * video.time_base.numerator / video.time_base.denominator
