"""The issue's own measure of bad photos in the folder, on casts drawn from Labeled Faces in the Wild."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.openset.data import CAST, STRANGERS, Faces, load
from benchmarks.outliers import Cell, measure

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def faces(shared_data: Path) -> tuple[Faces, Faces]:
    """The cast's faces and the strangers'."""
    path = shared_data / "lfw_dev_sface.npz"
    return load(path, (CAST,)), load(path, (STRANGERS,))


def test_a_fifth_of_the_photos_is_wrong(faces: tuple[Faces, Faces]) -> None:
    outcome = measure(*faces, Cell(people=10, photos=8, bad=0.2), draws=20)
    print(outcome)
    assert outcome.found >= 0.90
    assert outcome.lost <= 0.02
    clean, good, checked, _ = outcome.dir_sharp
    assert checked >= clean - 0.005
    assert checked >= good - 0.005 and outcome.dir_small[2] >= outcome.dir_small[1] - 0.005


def test_folders_in_order_keep_their_photos(faces: tuple[Faces, Faces]) -> None:
    for cell in (Cell(bad=0.0), Cell(photos=3, bad=0.0), Cell(photos=5, bad=0.0, alike=True)):
        assert measure(*faces, cell, draws=20, identify=False).lost <= 0.005, cell
