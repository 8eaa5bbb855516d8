"""When two characters cannot be told apart for a face: "A or B" instead of a guess."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from personae.types import IntArray

SURE = 0.8
"""Probability of the first of two candidates below which a face is ambiguous between them."""


def rivals(
    best: IntArray,
    scores: NDArray[Any],
    classes: NDArray[Any],
    *,
    scatter: float,
    performers: Mapping[str, str],
) -> IntArray:
    """(n,) who is nearly as likely as the first of `best` (n, k), or played by the same person; -1 for nobody.

    `scores` (n, c): cosine of each face to each of the `classes` (c,); `scatter`: in how many directions, in effect,
    one person's photos scatter; `performers`: character -> who plays it.

    Where a person's photos scatter alike in d directions about a cosine s, a lead of g is log odds of g s d / (1 - s^2)
    for the first, however alike the two characters are.
    """
    none = np.full(len(best), -1, np.int64)
    if best.shape[1] < 2:
        return none
    top = np.take_along_axis(scores, best[:, :2], axis=1).astype(np.float64)
    first = np.clip(top[:, 0], 0, 1 - 1e-6)
    odds = (top[:, 0] - top[:, 1]) * first * scatter / (1 - first**2)
    found = np.where(odds < np.log(SURE / (1 - SURE)), best[:, 1], none)
    roles_of: dict[str, list[int]] = {}
    for number, name in enumerate(map(str, classes)) if performers else ():
        if name in performers:
            roles_of.setdefault(performers[name], []).append(number)
    for roles in roles_of.values():
        for role in roles if len(roles) > 1 else ():
            faces = np.flatnonzero(best[:, 0] == role)
            others = np.array([other for other in roles if other != role])
            found[faces] = others[scores[faces][:, others].argmax(axis=1)]
    return found
