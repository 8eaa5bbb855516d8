"""Who is in the other sets of a project, so that an unknown person is one over all of them. Values; nothing is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from personae.films import photo_naming
from personae.films.faces_file import Kept
from personae.names import highest
from personae.recognition.photo_grouping import group_faces
from personae.timeline.appearances import Label
from personae.timeline.deciding import Applied
from personae.timeline.person import Person
from personae.types import AnalyzedFaces, IntArray

TOLD_CONFIDENCE = 0.98
"""Of a name that a person gave to others of the group: about that share of a group is its person (see benchmarks)."""


@dataclass(frozen=True, eq=False)
class Others:
    """What other sets tell. `sets`: what each keeps; `numbers`: (group, number of the unknown person) -> faces.

    `told`: group -> who it is by a person's decision.
    """

    sets: tuple[Kept, ...] = ()
    numbers: Counter[tuple[int, int]] = field(default_factory=Counter)
    told: Mapping[int, Person] = field(default_factory=dict)


def others_of(sets: Iterable[tuple[Kept, Applied]]) -> Others:
    """What sets tell, each with what its decisions make of it."""
    kept_sets, numbers, told = [], Counter[tuple[int, int]](), dict[int, Person]()
    for kept, applied in sets:
        kept_sets.append(kept)
        numbers += numbers_of(kept)
        told |= _told(kept, applied)
    return Others(tuple(kept_sets), numbers, told)


def numbers_of(kept: Kept) -> Counter[tuple[int, int]]:
    """(group, number) -> faces. A number is the machine's; of whom it has named, the one that they had before."""
    found = Counter[tuple[int, int]]()
    machine = {
        group for group, label in zip(kept.group.tolist(), kept.labels, strict=True) if label.unknown is not None
    }
    for group, label, before in zip(kept.group.tolist(), kept.labels, kept.unknown, strict=True):
        number = label.unknown if group in machine else before
        if number is not None:
            found[group, number] += 1
    return found


def grouped(kept: Kept, others: Others, first_number: int) -> Kept:
    """With its new faces grouped, named ones too: no cast has a part in it. Groups of before, of all sets, stay.

    Two faces of one photo are evidence of two people. `first_number`: of new groups.
    """
    near = [one for one in others.sets if one.embedder == kept.embedder]
    photos = [photo for one in (kept, *near) for photo in one.photos if len(photo.faces)]
    if not photos:
        return replace(kept, group=np.empty(0, np.int64), alone=False)
    faces = [photo.faces for photo in photos]
    before = np.concatenate([one.group for one in (kept, *near)])
    found = group_faces(
        np.concatenate([one.embeddings for one in faces]),
        np.concatenate([one.quality.face_px for one in faces]),
        np.concatenate([photo_naming.weights_of(one) for one in faces]),
        _numbers_of_photos(faces),
        before,
        kept.embedder,
        first_number=first_number,
    )
    return replace(kept, group=found.group[: len(kept.group)], alone=False)


def named_as_elsewhere(kept: Kept, others: Others) -> Kept:
    """With the names that people gave to faces of the same groups in other sets, where the model has none."""
    labels = tuple(
        label if label.character is not None or group not in others.told else _as(others.told[group], label)
        for group, label in zip(kept.group.tolist(), kept.labels, strict=True)
    )
    return replace(kept, labels=labels)


def numbered(kept: Kept, others: Others, used: int) -> Kept:
    """With a number for each unknown person: that of the group, in whatever set, else a new one above `used`.

    A number goes to the group that has most of its faces, and to no other.
    """
    shared = numbers_of(kept) + others.numbers
    numbers: dict[int, int] = {}
    taken = set[int]()
    # Others' numbers stand in files that are not written now: they go first.
    for (group, number), _ in sorted(
        shared.items(), key=lambda item: (item[0] not in others.numbers, -item[1], item[0])
    ):
        if group not in numbers and number not in taken:
            numbers[group] = number
            taken.add(number)
    used = highest([used, kept.unknowns_used, *taken])
    labels, unknown = [], []
    for group, label, before in zip(kept.group.tolist(), kept.labels, kept.unknown, strict=True):
        if label.character is None:
            if group not in numbers:
                used += 1
                numbers[group] = used
            label = replace(label, unknown=numbers[group])
        labels.append(label)
        unknown.append(label.unknown if before is None else before)
    return replace(kept, labels=tuple(labels), unknown=tuple(unknown), unknowns_used=used)


def with_groups_of_its_own(kept: Kept, first_number: int) -> Kept:
    """A set of an earlier version, which was grouped alone: its groups stay, with numbers that no other set has."""
    return replace(kept, group=kept.group + first_number, alone=False)


def _told(kept: Kept, applied: Applied) -> dict[int, Person]:
    """Group -> who people said it is: most of its faces are by their decisions."""
    sizes = Counter(kept.group.tolist())
    said = Counter[tuple[int, Person]]()
    for group, machine, now in zip(kept.group.tolist(), kept.labels, applied.labels, strict=True):
        if now.character is not None and now.character != machine.character:
            said[group, Person(now.character, None, now.character_id)] += 1
    return {group: person for (group, person), count in said.items() if 2 * count > sizes[group]}


def _as(person: Person, label: Label) -> Label:
    return replace(
        label, character=person.character, character_id=person.character_id, confidence=TOLD_CONFIDENCE, unknown=None
    )


def _numbers_of_photos(faces: Iterable[AnalyzedFaces]) -> IntArray:
    counts = [len(one) for one in faces]
    return np.repeat(np.arange(len(counts)), counts)
