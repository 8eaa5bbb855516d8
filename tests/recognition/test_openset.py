"""The open-set benchmark measures what it says, on people who do not exist, and reads only what it may."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.openset import data, heads, our_heads, run
from personae.recognition.prototypes import unit
from scripts import make_background
from tests.people import people


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 people of each part; the small faces are noisy copies."""
    path = tmp_path_factory.mktemp("openset") / "people.npz"
    faces = people(160, 7, seed=40).reshape(-1, 128)
    noise = np.random.default_rng(0).normal(0, 0.06, faces.shape)
    small = np.asarray(unit(faces + noise), np.float16)
    person = np.repeat(np.arange(160), 7)
    np.savez(
        path,
        clean=faces.astype(np.float16), lowres=small, lowres2=small[:, ::-1],
        s14=small, s20=small, s28=small, s40=small,
        clean_flip=faces.astype(np.float16), lowres_flip=small, lowres2_flip=small[:, ::-1],
        face_px=np.full(1120, 100), lowres_px=np.full(1120, 20), lowres2_px=np.full(1120, 20),
        identity=person, part=person // 40,
    )  # fmt: skip
    return path


def test_only_the_parts_asked_for_are_loaded(archive: Path) -> None:
    for part in range(4):
        faces = data.load(archive, (part,))
        assert np.unique(faces.person).tolist() == list(range(40 * part, 40 * part + 40))


@pytest.mark.exhaustive
def test_learned_statistics_read_nobody_who_is_tested(archive: Path, tmp_path: Path) -> None:
    """Replacing every embedding of cast and strangers changes not one byte of what is learned."""
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    make_background.make(archive, first)
    with np.load(archive) as given:
        content: dict[str, Any] = dict(given)
    tested = content["part"] >= data.CAST
    for name in (*data.CONDITIONS, "clean_flip", "lowres_flip", "lowres2_flip", "s14", "s20", "s28", "s40"):
        content[name][tested] = np.nan
    np.savez(tmp_path / "changed.npz", **content)
    make_background.make(tmp_path / "changed.npz", second)
    assert first.read_bytes() == second.read_bytes()


def test_a_folder_is_split_by_person_for_ever() -> None:
    parts = [data.part_of(f"person {i}") for i in range(200)]
    assert set(parts) == {data.CAST, data.STRANGERS} and 70 < parts.count(data.CAST) < 130
    assert data.part_of("Thor") == data.part_of("Thor")


def test_no_probe_is_enrolled(archive: Path) -> None:
    faces = data.load(archive, (data.CAST,))
    for draw in run.draw_casts(faces, 5, 3, 20):
        assert not set(draw.cast.ravel()) & set(draw.probes)
        assert (faces.person[draw.cast][:, 0][draw.truth] == faces.person[draw.probes]).all()


def test_every_head_names_an_easy_cast_and_the_figures_are_those_counted_by_hand(archive: Path) -> None:
    cast, strangers = data.load(archive, (data.CAST,)), data.load(archive, (data.STRANGERS,))
    draws = run.draw_casts(cast, 5, 3, 4)
    for name, head in {**heads.OTHERS, "personae": heads.personae}.items():
        found = run.score_cell(head, draws, cast, strangers)["clean"]
        genuine, _, impostor, _ = found.joined()
        threshold = np.quantile(impostor, 0.95)
        by_hand = np.mean([score <= threshold for score in genuine])
        assert run.miss_rate(found, 0.05) == pytest.approx(by_hand)
        assert by_hand <= (0.7 if name in ("specification", "random forest", "linear SVM") else 0.1), name


def test_bootstraps_surround_the_figure(archive: Path) -> None:
    cast, strangers = data.load(archive, (data.CAST,)), data.load(archive, (data.STRANGERS,))
    scores = run.score_cell(heads.mean, run.draw_casts(cast, 15, 1, 8), cast, strangers)["lowres"]
    low, high = np.quantile(run.bootstrap_misses(scores, 0.01), [0.025, 0.975])
    assert low <= run.miss_rate(scores, 0.01) <= high and high > low


def test_calibration_error_is_zero_for_an_honest_forecast_and_not_for_a_boast() -> None:
    rng = np.random.default_rng(0)
    p = rng.uniform(0, 1, 200_000)
    y = rng.uniform(0, 1, 200_000) < p
    weight = np.ones(len(p))
    assert run.expected_calibration_error(p, y, weight) < 0.01
    assert run.expected_calibration_error(np.full(len(p), 0.99), y, weight) == pytest.approx(0.49, abs=0.01)


def test_our_heads_can_be_contenders_and_share_the_gate(archive: Path) -> None:
    """Another head changes who is named, never how many strangers are: the impostor scores are the same."""
    cast, strangers = data.load(archive, (data.CAST,)), data.load(archive, (data.STRANGERS,))
    draws = run.draw_casts(cast, 5, 3, 2)
    plain = run.score_cell(heads.personae, draws, cast, strangers)["clean"]
    knn = run.score_cell(heads.OUR_HEADS["head knn"], draws, cast, strangers)["clean"]
    np.testing.assert_allclose(knn.joined()[2], plain.joined()[2], atol=1e-5)
    assert run.miss_rate(knn, 0.05) <= 0.1
    results = run.run(archive, 4, ["head knn", "mean of photos"], ["2x1"])
    assert [(cell["cast"], cell["photos"]) for cell in results["cells"]] == [(2, 1)]
    assert set(results["cells"][0]["conditions"]["clean"]["miss_at_far_1"]) == {
        "head knn",
        "mean of photos",
        "personae",
    }
    alone = our_heads.measure("knn", draws, cast, strangers)
    assert alone.forced > 0.9 and 0 <= alone.error < 0.2 and alone.seconds > 0
