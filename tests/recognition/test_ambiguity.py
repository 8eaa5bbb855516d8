"""Look-alikes and characters of one performer: "A or B" instead of a guess, from the cast folder to the result."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from personae import CharacterRecognizer, Settings
from personae.cast.folder import read_cast
from personae.errors import CastError
from personae.recognition import model_file
from personae.recognition.backgrounds import background_for
from personae.recognition.identification import identify_together
from personae.recognition.model import CharacterModel
from personae.recognition.prototypes import unit
from tests.people import EMBEDDER, people
from tests.stub import StubAnalyzer, write_cast

BACKGROUND = background_for(EMBEDDER, 128)


def cast(count: int, photos: int) -> tuple[np.ndarray, np.ndarray]:
    return people(count, photos, seed=6).reshape(-1, 128), np.repeat([f"c{i}" for i in range(count)], photos)


def test_look_alikes_are_ambiguous_and_nobody_else() -> None:
    X, y = cast(3, 4)
    twins = np.asarray(unit(X[:4] + np.random.default_rng(0).normal(0, 0.002, (4, 128))))
    model = CharacterModel(background=BACKGROUND).fit(np.concatenate([X, twins]), [*y, *["twin"] * 4])
    found = model.decide(X)
    assert set(found.alternatives(0)) == {"c0", "twin"} and found.match(0) is None
    assert found.alternatives(5) == () and found.match(5) is not None
    identity = identify_together(found)[0]
    assert identity.match is None and set(identity.ambiguous) == {"c0", "twin"}
    assert CharacterModel(background=BACKGROUND).fit(X, y).decide(X).named.all()


def test_a_threshold_given_lower_than_the_fitted_one_asks_for_guesses() -> None:
    X, y = cast(3, 4)
    model = CharacterModel(background=BACKGROUND).fit(X, y)
    middle = np.asarray(unit(unit(X[0]) + unit(X[4])))[None]
    assert model.decide(middle).alternatives(0) and not model.decide(middle).named[0]
    guessing = CharacterModel(background=BACKGROUND, threshold=0.99).fit(X, y)
    assert guessing.decide(middle, threshold=0.1).named[0]


def test_characters_of_one_performer_are_never_told_apart(tmp_path: Path) -> None:
    X, y = cast(3, 4)
    model = CharacterModel(background=BACKGROUND).fit(X, y, performers={"c0": "Jo", "c2": "Jo", "c1": "Ada"})
    path = tmp_path / "m.personae"
    model_file.save(model, model_file.describe(model, embedder=EMBEDDER, gallery_revision="0"), path)
    for each in (model, model_file.load(path)[0]):
        told = each.decide(X)
        assert set(told.alternatives(0)) == {"c0", "c2"} == set(told.alternatives(11))
        assert told.match(5) is not None


def test_performers_are_read_from_the_cast_folder(tmp_path: Path) -> None:
    for name in ("Clark", "Superman"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.jpg").write_text("0")
    assert read_cast(tmp_path).performers == {}
    table = tmp_path / "performers.csv"
    table.write_text("character,performer\nClark, Reeve\n\nSuperman,Reeve\nLois,Kidder\n", encoding="utf-8")
    found = read_cast(tmp_path)
    assert found.performers == {"Clark": "Reeve", "Superman": "Reeve", "Lois": "Kidder"}
    assert any("Lois" in note for note in found.notes)
    table.write_text("Clark;Reeve\n", encoding="utf-8")
    with pytest.raises(CastError, match="character,performer"):
        read_cast(tmp_path)


def test_declared_performers_follow_renames_and_are_forgotten(tmp_path: Path) -> None:
    analyzer: Any = StubAnalyzer()
    recognizer = CharacterRecognizer(tmp_path / "project", settings=Settings(), analyzer=analyzer)
    folder = write_cast(tmp_path / "cast")
    (folder / "performers.csv").write_text("c0,Jo\nc2,Jo\n", encoding="utf-8")
    recognizer.train_folder(folder)
    picture = recognizer.identify_picture(folder / "c0" / "1.jpg")
    assert set(picture.identities[0].ambiguous) == {"c0", "c2"}
    recognizer.rename_character("c0", "Thor")
    assert set(recognizer.identify_picture(folder / "c0" / "1.jpg").identities[0].ambiguous) == {"Thor", "c2"}
    report = recognizer.forget_character("c2")
    assert not report.found
    again = recognizer.identify_picture(folder / "c0" / "1.jpg").identities[0]
    assert again.match is not None and again.match.character == "Thor"
