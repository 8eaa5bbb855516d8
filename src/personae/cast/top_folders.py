"""Whether a folder given for training is a cast, or a folder of folders of different people.

Sub-folders of a character's folder are looks of one person. Where they show several people, the folder above was given
by mistake. Looks that were declared may share nothing (a mask), so one folder that disagrees tells little, most of them
a lot. Values in, values out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from personae.cast.gallery_records import Enrolment
from personae.errors import CastError
from personae.hints import command, quoted
from personae.recognition.agreement import agreement_limit, centred
from personae.recognition.background import Background
from personae.recognition.prototypes import unit

ONE_PERSON = 0.5
"""Share of the pairs of sub-folders that must agree, so that they are looks of one person."""
FEWEST = 3
"""A training is not refused for fewer sub-folders than these: a face and its mask."""


@dataclass(frozen=True)
class TopFolders:
    """The folders right in the one that was given. `all`: names; `compared`: those with several sub-folders with a
    face; `mixed`: of those whose sub-folders show different people, with the names of their sub-folders.
    """

    all: tuple[str, ...]
    compared: tuple[str, ...]
    mixed: dict[str, tuple[str, ...]]

    @property
    def is_no_cast(self) -> bool:
        """Whether most of them hold different people, so that another folder was meant."""
        enough = sum(map(len, self.mixed.values())) >= FEWEST
        return enough and 2 * len(self.mixed) > max(len(self.compared), len(self.all))


def top_folders(enrolment: Enrolment, folders: Sequence[str | None], background: Background) -> TopFolders:
    """Compare the sub-folders (looks) of each folder, by the faces enrolled from them.

    `folders` (n): the folder that each face came from, None for a face that is no matter here.
    """
    looks: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for row, (folder, look) in enumerate(zip(folders, enrolment.looks, strict=True)):
        if folder is not None and look is not None:
            looks[folder][look].append(row)
    everyone = tuple(sorted({each for each in folders if each is not None}))
    compared = sorted(folder for folder, own in looks.items() if len(own) > 1)
    mixed: dict[str, tuple[str, ...]] = {}
    if not compared:
        return TopFolders(everyone, (), mixed)
    rows, limit = centred(enrolment.embeddings, background, enrolment.face_px), agreement_limit(background)
    for folder in compared:
        means = [unit(rows[own].sum(axis=0)) for _, own in sorted(looks[folder].items())]
        agree = [float(one @ other) >= limit for one, other in combinations(means, 2)]
        if np.mean(agree) < ONE_PERSON:
            mixed[folder] = tuple(sorted(looks[folder]))
    return TopFolders(everyone, tuple(compared), mixed)


def check_folder(found: TopFolders, root: str, *, force: bool) -> list[str]:
    """Notes about folders whose sub-folders do not agree; raises CastError where most do not, unless `force`."""
    if found.is_no_cast and not force:
        names = sorted(found.mixed, key=lambda name: (-len(found.mixed[name]), name))
        likely = [command(f"train {quoted(str(Path(root, name)))}") for name in names[:3]]
        raise CastError(
            f"{root} seems to be a folder of folders of different people: in {' and '.join(names[:3])} the sub-folders "
            f"({', '.join(found.mixed[names[0]][:3])}, ...) show people who do not look alike. If they are looks of "
            "one character each, add --force. Otherwise give the folder whose sub-folders are the characters: "
            f"{' or '.join(likely)}"
        )
    return [
        f"The sub-folders of {folder} ({', '.join(looks[:5])}{', ...' if len(looks) > 5 else ''}) show faces that do "
        "not look alike, and are taken for looks of one character. If they are different people, make each a folder "
        f"of its own in {root}."
        for folder, looks in sorted(found.mixed.items())
    ]
