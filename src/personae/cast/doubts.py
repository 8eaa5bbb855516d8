"""What is doubtful in a cast, for a person to settle: photos that seem somebody else's, characters whose photos
disagree, characters who seem one. Values; nothing is looked at but the gallery. What a person said is asked no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np

from personae.cast.bad_photos import resembled, verdicts_of
from personae.cast.characters import Characters
from personae.cast.confirming import apart
from personae.cast.gallery import Enrolment, Gallery
from personae.cast.gallery_records import PhotoRecord
from personae.recognition.agreement import centred, likeness_limit
from personae.recognition.background import Background
from personae.recognition.backgrounds import background_for
from personae.recognition.prototypes import unit
from personae.types import FloatArray, Reason

MOST_OF = 0.5
"""Characters of whom at least this share of photos fits the other, both ways, may be one."""
Kind = Literal["outliers", "disagreement", "look_alikes"]


@dataclass(frozen=True)
class DoubtedPhoto:
    """A photo to look at. `resembles`: the name of whom it looks like rather; `group`: of photos that agree, from 0."""

    photo: PhotoRecord
    resembles: str | None = None
    group: int = 0


@dataclass(frozen=True)
class Doubt:
    """Something to settle about `character` (an id), called `name`; `other`, `other_name`: of "look_alikes" the other.

    "outliers": whether `photos` show them, rejected or enrolled. "disagreement": `photos`, in groups that agree within
    themselves only. "look_alikes": whether the two are one person; `photos` are of both.
    """

    kind: Kind
    character: str
    name: str
    photos: tuple[DoubtedPhoto, ...]
    of: int
    """So many photos the character has, enrolled or in doubt."""
    other: str | None = None
    other_name: str | None = None


def doubts_of(gallery: Gallery) -> tuple[Doubt, ...]:
    """Everything that is doubtful in a gallery now."""
    enrolment, records = gallery.enrolled(), gallery.photos()
    characters = gallery.who.all()
    by_id = {record.id: record for record in records}
    found = _Found(enrolment, by_id, characters)
    outliers = [DoubtedPhoto(record, resembled(record.detail)) for record in records
                if record.reason is Reason.OUTLIER and not found.is_said(record)]  # fmt: skip
    groups: list[Doubt] = []
    pairs: list[Doubt] = []
    if len(enrolment):
        background = background_for(gallery.embedder, enrolment.embeddings.shape[1])
        names, verdicts = verdicts_of(enrolment, background, trusted=found.trusted)
        outliers += [
            DoubtedPhoto(record, None if each.resembles is None else names[each.resembles])
            for each in (*verdicts.doubts, *verdicts.outliers)
            for record in [by_id[enrolment.photo_ids[each.row]]]
        ]
        for one in verdicts.disagreements:
            photos = [DoubtedPhoto(by_id[enrolment.photo_ids[row]], group=number)
                      for number, rows in enumerate(one.groups) for row in rows]  # fmt: skip
            open_groups = {each.group for each in photos if not found.is_said(each.photo)}
            if len(open_groups) > 1:  # who vouched for all but one group has said that they belong together
                groups.append(found.doubt("disagreement", photos))
        pairs = _look_alikes(enrolment, background, found, apart(gallery))
    own: dict[str, list[DoubtedPhoto]] = {}
    for each in outliers:
        own.setdefault(each.photo.character_id, []).append(each)
    return (*(found.doubt("outliers", photos) for photos in own.values()), *groups, *pairs)


@dataclass(frozen=True)
class _Found:
    enrolment: Enrolment
    by_id: Mapping[int | None, PhotoRecord]
    characters: Characters

    def is_said(self, record: PhotoRecord) -> bool:
        """Whether a person said of this very photo whose it is."""
        return self.characters.said(record.given, record.sha256) == 2

    @property
    def trusted(self) -> list[int]:
        """As enrolment trusts: it itself, or all that came in under its name."""
        return [
            photo
            for photo in self.enrolment.photo_ids
            for record in [self.by_id[photo]]
            if record.character != record.given or self.characters.said(record.given, record.sha256) > 0
        ]

    def doubt(self, kind: Kind, photos: list[DoubtedPhoto], other: PhotoRecord | None = None) -> Doubt:
        first = photos[0].photo
        enrolled = sum(own == first.character for own in self.enrolment.characters)
        more = sum(one.photo.status == "rejected" for one in photos)
        return Doubt(
            kind, first.character_id, first.character, tuple(photos), enrolled + more,
            None if other is None else other.character_id, None if other is None else other.character,
        )  # fmt: skip


def _look_alikes(
    enrolment: Enrolment, background: Background, found: _Found, different: set[frozenset[str]]
) -> list[Doubt]:
    """Characters of whom most photos fit the other, both ways; not the roles of one performer."""
    rows = centred(enrolment.embeddings, background, enrolment.face_px)
    names, numbers = np.unique(enrolment.characters, return_inverse=True)
    means: FloatArray = np.zeros((len(names), rows.shape[1]), np.float32)
    np.add.at(means, numbers, rows)
    means = unit(means)
    fits = rows @ means.T >= likeness_limit(background)
    shares = np.zeros((len(names), len(names)))
    np.add.at(shares, numbers, fits)
    shares /= np.bincount(numbers)[:, None]
    alike = np.minimum(shares, shares.T) >= MOST_OF
    pairs = []
    for one, other in combinations(sorted({*np.flatnonzero(alike.sum(axis=1) > 1).tolist()}), 2):
        if not alike[one, other] or enrolment.person_of(str(names[one])) == enrolment.person_of(str(names[other])):
            continue
        own = [[found.by_id[enrolment.photo_ids[row]] for row in np.flatnonzero(numbers == number)]
               for number in (one, other)]  # fmt: skip
        first, second = own[0][0], own[1][0]
        if frozenset((first.character_id, second.character_id)) not in different:
            photos = [DoubtedPhoto(photo, group=group) for group, each in enumerate(own) for photo in each]
            pairs.append(found.doubt("look_alikes", photos, second))
    return pairs
