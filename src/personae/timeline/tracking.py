"""Faces over time: each look's faces are given to the tracks they carry on; what is left begins new ones.

Two rounds as in ByteTrack (Zhang et al., ECCV 2022): sure detections first, then weak ones, which may carry a track
on (a face turned away, blurred, half hidden) but never begin one. Partners are found by place, size and steady motion.
Where two tracks and two faces could change partners (people who cross), and after a face was hidden, embeddings decide.
"""

from __future__ import annotations

import math
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from personae.faces.embedder import Embed, embed_with_mirrors
from personae.recognition.prototypes import unit
from personae.timeline.looking import OTHER_VIEW, SURE_SCORE, Look, likeness, offsets
from personae.timeline.stillness import STILL, changes_of
from personae.timeline.surface import surface_of
from personae.timeline.wide import Wide
from personae.types import FloatArray, PixelArray

REACH = 0.6
"""A face's next place lies within this many face sizes of where it is expected, and more after a pause:"""
REACH_PER_S = 1.5
LONGEST_REACH = 1.8
MOST_RESIZE = 1.6
STEADY_S = 0.3
"""So long a face is taken to move on as it did."""
HIDDEN_S = 1.0
"""So long a face may be hidden and still be the same track."""
TRUST_PLACE_S = 0.4
"""After more than this, place alone does not make two faces one."""
CONTEST = 0.5
"""Another partner that is nearly as near (difference in face sizes) makes a pair doubtful."""
LEAST_COSINE = 0.25
COSINE_WEIGHT = 1.5
SAMPLE_S = 0.5
"""Of every half second the best face is kept; of long tracks the best of longer spans."""
MOST_SAMPLES = 16
MOST_EMBEDDED = 8
FIRST_EMBEDDED = 3
"""So many of a track's samples are embedded first; the others only where these are at odds."""
EMBEDDED_EVERY_S = 1.5
"""Of a long track one is embedded so often at least: it is cut where a dissolve is found, and each part needs some."""
EMBEDDED_WORTH = 1.5
AT_ODDS_COSINE = 0.3
GOOD_WEIGHT = 0.2
"""From this weight on, a sample's embedding says whose face it is."""
PROFILE_WEIGHT = 0.02
"""What a face of quality 0 (turned away, tiny) still counts: all a track may have."""
JUMP_COSINE = 0.05
"""A track whose good faces before and after some moment are so unlike jumped from one person to another."""


@dataclass(frozen=True, eq=False)
class Sighting:
    """A face in one look. `box` x1, y1, x2, y2."""

    pts: int
    end_pts: int
    box: tuple[float, float, float, float]
    score: float


@dataclass(frozen=True, eq=False)
class Shown:
    """A face as people see it: when and where it was, how good it is (0..1), and its cut-out (160, 160, 3)."""

    pts: int
    box: tuple[float, float, float, float]
    weight: float
    cut_out: PixelArray


@dataclass(eq=False)
class Sample:
    """A face kept to be embedded, with what it is worth (0..1) and its size in pixels."""

    pts: int
    crop: PixelArray
    weight: float
    face_px: float
    span: int
    shown: Shown
    wide: Wide
    embedding: FloatArray | None = None

    @property
    def worth(self) -> float:
        """Weight, and more if it costs nothing any more."""
        return self.weight if self.embedding is None else EMBEDDED_WORTH * self.weight


@dataclass(eq=False)
class FaceTrack:
    """One face over time, as it grows: every sighting, a few samples.

    Of an ended one `changes`: how much each of its samples differs from the one before, by pts; `shown`: the same
    samples as people see them, the best face among them; `surface`: whether it is on one that moves with it.
    """

    sightings: list[Sighting] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    changes: dict[int, float] = field(default_factory=dict)
    shown: list[Shown] = field(default_factory=list)
    sample_spans: int = 1
    surface: float = math.nan

    @property
    def start_pts(self) -> int:
        """Its first picture."""
        return self.sightings[0].pts

    @property
    def end_pts(self) -> int:
        """The end of its last picture."""
        return self.sightings[-1].end_pts

    def add(self, look: Look, face: int, sample_pts: float, embedding: FloatArray | None = None) -> None:
        """Carry the track on with one face of a look; `embedding` (d,) where it is known already."""
        x1, y1, x2, y2 = (float(value) for value in look.faces.boxes_xyxy[face])
        score = float(look.faces.scores[face])
        self.sightings.append(Sighting(look.pts, look.end_pts, (x1, y1, x2, y2), score))
        weight = float(look.quality.score[face]) + PROFILE_WEIGHT * score
        if score < SURE_SCORE:
            weight *= 0.1
        face_px, span = float(look.quality.face_px[face]), int(look.pts / sample_pts)
        last = self.samples[-1] if self.samples else None
        same_span = last is not None and last.span // self.sample_spans == span // self.sample_spans
        if last is not None and same_span and weight <= last.weight:
            return
        around = look.around[face]
        shown = Shown(look.pts, (x1, y1, x2, y2), weight, around.picture())
        self._keep(Sample(look.pts, look.crops[face], weight, face_px, span, shown, around.wide, embedding), same_span)

    def _keep(self, sample: Sample, same_span: bool) -> None:
        if same_span:
            self.samples[-1] = sample
            return
        self.samples.append(sample)
        if len(self.samples) > MOST_SAMPLES:
            self.sample_spans *= 2
            best: dict[int, Sample] = {}
            for kept in self.samples:
                span = kept.span // self.sample_spans
                if span not in best or kept.weight > best[span].weight:
                    best[span] = kept
            self.samples = list(best.values())

    def thin(self, most: int = MOST_EMBEDDED) -> None:
        """Keep at most `most` samples (see `chosen`)."""
        self.samples = self.chosen(most)

    def chosen(self, most: int) -> list[Sample]:
        """At most `most` samples: the best of equally long parts of the track, so that they differ.

        One that is embedded already is preferred to one that is only a little better.
        """
        if len(self.samples) <= most:
            return self.samples
        parts = np.array_split(np.arange(len(self.samples)), most)
        return [max((self.samples[i] for i in part), key=lambda sample: sample.worth) for part in parts]

    def expected(self, pts: int, steady_pts: float) -> tuple[float, float, float, float]:
        """Where the face should be at `pts` if it moves on as it did, for a while."""
        last = self.sightings[-1]
        if len(self.sightings) < 2:
            return last.box
        before = self.sightings[-2]
        ahead = min(pts - last.pts, steady_pts) / max(last.pts - before.pts, 1)
        if last.pts - before.pts > steady_pts:
            return last.box
        dx = (last.box[0] + last.box[2] - before.box[0] - before.box[2]) / 2 * ahead
        dy = (last.box[1] + last.box[3] - before.box[1] - before.box[3]) / 2 * ahead
        return (last.box[0] + dx, last.box[1] + dy, last.box[2] + dx, last.box[3] + dy)


class FaceTracker:
    """Makes tracks of looks given in order. `embed`: crops to embeddings; `second_pts`: one second in pts.

    A track that has ended is embedded in `pool`, beside what goes on.
    """

    def __init__(self, embed: Embed, second_pts: float, pool: Executor) -> None:
        self._embed = embed
        self._second = second_pts
        self._pool = pool
        self._active: list[FaceTrack] = []
        self._ended: list[Future[list[FaceTrack]]] = []
        self._last: Look | None = None
        self._embedded: dict[int, FloatArray] = {}
        self.faces_now: list[tuple[float, float, float, float]] = []
        """The boxes of the latest look that are of a track."""

    def see(self, look: Look) -> None:
        """Take in the faces of the next look."""
        cut = self._last is not None and self._last.end_pts >= look.pts and likeness(self._last, look) < OTHER_VIEW
        self._last = look
        self._embedded, self.faces_now = {}, []
        for track in [each for each in self._active if cut or look.pts - each.end_pts > HIDDEN_S * self._second]:
            self._active.remove(track)
            self._end(track)
        free = set(range(len(look.faces)))
        waiting = list(self._active)
        for sure in (True, False):
            faces = [face for face in sorted(free) if (look.faces.scores[face] >= SURE_SCORE) == sure]
            for track, face in self._paired(waiting, look, faces):
                track.add(look, face, SAMPLE_S * self._second, self._embedded.get(face))
                waiting.remove(track)
                free.discard(face)
                self.faces_now.append(track.sightings[-1].box)
        for face in sorted(free):
            if look.faces.scores[face] >= SURE_SCORE:
                track = FaceTrack()
                track.add(look, face, SAMPLE_S * self._second, self._embedded.get(face))
                self._active.append(track)
                self.faces_now.append(track.sightings[-1].box)

    def end(self) -> None:
        """End every track: no look is to come."""
        active, self._active = self._active, []
        for track in active:
            self._end(track)

    def finish(self) -> list[FaceTrack]:
        """All tracks in order of their first picture, their samples embedded, jumps split; ends those that are not."""
        self.end()
        ended, self._ended = self._ended, []
        tracks = [part for parts in ended for part in parts.result()]
        return sorted(tracks, key=lambda track: (track.start_pts, track.sightings[0].box))

    def _end(self, track: FaceTrack) -> None:
        self._ended.append(self._pool.submit(self._finished, track))

    def _finished(self, track: FaceTrack) -> list[FaceTrack]:
        changes = changes_of([sample.crop for sample in track.samples])
        # A face that leaves the picture changes by what is cut off.
        cut_off = np.array([not sample.wide.has_face for sample in track.samples])
        changes[cut_off | np.concatenate([[False], cut_off[:-1]])] = np.nan
        track.changes = {sample.pts: float(change) for sample, change in zip(track.samples, changes, strict=True)}
        track.shown = [sample.shown for sample in track.samples]
        # A dissolve may spoil many moments of a short track; what lies in it is known only later.
        change = float(np.nanmedian(changes)) if np.isfinite(changes).any() else np.nan
        if change < STILL:  # the others need not be looked at
            track.surface = surface_of([sample.wide for sample in track.samples], change)
        track.thin()
        often = round((track.end_pts - track.start_pts) / (EMBEDDED_EVERY_S * self._second))
        self._embed_samples(track.chosen(max(FIRST_EMBEDDED, often)))
        embedded = [sample for sample in track.samples if sample.embedding is not None]
        if not at_odds(embedded):
            track.samples = embedded
        self._embed_samples(track.samples)
        return split_jumps(track)

    def _paired(self, tracks: list[FaceTrack], look: Look, faces: list[int]) -> list[tuple[FaceTrack, int]]:
        """Tracks with the faces that carry them on."""
        if not tracks or not faces:
            return []
        expected = np.array([track.expected(look.pts, STEADY_S * self._second) for track in tracks], np.float32)
        distance, ratio = offsets(expected, look.faces.boxes_xyxy[faces])
        pause = np.array([(look.pts - track.end_pts) / self._second for track in tracks])[:, None]
        possible = (distance <= np.minimum(REACH + REACH_PER_S * pause, LONGEST_REACH)) & (ratio <= MOST_RESIZE)
        cost = np.where(possible, distance + np.log(ratio), np.inf).astype(np.float64)
        doubtful = possible & (_contested(cost) | (pause > TRUST_PLACE_S))
        for at, to in np.argwhere(doubtful):
            cosine = self._likeness(tracks[at], look, faces[to])
            cost[at, to] += COSINE_WEIGHT * (1 - cosine)
            if pause[at, 0] > TRUST_PLACE_S and cosine < LEAST_COSINE:
                cost[at, to] = np.inf
        return [(tracks[at], faces[to]) for at, to in cheapest_pairs(cost)]

    def _likeness(self, track: FaceTrack, look: Look, face: int) -> float:
        """Cosine of a face to the most like of a track's latest samples: the embedded ones, if there are two."""
        known = [sample for sample in track.samples if sample.embedding is not None][-3:]
        if len(known) < 2:
            known = track.samples[-3:]
        self._embed_samples(known)
        if face not in self._embedded:  # several tracks may ask, and the face may become a sample
            self._embedded[face] = embed_with_mirrors(self._embed, look.crops[[face]], look.quality.face_px[[face]])[0]
        seen = self._embedded[face]
        return max(float(sample.embedding @ seen) for sample in known if sample.embedding is not None)

    def _embed_samples(self, samples: list[Sample]) -> None:
        missing = [sample for sample in samples if sample.embedding is None]
        if missing:
            face_px = np.array([sample.face_px for sample in missing], np.float32)
            vectors = embed_with_mirrors(self._embed, np.stack([sample.crop for sample in missing]), face_px)
            for sample, vector in zip(missing, vectors, strict=True):
                sample.embedding = vector


def _contested(cost: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(n, m) which pairs stand in a row or column that has a second one nearly as cheap."""
    return _close(cost) | _close(cost.T).T


def _close(cost: NDArray[np.float64]) -> NDArray[np.bool_]:
    if cost.shape[1] < 2:
        return np.zeros(cost.shape, bool)
    two = np.sort(cost, axis=1)[:, :2]
    with np.errstate(invalid="ignore"):
        close = np.isfinite(two[:, 1]) & (two[:, 1] - two[:, 0] < CONTEST)
    return np.broadcast_to(close[:, None], cost.shape)


def cheapest_pairs(cost: NDArray[np.float64]) -> list[tuple[int, int]]:
    """(row, column) pairs, each row and column at most once, cheapest first; infinite cost never pairs."""
    pairs: list[tuple[int, int]] = []
    rows: set[int] = set()
    columns: set[int] = set()
    for flat in np.argsort(cost, axis=None, kind="stable"):
        row, column = divmod(int(flat), cost.shape[1])
        if not np.isfinite(cost[row, column]):
            break
        if row not in rows and column not in columns:
            pairs.append((row, column))
            rows.add(row)
            columns.add(column)
    return pairs


def at_odds(samples: list[Sample]) -> bool:
    """Whether two good samples, all of them embedded, are so unlike that the track may have jumped."""
    good = [each.embedding for each in samples if each.embedding is not None and each.weight >= GOOD_WEIGHT]
    if len(good) < 2:
        return False
    X = np.stack(good)
    return bool((X @ X.T).min() < AT_ODDS_COSINE)


def split_jumps(track: FaceTrack) -> list[FaceTrack]:
    """The track, or its parts where its good faces say that it jumped from one person to another."""
    vectors = [sample.embedding for sample in track.samples if sample.embedding is not None]
    if len(vectors) < 2:
        return [track]
    X: NDArray[Any] = np.stack(vectors)
    weights = np.array([sample.weight for sample in track.samples])
    total = np.cumsum(X * weights[:, None], axis=0)
    before, after = unit(total[:-1]), unit(total[-1] - total[:-1])
    cosine = (before * after).sum(axis=1)
    left = np.maximum.accumulate(weights)[:-1]
    right = np.maximum.accumulate(weights[::-1])[::-1][1:]
    cosine = np.where(np.minimum(left, right) >= GOOD_WEIGHT, cosine, 1.0)
    at = int(cosine.argmin())
    if cosine[at] >= JUMP_COSINE:
        return [track]
    first, second = parted(track, _jump(track, track.samples[at].pts, track.samples[at + 1].pts))
    return [*split_jumps(first), *split_jumps(second)]


def _jump(track: FaceTrack, after_pts: int, until_pts: int) -> int:
    """The pts of the sighting in (after, until] that lies farthest from the one before it."""
    steps = [
        (float(offsets(np.array([a.box], np.float32), np.array([b.box], np.float32))[0][0, 0]), b.pts)
        for a, b in pairwise(track.sightings)
        if after_pts < b.pts <= until_pts
    ]
    return max(steps, key=lambda step: step[0])[1]


def parted(track: FaceTrack, pts: int) -> tuple[FaceTrack, FaceTrack]:
    """The track before and from `pts` on."""
    parts = (FaceTrack(surface=track.surface), FaceTrack(surface=track.surface))
    for sighting in track.sightings:
        parts[sighting.pts >= pts].sightings.append(sighting)
    for sample in track.samples:
        parts[sample.pts >= pts].samples.append(sample)
    for shown in track.shown:
        parts[shown.pts >= pts].shown.append(shown)
    parts[0].changes = {at: change for at, change in track.changes.items() if at < pts}
    later = sorted((at, change) for at, change in track.changes.items() if at >= pts)
    parts[1].changes = dict(later[1:])  # the first compares with a face of the other part
    return parts
