"""What becomes of a photo that was looked at: enrolled, rejected and why, or waiting for the character's others.

Then copies and outliers among everything enrolled are told. Values in, values out; the gallery is not touched.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from personae.cast.characters import Characters
from personae.cast.choosing import choose_faces
from personae.cast.gallery_records import EnrolledFace, Enrolment, PhotoRecord, copy_of
from personae.recognition.prototypes import unit
from personae.settings import Settings
from personae.types import AnalyzedFaces, FloatArray, Reason

NEAR_DUPLICATE = 0.985
"""Cosine from which two photos of a character show the same instant (a copy at another size or compression)."""
_SAME_FACE = 0.999
"""Cosine above which two faces are one face of one picture."""
_BLOCK = 512
Judged = tuple[PhotoRecord, EnrolledFace | None]
"""A photo as it goes into the gallery, with its face where it is enrolled."""


@dataclass(frozen=True, eq=False)
class Several:
    """A photo with several faces that could be the character's, waiting for the others to tell."""

    record: PhotoRecord
    faces: AnalyzedFaces


def judge(record: PhotoRecord, faces: AnalyzedFaces, settings: Settings) -> Judged | Several:
    """Enrol the only face that can be used, reject, or wait where there are several."""
    if not len(faces):
        return record.rejected(Reason.NO_FACE, "no face was found"), None
    usable = [i for i, reasons in enumerate(faces.quality.reasons) if not reasons]
    if not usable:
        largest = int(np.argmax(faces.face_px))
        reason = faces.quality.reasons[largest][0]
        detail = _detail(reason, faces[largest], settings)
        return record.rejected(reason, detail, faces_found=len(faces)), None
    if len(usable) > 1:
        return Several(record, faces[usable])
    return record.enrolled(faces_found=len(faces)), _enrolled_face(faces[usable], 0)


def _detail(reason: Reason, face: AnalyzedFaces, settings: Settings) -> str:
    """What was measured and what is asked, for the one face in `face`."""
    quality = face.quality
    return {
        Reason.FACE_TOO_SMALL: f"the face is {quality.face_px[0]:.0f} px, "
        f"at least {settings.min_enroll_px:g} are needed",
        Reason.BLURRY: f"sharpness {quality.sharpness[0]:.2f}, at least {settings.min_sharpness:g} is needed",
        Reason.TOO_DARK: f"brightness {quality.brightness[0]:.0f}, at least {settings.min_brightness:g} is needed",
        Reason.LOW_DETECTION_SCORE: f"detection score {face.scores[0]:.2f}, "
        f"at least {settings.min_enroll_score:g} is needed",
        Reason.EXTREME_POSE: f"turned away by {abs(quality.yaw[0]):.2f} eye distances, "
        f"at most {settings.max_yaw:g} is allowed",
    }.get(reason, str(reason))


def choose(several: Sequence[Several], enrolment: Enrolment) -> list[Judged]:
    """Settle photos with several faces, character by character, by those that are enrolled."""
    of_character: dict[str, list[int]] = defaultdict(list)
    # What a photo showed before is no evidence for what it shows now.
    waiting_paths = {item.record.key for item in several}
    for row, key in enumerate(zip(enrolment.characters, enrolment.paths, strict=True)):
        if key not in waiting_paths:
            of_character[key[0]].append(row)
    means = {character: unit(enrolment.embeddings[rows].mean(axis=0)) for character, rows in of_character.items()}
    waiting: dict[str, list[Several]] = defaultdict(list)
    for item in several:
        waiting[item.record.character].append(item)
    judged: list[Judged] = []
    for character, items in sorted(waiting.items()):
        others = [mean for other, mean in means.items() if other != character]
        choices = choose_faces(
            [item.faces for item in items],
            enrolment.embeddings[of_character.get(character, [])],
            np.stack(others) if others else np.empty((0, enrolment.embeddings.shape[1]), np.float32),
        )
        for item, choice in zip(items, choices, strict=True):
            found = len(item.faces)
            if choice is None:
                detail = (
                    f"{found} faces, and nothing tells which is {character}: "
                    f"crop it, or add photos of {character} alone"
                )
                judged.append((item.record.rejected(Reason.AMBIGUOUS_FACES, detail, faces_found=found), None))
            else:
                judged.append((item.record.enrolled(faces_found=found), _enrolled_face(item.faces, choice)))
    return judged


class Duplicates(NamedTuple):
    """What is `rejected` as duplicate; `overruled`: (character, whose it is by a person's word) of each such photo."""

    rejected: list[Judged]
    overruled: list[tuple[str, str]]


def duplicates(
    enrolment: Enrolment,
    records: Mapping[int | None, PhotoRecord],
    characters: Characters,
    *,
    first: Collection[tuple[str, str]] = (),
) -> Duplicates:
    """Reject copies within a character, and faces that stand under two characters. `records`: by id.

    Where a person said whose a photo is, it stays theirs, and only the others' are rejected. `first`: (given, path) of
    the photos that others are copies of, and not the other way round.
    """
    rejected: list[Judged] = []
    owners: dict[int, str] = {}
    rows_of: dict[str, list[int]] = defaultdict(list)
    for row, character in enumerate(enrolment.characters):
        rows_of[character].append(row)
    for rows in rows_of.values():
        rows.sort(key=lambda row: (records[enrolment.photo_ids[row]].given, enrolment.paths[row]) not in first)
        for row, kept in near_duplicates(enrolment.embeddings[rows], rows).items():
            detail = copy_of(enrolment.paths[kept])
            rejected.append((records[enrolment.photo_ids[row]].rejected(Reason.DUPLICATE, detail), None))
    by_digest: dict[str, list[int]] = defaultdict(list)
    for row, photo_id in enumerate(enrolment.photo_ids):
        by_digest[records[photo_id].sha256].append(row)
    for rows in by_digest.values():
        photos = [records[enrolment.photo_ids[row]] for row in rows]
        names = sorted({photo.character for photo in photos})
        if len(names) < 2 or not _one_face(enrolment.embeddings[rows]):
            continue
        detail = f"the same face stands under {' and '.join(names)}: keep the photo in one folder"
        owner = _owner(photos, characters)
        if owner is None:
            rejected += [(photo.rejected(Reason.DUPLICATE, detail), None) for photo in photos]
        else:
            owners |= {row: owner for row in rows if enrolment.characters[row] != owner}
    owners |= _owners_by_face(enrolment, records, characters)
    for row, owner in owners.items():
        detail = f"this photo is {owner}'s, as you decided: take it out of the folder, or out of {owner}"
        rejected.append((records[enrolment.photo_ids[row]].rejected(Reason.DUPLICATE, detail), None))
    return Duplicates(rejected, [(enrolment.characters[row], owner) for row, owner in owners.items()])


def _owners_by_face(
    enrolment: Enrolment, records: Mapping[int | None, PhotoRecord], characters: Characters
) -> dict[int, str]:
    """Row -> whose it is, of photos nobody decided about whose face a person gave to somebody else, as by a film."""
    said = np.array(
        [characters.said(each.given, each.sha256) for each in map(records.__getitem__, enrolment.photo_ids)]
    )
    free, given = np.flatnonzero(said == 0), np.flatnonzero(said == 2)
    found: dict[int, str] = {}
    for start in range(0, len(free) if len(given) else 0, _BLOCK):
        rows = free[start : start + _BLOCK]
        cosines = enrolment.embeddings[rows] @ enrolment.embeddings[given].T
        for row, best, cosine in zip(rows, given[cosines.argmax(axis=1)], cosines.max(axis=1), strict=True):
            if cosine > _SAME_FACE and enrolment.characters[best] != enrolment.characters[row]:
                found[int(row)] = enrolment.characters[best]
    return found


def _owner(photos: Sequence[PhotoRecord], characters: Characters) -> str | None:
    """Whose a photo is that stands under several characters, by a person's word; None where it does not tell."""
    said = [characters.said(photo.given, photo.sha256) for photo in photos]
    names = {photo.character for photo, surely in zip(photos, said, strict=True) if surely == max(said)}
    return names.pop() if max(said) and len(names) == 1 else None


def near_duplicates(embeddings: FloatArray, rows: Sequence[int]) -> dict[int, int]:
    """Row -> the earlier row it is a copy of, among `rows` whose unit `embeddings` (n, d) are given in that order."""
    copy_of: dict[int, int] = {}
    for start in range(0, len(rows), _BLOCK):
        cosines = embeddings[start : start + _BLOCK] @ embeddings[: start + _BLOCK].T
        alike = np.tril(cosines >= NEAR_DUPLICATE, start - 1)
        for offset in np.flatnonzero(alike.any(axis=1)):
            earlier = [int(i) for i in np.flatnonzero(alike[offset]) if int(i) not in copy_of]
            if earlier:
                copy_of[start + int(offset)] = max(earlier, key=lambda i: cosines[offset, i])
    return {rows[i]: rows[kept] for i, kept in copy_of.items()}


def _one_face(embeddings: FloatArray) -> bool:
    """Whether these unit vectors from one photo are one face."""
    return bool((embeddings @ embeddings[0]).min() > _SAME_FACE)


def _enrolled_face(faces: AnalyzedFaces, i: int) -> EnrolledFace:
    return EnrolledFace(
        box_xyxy=faces.boxes_xyxy[i],
        landmarks_xy=faces.landmarks_xy[i],
        detection_score=float(faces.scores[i]),
        quality=faces.quality[i],
        embedding=faces.embeddings[i],
        copies=None if faces.copies is None else faces.copies[i],
        picture=None if faces.pictures is None else faces.pictures[i],
    )
