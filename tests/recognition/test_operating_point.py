"""A measured false-accept rate moves the operating point as far as the strangers can vouch for."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from personae.errors import DamagedFileError
from personae.recognition import model_file, operating_point
from personae.recognition.model import CharacterModel
from personae.recognition.operating_point import counting_point, measured
from personae.settings import Settings
from tests.people import EMBEDDER, cast, people, sface_background


def count(named: int, strangers: int, nominal: float) -> operating_point.MeasuredFar:
    return measured(named, strangers, nominal, embedder=EMBEDDER, source="test")


def test_few_strangers_hardly_move_it_and_many_decide() -> None:
    assert count(0, 0, 0.01).shift == pytest.approx(0, abs=1e-9)
    few, many = count(3, 100, 0.01), count(30_000, 1_000_000, 0.01)
    assert 0.01 < few.real(0.01)[0] < 0.018 and not few.is_clear
    real, low, high = many.real(0.01)
    assert real == pytest.approx(0.03, rel=0.01) and low < real < high and many.is_clear
    assert many.nominal_for(0.03) == pytest.approx(0.01, rel=0.01)
    # The same move of all similarities matters more, the rarer the rate.
    assert many.real(0.001)[0] / 0.001 > many.real(0.01)[0] / 0.01 > many.real(0.1)[0] / 0.1 > 1
    assert many.nominal_for(0.0001) == 0.0001  # the setting ends there
    fewer = count(0, 1000, 0.01)
    assert fewer.is_clear and 0.002 < fewer.real(0.01)[0] < 0.006


def test_photos_of_few_people_say_less() -> None:
    alone = count(20, 385, 0.026)
    grouped = measured(20, 385, 0.026, embedder=EMBEDDER, source="test", alike=3.0)
    assert 0 < grouped.shift < alone.shift
    assert grouped.high - grouped.low > alone.high - alone.low


def test_strangers_are_counted_where_enough_of_them_are_expected() -> None:
    assert counting_point(10_000, 0.01) == 0.01
    assert counting_point(200, 0.01) == pytest.approx(0.05)
    assert counting_point(3, 0.01) == operating_point.MOST_NOMINAL
    assert counting_point(3, 0.3) == 0.3


def test_it_gives_the_rate_that_was_asked_on_strangers_that_are_alike() -> None:
    rows, names = cast(10, 3)
    model = CharacterModel(background=sface_background()).fit(rows, names)
    centre = rows.mean(axis=0)

    def extras(seed: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        """People who look a little like this cast: they share something with all of it."""
        found = people(4000, 1, seed)[:, 0] + 0.6 * centre
        return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)

    sizes = np.full(4000, 100, np.float32)
    before = model.decide(extras(1)).named.mean()
    found = operating_point.measure(model, extras(2), sizes, 0.01, embedder=EMBEDDER, source="test")
    after = model.recalibrate(found.nominal_for(0.01)).decide(extras(1)).named.mean()
    assert before > 0.013 and found.is_clear
    assert abs(np.log(after / 0.01)) < abs(np.log(before / 0.01)) and 0.005 < after < 0.02


def test_recalibrating_equals_training_with_that_rate() -> None:
    rows, names = cast(5, 3)
    one = CharacterModel(background=sface_background()).fit(rows, names)
    other = CharacterModel(far=0.1, background=sface_background()).fit(rows, names)
    moved = one.recalibrate(0.1)
    assert moved is one and one.far == 0.1
    probes = people(500, 1, 9)[:, 0]
    assert (one.decide(probes).named == other.decide(probes).named).all()


def test_the_file_comes_back_and_damage_is_told(tmp_path: Path) -> None:
    path = tmp_path / "calibration.json"
    assert operating_point.read(path, EMBEDDER) is None
    found = count(30, 1000, 0.01)
    operating_point.write(found, path)
    assert operating_point.read(path, EMBEDDER) == found
    assert operating_point.read(path, "other:d128:p1:0") is None
    document = json.loads(path.read_text())
    for change in ({"shift": -9}, {"schema": "personae/calibration/9"}, {"named": "many"}, {"low": float("nan")}):
        path.write_text(json.dumps({**document, **change}))
        with pytest.raises(DamagedFileError, match="--undo"):
            operating_point.read(path, EMBEDDER)
    path.write_text("[]")
    with pytest.raises(DamagedFileError):
        operating_point.read(path, EMBEDDER)


def test_a_threshold_by_hand_is_left_alone() -> None:
    found = count(300, 10_000, 0.01)
    assert operating_point.settings_for(Settings(far=0.02), found).far == pytest.approx(found.nominal_for(0.02))
    assert operating_point.settings_for(Settings(far=0.02), None).far == 0.02
    model = CharacterModel(background=sface_background()).fit(*cast(5, 3))
    by_hand = {"operating_point": {"far": 0.5, "threshold": 0.1, "fitted": False}, "far_curve": []}
    assert operating_point.stated(by_hand, model, 0.02, found)["operating_point"]["far"] == 0.5


def test_the_curve_of_a_corrected_model_is_given_at_the_usual_rates() -> None:
    model = CharacterModel(background=sface_background()).fit(*cast(5, 3))
    card = model_file.describe(model, embedder=EMBEDDER, gallery_revision="")
    curve = operating_point.stated(card, model, 0.01, count(300, 10_000, 0.01))["far_curve"]
    assert [rate for rate, _ in curve] == [rate for rate, _ in card["far_curve"]] == list(model_file.FAR_SHOWN)
    # Strangers are named three times as often as fitted: each rate needs a higher threshold.
    assert all(now > before for (_, now), (_, before) in zip(curve, card["far_curve"], strict=True))
    thresholds = [threshold for _, threshold in curve]
    assert thresholds == sorted(thresholds, reverse=True)


def test_a_calibration_of_version_1_was_of_another_curve_and_counts_no_more(caplog: pytest.LogCaptureFixture) -> None:
    assert operating_point.read(Path(__file__).parents[1] / "samples" / "calibration-1.json", EMBEDDER) is None
    assert "counts no more. Measure again" in caplog.text
    found = operating_point.read(Path(__file__).parents[1] / "samples" / "calibration-2.json", EMBEDDER)
    assert found is not None and found.strangers == 244 and found.shift == pytest.approx(0.05, abs=0.02)
