"""What the search for outliers found among a gallery's photos, in sentences for whoever mends the folder."""

from __future__ import annotations

import re
from collections.abc import Collection

import numpy as np

from personae.cast.gallery import Enrolment
from personae.recognition.agreement import agreement_limit
from personae.recognition.background import Background
from personae.recognition.outliers import Outlier, Verdicts, find_outliers


def judge_photos(
    enrolment: Enrolment, background: Background, *, trusted: Collection[int] = ()
) -> tuple[dict[int, str], list[str]]:
    """Photo id -> why that photo is an outlier, and notes about photos that disagree and all stay.

    `trusted`: ids of photos that a person decided about; they are never outliers.
    """
    if not len(enrolment):
        return {}, []
    names, verdicts = verdicts_of(enrolment, background, trusted=trusted)

    def looks_like(outlier: Outlier) -> str:
        who = None if outlier.resembles is None else names[outlier.resembles]
        return f"looks like {who} ({outlier.resemblance:.2f})"

    details: dict[int, str] = {}
    for outlier in verdicts.outliers:
        name = enrolment.characters[outlier.row]
        detail = f"agrees with the other photos of {name} by {outlier.agreement:.2f}"
        needed = f" ({agreement_limit(background):.2f} is needed)"
        detail += needed if outlier.resembles is None else f"; {looks_like(outlier)}"
        details[enrolment.photo_ids[outlier.row]] = detail
    notes = [_disagreement(enrolment, each.groups, each.agreement) for each in verdicts.disagreements] + [
        f"{enrolment.paths[doubt.row]} {looks_like(doubt)}: check that it shows {enrolment.characters[doubt.row]}."
        for doubt in verdicts.doubts
    ]
    return details, notes


def verdicts_of(
    enrolment: Enrolment, background: Background, *, trusted: Collection[int] = ()
) -> tuple[list[str], Verdicts]:
    """The characters by number, and what `find_outliers` says of a gallery's faces; `trusted` as of `judge_photos`."""
    vouched = frozenset(trusted)
    names, numbers = np.unique(enrolment.characters, return_inverse=True)
    people_of = [enrolment.person_of(str(name)) for name in names]
    people = sorted(set(people_of))
    verdicts = find_outliers(
        enrolment.embeddings,
        numbers,
        enrolment.looks,
        background,
        face_px=enrolment.face_px,
        persons=[people.index(person) for person in people_of],
        trusted=[row for row, photo in enumerate(enrolment.photo_ids) if photo in vouched],
    )
    return [str(name) for name in names], verdicts


def resembled(detail: str) -> str | None:
    """Whom a photo looks like rather, from what `judge_photos` said of it; None for nobody of the cast."""
    found = _LOOKS_LIKE.search(detail)
    return None if found is None else found[1]


_LOOKS_LIKE = re.compile(r"looks like (.+) \(-?\d\.\d\d\)$")


def _disagreement(enrolment: Enrolment, groups: tuple[tuple[int, ...], ...], agreement: float) -> str:
    """The note on sets of photos that disagree, each with one photo to look at."""
    first, second = groups[0], groups[1]
    character = enrolment.characters[first[0]]
    folder = "" if enrolment.looks[first[0]] is None else f" ({enrolment.looks[first[0]]})"
    shown = f"{enrolment.paths[first[0]]} and {enrolment.paths[second[0]]}"
    if sum(map(len, groups)) == 2:
        what = f"the two photos of {character}{folder} agree by {agreement:.2f} only: {shown}"
    else:
        sizes = " and ".join(str(len(group)) for group in groups)
        what = (
            f"photos of {character}{folder} fall into groups of {sizes} that agree by {agreement:.2f} only, as {shown}"
        )
    return f"{what}. All were kept; take out what does not show {character}, or give each look a sub-folder."
