"""What must hold in a model's archive before a model is made of it: types, shapes, ranges, and that all of it agrees.

A model decides who is named. A threshold that is no number or a scale next to zero would do so silently, whatever the
checksum says: that only shows that the file is as its last writer left it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from personae.archive import array
from personae.checks import Fields, number, require, text
from personae.recognition.background import SMALL_ARRAYS
from personae.recognition.vectors import dimension_of

CARD = frozenset({
    "personae_version", "created", "embedder", "dimension", "background", "gallery_revision", "operating_point",
    "far_curve", "parameters", "metrics", "characters",
})  # fmt: skip
LARGEST_DIMENSION = 1 << 16
MOST = 10**9
"""Of photos, people, prototypes."""
COSINE = 2.0
"""Evidence of small faces goes beyond 1."""
EVIDENCE = 100.0
"""Of the least likely small faces, before it is put on the scale of sharp ones."""
UNIT = 10.0
"""Of what is made of unit vectors by adding a few of them up."""
SCALE = (1e-9, 1e6)
"""Of a scaler: its mean is 1, and no deviation is taken for less than a millionth."""
COEFFICIENT = 1e6
_METRICS = (
    "intra_character_similarity", "inter_character_similarity", "discrimination_ratio", "separation_index", "roc_auc",
    "equal_error_rate",
)  # fmt: skip
Arrays = Mapping[str, NDArray[Any]]


def check(arrays: Arrays, metadata: Mapping[str, Any]) -> None:
    """Raise MisfitError unless a model can be made of it."""
    card = Fields(dict(metadata))
    card.facts("parameters")
    dimension = check_card(card)
    names = card.each("classes", _name)
    require(names and names == sorted(set(names)), "classes are not in order, or one stands there twice")
    groups = array(arrays, "groups", "i", (None,), 0, len(names) - 1)
    require(np.array_equal(np.unique(groups), np.arange(len(names))), "groups: a character has no prototype")
    require(bool((np.diff(groups) >= 0).all()), "groups: prototypes out of order")
    card.each("looks", _name_or_none, len(groups))
    check_arrays(arrays, dimension, len(names), len(groups))
    _check_characters(card, names, arrays)
    rejected = card.each("negatives", _name) if "negatives" in card else []
    if rejected:
        array(arrays, "negatives", "f", (len(rejected), dimension), -UNIT, UNIT)
    if "performers" in card:
        played = card.inner("performers")
        for name in card.facts("performers"):
            played.text(name)


def check_card(card: Fields) -> int:
    """Raise MisfitError unless the card's own fields can be right; the dimension."""
    for name in sorted(CARD):
        card.get(name)
    for name in ("personae_version", "created", "gallery_revision"):
        card.text(name)
    embedder, dimension = card.text("embedder"), card.whole("dimension", 1, LARGEST_DIMENSION)
    require(
        dimension_of(embedder) in (None, dimension), f"dimension is {dimension}, not that of the embedder {embedder}"
    )
    background = card.inner("background")
    background.text("name")
    background.whole("people", 0, MOST)
    point = card.inner("operating_point")
    point.number("far", 0, 1)
    point.number("threshold", -COSINE, COSINE)
    point.flag("fitted")
    card.each("far_curve", _point)
    _check_parameters(card.inner("parameters"))
    metrics = card.inner("metrics")
    for name in ("n_characters", "n_embeddings"):
        metrics.whole(name, 0, MOST)
    for name in _METRICS:
        metrics.or_none(name, partial(number, low=-COEFFICIENT, high=COEFFICIENT))
    for name in metrics.facts("notes"):
        metrics.inner("notes").text(name)
    if "head" in card:
        head = card.inner("head")
        for name in ("text", "asked"):
            head.text(name)
        head.each("used", text)
        for name in head.facts("compared"):
            head.inner("compared").number(name, 0, 1)
        head.whole("photos", 0, MOST)
    if card.get_or_none("calibration") is not None:
        check_measured(card.inner("calibration"))
    if "without_photos" in card:
        card.each("without_photos", text)
    return dimension


def check_measured(row: Fields) -> None:
    """Raise MisfitError unless the measured false-accept rate can be right."""
    for name in ("embedder", "created", "source"):
        row.text(name)
    strangers = row.whole("strangers", 0, MOST)
    row.whole("named", 0, strangers)
    row.number("nominal", 0, 1)
    row.number("expected", 0, MOST)
    low, shift, high = (row.number(name, -10, 10) for name in ("low", "shift", "high"))
    require(low <= shift <= high, f"{row.where('shift')} lies outside its interval")


def _check_parameters(row: Fields) -> None:
    row.whole("max_clusters", 1, MOST)
    far = row.number("far", 0, 1)
    require(0 < far < 1, f"{row.where('far')} is {far:g}, not between 0 and 1")
    row.or_none("threshold", partial(number, low=-COSINE, high=COSINE))
    row.number("background_weight", 0, 1e12)
    row.whole("seed", 0, 2**32 - 1)
    if "strangers" in row:  # models of the first version have none
        strangers = row.number("strangers", 0, 1)
        require(0 < strangers < 1, f"{row.where('strangers')} is {strangers:g}, not between 0 and 1")
    if "head" in row:
        row.text("head", empty=False)


def _check_characters(card: Fields, names: list[str], arrays: Arrays) -> None:
    """The card's table of characters, which `inspect` shows and edits report, against the model itself."""
    prototypes = np.bincount(arrays["groups"], minlength=len(names))
    rows = list(card.rows("characters"))
    require(len(rows) == len(names), f"characters are {len(rows)}, not {len(names)}")
    for row, name, photos, count in zip(rows, names, arrays["photos"].tolist(), prototypes.tolist(), strict=True):
        require(row.text("character") == name, f"{row.where('character')} is not {name!a}")
        row.whole("photos", photos, photos)
        row.whole("prototypes", count, count)
        row.each("looks", text)


def check_arrays(arrays: Arrays, d: int, c: int, p: int) -> None:
    """Raise MisfitError unless every array can be right: of d numbers, c characters, p prototypes."""
    have = partial(array, arrays)
    _check_unit(have("centres", "f", (p, d)), "centres")
    have("counts", "i", (p,), 1, MOST)
    have("photos", "i", (c,), 1, MOST)
    have("scaler_mean", "f", (d,), -UNIT, UNIT)
    have("scaler_scale", "f", (d,), *SCALE)
    sizes = have("size_px", "f", (None,), 1e-3, 1e6)
    require(len(sizes) and bool((np.diff(sizes) > 0).all()), "size_px does not rise")
    have("size_offset", "f", (len(sizes), d), -UNIT, UNIT)
    far = have("far", "f", (None,), 1e-12, 1)
    require(bool((np.diff(far) < 0).all()), "far does not fall")
    _check_rising(have("far_cosine", "f", (len(far),), -COSINE, COSINE), "far_cosine")
    grid = have("similarity", "f", (None,), -COSINE, COSINE)
    _check_rising(grid, "similarity")
    sure = have("confidence", "f", (len(grid),), 0, 1)
    _check_rising(sure, "confidence")
    require(sure[0] > 0 and sure[-1] < 1, "confidence reaches 0 or 1")
    if "small_centres" in arrays:
        _check_small(arrays, d, p, len(sizes))


def _check_small(arrays: Arrays, d: int, p: int, s: int) -> None:
    """What small faces are compared with."""
    have = partial(array, arrays)
    have("small_centres", "f", (p, d), -UNIT, UNIT)
    counts = have("small_counts", "i", (p,), 1, MOST)
    if "small_shift" in arrays:  # models of version 1
        have("small_shift", "f", (1,), -COSINE, COSINE)
    else:
        _check_shares(arrays)
    have("small_size_mean", "f", (s, d), -UNIT, UNIT)
    shapes = {"basis": (d, d), "spread": (d,), "covariance": (d, d), "small_odds": (7,), "sharp_odds": (4,)}
    require(set(shapes) == set(SMALL_ARRAYS), "arrays of small faces")
    for name, shape in shapes.items():
        least = 1e-12 if name == "spread" else -COEFFICIENT
        have(f"small_{name}", "f", shape, least, COEFFICIENT)
    slope, more, _, _ = arrays["small_sharp_odds"]
    steepest = slope + more * np.log(np.array([1, counts.max()]))
    require(bool((steepest > 1e-6).all()), "small_sharp_odds does not rise with the cosine")


def _check_shares(arrays: Arrays) -> None:
    """What puts the evidence of small faces on the scale of sharp ones: rising, or a better face would count less."""
    sizes = array(arrays, "shares_px", "f", (None,), 1e-3, 1e6)
    require(len(sizes) > 0 and bool((np.diff(sizes) > 0).all()), "shares_px does not rise")
    evidence = array(arrays, "shares_evidence", "f", (len(sizes), None), -EVIDENCE, EVIDENCE)
    shift = array(arrays, "shares_shift", "f", evidence.shape, -EVIDENCE, EVIDENCE)
    for known, more in zip(evidence, shift, strict=True):
        _check_rising(known, "shares_evidence")
        require(bool((np.diff(known + more) >= 0).all()), "shares_shift turns the order of faces")


def _check_unit(rows: NDArray[Any], what: str) -> None:
    with np.errstate(over="ignore", invalid="ignore"):
        lengths = np.linalg.norm(rows, axis=1)
        require(bool((np.abs(lengths - 1) < 1e-3).all()), f"{what} are not of unit length")


def _check_rising(values: NDArray[Any], what: str) -> None:
    require(len(values) > 1 and bool((np.diff(values) > 0).all()), f"{what} does not rise")


def _name(value: Any, at: str) -> str:
    return text(value, at, empty=False)


def _name_or_none(value: Any, at: str) -> str | None:
    return None if value is None else text(value, at)


def _point(value: Any, at: str) -> None:
    far, cosine = Fields({"": value}, at).items("", 2)
    number(far, at, 0, 1)
    number(cosine, at, -COSINE, COSINE)
