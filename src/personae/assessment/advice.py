"""An evaluation in words: what to do about the cast, most urgent first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from personae.assessment.crossvalidation import Outcomes
from personae.assessment.evaluation import Evaluation, FaceFacts
from personae.hints import command
from personae.types import count_of

FEW_PICTURES = 2
TURNED = 0.35
"""Yaw (eye distances) from which a face counts as turned to the side."""
FRONTAL_SHARE = 0.1
"""A character with less than this share of turned photos has too few of them."""
FEW_PX = 40.0
ODD = -0.12
"""So far below the threshold a photo is not merely hard: it is unlike the character's others."""
NEARLY = -0.05
"""From so far below the threshold on a photo that is nearest to another character is worth a look."""
SURE = 20
"""Photos named rightly without exception, to believe it: the interval then begins above 80 %."""
_MANY = 6
_ENOUGH = 4


@dataclass(frozen=True)
class Advice:
    """One thing to do: `kind` for programs, `text` for people, and the characters and photos it is about."""

    kind: str
    text: str
    characters: tuple[str, ...] = ()
    photos: tuple[str, ...] = ()


def advise(
    evaluation: Evaluation, faces: Sequence[FaceFacts], tested: Outcomes, stranger_faces: Sequence[FaceFacts],
    strangers: Outcomes, performers: Mapping[str, str] | None = None,
) -> tuple[Advice, ...]:  # fmt: skip
    """What to do, from the arguments of `evaluate` and its result; at least one sentence.

    `performers`: character -> who plays it, where declared.
    """
    roles = performers or {}
    open_ = _between_roles(tested, roles)
    shared, tested = tested[open_], tested[~open_]
    photos = _photos(evaluation, faces, tested)
    found = [
        *photos,
        *_strangers(evaluation, stranger_faces, strangers),
        *_roles(shared, roles),
        *_look_alikes(evaluation, roles),
        *_misses(faces, tested, {path for item in photos for path in item.photos}),
        *_few(evaluation),
        *_frontal(evaluation, faces),
    ]
    if not found:
        doubt = "" if evaluation.tested >= SURE else " So few photos say little, though: more would tell more."
        found.append(Advice("nothing", f"Nothing to mend: every photo that could be tested got its name.{doubt}"))
    return tuple(found)


def _between_roles(tested: Outcomes, roles: Mapping[str, str]) -> NDArray[np.bool_]:
    """(n,) photos that got no name, or another role's, since a face cannot tell the roles of one performer apart."""
    return np.array(
        [
            truth in roles and roles[truth] == roles.get(best) and (truth != best or (not named and margin > NEARLY))
            for truth, best, named, margin in zip(tested.truth, tested.best, tested.named, tested.margin, strict=True)
        ],
        bool,
    )


def _roles(shared: Outcomes, roles: Mapping[str, str]) -> list[Advice]:
    """What declared performers cost."""
    found = []
    for performer in dict.fromkeys(roles[str(truth)] for truth in shared.truth):
        names = sorted(name for name in roles if roles[name] == performer)
        count = sum(roles[str(truth)] == performer for truth in shared.truth)
        found.append(
            Advice(
                "one-performer",
                f"{_names(names)} are played by {performer}, as performers.csv says: {count_of(count, 'photo')} of "
                'theirs would be left open ("A or B"), and count as unknown here. More photos do not help.',
                tuple(names),
            )
        )
    return found


def _photos(evaluation: Evaluation, faces: Sequence[FaceFacts], tested: Outcomes) -> list[Advice]:
    """Photos that look like somebody else, or like nobody."""
    found = []
    for i in np.flatnonzero(~tested.first & (tested.margin > NEARLY)).tolist():
        face, other = faces[int(tested.rows[i])], str(tested.best[i])
        found.append(
            Advice(
                "looks-like",
                f"{_photo(face)} looks like {other} (similarity {tested.similarity[i]:.2f}): check whose face it is. "
                f"If it is {face.character}'s, add photos of both that are like it.",
                (str(face.character), other),
                (face.path,),
            )
        )
    pictures = {item.character: item.pictures for item in evaluation.characters}
    far_off = np.flatnonzero(~tested.named & (tested.margin < ODD)).tolist()
    # With two pictures nobody can tell which is the odd one.
    odd = [i for i in far_off if pictures[str(tested.truth[i])] > FEW_PICTURES]
    for i in odd[:_MANY]:
        face = faces[int(tested.rows[i])]
        found.append(
            Advice(
                "looks-like-nobody",
                f"{_photo(face)} is unlike {face.character}'s other photos (similarity {tested.similarity[i]:.2f}). If "
                "it is somebody else, take it out; if it is another age, mask or make-up, put it and photos like it "
                f"into a sub-folder of {face.character}: that declares a look.",
                (str(face.character),),
                (face.path,),
            )
        )
    return found


def _strangers(evaluation: Evaluation, stranger_faces: Sequence[FaceFacts], strangers: Outcomes) -> list[Advice]:
    found = []
    for item in evaluation.strangers:
        if item.far.low is not None and item.far.value is not None and item.far.low > evaluation.far:
            who = (
                f"{item.faces} strangers' faces"
                if item.source == "photos"
                else f"the cast's own {item.faces} faces, each character left out in turn,"
            )
            what = (
                f"Correct it, with the same folder: {command('calibrate FOLDER')}"
                if item.source == "photos"
                else "People of one cast are alike, relatives most."
                + ("" if len(strangers) else " Measure it on strangers too: --unknown DIR.")
            )
            found.append(
                Advice(
                    "far-too-high",
                    f"{item.far.count} of {who} got a name ({item.far.value:.1%}; {evaluation.far:.1%} "
                    f"was asked). {what}",
                )
            )
    sure = [int(i) for i in np.flatnonzero(strangers.named) if strangers.margin[i] > 0.15]
    for i in sorted(sure, key=lambda i: -strangers.margin[i])[:_MANY]:
        face, name = stranger_faces[int(strangers.rows[i])], str(strangers.best[i])
        found.append(
            Advice(
                "stranger-looks-like",
                f"{face.path} shows a stranger who looks very much like {name} (similarity "
                f"{strangers.similarity[i]:.2f}): check that it is not {name}.",
                (name,),
                (face.path,),
            )
        )
    return found


def _look_alikes(evaluation: Evaluation, roles: Mapping[str, str]) -> list[Advice]:
    pairs: dict[tuple[str, str], int] = defaultdict(int)
    for item in evaluation.characters:
        for other, count in item.alike:
            low, high = sorted((item.character, other))
            if low not in roles or roles[low] != roles.get(high):
                pairs[low, high] += count
    found = []
    for (one, other), count in sorted(pairs.items(), key=lambda pair: -pair[1]):
        if count >= 2:
            found.append(
                Advice(
                    "look-alikes",
                    f"{one} and {other} are look-alikes: {count_of(count, 'photo')} of one would pass for the other. "
                    "Give both more photos, of all sides; if one performer plays both, say so in performers.csv.",
                    (one, other),
                )
            )
    return found[:_MANY]


def _misses(faces: Sequence[FaceFacts], tested: Outcomes, told: set[str]) -> list[Advice]:
    """Characters whose unknown photos have something in common; `told`: paths that have their own sentence."""
    missed: dict[str, list[FaceFacts]] = defaultdict(list)
    for i in np.flatnonzero(~tested.named):
        face = faces[int(tested.rows[i])]
        if face.path not in told:
            missed[str(tested.truth[i])].append(face)
    found = []
    for name, photos in sorted(missed.items(), key=lambda item: -len(item[1])):
        turned = [face for face in photos if abs(face.yaw) >= TURNED]
        small = [face for face in photos if face.face_px < FEW_PX]
        total = int((tested.truth == name).sum())
        text = f"{name}: {len(photos)} of {count_of(total, 'photo')} would stay unknown. "
        if 2 * len(turned) >= len(photos):
            kind, what = (
                "add-profile",
                f"Add profile photos of {name}: {len(turned)} of the missed ones are turned away.",
            )
        elif 2 * len(small) >= len(photos):
            kind, what = "add-sharp", f"Use larger photos of {name}: {len(small)} of the missed faces are small."
        else:
            kind, what = "add-photos", f"Add photos of {name} that are like them."
        found.append(Advice(kind, text + what, (name,), tuple(face.path for face in photos)))
    return found[:_MANY]


def _few(evaluation: Evaluation) -> list[Advice]:
    found = []
    single = [item.character for item in evaluation.characters if item.pictures == 1]
    if single:
        has = "has" if len(single) == 1 else "have"
        found.append(
            Advice(
                "one-picture",
                f"{_names(single)} {has} a single picture, so that nothing can be tested: add at least two more.",
                tuple(single),
            )
        )
    few = [item.character for item in evaluation.characters if 1 < item.pictures <= FEW_PICTURES]
    if few:
        has = "has" if len(few) == 1 else "have"
        found.append(
            Advice(
                "few-pictures",
                f"{_names(few)} {has} only {FEW_PICTURES} different pictures: add some more.",
                tuple(few),
            )
        )
    for item in evaluation.characters:
        if item.photos >= 2 * item.pictures and item.photos > 2:
            found.append(
                Advice(
                    "near-duplicates",
                    f"The {item.photos} photos of {item.character} show only "
                    f"{count_of(item.pictures, 'different picture')} (neighbouring frames teach nothing new): add "
                    "others.",
                    (item.character,),
                )
            )
    return found


def _frontal(evaluation: Evaluation, faces: Sequence[FaceFacts]) -> list[Advice]:
    """Characters with some pictures, hardly one of which is turned to the side."""
    names = []
    for item in evaluation.characters:
        own = [abs(face.yaw) for face in faces if face.character == item.character]
        if item.pictures >= _ENOUGH and np.mean([yaw >= TURNED for yaw in own]) < FRONTAL_SHARE:
            names.append(item.character)
    if not names:
        return []
    verb = "shows" if len(names) == 1 else "show"
    return [
        Advice(
            "add-profile",
            f"Hardly a photo of {_names(names)} {verb} the face from the side: add profile photos, if faces in "
            "profile are to be named.",
            tuple(names),
        )
    ]


def _names(names: Sequence[str]) -> str:
    shown = list(names[:_MANY])
    if len(names) > _MANY:
        shown.append(f"{len(names) - _MANY} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _photo(face: FaceFacts) -> str:
    return f"{face.character}/{Path(face.path).name}"
