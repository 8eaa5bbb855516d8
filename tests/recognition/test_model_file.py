from __future__ import annotations

from datetime import datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest

from personae import archive
from personae.errors import DamagedFileError, StoreError
from personae.recognition import model_file
from personae.recognition.backgrounds import background_for
from personae.recognition.model import CharacterModel
from tests.people import EMBEDDER, cast, people, sface_background

SAMPLES = Path(__file__).parents[1] / "samples"


@cache
def fitted(times: int = 1) -> CharacterModel:
    del times
    X, y = cast(4, 3)
    return CharacterModel(background=sface_background()).fit(X, y, looks=[None, "old", None] * 4)


def save(path: Path, model: CharacterModel | None = None) -> CharacterModel:
    model = model or fitted()
    card = model_file.describe(model, embedder=EMBEDDER, gallery_revision="abc")
    model_file.save(model, card, path)
    return model


def test_a_loaded_model_decides_as_the_saved_one(tmp_path: Path) -> None:
    saved = save(tmp_path / "m.personae")
    loaded, card = model_file.load(tmp_path / "m.personae")
    probes = people(300, 1, seed=3)[:, 0]
    assert loaded.match(probes) == saved.match(probes) and loaded.match(cast(4, 3)[0]) == saved.match(cast(4, 3)[0])
    np.testing.assert_array_equal(loaded.predict_proba(probes), saved.predict_proba(probes))
    assert loaded.metrics_ == saved.metrics_ and card["gallery_revision"] == "abc"
    assert card["characters"][0] == {"character": "c000", "photos": 3, "prototypes": 2, "looks": ["old"]}
    loaded.add_character("new", people(1, 2, seed=4)[0])


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("centres", lambda a: a[:, :-1]),
        ("centres", lambda a: a * 2),
        ("groups", lambda a: a[::-1]),
        ("groups", lambda a: a + 1),
        ("groups", lambda a: a * 1_000_000),
        ("scaler_scale", lambda a: -a),
        ("scaler_mean", lambda a: a * np.nan),
        ("size_px", lambda a: a[:-1]),
        ("size_offset", lambda a: a[:, :-1]),
        ("far", lambda a: a[::-1]),
        ("far_cosine", lambda a: a[:-1]),
        ("confidence", lambda a: a[::-1]),
        ("photos", lambda a: a[:-1]),
    ],
)
def test_arrays_that_do_not_fit_together_are_refused_although_the_checksum_is_right(
    tmp_path: Path, name: str, change: Any
) -> None:
    path = tmp_path / "m.personae"
    save(path)
    arrays, facts = archive.read(path, schema=model_file.SCHEMA)
    archive.write(path, arrays | {name: np.ascontiguousarray(change(arrays[name]))}, facts, schema=model_file.SCHEMA)
    with pytest.raises(DamagedFileError, match="not a consistent model"):
        model_file.load(path)


@pytest.mark.parametrize("key", ["classes", "looks", *sorted(model_file.CARD)])
def test_facts_that_are_missing_are_refused(tmp_path: Path, key: str) -> None:
    path = tmp_path / "m.personae"
    save(path)
    arrays, facts = archive.read(path, schema=model_file.SCHEMA)
    archive.write(path, arrays, {k: v for k, v in facts.items() if k != key}, schema=model_file.SCHEMA)
    with pytest.raises(DamagedFileError):
        model_file.load(path)


def test_the_card_names_everything_it_must(tmp_path: Path) -> None:
    save(tmp_path / "m.personae")
    assert set(model_file.load(tmp_path / "m.personae")[1]) == model_file.CARD | {"head"}


def test_the_same_training_gives_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_file, "datetime", _Noon)
    save(tmp_path / "a.personae")
    save(tmp_path / "b.personae", fitted(times=2))
    assert (tmp_path / "a.personae").read_bytes() == (tmp_path / "b.personae").read_bytes()


class _Noon(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return cls(2026, 1, 1, 12, tzinfo=tz)


def test_a_damaged_model_says_train_again_and_is_rebuilt(tmp_path: Path) -> None:
    path = tmp_path / "m.personae"
    save(path)
    good = path.read_bytes()
    for at in range(9, len(good), 997):
        path.write_bytes(good[:at] + bytes([good[at] ^ 0x10]) + good[at + 1 :])
        with pytest.raises(StoreError):
            model_file.load(path)
    path.write_bytes(good[: len(good) // 2])
    with pytest.raises(DamagedFileError, match="Train again"):
        model_file.load(path)
    save(path)
    assert model_file.load(path)[1]["gallery_revision"] == "abc"


def test_models_of_every_old_version_can_be_read() -> None:
    samples = sorted(SAMPLES.glob("model-*.personae"))
    assert [sample.stem for sample in samples] == [f"model-{v}" for v in range(1, int(model_file.SCHEMA[-1]) + 1)]
    for sample in samples:
        model, _ = model_file.load(sample)
        assert model.predict(np.eye(2, 8)).tolist() == ["Ada", "Grace"]


def test_the_background_is_aggregate_and_small() -> None:
    background = background_for(EMBEDDER, 128)
    assert background.people > 1000
    shapes = {getattr(background, name).shape for name in ("mean", "covariance", "within")}
    assert shapes == {(128,), (128, 128)}
    assert background.tail_real.size < 50 and background.genuine_cosine.size < 1000
    assert background_for("unheard:d64:p1:0", 64).people == 0
